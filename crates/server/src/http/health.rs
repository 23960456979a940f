//! Whether the process lives, and whether it can do its work.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};

use crate::app::App;

/// For a write that is to show that we are ready.
const WRITE_PATIENCE: Duration = Duration::from_secs(3);

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
    } else if !is_kept(&app).await {
        (StatusCode::SERVICE_UNAVAILABLE, "the store is unavailable")
    } else {
        (StatusCode::OK, "ready")
    };
    (status, Json(json!({"status": word})))
}

/// Whether a write reaches the disk, soon enough to matter: a database that is away may not say no.
async fn is_kept(app: &App) -> bool {
    matches!(tokio::time::timeout(WRITE_PATIENCE, app.store.check()).await, Ok(Ok(())))
}
