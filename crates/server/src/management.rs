//! The management listener (protocol, section 6): accounts, their apps, and the keys of those. It knows no rules of
//! chats. Kept apart from the chat listener so that it can stay private.

mod account;
mod apps;
mod documents;
mod hooks;
mod keys;
mod live;
mod metrics;
mod name;
mod users;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::{Extension, Router, middleware};
use uuid::Uuid;

use crate::api::{Credential, Routes, Sketch, Takes};
use crate::app::App;
use crate::http::extract::bearer_token;
use crate::http::{ApiError, method_not_allowed, not_found, with_problem_body};
use crate::store::{AccountSession, Reach};
use crate::web::{self, Pages};

pub use apps::AppBody;
pub use hooks::{HookBody, LetterBody, NewHookBody, old_secret_until, point};
pub use keys::{KeyBody, NewKeyBody};
pub use name::{InvalidName, Name};

/// This deployment, as accounts are told of it.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Stable for a database: [`crate::store::Store::cluster_id`].
    pub id: Uuid,
    /// Where its chat API is reached.
    pub endpoint: String,
}

/// Everything that the management listener offers, for its document.
#[must_use]
pub fn routes() -> Routes {
    Routes::default()
        .merge(account::routes())
        .merge(apps::routes())
        .merge(keys::routes())
        .merge(hooks::routes())
        .merge(users::routes())
        .merge(live::routes())
        .merge(metrics::routes())
        .merge(documents::routes())
        .merge(web::console::routes())
}

/// Everything that the management listener serves.
pub fn router(app: Arc<App>, cluster: Cluster, pages: Pages) -> Router {
    routes()
        .into_router()
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(Extension(cluster))
        .layer(Extension(pages))
        .layer(middleware::from_fn(with_problem_body))
        .with_state(app)
}

/// The account that calls: its access token is ours, not expired, and its session has not ended.
struct Client(AccountSession);

impl Client {
    fn reach(&self) -> Reach {
        Reach::Account(self.0.account.id)
    }
}

impl FromRequestParts<Arc<App>> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let access_token = bearer_token(&parts.headers)?;
        Ok(Self(app.sessions.authenticate_account(access_token).await?))
    }
}

impl Takes for Client {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.opens_to(Credential::AccessToken);
    }
}
