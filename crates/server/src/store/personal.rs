//! What is kept of one user: all of it for them to have, and what was removed of it when they were erased.

use chinwag_protocol::{AppId, ChatId, MessageId, Timestamp, UserId};

use super::{Store, StoreError};

/// Who a user is, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Personal {
    pub id: UserId,
    pub app: AppId,
    pub username: String,
    pub email: String,
    pub first_name: Option<String>,
    pub sur_name: Option<String>,
    pub created_at: Timestamp,
    /// The chats that they are or were in, of those that there are.
    pub chats: Vec<Attended>,
}

/// A chat that a user is or was in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attended {
    pub chat: ChatId,
    pub name: String,
    pub joined_at: Timestamp,
    pub is_member: bool,
}

/// A message of theirs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    pub position: u64,
    pub id: MessageId,
    pub reply_to: Option<MessageId>,
    pub sent_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub text: String,
}

/// A reaction of theirs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reacted {
    pub position: u64,
    pub message: MessageId,
    pub emoji: String,
    pub at: Timestamp,
}

/// What was removed of a user who was erased.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    pub user: UserId,
    pub app: AppId,
    pub requested_at: Timestamp,
    /// None while it is under way.
    pub finished_at: Option<Timestamp>,
    /// How many of each kind, by the kind's name.
    pub removed: Vec<(String, u64)>,
}

impl Store {
    pub async fn personal(&self, user: UserId) -> Result<Option<Personal>, StoreError> {
        on_engine!(self, store => store.personal(user).await)
    }

    /// Up to `size` messages of the user in the chat after that position, oldest first.
    pub async fn written(
        &self,
        user: UserId,
        chat: ChatId,
        after: u64,
        size: u32,
    ) -> Result<Vec<Written>, StoreError> {
        on_engine!(self, store => store.written(user, chat, after, size).await)
    }

    /// The same for reactions.
    pub async fn reacted(
        &self,
        user: UserId,
        chat: ChatId,
        after: u64,
        size: u32,
    ) -> Result<Vec<Reacted>, StoreError> {
        on_engine!(self, store => store.reacted(user, chat, after, size).await)
    }

    /// What was removed of a user who was erased, or is being.
    pub async fn receipt(&self, user: UserId) -> Result<Option<Receipt>, StoreError> {
        Ok(self.receipts_where(None, Some(user), 1).await?.pop())
    }

    /// The newest `size` receipts of the app, newest first.
    pub async fn receipts(&self, app: AppId, size: u32) -> Result<Vec<Receipt>, StoreError> {
        self.receipts_where(Some(app), None, size).await
    }

    async fn receipts_where(
        &self,
        app: Option<AppId>,
        user: Option<UserId>,
        size: u32,
    ) -> Result<Vec<Receipt>, StoreError> {
        on_engine!(self, store => store.receipts_where(app, user, size).await)
    }
}
