//! The upgrade to WebSocket (RFC 6455, section 4.2; protocol, section 2).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chinwag_protocol::ErrorCode;
use chinwag_protocol::stomp::Version;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use sha1::{Digest, Sha1};
use tokio::net::TcpStream;

use super::extract::{Params, bearer_token};
use super::{ApiError, method_not_allowed};
use crate::app::App;
use crate::listener::ConnectionSlot;
use crate::realtime::connection::Connection;
use crate::realtime::presence::Seat;
use crate::realtime::sockjs::SockJsWebSocket;
use crate::realtime::websocket::WebSocket;
use crate::sessions::Identity;

/// What RFC 6455, section 1.3, has both sides append to the key.
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const WEBSOCKET_VERSION: &str = "13";

/// What the messages of a WebSocket are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Framing {
    /// Text as it is.
    Plain,
    SockJs,
}

#[derive(Deserialize)]
struct ConnectParams {
    ticket: Option<String>,
}

pub(super) async fn upgrade(app: Arc<App>, framing: Framing, request: Request) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    // A HEAD is routed like a GET.
    if parts.method != Method::GET {
        return Err(method_not_allowed().await);
    }
    let accept = accept_key(&parts.headers)?;
    check_origin(&parts.headers, &app.settings.http.allowed_origins)?;
    still_serving(&app)?;
    let Params(params) = Params::<ConnectParams>::from_request_parts(&mut parts, &app).await?;
    let who = admit(&app, params.ticket.as_deref(), &parts.headers).await?;
    let seat = app.seat(who)?;
    let subprotocol = subprotocol(&parts.headers);
    let upgraded = parts.extensions.remove::<OnUpgrade>();
    let upgraded = upgraded.ok_or_else(|| ApiError::new(ErrorCode::UpgradeRequired, "not upgradable"))?;
    let slot = parts.extensions.remove::<ConnectionSlot>();
    let tasks = app.tasks.clone();
    tasks.spawn(async move {
        match upgraded.await.map(tcp_of) {
            Ok(Some((socket, read))) => serve(socket, read, framing, app, seat).await,
            Ok(None) => tracing::error!("an upgraded connection is of no known kind"),
            Err(error) => tracing::debug!(%error, "an upgrade did not complete"),
        }
        // It counts as open until here.
        drop(slot);
    });
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    *response.body_mut() = Body::empty();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(version) = subprotocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(version.subprotocol()));
    }
    Ok(response)
}

async fn serve(socket: TcpStream, read: Bytes, framing: Framing, app: Arc<App>, seat: Seat) {
    match framing {
        Framing::Plain => {
            let carrier = WebSocket::new(socket, read, app.settings.limits.frame_bytes());
            Connection::new(carrier, app, seat).run().await;
        }
        Framing::SockJs => {
            let bounds = app.sockjs.bounds;
            let carrier = WebSocket::new(socket, read, bounds.payload_bytes);
            let carrier = SockJsWebSocket::new(carrier, bounds.heartbeat_every);
            Connection::new(carrier, app, seat).run().await;
        }
    }
}

/// Refuses what would begin while the server stops.
pub(super) fn still_serving(app: &App) -> Result<(), ApiError> {
    if app.stop.is_cancelled() {
        return Err(ApiError::new(ErrorCode::ShuttingDown, "the server is shutting down: connect again"));
    }
    Ok(())
}

/// The socket itself and what was read beyond the request, without the HTTP server's buffers.
fn tcp_of(upgraded: Upgraded) -> Option<(TcpStream, Bytes)> {
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf))
}

/// Whose connection this is: by ticket, or by JWT in the place of one.
pub(super) async fn admit(
    app: &App,
    ticket: Option<&str>,
    headers: &HeaderMap,
) -> Result<Identity, ApiError> {
    match ticket {
        Some(ticket) => Ok(app.sessions.spend_ticket(ticket).await?),
        None if headers.contains_key(header::AUTHORIZATION) => app.admit(bearer_token(headers)?).await,
        None => Err(ApiError::new(ErrorCode::InvalidTicket, "a ticket is required: GET /api/auth/getTicket")),
    }
}

fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, ApiError> {
    let upgrade_required = |detail: &str| ApiError::new(ErrorCode::UpgradeRequired, detail);
    if !lists(headers, &header::CONNECTION, "upgrade") || !lists(headers, &header::UPGRADE, "websocket") {
        return Err(upgrade_required("this address is for WebSocket: send an upgrade request"));
    }
    if !lists(headers, &header::SEC_WEBSOCKET_VERSION, WEBSOCKET_VERSION) {
        return Err(upgrade_required("Sec-WebSocket-Version must be 13"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16) {
        let digest = Sha1::new().chain_update(key).chain_update(ACCEPT_SUFFIX).finalize();
        let accept = HeaderValue::from_str(&STANDARD.encode(digest));
        return accept.map_err(|_| upgrade_required("Sec-WebSocket-Key is malformed"));
    }
    Err(ApiError::new(ErrorCode::BadRequest, "Sec-WebSocket-Key must be 16 bytes in base64"))
}

/// Whether a request asks for an upgrade at all, rightly or not.
pub(super) fn wants_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE)
}

/// Whether a comma-separated header names `token`, in any case.
pub(super) fn lists(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    values(headers, name).any(|value| value.eq_ignore_ascii_case(token))
}

fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// Browsers say where a page came from; other clients say nothing.
pub(super) fn check_origin(headers: &HeaderMap, allowed: &[String]) -> Result<(), ApiError> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    if allows_origin(allowed, origin) {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::OriginNotAllowed, "pages of this origin may not connect"))
}

pub(super) fn allows_origin(allowed: &[String], origin: &HeaderValue) -> bool {
    let named =
        |allowed: &String| allowed == "*" || allowed.as_bytes().eq_ignore_ascii_case(origin.as_bytes());
    allowed.iter().any(named)
}

/// The client's first choice among what we speak. It may offer none: STOMP is spoken all the same.
fn subprotocol(headers: &HeaderMap) -> Option<Version> {
    values(headers, &header::SEC_WEBSOCKET_PROTOCOL).find_map(Version::from_subprotocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(rows: &[(&'static str, &'static str)]) -> HeaderMap {
        rows.iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    const UPGRADE: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    /// RFC 6455, section 1.3.
    #[test]
    fn the_key_is_answered_as_the_rfc_says() {
        assert_eq!(accept_key(&headers(&UPGRADE)).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_no_upgrade_is_refused_by_name() {
        for missing in 0..3 {
            let mut rows = UPGRADE.to_vec();
            rows.remove(missing);
            assert_eq!(accept_key(&headers(&rows)).unwrap_err().code, ErrorCode::UpgradeRequired);
        }
        let mut rows = UPGRADE;
        rows[3].1 = "c2hvcnQ=";
        assert_eq!(accept_key(&headers(&rows)).unwrap_err().code, ErrorCode::BadRequest);
    }

    #[test]
    fn the_first_subprotocol_we_speak_is_taken() {
        let of = |value| subprotocol(&headers(&[("sec-websocket-protocol", value)]));
        assert_eq!(of("v12.stomp, v11.stomp"), Some(Version::V12));
        assert_eq!(of("mqtt, v10.stomp"), Some(Version::V10));
        assert_eq!(of("mqtt"), None);
    }

    #[test]
    fn pages_of_other_origins_are_kept_out_if_any_are() {
        let from = headers(&[("origin", "https://evil.example")]);
        assert!(check_origin(&from, &["*".to_owned()]).is_ok());
        assert!(check_origin(&from, &["https://good.example".to_owned()]).is_err());
        assert!(check_origin(&HeaderMap::new(), &["https://good.example".to_owned()]).is_ok());
    }
}
