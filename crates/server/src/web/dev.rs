//! The users of `chinwag dev`, told to its chat page, so that one can be them with one click. Under any other command
//! there is no such path.

use std::sync::Arc;

use axum::extract::Extension;
use axum::http::{HeaderMap, header};
use chinwag_protocol::ErrorCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::{NotKept, Routes, get};
use crate::http::nothing_here;
use crate::listener::PeerAddress;
use crate::problem::Problem;

/// Everything that one needs to be one of them. No Debug: it is all secrets.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DevUsers {
    pub base_url: String,
    pub api_key: String,
    pub users: Vec<DevUser>,
}

#[derive(Clone, Serialize, JsonSchema)]
pub struct DevUser {
    pub username: String,
    pub password: String,
}

/// Not behind the layer that lets pages of other origins read answers.
#[must_use]
pub(crate) fn routes() -> Routes {
    Routes::about("Pages").with(
        get("/dev/users", users)
            .named(
                "devUsers",
                "Under chinwag dev, to this machine: an API key, and users with their passwords",
            )
            .refusing(&[ErrorCode::NotFound]),
    )
}

/// Only to this machine, and only by a name that is this machine's: a page of another site may send its visitors'
/// browsers here under its own name.
async fn users(
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    Extension(users): Extension<Arc<DevUsers>>,
    headers: HeaderMap,
) -> Result<NotKept<DevUsers>, Problem> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !peer.ip().to_canonical().is_loopback() || !is_this_machine(host) {
        return Err(nothing_here());
    }
    Ok(NotKept(DevUsers::clone(&users)))
}

fn is_this_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    matches!(name.map_or(host, |(name, _)| name), "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn this_machine_has_three_names() {
        for host in ["127.0.0.1:8080", "localhost", "localhost:1", "[::1]:8080", "[::1]"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:80", "::1"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
