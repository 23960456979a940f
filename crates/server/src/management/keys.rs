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
use crate::sessions::secret::{Token, TokenKind};
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: KeyId,
    key_prefix: String,
    audience: &'static str,
    tier: Tier,
    created_at: Timestamp,
}

#[derive(Serialize)]
struct Created {
    #[serde(flatten)]
    key: Listed,
    token: String,
}

fn listed(key: Key) -> Listed {
    Listed {
        id: key.id,
        key_prefix: key.prefix,
        audience: AUDIENCE,
        tier: key.tier,
        created_at: key.created_at,
    }
}

fn created(key: Key, token: &Token) -> (StatusCode, Answer<Created>) {
    (StatusCode::CREATED, Answer(Created { key: listed(key), token: token.reveal().to_owned() }))
}

fn new_key() -> (Token, NewKey) {
    let token = Token::generate(TokenKind::ApiKey);
    let new = NewKey { hash: token.hash(), prefix: token.prefix().to_owned() };
    (token, new)
}

async fn list(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(of): PathId<AppId>,
) -> Result<Answer<Vec<Listed>>, ApiError> {
    let keys = app.store.keys(by.reach(), of).await?;
    Ok(Answer(keys.into_iter().map(listed).collect()))
}

async fn create(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(of): PathId<AppId>,
) -> Result<(StatusCode, Answer<Created>), ApiError> {
    let (token, new) = new_key();
    Ok(created(app.store.create_key(by.reach(), of, new).await?, &token))
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
) -> Result<(StatusCode, Answer<Created>), ApiError> {
    let (token, new) = new_key();
    Ok(created(app.store.rotate_key(by.reach(), of, key, new).await?, &token))
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
