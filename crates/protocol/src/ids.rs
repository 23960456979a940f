//! Identifiers: UUIDs in lower-case hyphenated text, one type per thing so that they cannot be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            /// Accepts any of the usual spellings of a UUID.
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// A company that uses the service.
    AccountId,
    /// One product of an account. Users, chats and messages never cross apps.
    AppId,
    /// An API key, as its owner refers to it; not the secret.
    KeyId,
    /// A webhook: where an app is told what happens in it.
    HookId,
    /// An end user of one app.
    UserId,
    /// One sign-in of a user, or of an account on the management side.
    SessionId,
    ChatId,
    MessageId,
    ReactionId,
}
