//! The API keys of an account's apps. A key's token is shown when it is made, and never again.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use chinwag_protocol::ErrorCode::{AppNotFound, AppSuspended, KeyLimitReached, KeyNotFound};
use chinwag_protocol::{AppId, ErrorCode, KeyId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Client;
use super::apps::app_not_found;
use crate::api::{Created, Routes, delete, get, post};
use crate::app::App;
use crate::http::extract::{MayBe, PathId, PathIds};
use crate::http::{ApiError, Empty, NOTHING};
use crate::sessions::app::{Audience, Tier};
use crate::sessions::secret::Token;
use crate::store::{Key, KeyError, NewKey};

pub(super) fn routes() -> Routes {
    Routes::about("API keys")
        .with(
            get("/api/client/apps/{appId}/keys", list)
                .named("listKeys", "The app's keys that work, without their secrets")
                .refusing(&[AppNotFound]),
        )
        .with(
            post("/api/client/apps/{appId}/keys", create)
                .named(
                    "createKey",
                    "Make a key, of the audience `chat` unless said otherwise; its secret is told once",
                )
                .refusing(&[AppNotFound, AppSuspended, KeyLimitReached]),
        )
        .with(
            delete("/api/client/apps/{appId}/keys/{keyId}", revoke)
                .named("revokeKey", "Stop a key at once; signed-in users stay")
                .refusing(&[AppNotFound, KeyNotFound]),
        )
        .with(
            post("/api/client/apps/{appId}/keys/{keyId}/rotate", rotate)
                .named("rotateKey", "Replace a key; the old one stops at once")
                .refusing(&[AppNotFound, AppSuspended, KeyNotFound]),
        )
}

/// A key as its owner sees it again.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Key")]
pub struct KeyBody {
    id: KeyId,
    key_prefix: String,
    audience: Audience,
    tier: Tier,
    created_at: Timestamp,
}

/// A key with its token: told once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeyWithToken")]
pub struct NewKeyBody {
    #[serde(flatten)]
    key: KeyBody,
    token: String,
}

impl From<Key> for KeyBody {
    fn from(key: Key) -> Self {
        Self {
            id: key.id,
            key_prefix: key.prefix,
            audience: key.audience,
            tier: key.tier,
            created_at: key.created_at,
        }
    }
}

impl NewKeyBody {
    #[must_use]
    pub fn of(key: Key, token: &Token) -> Self {
        Self { key: key.into(), token: token.reveal().to_owned() }
    }
}

async fn list(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(of): PathId<AppId>,
) -> Result<Answer<Vec<KeyBody>>, ApiError> {
    let keys = app.store.keys(by.reach(), of).await?;
    Ok(Answer(keys.into_iter().map(KeyBody::from).collect()))
}

/// What kind of key is wanted.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WantedKey")]
struct Wanted {
    audience: Option<Audience>,
}

async fn create(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(of): PathId<AppId>,
    MayBe(wanted): MayBe<Wanted>,
) -> Result<Created<NewKeyBody>, ApiError> {
    let audience = wanted.and_then(|wanted| wanted.audience).unwrap_or(Audience::Chat);
    let (token, new) = NewKey::generate(audience);
    let key = app.store.create_key(by.reach(), of, new).await?;
    Ok(Created(NewKeyBody::of(key, &token)))
}

async fn revoke(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds((of, key)): PathIds<(AppId, KeyId)>,
) -> Result<Answer<Empty>, ApiError> {
    app.store.revoke_key(by.reach(), of, key).await?;
    Ok(NOTHING)
}

async fn rotate(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds((of, key)): PathIds<(AppId, KeyId)>,
) -> Result<Created<NewKeyBody>, ApiError> {
    let keys = app.store.keys(by.reach(), of).await?;
    let old = keys.iter().find(|old| old.id == key).ok_or(KeyError::KeyNotFound)?;
    let (token, new) = NewKey::generate(old.audience);
    let key = app.store.rotate_key(by.reach(), of, key, new).await?;
    Ok(Created(NewKeyBody::of(key, &token)))
}

impl From<KeyError> for ApiError {
    fn from(error: KeyError) -> Self {
        let code = match &error {
            KeyError::AppNotFound => return app_not_found(),
            KeyError::KeyNotFound => ErrorCode::KeyNotFound,
            KeyError::AppSuspended => ErrorCode::AppSuspended,
            KeyError::LimitReached => ErrorCode::KeyLimitReached,
            KeyError::Store(error) => return error.clone().into(),
        };
        Self::new(code, error.to_string())
    }
}
