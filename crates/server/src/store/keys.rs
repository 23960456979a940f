//! API keys. Only their hashes are kept, and those of revoked ones stay, so that a key never comes back.

use chinwag_protocol::{AppId, KeyId, Timestamp};

use super::apps::Reach;
use super::{Store, StoreError};
use crate::sessions::app::{AppStatus, Audience, Tier};
use crate::sessions::secret::{Token, TokenHash, TokenKind};

/// Keys of one app and one audience that work at once (protocol, section 6).
pub const ACTIVE_KEYS_MAX: u32 = 5;

/// A key that works, as its owner sees it again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    pub id: KeyId,
    /// The first characters of its token.
    pub prefix: String,
    pub audience: Audience,
    /// Of its app.
    pub tier: Tier,
    pub created_at: Timestamp,
}

/// What is kept of a new key's token.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub hash: TokenHash,
    pub prefix: String,
    pub audience: Audience,
}

impl NewKey {
    /// A new token, and what is to be kept of it.
    #[must_use]
    pub fn generate(audience: Audience) -> (Token, Self) {
        let token = Token::generate(match audience {
            Audience::Chat => TokenKind::ApiKey,
            Audience::Server => TokenKind::ServerKey,
        });
        let new = Self { hash: token.hash(), prefix: token.prefix().to_owned(), audience };
        (token, new)
    }
}

/// For which app a key speaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyHolder {
    pub key: KeyId,
    pub app: AppId,
    pub audience: Audience,
    pub status: AppStatus,
    pub tier: Tier,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// Also when it is out of the caller's reach.
    #[error("there is no such app")]
    AppNotFound,
    #[error("there is no such key, or it was revoked")]
    KeyNotFound,
    #[error("the app is suspended")]
    AppSuspended,
    #[error("an app may have {ACTIVE_KEYS_MAX} active keys of a kind")]
    LimitReached,
    #[error(transparent)]
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for KeyError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    pub async fn create_key(&self, reach: Reach, app: AppId, new: NewKey) -> Result<Key, KeyError> {
        on_engine!(self, store => store.create_key(reach, app, new).await)
    }

    /// The app's keys that work, oldest first.
    pub async fn keys(&self, reach: Reach, app: AppId) -> Result<Vec<Key>, KeyError> {
        on_engine!(self, store => store.keys(reach, app).await)
    }

    /// Keys that work and have this id, or a token that begins so, and the apps that they are of.
    pub async fn keys_known_as(
        &self,
        id: Option<KeyId>,
        prefix: String,
    ) -> Result<Vec<KeyHolder>, StoreError> {
        on_engine!(self, store => store.keys_known_as(id, prefix).await)
    }

    /// The key stops working. Users who signed in with it stay signed in (protocol, section 7).
    pub async fn revoke_key(&self, reach: Reach, app: AppId, key: KeyId) -> Result<(), KeyError> {
        on_engine!(self, store => store.revoke_key(reach, app, key).await)
    }

    /// Revokes the key and makes another in its place.
    pub async fn rotate_key(
        &self,
        reach: Reach,
        app: AppId,
        key: KeyId,
        new: NewKey,
    ) -> Result<Key, KeyError> {
        on_engine!(self, store => store.rotate_key(reach, app, key, new).await)
    }

    /// Who holds the key with this token; `None` if it is unknown or revoked.
    pub async fn key_holder(&self, token: TokenHash) -> Result<Option<KeyHolder>, StoreError> {
        on_engine!(self, store => store.key_holder(token).await)
    }
}
