//! Messages over HTTP: history, any action, and catching up (protocol, sections 1, 3 and 5).

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{FromRequest, Request, State};
use chinwag_protocol::model::Message;
use chinwag_protocol::{ChatId, Envelope, ErrorCode, Event, MessageId, Notice};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ApiError;
use super::extract::{Caller, JsonBytes, Params, PathId, Size};
use crate::api::{Routes, Sketch, Takes, get, post};
use crate::app::App;
use crate::cursor;

const MESSAGES_PER_PAGE: u32 = 50;
/// Events in one answer of catching up.
const EVENTS_PER_PAGE: usize = 500;

/// What the rules of chat may say to an action.
pub(super) const REFUSED: &[ErrorCode] = &[
    ErrorCode::UnknownAction,
    ErrorCode::MessageTooLong,
    ErrorCode::InvalidReaction,
    ErrorCode::TooManyReactions,
    ErrorCode::SenderMismatch,
    ErrorCode::NotSender,
    ErrorCode::NotCreator,
    ErrorCode::NotReactor,
    ErrorCode::ChatNotFound,
    ErrorCode::MessageNotFound,
    ErrorCode::ReactionNotFound,
    ErrorCode::NonceReused,
    ErrorCode::Conflict,
    ErrorCode::RateLimited,
];

/// The same, and that there is nobody to act as.
pub(super) const REFUSED_TO_USERS: &[ErrorCode] = &[
    ErrorCode::UserNotFound,
    ErrorCode::UnknownAction,
    ErrorCode::MessageTooLong,
    ErrorCode::InvalidReaction,
    ErrorCode::TooManyReactions,
    ErrorCode::SenderMismatch,
    ErrorCode::NotSender,
    ErrorCode::NotCreator,
    ErrorCode::NotReactor,
    ErrorCode::ChatNotFound,
    ErrorCode::MessageNotFound,
    ErrorCode::ReactionNotFound,
    ErrorCode::NonceReused,
    ErrorCode::Conflict,
    ErrorCode::RateLimited,
];

pub(super) fn routes() -> Routes {
    Routes::about("Messages")
        .with(
            get("/api/messages/getMessages/{chatId}", history)
                .named("getMessages", "A page of history, newest first; the newest page marks it as read")
                .refusing(&[ErrorCode::ChatNotFound, ErrorCode::MessageNotFound]),
        )
        .with(
            post("/api/chat", act)
                .named("act", "Do an action; the answer is the event that it caused, as its sender sees it")
                .refusing(REFUSED),
        )
        .with(get("/api/chat/sync", sync).named("sync", "What changed after a cursor"))
}

/// One action as a body.
pub(super) struct Acting(pub(super) Envelope);

impl FromRequest<Arc<App>> for Acting {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let JsonBytes(body) = JsonBytes::from_request(request, app).await?;
        let parsed = Envelope::parse(&body, app.settings.limits.message_bytes);
        Ok(Self(parsed.inspect_err(|_| app.telemetry.malformed.add(1))?))
    }
}

impl Takes for Acting {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.body::<Envelope>();
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HistoryParams {
    /// Brought into 1 to 100; 50 unless given.
    #[serde(default)]
    size: Size,
    /// The oldest message that the client has: the page begins with the one before it.
    last_message: Option<String>,
}

#[derive(Serialize, JsonSchema)]
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
    Acting(envelope): Acting,
) -> Result<Answer<Event>, ApiError> {
    let figures = app.telemetry.figures.of(by.app);
    let done = app.chat.act(by.user, &figures, vec![envelope]).await?.await?;
    let event = done.first().map(|done| done.event.as_seen_by(by.user));
    event.map(Answer).ok_or_else(|| ApiError::new(ErrorCode::StorageUnavailable, "nothing was done"))
}

#[derive(Deserialize, JsonSchema)]
struct SyncParams {
    /// Where the client stopped.
    #[schemars(required)]
    since: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Missed {
    events: Vec<Told>,
    /// Where to go on.
    cursor: String,
    /// Whether to ask again at once.
    more: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "EventOrNotice")]
pub enum Told {
    Event(Event),
    Notice(Notice),
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
        let resync = Told::Notice(Notice::Resync { cursor: cursor.clone() });
        return Ok(Answer(Missed { events: vec![resync], cursor, more: false }));
    };
    let missed = app.store.missed(by.user, position, EVENTS_PER_PAGE).await?;
    Ok(Answer(Missed {
        events: missed.events.iter().map(|event| Told::Event(event.as_seen_by(by.user))).collect(),
        cursor: cursor::write(epoch, missed.position),
        more: missed.more,
    }))
}
