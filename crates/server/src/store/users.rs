//! End users of an app. One who is being erased has no name any more, and is found by nobody.

use chinwag_protocol::{AppId, Email, Timestamp, UserId, Username};

use super::{Store, StoreError};

/// Rows in one answer to an administrator.
pub(super) const USERS_LISTED_MAX: u32 = 10_000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    pub id: UserId,
    pub app: AppId,
    pub username: String,
    pub email: String,
    pub created_at: Timestamp,
}

#[derive(Clone)]
pub struct NewUser {
    pub app: AppId,
    pub username: Username,
    pub email: Email,
    pub password_hash: String,
    pub first_name: Option<String>,
    pub sur_name: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("the username is taken")]
    UsernameTaken,
    #[error("the e-mail address is taken")]
    EmailTaken,
    #[error(transparent)]
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for RegisterError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RenameError {
    #[error("the username is taken")]
    UsernameTaken,
    /// They were deleted.
    #[error("there is no such user")]
    UserNotFound,
    #[error(transparent)]
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for RenameError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Usernames differ by case, e-mail addresses do not.
    pub async fn register_user(&self, new: NewUser) -> Result<User, RegisterError> {
        on_engine!(self, store => store.register_user(new).await)
    }

    /// The user of this name and their password hash.
    pub async fn user_credentials(
        &self,
        app: AppId,
        username: Username,
    ) -> Result<Option<(User, String)>, StoreError> {
        on_engine!(self, store => store.user_credentials(app, username).await)
    }

    pub async fn user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        on_engine!(self, store => store.user(user).await)
    }

    /// The app's user of this name.
    pub async fn user_named(&self, app: AppId, username: Username) -> Result<Option<User>, StoreError> {
        on_engine!(self, store => store.user_named(app, username).await)
    }

    /// The app's users by name, from the one after `after`; no more than an administrator wants to see at once.
    pub async fn users(&self, app: AppId, after: Option<Username>) -> Result<Vec<User>, StoreError> {
        on_engine!(self, store => store.users(app, after).await)
    }

    /// The old name is free at once. Taking one's own name changes nothing.
    pub async fn change_username(&self, user: UserId, name: Username) -> Result<User, RenameError> {
        on_engine!(self, store => store.change_username(user, name).await)
    }

    /// The user can do nothing from now on, their name and address are free, and what they wrote is marked to be erased.
    /// Whether they were there.
    pub async fn delete_user(&self, user: UserId) -> Result<bool, StoreError> {
        on_engine!(self, store => store.delete_user(user).await)
    }
}
