//! Who may use SockJS from a page of another origin. The client sends credentials, so the origin is named, not `*`;
//! we have no cookies, so that gives nothing away.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::http::connect::allows_origin;

pub(super) const GET_METHODS: &str = "OPTIONS, GET";
pub(super) const POST_METHODS: &str = "OPTIONS, POST";

const ONE_YEAR: HeaderValue = HeaderValue::from_static("31536000");
const CACHED_FOR_A_YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000");
/// For caches older than max-age, which overrules it (RFC 9111, section 5.3).
const LATER_THAN_ANYTHING: HeaderValue = HeaderValue::from_static("Fri, 31 Dec 9999 23:59:59 GMT");

/// What does not change may be kept.
pub(super) const CACHED: [(HeaderName, HeaderValue); 2] =
    [(header::CACHE_CONTROL, CACHED_FOR_A_YEAR), (header::EXPIRES, LATER_THAN_ANYTHING)];

/// Answers OPTIONS.
pub(super) fn preflight(methods: &'static str) -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods)),
        (header::ACCESS_CONTROL_MAX_AGE, ONE_YEAR),
    ];
    (StatusCode::NO_CONTENT, CACHED, allowed).into_response()
}

/// Puts the headers that let pages of allowed origins read each answer.
pub(super) async fn for_any_page(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let asked = request.headers();
    let origin = asked.get(header::ORIGIN).cloned();
    let wanted = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    allow(&app.settings.http.allowed_origins, origin, headers);
    if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted);
    }
    response
}

fn allow(allowed: &[String], origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let answer = match origin.filter(|origin| origin != "null") {
        Some(origin) if allows_origin(allowed, &origin) => origin,
        // Pages of no origin cannot be named.
        None if allowed.iter().any(|allowed| allowed == "*") => HeaderValue::from_static("*"),
        _ => return,
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, answer);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
}
