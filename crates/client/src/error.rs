//! What can go wrong, and what to do about it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chinwag_protocol::{ErrorBody, ErrorCode, InvalidText};

use crate::model::Message;

/// Everything that a call of this crate fails with. Each text says what to do.
///
/// ```
/// use chinwag_client::{Error, ErrorCode};
///
/// fn advice(error: &Error) -> &'static str {
///     match error.code() {
///         Some(ErrorCode::ChatNotFound) => "you are not in that chat",
///         _ if error.is_transient() => "try again",
///         _ => "ask somebody",
///     }
/// }
/// assert_eq!(advice(&Error::NotSignedIn), "ask somebody");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server says no.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// No answer came. What was asked for may have been done, or not; actions are repeated under the same nonce by
    /// themselves.
    #[error("no answer from {server}: check that a server runs there and that this machine reaches it")]
    Network {
        /// The base URL.
        server: String,
        /// What the network said.
        #[source]
        cause: Cause,
    },
    /// The answer is not of this API: something else runs there, or stands in between.
    #[error("{what} (status {status}): check that the base URL is that of a Chinwag server")]
    UnexpectedAnswer {
        /// The HTTP status.
        status: u16,
        /// What was wrong with it.
        what: &'static str,
    },
    /// Nobody is signed in.
    #[error("nobody is signed in: call sign_in or set_auth first")]
    NotSignedIn,
    /// Registering and signing in take the API key of the app.
    #[error("there is no API key: give one to Client::builder(…).api_key(…)")]
    NoApiKey,
    /// The base URL cannot be used.
    #[error("{given:?} is no base URL: {why}; it looks like https://chat.example.com")]
    InvalidBaseUrl {
        /// As it was given.
        given: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A text was refused before it was sent.
    #[error("{0}")]
    InvalidText(#[from] InvalidText),
    /// There is no realtime connection, and none is being made.
    #[error("not connected: call connect first")]
    NotConnected,
    /// `disconnect` was called, or the client dropped, before the answer came. The action waits in the outbox, and is
    /// sent after the next `connect`: do not repeat it, [`discard`](crate::Realtime::discard) it if it is not wanted.
    #[error("disconnected before the answer came: the action waits in the outbox for the next connect")]
    Disconnected,
    /// The outbox holds as many actions, or bytes, as it may.
    #[error("the outbox is full: wait until what is in it was sent, or discard some of it")]
    OutboxFull,
    /// The action waited for more than 23 hours. The server might not know its nonce any more, so that sending it could
    /// do it twice.
    #[error(
        "it waited for too long to be sent again safely: look whether it was done, then retry or discard it"
    )]
    Expired,
    /// `discard` took the action out of the outbox.
    #[error("it was taken out of the outbox")]
    Discarded,
    /// The outbox's file cannot be read or written.
    #[error("the outbox cannot be kept in {}: {what}", path.display())]
    OutboxFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: &'static str,
        /// What the system said.
        #[source]
        cause: Cause,
    },
}

/// What lies under an [`Error`].
///
/// ```
/// let cause: chinwag_client::Cause = std::sync::Arc::new(std::io::Error::other("broken pipe"));
/// assert_eq!(cause.to_string(), "broken pipe");
/// ```
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// A refusal in the server's words.
///
/// ```
/// # use chinwag_client::{Error, Message};
/// fn newest_text(error: &Error) -> Option<&str> {
///     let Error::Refused(refusal) = error else { return None };
///     refusal.current.as_ref().map(|message| message.content.content.as_str())
/// }
/// assert_eq!(newest_text(&Error::NotSignedIn), None);
/// ```
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct Refusal {
    /// None if this crate is older than the code.
    pub code: Option<ErrorCode>,
    /// The HTTP status; that of the code if the refusal came over the realtime connection.
    pub status: u16,
    /// For people.
    pub message: String,
    /// The server asks to wait so long before trying again.
    pub retry_after: Option<Duration>,
    /// With [`ErrorCode::Conflict`]: the message as it is now.
    pub current: Option<Box<Message>>,
}

impl Error {
    /// The server's code, if it was the server that refused.
    ///
    /// ```
    /// assert_eq!(chinwag_client::Error::NotConnected.code(), None);
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Error::Refused(refusal) => refusal.code,
            _ => None,
        }
    }

    /// Whether the same may succeed later without anybody changing anything. Actions are repeated by themselves then;
    /// this is for the other calls.
    ///
    /// ```
    /// assert!(!chinwag_client::Error::NoApiKey.is_transient());
    /// ```
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Error::Network { .. } => true,
            Error::Refused(refusal) => refusal.status == 429 || refusal.status >= 500,
            Error::UnexpectedAnswer { status, .. } => *status == 429 || *status >= 500,
            _ => false,
        }
    }

    /// The credential is not, or no longer, good.
    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(self, Error::UnexpectedAnswer { status: 401, .. }) || self.is_refused_with_401()
    }

    /// Said by the server itself, not by something in between.
    pub(crate) fn is_refused_with_401(&self) -> bool {
        matches!(self, Error::Refused(refusal) if refusal.status == 401)
    }

    /// It is about who is signed in, not about what was asked for: after signing in again the same may succeed.
    pub(crate) fn is_about_the_session(&self) -> bool {
        self.is_unauthorized()
            || matches!(self, Error::NotSignedIn)
            || self.code() == Some(ErrorCode::AppSuspended)
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode, message: String) -> Self {
        Self { code: Some(code), status: code.status(), message, retry_after: None, current: None }
    }

    /// Of an HTTP answer; none if the body is not one of ours.
    pub(crate) fn read(status: u16, body: &[u8], retry_after: Option<Duration>) -> Option<Self> {
        if let Ok(body) = serde_json::from_slice::<ErrorBody>(body) {
            let (code, message) = (Some(body.code), body.message);
            return Some(Self { code, status, message, retry_after, current: body.current });
        }
        // A code that is newer than this crate.
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        let message = format!("{}: {}", body["code"].as_str()?, body["message"].as_str()?);
        Some(Self { code: None, status, message, retry_after, current: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_is_newer_than_this_crate_is_still_a_refusal() {
        let body = br#"{"code": "TOO_BRIGHT", "message": "the light is on"}"#;
        let refusal = Refusal::read(400, body, None).unwrap();
        assert_eq!((refusal.code, refusal.message.as_str()), (None, "TOO_BRIGHT: the light is on"));
        assert_eq!(Refusal::read(502, b"<html>", None), None);
    }

    #[test]
    fn what_passes_by_itself_is_transient() {
        let refused = |code| Error::Refused(Box::new(Refusal::new(code, String::new())));
        for code in [ErrorCode::RateLimited, ErrorCode::Overloaded, ErrorCode::StorageFull] {
            assert!(refused(code).is_transient(), "{code}");
        }
        assert!(!refused(ErrorCode::ChatNotFound).is_transient());
        assert!(refused(ErrorCode::SessionEnded).is_about_the_session());
        assert!(!refused(ErrorCode::ConcurrentUsersExceeded).is_about_the_session());
    }
}
