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

/// From then on cursors from before a chat's end are not honoured.
pub(super) const DELETED_CHATS_TOLD_SECONDS: i64 = 30 * 86_400;
/// From then on nothing is known of it: by then every node honours no such cursor.
pub(super) const DELETED_CHATS_KEPT_SECONDS: i64 = 31 * 86_400;
/// Chats forgotten in one commit.
pub(super) const CHATS_STEP: u32 = 20;
/// Where `meta` has the horizon.
pub(super) const HORIZON: &str = "horizon";

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

    /// Forgets some chats that were deleted weeks ago, with who was in them; true if there may be more. Cursors from
    /// before their end are not honoured for some time already: every node knows that from when it last asked this.
    pub async fn forget_chats(&self, now: Timestamp) -> Result<bool, StoreError> {
        on_engine!(self, store => store.forget_chats(now).await)
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
