//! Events over plain HTTP: `GET /api/chat/events` (WHATWG HTML, section 9.2).

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName};
use chinwag_protocol::ErrorCode::{ConcurrentUsersExceeded, Overloaded, RateLimited, TooManyConnections};
use schemars::JsonSchema;
use serde::Deserialize;

use super::ApiError;
use super::connect::admit;
use super::extract::Params;
use super::message::Told;
use crate::api::{Credential, EventsAnswer, Routes, get};
use crate::app::App;
use crate::hub::Mailing;
use crate::listener::Line;
use crate::realtime::events::EventStream;
use crate::realtime::listener::Listener;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(super) fn routes() -> Routes {
    Routes::about("Realtime").with(
        get("/api/chat/events", events)
            .named(
                "events",
                "Everything that happens in the caller's chats, as it happens; see asyncapi.json",
            )
            .opened_by(&[Credential::Jwt, Credential::Ticket])
            .refusing(&[ConcurrentUsersExceeded, RateLimited, Overloaded, TooManyConnections]),
    )
}

#[derive(Deserialize, JsonSchema)]
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
) -> Result<EventsAnswer<Told>, ApiError> {
    let who = admit(&app, params.ticket.as_deref(), &headers).await?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let since = last.or(params.since).filter(|cursor| !cursor.is_empty());
    let user = who.user;
    let seat = app.seat(who)?;
    let listener = Listener::begin(&app, user, since).await;
    let (stream, overdue) = EventStream::new(&app, listener, Mailing::to(user), seat);
    app.cut_when_overdue(overdue, line);
    Ok(EventsAnswer::new(stream))
}
