//! Whether the process lives, and whether it can do its work.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::{Answers, Routes, Sketch, get};
use crate::app::App;

/// For a write that is to show that we are ready.
const WRITE_PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn routes() -> Routes {
    Routes::about("Health")
        .with(get("/healthz", healthz).named("healthz", "200 while the process lives"))
        .with(
            get("/readyz", readyz).named(
                "readyz",
                "200 when a write just reached the disk, and the server is not about to stop",
            ),
        )
}

#[derive(Serialize, JsonSchema)]
struct Health {
    status: &'static str,
}

async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Ready, or why not.
struct Readiness(Result<(), &'static str>);

impl IntoResponse for Readiness {
    fn into_response(self) -> Response {
        match self.0 {
            Ok(()) => Json(Health { status: "ready" }).into_response(),
            Err(why) => (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: why })).into_response(),
        }
    }
}

impl Answers for Readiness {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_json::<Health>(200);
        sketch.answers_json::<Health>(503);
    }
}

/// Ready means that a write reached the disk just now, and that we are not about to stop.
async fn readyz(State(app): State<Arc<App>>) -> Readiness {
    Readiness(if app.stop.is_cancelled() {
        Err("stopping")
    } else if !is_kept(&app).await {
        Err("the store is unavailable")
    } else {
        Ok(())
    })
}

/// Whether a write reaches the disk, soon enough to matter: a database that is away may not say no.
async fn is_kept(app: &App) -> bool {
    matches!(tokio::time::timeout(WRITE_PATIENCE, app.store.check()).await, Ok(Ok(())))
}
