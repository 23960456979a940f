//! The chat listener: this router is its table of contents. Handlers extract, call one verb, answer.

mod auth;
mod chat;
mod connect;
pub(crate) mod documents;
mod error;
mod events;
pub mod extract;
mod health;
mod message;
mod sockjs;
mod user;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware;
use chinwag_protocol::ErrorCode;
use schemars::JsonSchema;
use serde::Serialize;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::api::Routes;
use crate::app::App;
pub use crate::problem::Problem as ApiError;
pub use error::with_problem_body;

/// The body of a success answer with nothing to say.
#[derive(Serialize, JsonSchema)]
pub struct Empty {}

pub const NOTHING: axum::Json<Empty> = axum::Json(Empty {});

/// Everything that the chat listener offers, for its document.
#[must_use]
pub fn routes() -> Routes {
    api_routes().merge(sockjs::routes())
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
}

/// Everything that the chat listener serves.
pub fn router(app: Arc<App>) -> Router {
    let cors = cors(&app.settings.http.allowed_origins);
    api_routes()
        .into_router()
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(with_problem_body))
        .layer(cors)
        // Behind the layers: the protocol of these has its own rules for other origins.
        .merge(sockjs::router(&app))
        .with_state(app)
}

pub async fn not_found() -> ApiError {
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
        .expose_headers([header::AUTHORIZATION, header::RETRY_AFTER])
        .max_age(std::time::Duration::from_secs(3600))
}
