//! The doors of an application's own server (docs/app-api.md), opened by a key of the audience `server`: its users, its
//! voice, its chats, history that it brings, and what happens. Not for browsers.

mod chats;
mod events;
mod imports;
mod users;
mod voice;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::{Router, middleware};
use chinwag_protocol::{AppId, ErrorCode};

use super::{ApiError, method_not_allowed, with_problem_body};
use crate::api::{Credential, Routes, Sketch, Takes};
use crate::app::App;
use crate::sessions::SessionError;
use crate::store::{AppUser, Whom};

pub(super) fn routes() -> Routes {
    Routes::default()
        .merge(users::routes())
        .merge(voice::routes())
        .merge(chats::routes())
        .merge(imports::routes())
        .merge(events::routes())
}

/// Without CORS: a page of another origin is not let in by any browser.
pub(super) fn router() -> Router<Arc<App>> {
    routes()
        .into_router()
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(with_problem_body))
}

/// The app whose server calls.
struct ByServer(AppId);

impl FromRequestParts<Arc<App>> for ByServer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let key = parts.headers.get("x-api-key").ok_or(SessionError::MissingCredentials)?;
        let key = key.to_str().map_err(|_| SessionError::InvalidKey)?;
        Ok(Self(app.sessions.authorize_server_key(key).await?.app))
    }
}

impl Takes for ByServer {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.opens_to(Credential::ServerKey);
    }
}

impl ByServer {
    /// The user, if they are of this app.
    async fn user(&self, app: &App, whom: Whom) -> Result<AppUser, ApiError> {
        app.store.app_user(self.0, whom).await?.ok_or_else(user_not_found)
    }
}

fn user_not_found() -> ApiError {
    ApiError::new(ErrorCode::UserNotFound, "there is no such user in this app")
}
