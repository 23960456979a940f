//! The chat listener: this router is its table of contents. Handlers extract, call one verb, answer.

mod application;
mod auth;
mod chat;
mod connect;
pub(crate) mod documents;
mod error;
mod events;
pub mod extract;
mod health;
pub mod message;
mod sockjs;
mod user;

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware;
use axum::{Extension, Router};
use chinwag_protocol::ErrorCode;
use schemars::JsonSchema;
use serde::Serialize;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::api::Routes;
use crate::app::App;
pub use crate::problem::Problem as ApiError;
use crate::telemetry;
use crate::web::{self, DevUsers, Pages};
pub use error::with_problem_body;

/// The body of a success answer with nothing to say.
#[derive(Serialize, JsonSchema)]
pub struct Empty {}

pub const NOTHING: axum::Json<Empty> = axum::Json(Empty {});

/// Everything that the chat listener offers, for its document.
#[must_use]
pub fn routes() -> Routes {
    api_routes()
        .merge(application::routes())
        .merge(web::chat::routes())
        .merge(web::dev_routes())
        .merge(sockjs::routes())
}

fn api_routes() -> Routes {
    Routes::default()
        .merge(user::routes())
        .merge(auth::routes())
        .merge(chat::routes())
        .merge(message::routes())
        .merge(events::routes())
        .merge(health::routes())
        .merge(documents::routes())
        .merge(web::chat::embed_routes())
}

/// The pages that a chat listener serves, and the users that `chinwag dev` has for them.
pub struct Outfit {
    pub pages: Pages,
    pub dev_users: Option<Arc<DevUsers>>,
}

impl Outfit {
    /// What there is of pages and of `dev` here, apart from other origins.
    fn routes(&self, app: &App) -> Router<Arc<App>> {
        let has_chat = app.settings.web.chat || self.dev_users.is_some();
        let pages = if has_chat { web::chat::routes() } else { Routes::default() };
        let pages = pages.into_router().layer(Extension(self.pages));
        let pages = match &self.dev_users {
            Some(users) => pages.merge(web::dev_routes().into_router().layer(Extension(Arc::clone(users)))),
            None => pages,
        };
        pages.method_not_allowed_fallback(method_not_allowed).layer(middleware::from_fn(with_problem_body))
    }
}

/// Everything that the chat listener serves.
pub fn router(app: Arc<App>, outfit: &Outfit) -> Router {
    let cors = cors(&app.settings.http.allowed_origins);
    let own_origin = outfit.routes(&app);
    api_routes()
        .into_router()
        .layer(Extension(outfit.pages))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(with_problem_body))
        .layer(cors)
        // Browsers have no business there: nothing tells them that they may.
        .merge(application::router())
        // Behind the layers: the protocol of these has its own rules for other origins.
        .merge(sockjs::router(&app))
        .merge(own_origin)
        .with_state(app)
}

pub async fn not_found() -> ApiError {
    nothing_here()
}

pub fn nothing_here() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is nothing here")
}

pub async fn method_not_allowed() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, "this resource does not take that method")
}

/// Tokens are in headers, not in cookies, so any origin may call unless the operator says otherwise.
fn cors(origins: &[String]) -> CorsLayer {
    let origins = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("x-api-key"),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([header::AUTHORIZATION, header::RETRY_AFTER, telemetry::REQUEST_ID])
        .max_age(std::time::Duration::from_secs(3600))
}
