//! Why somebody is not let in, or may not have what they ask for: one list, and the code that goes with each.

use chinwag_protocol::ErrorCode;

use super::bucket::RetryAfter;
use super::jwt::TokenError;
use super::password::PasswordError;
use super::tickets::TicketRefused;
use crate::store::{AppUserError, RegisterAccountError, RegisterError, RenameError, StoreError};

/// A refusal. It changed nothing. The words are for the person at the other end.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SessionError {
    #[error("credentials are missing")]
    MissingCredentials,
    #[error("the API key is not valid")]
    InvalidKey,
    /// Browsers are shown it: a key that may do anything must not work there, or people would put it there.
    #[error(
        "this is a server key: it opens /api/app only; sign people in with an API key of the audience chat"
    )]
    NotChatKey,
    #[error("this key opens no server's door: make one of the audience server (chinwag key create --server)")]
    NotServerKey,
    #[error("the token is not valid")]
    InvalidToken,
    #[error("the token has expired")]
    ExpiredToken,
    #[error("the session has ended")]
    SessionEnded,
    #[error("the refresh token is not valid")]
    InvalidRefreshToken,
    #[error("the ticket is not valid, was used, or has expired")]
    InvalidTicket,
    /// Also when there is no such user: names must not be guessable.
    #[error("wrong name or password")]
    BadSignIn,
    #[error("the app is suspended")]
    AppSuspended,
    #[error("the app has as many concurrent users as it may have")]
    TooManyUsers,
    #[error("the username is taken")]
    UsernameTaken,
    #[error("the e-mail address is taken")]
    EmailTaken,
    #[error("the external id is taken")]
    ExternalIdTaken,
    #[error("there is no such user in this app")]
    UserNotFound,
    #[error("an account with this e-mail address exists")]
    AccountExists,
    #[error("too many requests: try again later")]
    TooFast(RetryAfter),
    #[error("the server has more to do than it can")]
    Overloaded,
    #[error("the store failed")]
    Store(#[source] StoreError),
}

impl SessionError {
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::MissingCredentials => ErrorCode::MissingCredentials,
            Self::InvalidKey | Self::NotChatKey | Self::NotServerKey => ErrorCode::InvalidApiKey,
            Self::InvalidToken => ErrorCode::InvalidToken,
            Self::ExpiredToken => ErrorCode::ExpiredToken,
            Self::SessionEnded => ErrorCode::SessionEnded,
            Self::InvalidRefreshToken => ErrorCode::InvalidRefreshToken,
            Self::InvalidTicket => ErrorCode::InvalidTicket,
            Self::BadSignIn => ErrorCode::BadSignIn,
            Self::AppSuspended => ErrorCode::AppSuspended,
            Self::TooManyUsers => ErrorCode::ConcurrentUsersExceeded,
            Self::UsernameTaken => ErrorCode::UsernameTaken,
            Self::EmailTaken => ErrorCode::EmailTaken,
            Self::ExternalIdTaken => ErrorCode::ExternalIdTaken,
            Self::UserNotFound => ErrorCode::UserNotFound,
            Self::AccountExists => ErrorCode::AccountExists,
            Self::TooFast(_) => ErrorCode::RateLimited,
            Self::Overloaded => ErrorCode::Overloaded,
            Self::Store(StoreError::Full) => ErrorCode::StorageFull,
            Self::Store(StoreError::Unavailable(_)) => ErrorCode::StorageUnavailable,
        }
    }

    /// When the same would succeed, if it was too fast.
    #[must_use]
    pub fn retry_after(&self) -> Option<RetryAfter> {
        match self {
            Self::TooFast(retry_after) => Some(*retry_after),
            _ => None,
        }
    }
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<RetryAfter> for SessionError {
    fn from(retry_after: RetryAfter) -> Self {
        Self::TooFast(retry_after)
    }
}

impl From<TokenError> for SessionError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::InvalidToken,
            TokenError::Expired => Self::ExpiredToken,
        }
    }
}

impl From<PasswordError> for SessionError {
    fn from(PasswordError::Overloaded: PasswordError) -> Self {
        Self::Overloaded
    }
}

impl From<TicketRefused> for SessionError {
    fn from(error: TicketRefused) -> Self {
        match error {
            TicketRefused::TooManyUsers => Self::TooManyUsers,
            TicketRefused::TooManyTickets(wait) => Self::TooFast(wait),
            TicketRefused::Overloaded => Self::Overloaded,
        }
    }
}

impl From<RegisterError> for SessionError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::UsernameTaken => Self::UsernameTaken,
            RegisterError::EmailTaken => Self::EmailTaken,
            RegisterError::Store(error) => Self::Store(error),
        }
    }
}

impl From<AppUserError> for SessionError {
    fn from(error: AppUserError) -> Self {
        match error {
            AppUserError::Register(error) => error.into(),
            AppUserError::ExternalIdTaken => Self::ExternalIdTaken,
        }
    }
}

impl From<RenameError> for SessionError {
    fn from(error: RenameError) -> Self {
        match error {
            RenameError::UsernameTaken => Self::UsernameTaken,
            // Deleted since the token was checked, and their sessions with them.
            RenameError::UserNotFound => Self::SessionEnded,
            RenameError::Store(error) => Self::Store(error),
        }
    }
}

impl From<RegisterAccountError> for SessionError {
    fn from(error: RegisterAccountError) -> Self {
        match error {
            RegisterAccountError::EmailTaken => Self::AccountExists,
            RegisterAccountError::Store(error) => Self::Store(error),
        }
    }
}
