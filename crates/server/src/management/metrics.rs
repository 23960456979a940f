//! `GET /metrics`, for Prometheus: to this machine, or to whoever has the token of the operator's settings.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chinwag_protocol::ErrorCode::{InvalidToken, NotFound};
use subtle::ConstantTimeEq;

use crate::api::{Answers, Credential, Routes, Sketch, get};
use crate::app::App;
use crate::http::extract::bearer_token;
use crate::http::{ApiError, nothing_here};
use crate::listener::PeerAddress;
use crate::telemetry;

const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// For the write that shows whether the store works.
const STORE_PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Routes {
    Routes::about("Operation").with(
        get("/metrics", metrics)
            .named("metrics", "Metrics for Prometheus")
            .opened_by(&[Credential::MetricsToken])
            .refusing(&[NotFound]),
    )
}

struct Text(String);

impl IntoResponse for Text {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, HeaderValue::from_static(FORMAT))], self.0).into_response()
    }
}

impl Answers for Text {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers(200, Some(FORMAT), "The metrics");
    }
}

async fn metrics(
    State(app): State<Arc<App>>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
) -> Result<Text, ApiError> {
    match &app.settings.metrics.token {
        Some(token) => {
            let given = bearer_token(&headers)?;
            if !bool::from(given.as_bytes().ct_eq(token.reveal().as_bytes())) {
                return Err(ApiError::new(InvalidToken, "this is not metrics.token"));
            }
        }
        // Behind a proxy on this machine everybody comes from this machine.
        None if !peer.ip().to_canonical().is_loopback() || is_forwarded(&headers) => {
            return Err(nothing_here());
        }
        None => {}
    }
    let store = tokio::time::timeout(STORE_PATIENCE, app.store.check()).await;
    Ok(Text(telemetry::render(&app, matches!(store, Ok(Ok(()))))))
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED)
}
