//! Endpoints that are told what happens in an app. An endpoint is a cursor over the log; nothing is queued for it.

use std::fmt;

use chinwag_protocol::{AppId, ChatId, HookId, Timestamp};
use uuid::Uuid;

use super::{Store, StoreError};

/// Endpoints of one app.
pub const HOOKS_MAX: u32 = 20;
/// Dead letters that are kept of one endpoint; the oldest give way.
pub(super) const DEAD_LETTERS_MAX: i64 = 10_000;
/// How long an endpoint is a process's own unless it says so again.
pub(super) const LEASE_MS: i64 = 15_000;

/// What deliveries are signed with. Debug shows `****`.
#[derive(Clone, PartialEq, Eq)]
pub struct HookSecret(String);

impl HookSecret {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hook {
    pub id: HookId,
    pub app: AppId,
    pub url: String,
    pub description: String,
    /// Types of events; empty: all.
    pub events: Vec<String>,
    pub enabled: bool,
    pub secret: HookSecret,
    /// The secret before, which signs too until then.
    pub old_secret: Option<(HookSecret, Timestamp)>,
    /// Grows with what its owner decides.
    pub version: i64,
    /// Of what comes next, when it was tried first.
    pub failing_since: Option<Timestamp>,
    /// Everything up to it was delivered, is parked, or is a dead letter.
    pub position: u64,
    /// Without success, of what comes next.
    pub attempts: i64,
    pub next_at: Timestamp,
    pub succeeded_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    /// Why it failed last, if that was after the last success.
    pub error: Option<String>,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct NewHook {
    pub app: AppId,
    pub url: String,
    pub description: String,
    pub events: Vec<String>,
    pub enabled: bool,
    pub secret: HookSecret,
    pub position: u64,
}

/// What to change of an endpoint; `None` leaves it.
#[derive(Clone, Default, Debug)]
pub struct HookChanges {
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<Vec<String>>,
    pub enabled: Option<bool>,
    /// With the time until which the one before signs too.
    pub secret: Option<(HookSecret, Timestamp)>,
    /// Where to begin again.
    pub position: Option<u64>,
}

/// A chat whose next event an endpoint refuses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parked {
    pub chat: ChatId,
    /// Everything in it up to this position was delivered.
    pub position: u64,
    /// When its next event was tried first.
    pub since: Timestamp,
    pub attempts: i64,
    pub next_at: Timestamp,
}

/// What was tried until its time was over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetter {
    pub position: u64,
    pub chat: ChatId,
    /// The event's type.
    pub kind: String,
    pub error: String,
    pub at: Timestamp,
    /// Whether it is to be tried once more.
    pub again: bool,
}

/// How far a deliverer has come.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Progress {
    pub position: u64,
    pub failing_since: Option<Timestamp>,
    pub attempts: i64,
    pub next_at: Timestamp,
    pub succeeded: bool,
    pub error: Option<String>,
    pub park: Vec<Parked>,
    pub unpark: Vec<ChatId>,
    pub bury: Vec<DeadLetter>,
    /// Dead letters that were delivered after all.
    pub revived: Vec<u64>,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HookError {
    #[error("an app may have {HOOKS_MAX} webhooks")]
    LimitReached,
    #[error(transparent)]
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for HookError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    pub async fn create_hook(&self, new: NewHook) -> Result<Hook, HookError> {
        on_engine!(self, store => store.create_hook(new).await)
    }

    /// The app's endpoints, oldest first.
    pub async fn hooks(&self, app: AppId) -> Result<Vec<Hook>, StoreError> {
        on_engine!(self, store => store.hooks(app).await)
    }

    /// The endpoint of this id, of whatever app.
    pub async fn hook(&self, id: HookId) -> Result<Option<Hook>, StoreError> {
        on_engine!(self, store => store.hook(id).await)
    }

    /// The endpoint as it is then. With a new position it begins there, and nothing of it is parked.
    pub async fn change_hook(&self, id: HookId, changes: HookChanges) -> Result<Option<Hook>, StoreError> {
        on_engine!(self, store => store.change_hook(id, changes).await)
    }

    /// Whether it was there.
    pub async fn delete_hook(&self, id: HookId) -> Result<bool, StoreError> {
        on_engine!(self, store => store.delete_hook(id).await)
    }

    /// The endpoints that this process is to serve for the next while: of active apps, enabled, and no other process's.
    pub async fn claim_hooks(&self, owner: Uuid) -> Result<Vec<Hook>, StoreError> {
        on_engine!(self, store => store.claim_hooks(owner).await)
    }

    /// Lets others have what this process serves.
    pub async fn release_hooks(&self, owner: Uuid) -> Result<(), StoreError> {
        on_engine!(self, store => store.release_hooks(owner).await)
    }

    pub async fn parked(&self, hook: HookId) -> Result<Vec<Parked>, StoreError> {
        on_engine!(self, store => store.parked(hook).await)
    }

    /// Keeps how far `owner` has come with an endpoint of this version. False if either is another by now: then nothing
    /// was kept.
    pub async fn keep_progress(
        &self,
        hook: (HookId, i64),
        owner: Uuid,
        progress: Progress,
    ) -> Result<bool, StoreError> {
        on_engine!(self, store => store.keep_progress(hook, owner, progress).await)
    }

    /// Up to `size` dead letters after a position, in order; with `again`, those that are to be tried once more.
    pub async fn dead_letters(
        &self,
        hook: HookId,
        after: u64,
        again: bool,
        size: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        on_engine!(self, store => store.dead_letters(hook, after, again, size).await)
    }

    /// Has dead letters tried once more: those at these positions, or all. How many.
    pub async fn retry_dead_letters(
        &self,
        hook: HookId,
        positions: Option<Vec<u64>>,
    ) -> Result<u64, StoreError> {
        on_engine!(self, store => store.retry_dead_letters(hook, positions).await)
    }
}

/// As they are kept.
pub(super) fn joined(events: &[String]) -> String {
    events.join(",")
}

pub(super) fn split(events: &str) -> Vec<String> {
    events.split(',').filter(|event| !event.is_empty()).map(str::to_owned).collect()
}
