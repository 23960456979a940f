//! One message as the owner of its app may follow it: when it was stored, and who has read it.

use std::sync::Arc;

use chinwag_protocol::{AppId, ChatId, MessageId, Timestamp, UserId};

use super::{Answer, Store, StoreError};
use crate::hub::{ListenerId, Outbox};

/// A message that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredMessage {
    pub id: MessageId,
    pub chat: ChatId,
    pub sender: UserId,
    pub seq: u64,
    /// Of the event that created it.
    pub position: u64,
    pub stored_at: Timestamp,
    /// Who is in the chat now.
    pub members: Vec<Reader>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reader {
    pub user: UserId,
    pub username: String,
    /// Whether their read pointer is at the message or after it.
    pub has_read: bool,
    /// When their read pointer last moved, which may have been for a later message.
    pub read_at: Option<Timestamp>,
}

impl Store {
    /// The app's message of this id.
    pub async fn message_in(&self, app: AppId, id: MessageId) -> Result<Option<StoredMessage>, StoreError> {
        on_engine!(self, store => store.message_in(app, id).await)
    }

    /// Whether there is this chat in the app.
    pub async fn has_chat(&self, app: AppId, chat: ChatId) -> Result<bool, StoreError> {
        on_engine!(self, store => store.has_chat(app, chat).await)
    }

    /// Makes `outbox` hear every event of the chat that is committed after this, whoever its members are. Returns as
    /// [`Store::listen`] does.
    pub async fn listen_to_chat(
        &self,
        chat: ChatId,
        listener: ListenerId,
        outbox: Arc<Outbox>,
    ) -> Answer<u64, StoreError> {
        on_engine!(self, store => store.listen_to_chat(chat, listener, outbox).await)
    }
}
