//! How many requests one client address may make, whoever they are of and wherever they go.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::ApiError;
use crate::app::App;
use crate::listener::PeerAddress;

/// Lets a request on, or refuses it as too fast.
pub async fn by_address(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if let Some(PeerAddress(client)) = request.extensions().get().copied()
        && let Err(too_fast) = app.sessions.count_request_from(client.ip())
    {
        return ApiError::from(too_fast).into_response();
    }
    next.run(request).await
}
