//! An event as an app's own server is told of it, pushed or pulled.

use chinwag_protocol::{AppId, ChatId, EventKind, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::cursor;
use crate::store::FedEvent;

/// Types of events that are told; typing is not, since it is kept nowhere.
pub const EVENT_TYPES: [&str; 12] = [
    "SEND_MSG",
    "EDIT_MSG",
    "DELETE_MSG",
    "REPLY",
    "REACT",
    "DELETE_REACT",
    "READ_MSG",
    "USER_JOIN",
    "USER_LEAVE",
    "NEW_CHAT",
    "DELETE_CHAT",
    "CHAT_RENAMED",
];

/// A word that is no type of events.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no event of the type {0:?}; there are {all}", all = EVENT_TYPES.join(", "))]
pub struct UnknownType(String);

/// What was asked for, if all of it are types of events.
pub fn types(asked: Vec<String>) -> Result<Vec<String>, UnknownType> {
    match asked.iter().find(|kind| !EVENT_TYPES.contains(&kind.as_str())) {
        None => Ok(asked),
        Some(unknown) => Err(UnknownType(unknown.clone())),
    }
}

/// Something that happened in an app, as its own server is told.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppEvent")]
pub struct Envelope {
    /// The same whenever this event is told again.
    pub id: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub timestamp: Timestamp,
    pub app_id: AppId,
    /// Where to go on after it.
    pub cursor: String,
    /// Whether it came with a chat that was imported.
    pub imported: bool,
    pub data: Said,
}

/// The event, as those in the chat are told, less to whom.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppEventData")]
pub struct Said {
    #[serde(flatten)]
    kind: EventKind,
    chat_id: ChatId,
    sender_id: UserId,
    /// The event's place in its chat.
    seq: Option<u64>,
}

impl Envelope {
    #[must_use]
    pub fn of(fed: FedEvent, app: AppId, epoch: &str) -> Self {
        let FedEvent { event, at, imported } = fed;
        Self {
            id: format!("evt_{epoch}_{}", event.position),
            kind: type_of(&event.kind),
            timestamp: at,
            app_id: app,
            cursor: cursor::write(epoch, event.position),
            imported,
            data: Said { kind: event.kind, chat_id: event.chat, sender_id: event.sender, seq: event.seq },
        }
    }
}

/// The event's `type` on the wire.
#[must_use]
pub fn type_of(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::MessageSent { .. } => "SEND_MSG",
        EventKind::MessageEdited { .. } => "EDIT_MSG",
        EventKind::MessageDeleted { .. } => "DELETE_MSG",
        EventKind::Replied { .. } => "REPLY",
        EventKind::Typing => "TYPING",
        EventKind::ReactionAdded { .. } => "REACT",
        EventKind::ReactionRemoved { .. } => "DELETE_REACT",
        EventKind::MessageRead { .. } => "READ_MSG",
        EventKind::UserJoined { .. } => "USER_JOIN",
        EventKind::UserLeft { .. } => "USER_LEAVE",
        EventKind::ChatCreated { .. } => "NEW_CHAT",
        EventKind::ChatDeleted => "DELETE_CHAT",
        EventKind::ChatRenamed { .. } => "CHAT_RENAMED",
    }
}
