//! Everything under `/api/wsConnect`: plain WebSocket, and SockJS 0.3.3 (protocol, section 2).
//!
//! Every session is opened by a ticket, or by a JWT in its place, which must then come with each of its requests.
//! That, not the session's id, is the secret.

mod cors;
mod page;
mod receive;
mod send;
mod session;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;

use super::connect::{self, Framing};
use super::{ApiError, method_not_allowed, with_problem_body};
use crate::app::App;
use crate::sessions::secret::random_bytes;

pub(super) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let get_only = || get_options(cors::GET_METHODS);
    let base = Router::new()
        .route("/api/wsConnect", get(greeting).merge(get_only()))
        .route("/api/wsConnect/", get(greeting).merge(get_only()))
        .route("/api/wsConnect/websocket", get(plain_websocket).merge(get_only()))
        .route("/api/wsConnect/info", get(info).merge(get_only()))
        .route("/api/wsConnect/{server}", get(page::iframe).merge(get_only()))
        .method_not_allowed_fallback(method_not_allowed);
    base.merge(session_routes())
        .layer(middleware::from_fn(with_problem_body))
        .layer(middleware::from_fn_with_state(Arc::clone(app), cors::for_any_page))
}

fn session_routes() -> Router<Arc<App>> {
    let path = |transport: &str| format!("/api/wsConnect/{{server}}/{{session}}/{transport}");
    let get_only = || get_options(cors::GET_METHODS);
    let post_only = || get_options(cors::POST_METHODS);
    Router::new()
        .route(&path("websocket"), get(session_websocket))
        .route(&path("xhr"), post(receive::xhr).merge(post_only()))
        .route(&path("xhr_streaming"), post(receive::xhr_streaming).merge(post_only()))
        .route(&path("eventsource"), get(receive::eventsource).merge(get_only()))
        .route(&path("htmlfile"), get(receive::htmlfile).merge(get_only()))
        .route(&path("jsonp"), get(receive::jsonp).merge(get_only()))
        .route(&path("xhr_send"), post(send::xhr_send).merge(post_only()))
        .route(&path("jsonp_send"), post(send::jsonp_send).merge(post_only()))
        .method_not_allowed_fallback(other_method)
}

/// Without a body, as the protocol has it. What is no session's path is not found by any method.
async fn other_method(_path: session::Path) -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

/// The answer to OPTIONS.
fn get_options(methods: &'static str) -> axum::routing::MethodRouter<Arc<App>> {
    axum::routing::options(move || async move { cors::preflight(methods) })
}

/// Private data by GET: no cache may keep it. The protocol's own words, tests included.
const NOT_CACHED: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache, must-revalidate, max-age=0"));

const fn content_type(kind: &'static str) -> (HeaderName, HeaderValue) {
    (header::CONTENT_TYPE, HeaderValue::from_static(kind))
}

const PLAIN_TEXT: (HeaderName, HeaderValue) = content_type("text/plain; charset=UTF-8");

/// An error as SockJS servers word it, in the place of our own body.
fn plain_error(status: StatusCode, text: impl ToString) -> Response {
    (status, [PLAIN_TEXT, NOT_CACHED], text.to_string()).into_response()
}

async fn greeting(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    if connect::wants_upgrade(request.headers()) {
        return connect::upgrade(app, Framing::Plain, request).await;
    }
    Ok(([PLAIN_TEXT], "Welcome to SockJS!\n").into_response())
}

async fn plain_websocket(State(app): State<Arc<App>>, request: Request) -> Result<Response, ApiError> {
    connect::upgrade(app, Framing::Plain, request).await
}

async fn session_websocket(
    State(app): State<Arc<App>>,
    _path: session::Path,
    request: Request,
) -> Result<Response, ApiError> {
    let headers = request.headers();
    if !connect::lists(headers, &header::UPGRADE, "websocket") {
        return Ok(plain_error(StatusCode::BAD_REQUEST, "Can \"Upgrade\" only to \"WebSocket\"."));
    }
    if !connect::lists(headers, &header::CONNECTION, "upgrade") {
        return Ok(plain_error(StatusCode::BAD_REQUEST, "\"Connection\" must be \"Upgrade\"."));
    }
    connect::upgrade(app, Framing::SockJs, request).await
}

/// What clients ask first; the time that takes decides their time-outs.
#[derive(Serialize)]
struct Info {
    websocket: bool,
    cookie_needed: bool,
    origins: [&'static str; 1],
    /// For clients without randomness of their own.
    entropy: u32,
}

async fn info() -> Response {
    let info = Info {
        websocket: true,
        cookie_needed: false,
        origins: ["*:*"],
        entropy: u32::from_ne_bytes(random_bytes()),
    };
    ([content_type("application/json; charset=UTF-8"), NOT_CACHED], Json(info)).into_response()
}
