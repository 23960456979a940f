//! Sign-ins of users, and the notes of what ended, which close open connections. An ended session is not kept.

use chinwag_protocol::{AppId, SessionId, Timestamp, UserId};

use super::accounts::NewRefresh;
use super::{Store, StoreError};
use crate::sessions::app::{AppStatus, Tier};
use crate::sessions::secret::TokenHash;

/// How long a note of an ending is kept: every process has read it long before.
pub(super) const ENDINGS_KEPT_SECONDS: i64 = 86_400;
/// Replaced refresh tokens that are known again, of one session: those of a day of constant use.
pub(super) const RETIRED_TOKENS_MAX: u32 = 300;
/// Endings in one answer.
pub(super) const ENDINGS_READ_MAX: u32 = 1000;

/// A session, and whom it is of. Neither its user nor its app is deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub username: String,
    pub app: AppId,
    pub app_status: AppStatus,
    pub tier: Tier,
}

/// What came of a refresh token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refreshed {
    Live(Session),
    /// It had been replaced, and its successor used: this session was ended.
    Reused(Session),
    /// Of no session that goes on.
    Nothing,
}

/// One sign-in of a user, as an administrator sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignIn {
    pub session: SessionId,
    pub created_at: Timestamp,
    /// When its refresh token was last used.
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Something whose open connections are to be closed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ended {
    Session(SessionId),
    User(UserId),
    App(AppId),
}

/// `id` grows: those read once need not be read again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ending {
    pub id: i64,
    pub ended: Ended,
}

impl Store {
    /// `None` if the user was deleted meanwhile.
    pub async fn open_session(
        &self,
        user: UserId,
        refresh: NewRefresh,
    ) -> Result<Option<SessionId>, StoreError> {
        on_engine!(self, store => store.open_session(user, refresh).await)
    }

    /// The session, if it has neither ended nor expired. Its app may be suspended.
    pub async fn session(&self, session: SessionId, now: Timestamp) -> Result<Option<Session>, StoreError> {
        on_engine!(self, store => store.session(session, now).await)
    }

    /// The session if it can be used: neither ended nor expired, and its app active.
    pub async fn session_is_live(
        &self,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        on_engine!(self, store => store.session_is_live(session, now).await)
    }

    /// What a refresh token is worth, and its session noted as used. With a `successor`, that takes the token's place: the
    /// old one is good for nothing but to ask again, until the successor is used. One that comes back later ends its
    /// session, and so what is newer than it.
    ///
    /// `of` is the session that it must be of; with another one nothing is changed.
    pub async fn use_refresh_token(
        &self,
        refresh: TokenHash,
        of: SessionId,
        successor: Option<TokenHash>,
    ) -> Result<Refreshed, StoreError> {
        on_engine!(self, store => store.use_refresh_token(refresh, of, successor).await)
    }

    /// The user's sessions that go on, oldest first.
    pub async fn sign_ins(&self, user: UserId, now: Timestamp) -> Result<Vec<SignIn>, StoreError> {
        on_engine!(self, store => store.sign_ins(user, now).await)
    }

    /// Ends the user's session with this refresh token. False if they have none such.
    pub async fn end_session(&self, user: UserId, refresh: TokenHash) -> Result<bool, StoreError> {
        on_engine!(self, store => store.end_session(user, refresh).await)
    }

    /// Ends all sessions of the user. Each is noted by itself: one that is opened a moment later goes on.
    pub async fn end_sessions(&self, user: UserId) -> Result<(), StoreError> {
        on_engine!(self, store => store.end_sessions(user).await)
    }

    /// The newest ending's id, or 0: where a process starts reading, before it opens its doors.
    pub async fn last_ending(&self) -> Result<i64, StoreError> {
        on_engine!(self, store => store.last_ending().await)
    }

    /// What ended after `last`, in order. Not all, if there are many: ask again from the last one's id.
    pub async fn endings_after(&self, last: i64) -> Result<Vec<Ending>, StoreError> {
        on_engine!(self, store => store.endings_after(last).await)
    }

    /// Ends and removes expired sessions, of accounts too, and old notes of endings. Worth doing now and then.
    pub async fn forget_expired(&self) -> Result<(), StoreError> {
        on_engine!(self, store => store.forget_expired().await)
    }
}
