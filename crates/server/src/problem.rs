//! The one table from what went wrong inside to what a client is told, whichever door it came by.

use chinwag_protocol::model::Message;
use chinwag_protocol::{ErrorCode, InvalidText, MalformedAction};

use crate::chat::Refusal;
use crate::sessions::bucket::RetryAfter;
use crate::sessions::jwt::TokenError;
use crate::store::{ActError, ChatError, StoreError};

/// A refusal on its way out.
#[derive(Clone, PartialEq, Debug)]
pub struct Problem {
    pub code: ErrorCode,
    pub detail: String,
    pub retry_after_seconds: Option<u64>,
    /// With `CONFLICT`: the message as it is now.
    pub current: Option<Box<Message>>,
}

impl Problem {
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after_seconds: None, current: None }
    }

    /// `VALIDATION_FAILED`: a field is missing or not of its form.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::ValidationFailed, detail)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => {
                Self::new(ErrorCode::StorageFull, "the disk is full: reading works, writing does not")
            }
            StoreError::Unavailable(why) => {
                tracing::error!(%why, "the store is unavailable");
                Self::new(ErrorCode::StorageUnavailable, "the store is unavailable; try again")
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let error = Self::new(refusal.code(), refusal.to_string());
        match refusal {
            Refusal::Conflict(current) => Self { current: Some(current), ..error },
            _ => error,
        }
    }
}

impl From<ChatError> for Problem {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::Refused(refusal) => refusal.into(),
            ChatError::Store(error) => error.into(),
        }
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Refused { refusal, .. } => refusal.into(),
            ActError::Store(error) => error.into(),
        }
    }
}

impl From<MalformedAction> for Problem {
    fn from(error: MalformedAction) -> Self {
        Self::new(error.code, error.detail)
    }
}

impl From<InvalidText> for Problem {
    fn from(error: InvalidText) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<RetryAfter> for Problem {
    fn from(wait: RetryAfter) -> Self {
        let seconds = wait.seconds().max(1);
        let detail = format!("too many requests: try again in {seconds} s");
        Self { retry_after_seconds: Some(seconds), ..Self::new(ErrorCode::RateLimited, detail) }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::new(ErrorCode::InvalidToken, "the token is not valid"),
            TokenError::Expired => Self::new(ErrorCode::ExpiredToken, "the token has expired: refresh it"),
        }
    }
}
