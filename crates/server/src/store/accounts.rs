//! Accounts and their sessions on the management side.

use chinwag_protocol::{AccountId, Email, SessionId, Timestamp};

use super::{Store, StoreError};
use crate::sessions::secret::TokenHash;

pub(super) const DAY_SECONDS: i64 = 86_400;

/// A company that uses the service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    pub id: AccountId,
    pub company_name: String,
    pub email: String,
    pub created_at: Timestamp,
}

#[derive(Clone)]
pub struct NewAccount {
    pub company_name: String,
    pub email: Email,
    pub password_hash: String,
}

/// The refresh token of a session about to be opened: only its hash is kept.
#[derive(Clone, Copy)]
pub struct NewRefresh {
    pub hash: TokenHash,
    pub life_days: u32,
}

impl NewRefresh {
    pub(super) fn expires_at(&self, now: Timestamp) -> Timestamp {
        now.plus_seconds(i64::from(self.life_days) * DAY_SECONDS)
    }
}

/// An account, and which of its sessions this is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountSession {
    pub session: SessionId,
    pub account: Account,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegisterAccountError {
    #[error("an account with this e-mail address exists")]
    EmailTaken,
    #[error(transparent)]
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for RegisterAccountError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Makes the account and its first session.
    pub async fn register_account(
        &self,
        new: NewAccount,
        refresh: NewRefresh,
    ) -> Result<AccountSession, RegisterAccountError> {
        on_engine!(self, store => store.register_account(new, refresh).await)
    }

    /// The account of this address and its password hash.
    pub async fn account_credentials(&self, email: Email) -> Result<Option<(AccountId, String)>, StoreError> {
        on_engine!(self, store => store.account_credentials(email).await)
    }

    pub async fn open_account_session(
        &self,
        account: AccountId,
        refresh: NewRefresh,
    ) -> Result<AccountSession, StoreError> {
        on_engine!(self, store => store.open_account_session(account, refresh).await)
    }

    /// Puts a new refresh token in the place of `spent`, which is worth nothing from then on. `None` if `spent` is of no
    /// live session.
    pub async fn rotate_account_session(
        &self,
        spent: TokenHash,
        refresh: NewRefresh,
    ) -> Result<Option<AccountSession>, StoreError> {
        on_engine!(self, store => store.rotate_account_session(spent, refresh).await)
    }

    /// The account whose session this is; `None` once that ended.
    pub async fn account_session(
        &self,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<AccountSession>, StoreError> {
        on_engine!(self, store => store.account_session(session, now).await)
    }

    /// Ends a session; that it has ended already is no error.
    pub async fn end_account_session(&self, session: SessionId) -> Result<(), StoreError> {
        on_engine!(self, store => store.end_account_session(session).await)
    }

    /// The same, by its refresh token. Whether there was one.
    pub async fn end_account_session_of(&self, refresh: TokenHash) -> Result<bool, StoreError> {
        on_engine!(self, store => store.end_account_session_of(refresh).await)
    }

    pub async fn rename_account(&self, account: AccountId, company_name: String) -> Result<(), StoreError> {
        on_engine!(self, store => store.rename_account(account, company_name).await)
    }
}
