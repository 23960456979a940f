//! Chats as wholes, what is in them, and what a user missed of them.

use std::sync::Arc;

use chinwag_protocol::model::{ChatDetails, ChatUserInfo, Message};
use chinwag_protocol::{AppId, ChatId, ChatName, Envelope, MessageId, UserId, Username};

use super::{Answer, Store, StoreError};
use crate::chat::{ChatEvent, Refusal};
use crate::hub::{ListenerId, Outbox};

/// An action that was done, now or when its nonce first came.
#[derive(Clone, PartialEq, Debug)]
pub struct Done {
    pub event: ChatEvent,
}

/// Why a group of actions was not done. None of them was.
#[derive(Clone, PartialEq, Debug)]
pub enum ActError {
    /// The action at `index` was refused.
    Refused {
        index: usize,
        refusal: Refusal,
    },
    Store(StoreError),
}

/// Why one action was not done.
pub(super) enum Failure {
    Refused(Refusal),
    Store(StoreError),
}

impl From<StoreError> for ActError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<E: Into<StoreError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Why a request about a chat was not done. Nothing changed.
#[derive(Clone, PartialEq, Debug)]
pub enum ChatError {
    Refused(Refusal),
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for ChatError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

impl From<Refusal> for ChatError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A page of a list: `offset` rows are passed over.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    pub offset: u64,
    pub size: u32,
}

/// A part of what was missed.
#[derive(Clone, PartialEq, Debug)]
pub struct Missed {
    /// In the order in which they happened.
    pub events: Vec<ChatEvent>,
    /// With these events everything up to this position has been told.
    pub position: u64,
    /// Whether there is more now.
    pub more: bool,
}

/// Bytes of text in one part, before it ends early.
pub(super) const PART_BYTES: usize = 256 * 1024;

impl Store {
    /// Does `actions` in order, all or none, as `by`. Queued when this returns; done when the answer comes.
    pub async fn act(&self, by: UserId, actions: Vec<Envelope>) -> Answer<Vec<Done>, ActError> {
        on_engine!(self, store => store.act(by, actions).await)
    }

    /// Makes a chat of the named users of `app`, `creator` among them. `NEW_CHAT` is its first event.
    pub async fn create_chat(
        &self,
        app: AppId,
        creator: UserId,
        name: ChatName,
        usernames: Vec<Username>,
    ) -> Result<ChatDetails, ChatError> {
        on_engine!(self, store => store.create_chat(app, creator, name, usernames).await)
    }

    /// Brings a user of `app` into the chat, as `by`.
    pub async fn add_member(
        &self,
        app: AppId,
        by: UserId,
        chat: ChatId,
        username: Username,
    ) -> Result<(), ChatError> {
        on_engine!(self, store => store.add_member(app, by, chat, username).await)
    }

    /// Takes `whom` out of the chat, as `by`; oneself to leave. The last one to leave takes the chat along.
    pub async fn remove_member(&self, by: UserId, chat: ChatId, whom: UserId) -> Result<(), ChatError> {
        on_engine!(self, store => store.remove_member(by, chat, whom).await)
    }

    pub async fn rename_chat(&self, by: UserId, chat: ChatId, name: ChatName) -> Result<(), ChatError> {
        on_engine!(self, store => store.rename_chat(by, chat, name).await)
    }

    /// Deletes the chat, if `by` is its creator. What it held is erased soon after, in small steps.
    pub async fn delete_chat(&self, by: UserId, chat: ChatId) -> Result<(), ChatError> {
        on_engine!(self, store => store.delete_chat(by, chat).await)
    }

    /// The user's chats, most recent activity first.
    pub async fn chats(&self, user: UserId, page: Page) -> Result<Vec<ChatDetails>, StoreError> {
        on_engine!(self, store => store.chats(user, page).await)
    }

    /// Who is in the chat, longest-standing first, as `by` sees it.
    pub async fn members(&self, by: UserId, chat: ChatId) -> Result<Vec<ChatUserInfo>, ChatError> {
        on_engine!(self, store => store.members(by, chat).await)
    }

    /// Up to `size` messages of the chat, newest first, older than `before` if that is given, which
    /// may have been deleted since.
    pub async fn history(
        &self,
        by: UserId,
        chat: ChatId,
        before: Option<MessageId>,
        size: u32,
    ) -> Result<Vec<Message>, ChatError> {
        on_engine!(self, store => store.history(by, chat, before, size).await)
    }

    /// Marks a message as read that its reader was just shown, as opening a chat's history does.
    pub async fn read_shown(&self, by: UserId, chat: ChatId, id: MessageId) -> Result<(), StoreError> {
        on_engine!(self, store => store.read_shown(by, chat, id).await)
    }

    /// Up to `size` of the events that `user` missed since `position`: at least one, unless there are none.
    pub async fn missed(&self, user: UserId, position: u64, size: usize) -> Result<Missed, StoreError> {
        on_engine!(self, store => store.missed(user, position, size).await)
    }

    /// Makes `outbox` hear every event of the user's chats that is committed after this, and of those they join later.
    /// Returns the position of the newest event before. Queued, in the caller's order, when this returns.
    pub async fn listen(
        &self,
        user: UserId,
        listener: ListenerId,
        outbox: Arc<Outbox>,
    ) -> Answer<u64, StoreError> {
        on_engine!(self, store => store.listen(user, listener, outbox).await)
    }
}
