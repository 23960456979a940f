//! Keeping the store healthy and small: erasing what was deleted, forgetting what is too old.

use chinwag_protocol::{AppId, ChatId, Timestamp, UserId};

use super::{Store, StoreError};

/// Rows looked at or removed in one commit.
pub(super) const STEP_ROWS: u32 = 500;

/// Something deleted whose rows remain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Erasure {
    User(UserId),
    Chat(ChatId),
}

/// Nonces are kept twice as long as the protocol promises (section 3).
pub(super) const NONCES_KEPT_SECONDS: i64 = 2 * 86_400;
/// Nonces forgotten in one commit.
pub(super) const NONCES_STEP: u32 = 1000;

impl Store {
    /// What is waiting to be erased, oldest first.
    pub async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        on_engine!(self, store => store.erasures().await)
    }

    /// Erases it, and returns when nothing is left, or at once if another node is at it. Two at once do no harm; one that
    /// was stopped can be called again.
    pub async fn erase(&self, erasure: Erasure) -> Result<(), StoreError> {
        on_engine!(self, store => store.erase(erasure).await)
    }

    /// Has the files forget what was erased; false if somebody still reads it: try again. Of PostgreSQL, that is the
    /// matter of its vacuum.
    pub async fn scrub(&self) -> Result<bool, StoreError> {
        on_engine!(self, store => store.scrub().await)
    }

    /// Removes the app's messages that were sent before then, each with its event, as if its sender had deleted it. How many
    /// there were.
    pub async fn expire_messages(&self, app: AppId, before: Timestamp) -> Result<u64, StoreError> {
        on_engine!(self, store => store.expire_messages(app, before).await)
    }

    /// Whether a write reaches the disk now.
    pub async fn check(&self) -> Result<(), StoreError> {
        on_engine!(self, store => store.check().await)
    }

    /// Forgets some nonces that are too old to be repeated; true if there may be more.
    pub async fn forget_nonces(&self) -> Result<bool, StoreError> {
        on_engine!(self, store => store.forget_nonces().await)
    }
}
