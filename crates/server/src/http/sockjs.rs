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
use axum::{Json, Router};
use chinwag_protocol::ErrorCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::connect::{self, Framing};
use super::{ApiError, method_not_allowed, with_problem_body};
use crate::api::{Answers, Credential, Preflight, Route, Routes, Sketch, get, post, preflight};
use crate::app::App;
use crate::sessions::secret::random_bytes;

/// What is served under the base URL, for its document.
pub(super) fn routes() -> Routes {
    base_routes().merge(session_routes())
}

pub(super) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let base = base_routes().into_router().method_not_allowed_fallback(method_not_allowed);
    let sessions = session_routes().into_router().method_not_allowed_fallback(other_method);
    base.merge(sessions)
        .layer(middleware::from_fn(with_problem_body))
        .layer(middleware::from_fn_with_state(Arc::clone(app), cors::for_any_page))
}

/// Where a connection may begin.
const OPENED_BY: &[Credential] = &[Credential::Ticket, Credential::Jwt];
/// What keeps one from beginning.
const NOT_OPENED: &[ErrorCode] = &[
    ErrorCode::NotFound,
    ErrorCode::OriginNotAllowed,
    ErrorCode::ValidationFailed,
    ErrorCode::ConcurrentUsersExceeded,
    ErrorCode::TooManyConnections,
    ErrorCode::RateLimited,
    ErrorCode::Overloaded,
    ErrorCode::ShuttingDown,
];
/// The same, and that a request is no upgrade.
const NOT_UPGRADED: &[ErrorCode] = &[
    ErrorCode::BadRequest,
    ErrorCode::UpgradeRequired,
    ErrorCode::NotFound,
    ErrorCode::OriginNotAllowed,
    ErrorCode::ValidationFailed,
    ErrorCode::ConcurrentUsersExceeded,
    ErrorCode::TooManyConnections,
    ErrorCode::RateLimited,
    ErrorCode::Overloaded,
    ErrorCode::ShuttingDown,
];
const UPGRADED: &str = "From here on it is a WebSocket: see asyncapi.json";
const PLAIN: &str = "text/plain; charset=UTF-8";

fn base_routes() -> Routes {
    let get_only = || get_options(cors::GET_METHODS);
    let connect = |route: Route| {
        let route = route.opened_by(OPENED_BY).refusing(NOT_UPGRADED).answering(101, "", UPGRADED);
        route.with_preflight(get_only())
    };
    let hello = "Without an upgrade: SockJS's greeting";
    Routes::about("Realtime")
        .with(
            connect(get("/api/wsConnect", greeting).named("connect", "Open a realtime connection"))
                .answering(200, PLAIN, hello),
        )
        .with(
            connect(get("/api/wsConnect/", greeting).named("connectWithSlash", "The same"))
                .answering(200, PLAIN, hello),
        )
        .with(connect(
            get("/api/wsConnect/websocket", plain_websocket)
                .named("connectWebSocket", "The same, for WebSocket only"),
        ))
        .with(
            get("/api/wsConnect/info", info)
                .named("sockJsInfo", "What SockJS clients ask first")
                .with_preflight(get_only()),
        )
        .with(
            get("/api/wsConnect/{iframe}", page::iframe)
                .named(
                    "sockJsIframe",
                    "The page for browsers without CORS: iframe.html, if the operator names a script",
                )
                .answering(200, "text/html; charset=UTF-8", "The page")
                .answering(304, "", "The client has it")
                .refusing(&[ErrorCode::NotFound])
                .with_preflight(get_only()),
        )
}

const SCRIPT: &str = "application/javascript; charset=UTF-8";
const BAD_CALLBACK: &str = "`c` is missing or no name";
const BAD_PAYLOAD: &str = "The body is not what SockJS sends";

