//! The upgrade to WebSocket (RFC 6455, section 4.2; protocol, section 2).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chinwag_protocol::ErrorCode;
use chinwag_protocol::stomp;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use sha1::{Digest, Sha1};

use super::ApiError;
use super::extract::{Params, bearer_token};
use crate::app::App;
use crate::listener::{ConnectionSlot, Socket, Wire};
use crate::realtime::connection::Connection;
use crate::realtime::presence::Seat;
use crate::realtime::sockjs::SockJsWebSocket;
use crate::realtime::websocket::WebSocket;
use crate::sessions::Identity;

/// What RFC 6455, section 1.3, has both sides append to the key.
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const WEBSOCKET_VERSION: &[u8] = b"13";

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
    let accept = accept(&parts)?;
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
        match upgraded.await.map(socket_of) {
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

async fn serve(socket: Socket, read: Bytes, framing: Framing, app: Arc<App>, seat: Seat) {
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
fn socket_of(upgraded: Upgraded) -> Option<(Socket, Bytes)> {
    let parts = upgraded.downcast::<TokioIo<Wire<Socket>>>().ok()?;
    // Even an empty part of the server's read buffer would keep all of it.
    let read = if parts.read_buf.is_empty() { Bytes::new() } else { parts.read_buf };
    Some((parts.io.into_inner().into_inner(), read))
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

/// The answer to the client's key, if its request is an opening handshake (RFC 6455, section 4.2.1).
fn accept(request: &Parts) -> Result<HeaderValue, ApiError> {
    // An Upgrade header of HTTP/1.0 is to be ignored (RFC 9110, section 7.8); HEAD comes here as well as GET.
    if request.method != Method::GET || request.version < Version::HTTP_11 {
        return Err(upgrade_required("this address is for WebSocket: send a GET of HTTP/1.1"));
    }
    let headers = &request.headers;
    if headers.get_all(header::HOST).iter().count() != 1 {
        return Err(ApiError::new(ErrorCode::BadRequest, "one Host header is required"));
    }
    // What is behind the request are frames. A body would be taken for some by one side and not by the other.
    let has_length = headers.get_all(header::CONTENT_LENGTH).iter().any(|length| length != "0");
    if has_length || headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(ApiError::new(ErrorCode::BadRequest, "an upgrade request has no body"));
    }
    accept_key(headers)
}

fn upgrade_required(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::UpgradeRequired, detail)
}

fn accept_key(headers: &HeaderMap) -> Result<HeaderValue, ApiError> {
    if !lists(headers, &header::CONNECTION, "upgrade") || !lists(headers, &header::UPGRADE, "websocket") {
        return Err(upgrade_required("this address is for WebSocket: send an upgrade request"));
    }
    if only(headers, &header::SEC_WEBSOCKET_VERSION) != WEBSOCKET_VERSION {
        return Err(upgrade_required("Sec-WebSocket-Version must be 13"));
    }
    let key = only(headers, &header::SEC_WEBSOCKET_KEY);
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

/// The value of a header that must not come twice (section 11.3); empty if it is missing or did.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a [u8] {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.as_bytes(),
        _ => b"",
    }
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
fn subprotocol(headers: &HeaderMap) -> Option<stomp::Version> {
    values(headers, &header::SEC_WEBSOCKET_PROTOCOL).find_map(stomp::Version::from_subprotocol)
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
        for version in ["8", "13, 8", "013", ""] {
            let mut rows = UPGRADE;
            rows[2].1 = version;
            assert_eq!(accept_key(&headers(&rows)).unwrap_err().code, ErrorCode::UpgradeRequired);
        }
        for key in ["c2hvcnQ=", "", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ==, x", "!"] {
            let mut rows = UPGRADE;
            rows[3].1 = key;
            assert_eq!(accept_key(&headers(&rows)).unwrap_err().code, ErrorCode::BadRequest, "{key}");
        }
        let mut rows = UPGRADE;
        rows[3].1 = "c2hvcnQ=";
        assert_eq!(accept_key(&headers(&rows)).unwrap_err().code, ErrorCode::BadRequest);
    }

    /// RFC 6455, section 4.2.1.
    #[test]
    fn words_are_the_same_in_any_case_and_place() {
        let mut rows = UPGRADE;
        (rows[0].1, rows[1].1) = ("UPGRADE,x", "WebSocket");
        assert!(accept_key(&headers(&rows)).is_ok());
        rows[1].1 = "h2c, websocket";
        assert!(accept_key(&headers(&rows)).is_ok());
    }

    #[test]
    fn the_first_subprotocol_we_speak_is_taken() {
        let of = |value| subprotocol(&headers(&[("sec-websocket-protocol", value)]));
        assert_eq!(of("v12.stomp, v11.stomp"), Some(stomp::Version::V12));
        assert_eq!(of("mqtt, v10.stomp"), Some(stomp::Version::V10));
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
