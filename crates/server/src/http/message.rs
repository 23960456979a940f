//! Messages over HTTP: history, any action, and catching up (protocol, sections 1, 3 and 5).

use std::sync::Arc;

use axum::Json as Answer;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use chinwag_protocol::model::Message;
use chinwag_protocol::{ChatId, Envelope, ErrorCode, Event, MessageId};
use serde::{Deserialize, Serialize};

use super::ApiError;
use super::extract::{Caller, JsonBytes, Params, PathId, Size};
use crate::app::App;
use crate::cursor;

const MESSAGES_PER_PAGE: u32 = 50;
/// Events in one answer of catching up.
const EVENTS_PER_PAGE: usize = 500;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/api/messages/getMessages/{chat}", get(history))
        .route("/api/chat", post(act))
        .route("/api/chat/sync", get(sync))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HistoryParams {
    #[serde(default)]
    size: Size,
    last_message: Option<String>,
}

#[derive(Serialize)]
struct Messages {
    messages: Vec<Message>,
}

async fn history(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    PathId(chat): PathId<ChatId>,
    Params(params): Params<HistoryParams>,
) -> Result<Answer<Messages>, ApiError> {
    let before = params
        .last_message
        .filter(|id| !id.is_empty())
        .map(|id| id.parse::<MessageId>().map_err(|_| ApiError::invalid("lastMessage must be a UUID")))
        .transpose()?;
    let messages = app.store.history(by.user, chat, before, params.size.or(MESSAGES_PER_PAGE)).await?;
    if before.is_none()
        && let Some(newest) = messages.first()
    {
        app.chat.read_shown(by.user, chat, newest.content.message_id).await;
    }
    Ok(Answer(Messages { messages }))
}

async fn act(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    JsonBytes(body): JsonBytes,
) -> Result<Answer<Event>, ApiError> {
    let envelope = Envelope::parse(&body, app.settings.limits.message_bytes)?;
    let done = app.chat.act(by.user, vec![envelope]).await?.await?;
    let event = done.first().map(|done| done.event.as_seen_by(by.user));
    event.map(Answer).ok_or_else(|| ApiError::new(ErrorCode::StorageUnavailable, "nothing was done"))
}

#[derive(Deserialize)]
struct SyncParams {
    since: Option<String>,
}

#[derive(Serialize)]
struct Missed {
    events: Vec<serde_json::Value>,
    cursor: String,
    more: bool,
}

async fn sync(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    Params(params): Params<SyncParams>,
) -> Result<Answer<Missed>, ApiError> {
    let (epoch, head) = (app.store.epoch(), app.store.head());
    let since = params.since.ok_or_else(|| ApiError::invalid("since is required"))?;
    let Some(position) = cursor::read(&since, epoch, head) else {
        let cursor = cursor::write(epoch, head);
        let resync = chinwag_protocol::Notice::Resync { cursor: cursor.clone() };
        return Ok(Answer(Missed { events: vec![json(&resync)], cursor, more: false }));
    };
    let missed = app.store.missed(by.user, position, EVENTS_PER_PAGE).await?;
    Ok(Answer(Missed {
        events: missed.events.iter().map(|event| json(&event.as_seen_by(by.user))).collect(),
        cursor: cursor::write(epoch, missed.position),
        more: missed.more,
    }))
}

fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).expect("events and notices are plain JSON")
}
