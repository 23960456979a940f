//! What happens in an app, in order, for its own server: read from the log when it is asked for, so that telling it costs
//! those who chat nothing (docs/adr/0013).

use chinwag_protocol::{AppId, ChatId, Timestamp};

use super::{Store, StoreError};
use crate::chat::ChatEvent;

/// Which events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    pub app: AppId,
    /// Of this chat only.
    pub chat: Option<ChatId>,
    /// After this position.
    pub since: u64,
    /// Up to this position.
    pub to: Option<u64>,
    /// At most so many.
    pub size: usize,
}

/// An event, and what is known of it beside.
#[derive(Clone, PartialEq, Debug)]
pub struct FedEvent {
    pub event: ChatEvent,
    pub at: Timestamp,
    /// Whether it is of a chat's life elsewhere.
    pub imported: bool,
}

/// A part of what happened.
#[derive(Clone, PartialEq, Debug)]
pub struct Fed {
    pub events: Vec<FedEvent>,
    /// With these events everything up to this position has been told.
    pub position: u64,
    /// Whether there is more now.
    pub more: bool,
}

impl Store {
    /// A part of what happened in an app: each change in its newest state, in the order of positions. Empty parts are
    /// possible while there is more.
    pub async fn feed(&self, stretch: Stretch) -> Result<Fed, StoreError> {
        on_engine!(self, store => store.feed(stretch).await)
    }

    /// The newest position, of whatever node.
    pub async fn feed_head(&self) -> Result<u64, StoreError> {
        on_engine!(self, store => store.feed_head().await)
    }

    /// Notes where the log stands now, for [`Store::position_at`].
    pub async fn note_moment(&self) -> Result<(), StoreError> {
        on_engine!(self, store => store.note_moment().await)
    }

    /// A position before everything that happened at this time and after it, and not long before: as near as moments were
    /// noted.
    pub async fn position_at(&self, at: Timestamp) -> Result<u64, StoreError> {
        on_engine!(self, store => store.position_at(at).await)
    }
}
