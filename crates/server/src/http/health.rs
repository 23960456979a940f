//! Whether the process lives, and whether it can do its work.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};

use crate::app::App;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz))
}

async fn healthz() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// Ready means that a write reached the disk just now, and that we are not about to stop.
async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let (status, word) = if app.stop.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else if app.store.check().await.is_err() {
        (StatusCode::SERVICE_UNAVAILABLE, "the store is unavailable")
    } else {
        (StatusCode::OK, "ready")
    };
    (status, Json(json!({"status": word})))
}
