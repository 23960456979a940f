//! The API keys of an account's apps. A key's token is shown when it is made, and never again.

use std::sync::Arc;

use axum::Json as Answer;
use axum::Router;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{delete, get, post};
use chinwag_protocol::{AppId, ErrorCode, KeyId, Timestamp};
use serde::Serialize;

use super::Client;
use super::apps::app_not_found;
use crate::app::App;
use crate::http::extract::PathId;
use crate::http::{ApiError, Empty, NOTHING};
use crate::sessions::app::Tier;
use crate::sessions::secret::Token;
use crate::store::{Key, KeyError, NewKey};

/// What a key opens.
const AUDIENCE: &str = "chat";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/api/client/apps/{app}/keys", get(list).post(create))
        .route("/api/client/apps/{app}/keys/{key}", delete(revoke))
        .route("/api/client/apps/{app}/keys/{key}/rotate", post(rotate))
}

/// The two ids in a path: of an app and of a key.
struct PathIds(AppId, KeyId);

impl<S: Send + Sync> FromRequestParts<S> for PathIds {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let ids = Path::<(AppId, KeyId)>::from_request_parts(parts, state).await;
        let Path((app, key)) = ids.map_err(|_| ApiError::invalid("the ids in the path must be UUIDs"))?;
        Ok(Self(app, key))
    }
}

/// A key as its owner sees it again.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyBody {
    id: KeyId,
    key_prefix: String,
    audience: &'static str,
    tier: Tier,
    created_at: Timestamp,
}

/// A key with its token: told once.
#[derive(Serialize)]
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
            audience: AUDIENCE,
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

async fn create(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(of): PathId<AppId>,
) -> Result<(StatusCode, Answer<NewKeyBody>), ApiError> {
    let (token, new) = NewKey::generate();
    let key = app.store.create_key(by.reach(), of, new).await?;
    Ok((StatusCode::CREATED, Answer(NewKeyBody::of(key, &token))))
}

async fn revoke(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds(of, key): PathIds,
) -> Result<Answer<Empty>, ApiError> {
    app.store.revoke_key(by.reach(), of, key).await?;
    Ok(NOTHING)
}

async fn rotate(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds(of, key): PathIds,
) -> Result<(StatusCode, Answer<NewKeyBody>), ApiError> {
    let (token, new) = NewKey::generate();
    let key = app.store.rotate_key(by.reach(), of, key, new).await?;
    Ok((StatusCode::CREATED, Answer(NewKeyBody::of(key, &token))))
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
