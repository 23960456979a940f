//! An app's users as its owner looks after them: found by a part of their name, with their sign-ins.

use chinwag_protocol::{AppId, SessionId, UserId};

use super::{Store, StoreError, User};

/// Whom to list.
#[derive(Clone, Debug, Default)]
pub struct UserSearch {
    /// A part of the name or the address, in any case (of ASCII letters).
    pub part: String,
    /// Names after this one.
    pub after: String,
    pub size: u32,
}

/// A user, and how many sessions of theirs there are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedUser {
    pub user: User,
    pub sessions: u64,
}

impl Store {
    /// The app's users by name.
    pub async fn find_users(&self, app: AppId, search: UserSearch) -> Result<Vec<ListedUser>, StoreError> {
        on_engine!(self, store => store.find_users(app, search).await)
    }

    /// The app's user of this id.
    pub async fn user_in(&self, app: AppId, user: UserId) -> Result<Option<ListedUser>, StoreError> {
        on_engine!(self, store => store.user_in(app, user).await)
    }

    /// Ends one session of the user. False if they have none such.
    pub async fn end_session_named(&self, user: UserId, session: SessionId) -> Result<bool, StoreError> {
        on_engine!(self, store => store.end_session_named(user, session).await)
    }
}

/// Text that LIKE takes as it is.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
