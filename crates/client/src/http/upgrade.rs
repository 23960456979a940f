//! The opening handshake of WebSocket (RFC 6455, section 4.1).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chinwag_protocol::stomp::Version;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use hyper::upgrade::Upgraded;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};

use super::base_url::escaped;
use super::{Http, refusal};
use crate::clock;
use crate::error::Error;

/// Appended to the key to make what the server must answer (section 1.3).
const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Of a refusal.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;

impl Http {
    /// Opens a WebSocket; `ticket` is spent by it. The caller brings the time limit.
    pub(crate) async fn open_websocket(&self, ticket: &str) -> Result<TokioIo<Upgraded>, Error> {
        let key = STANDARD.encode(clock::random::<16>());
        let path = format!("/api/wsConnect?ticket={}", escaped(ticket));
        let request = Request::get(self.base.join(&path))
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key)
            .header(SEC_WEBSOCKET_PROTOCOL, Version::ALL.map(Version::subprotocol).join(", "))
            .body(Full::<Bytes>::default())
            .expect("all its parts are plain ASCII");
        let response = self.pool.request(request).await.map_err(|error| self.no_answer(Arc::new(error)))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let (head, body) = response.into_parts();
            let body = Limited::new(body, REFUSAL_BYTES_MAX).collect().await;
            let body = body.map_err(|error| self.no_answer(Arc::from(error)))?.to_bytes();
            return Err(refusal(head.status, &head.headers, &body));
        }
        let accept = response.headers().get(SEC_WEBSOCKET_ACCEPT).map(|value| value.as_bytes());
        if accept != Some(accept_of(&key).as_bytes()) {
            return Err(Error::UnexpectedAnswer {
                status: 101,
                what: "what answered does not speak WebSocket",
            });
        }
        let upgraded = hyper::upgrade::on(response).await.map_err(|error| self.no_answer(Arc::new(error)))?;
        Ok(TokioIo::new(upgraded))
    }
}

fn accept_of(key: &str) -> String {
    STANDARD.encode(Sha1::digest(format!("{key}{MAGIC}")))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        assert_eq!(super::accept_of("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
