//! Events over plain HTTP: `GET /api/chat/events` (WHATWG HTML, section 9.2).

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::ApiError;
use super::connect::admit;
use super::extract::Params;
use crate::app::App;
use crate::hub::Mailing;
use crate::listener::Line;
use crate::realtime::events::EventStream;
use crate::realtime::listener::Listener;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/api/chat/events", get(events))
}

#[derive(Deserialize)]
struct EventParams {
    ticket: Option<String>,
    /// Where to begin, for clients that cannot set the header.
    since: Option<String>,
}

async fn events(
    State(app): State<Arc<App>>,
    Extension(line): Extension<Line>,
    headers: HeaderMap,
    Params(params): Params<EventParams>,
) -> Result<Response, ApiError> {
    let who = admit(&app, params.ticket.as_deref(), &headers).await?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let since = last.or(params.since).filter(|cursor| !cursor.is_empty());
    let user = who.user;
    let seat = app.seat(who)?;
    let listener = Listener::begin(&app, user, since).await;
    let patience = app.settings.limits.stall();
    let (stream, overdue) = EventStream::new(listener, Mailing::to(user), app.store.epoch(), seat, patience);
    app.tasks.spawn(async move {
        if overdue.comes().await {
            tracing::debug!(%user, "an event stream is cut: its client does not take it");
            line.cut();
        }
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Proxies that gather answers would hold events back.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}