fn session_routes() -> Routes {
    let receive = |route: Route, options: &'static str| {
        route.opened_by(OPENED_BY).refusing(NOT_OPENED).with_preflight(get_options(options))
    };
    let send = |route: Route| {
        let route = route.answering(500, PLAIN, BAD_PAYLOAD).opened_by(OPENED_BY);
        let refused = &[
            ErrorCode::NotFound,
            ErrorCode::OriginNotAllowed,
            ErrorCode::BadRequest,
            ErrorCode::PayloadTooLarge,
            ErrorCode::Overloaded,
        ];
        route.refusing(refused).with_preflight(get_options(cors::POST_METHODS))
    };
    Routes::about("Realtime")
        .with(
            get("/api/wsConnect/{server}/{session}/websocket", session_websocket)
                .named("sockJsWebSocket", "A SockJS session over WebSocket")
                .opened_by(OPENED_BY)
                .refusing(NOT_UPGRADED)
                .answering(101, "", UPGRADED)
                .answering(400, PLAIN, "The request is no upgrade"),
        )
        .with(receive(
            post("/api/wsConnect/{server}/{session}/xhr", receive::xhr)
                .named("sockJsXhr", "Wait for one frame of a SockJS session")
                .answering(200, SCRIPT, "One frame and a line end"),
            cors::POST_METHODS,
        ))
        .with(receive(
            post("/api/wsConnect/{server}/{session}/xhr_streaming", receive::xhr_streaming)
                .named("sockJsXhrStreaming", "Receive frames of a SockJS session, a line each")
                .answering(200, SCRIPT, "Frames, a line each"),
            cors::POST_METHODS,
        ))
        .with(receive(
            get("/api/wsConnect/{server}/{session}/eventsource", receive::eventsource)
                .named("sockJsEventSource", "Receive frames of a SockJS session as server-sent events")
                .answering(200, "text/event-stream; charset=UTF-8", "Frames, an event each"),
            cors::GET_METHODS,
        ))
        .with(receive(
            get("/api/wsConnect/{server}/{session}/htmlfile", receive::htmlfile)
                .named("sockJsHtmlFile", "Receive frames of a SockJS session in a page that calls `c`")
                .answering(200, "text/html; charset=UTF-8", "A page that goes on")
                .answering(500, PLAIN, BAD_CALLBACK),
            cors::GET_METHODS,
        ))
        .with(receive(
            get("/api/wsConnect/{server}/{session}/jsonp", receive::jsonp)
                .named("sockJsJsonp", "Wait for one frame of a SockJS session in a script that calls `c`")
                .answering(200, SCRIPT, "One call")
                .answering(500, PLAIN, BAD_CALLBACK),
            cors::GET_METHODS,
        ))
        .with(send(
            post("/api/wsConnect/{server}/{session}/xhr_send", send::xhr_send)
                .named("sockJsXhrSend", "Say something in a SockJS session")
                .answering(204, PLAIN, "Taken"),
        ))
        .with(send(
            post("/api/wsConnect/{server}/{session}/jsonp_send", send::jsonp_send)
                .named("sockJsJsonpSend", "The same by a form")
                .answering(200, PLAIN, "Taken"),
        ))
}

/// Without a body, as the protocol has it. What is no session's path is not found by any method.
async fn other_method(_path: session::Path) -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}

/// The answer to OPTIONS.
fn get_options(methods: &'static str) -> Preflight {
    preflight(move || async move { cors::preflight(methods) })
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
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SockJsInfo")]
struct Info {
    websocket: bool,
    cookie_needed: bool,
    origins: [&'static str; 1],
    /// For clients without randomness of their own.
    entropy: u32,
}

impl IntoResponse for Info {
    fn into_response(self) -> Response {
        ([content_type("application/json; charset=UTF-8"), NOT_CACHED], Json(self)).into_response()
    }
}

impl Answers for Info {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_json::<Self>(200);
    }
}

async fn info() -> Info {
    Info {
        websocket: true,
        cookie_needed: false,
        origins: ["*:*"],
        entropy: u32::from_ne_bytes(random_bytes()),
    }
}
