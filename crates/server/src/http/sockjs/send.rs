//! The requests by which a client says something.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chinwag_protocol::ErrorCode;

use super::session::Asked;
use super::{NOT_CACHED, PLAIN_TEXT, plain_error};
use crate::app::App;
use crate::http::extract::whole_body;
use crate::http::{ApiError, not_found};
use crate::realtime::sockjs::NotTaken;
use crate::realtime::sockjs::frames::{self, BadPayload};

const FORM: &str = "application/x-www-form-urlencoded";

/// The body is JSON, whatever it says it is.
pub(super) async fn xhr_send(
    State(app): State<Arc<App>>,
    asked: Asked,
    request: Request,
) -> Result<Response, ApiError> {
    let taken = (StatusCode::NO_CONTENT, [PLAIN_TEXT, NOT_CACHED]).into_response();
    send(&app, &asked, request, frames::messages, taken).await
}

/// A form of a page has the JSON in its field `d`. The answer is not empty: some browsers take that for an error.
pub(super) async fn jsonp_send(
    State(app): State<Arc<App>>,
    asked: Asked,
    request: Request,
) -> Result<Response, ApiError> {
    let taken = ([PLAIN_TEXT, NOT_CACHED], "ok").into_response();
    let read = if is_form(request.headers()) { frames::messages_of_form } else { frames::messages };
    send(&app, &asked, request, read, taken).await
}

async fn send(
    app: &Arc<App>,
    asked: &Asked,
    request: Request,
    read: fn(&[u8]) -> Result<Vec<String>, BadPayload>,
    taken: Response,
) -> Result<Response, ApiError> {
    let Some(session) = asked.find(app).await? else { return Err(not_found().await) };
    let patience = app.settings.limits.request_timeout();
    let body = whole_body(request.into_body(), app.sockjs.bounds.payload_bytes, patience).await?;
    let messages = match read(&body) {
        Ok(messages) => messages,
        Err(bad) => return Ok(plain_error(StatusCode::INTERNAL_SERVER_ERROR, bad)),
    };
    match session.take(messages).await {
        Ok(()) => Ok(taken),
        Err(NotTaken::Over) => Err(not_found().await),
        Err(NotTaken::Busy) => Err(ApiError::new(ErrorCode::Overloaded, "what was sent before is not done")),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM))
}
