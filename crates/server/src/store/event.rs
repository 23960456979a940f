//! What both engines make of a stored change: the event that is told.

use chinwag_protocol::{ChatId, Emoji, EventKind, Timestamp, UserId};

use super::StoreError;
use crate::chat::ChatEvent;

/// The place of a new event: its chat's next seq, and the next position.
pub(super) struct Stamp {
    pub(super) seq: u64,
    pub(super) position: u64,
    pub(super) at: Timestamp,
    /// Messages ever sent in the chat, this one included if it is one.
    pub(super) sent: u64,
}

pub(super) fn stored(chat: ChatId, sender: UserId, stamp: &Stamp, kind: EventKind) -> ChatEvent {
    ChatEvent {
        position: stamp.position,
        chat,
        sender,
        seq: Some(stamp.seq),
        kind,
        nonce: None,
        unread_count: None,
        replayed: false,
    }
}

/// What people read when somebody left. The name of an erased user is not kept.
pub(super) fn left_text(username: Option<&str>) -> String {
    format!("{} left the chat", username.unwrap_or("a deleted user"))
}

/// What was once accepted as an emoji.
pub(super) fn stored_emoji(text: String) -> Result<Emoji, StoreError> {
    Emoji::parse(text)
        .map_err(|error| StoreError::Unavailable(format!("a stored reaction is not one; {error}")))
}
