//! Tokens over HTTP (protocol, section 1): refreshed, ended, exchanged for tickets, and the key to check them with.

use std::sync::Arc;

use axum::Json as Answer;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::extract::{Caller, Json, bearer_token};
use super::{ApiError, Empty, NOTHING};
use crate::app::App;
use crate::sessions::SessionError;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/api/auth/refresh", post(refresh))
        .route("/api/auth/logout", post(sign_out))
        .route("/api/auth/logoutAll", post(sign_out_everywhere))
        .route("/api/auth/getTicket", get(ticket))
        .route("/api/user/getTicket", get(ticket))
        .route("/.well-known/jwks.json", get(jwks))
}

/// A JWT travels in the Authorization header of the answer.
pub(super) fn with_jwt<T>(jwt: &str, body: T) -> ([(HeaderName, String); 1], Answer<T>) {
    ([(header::AUTHORIZATION, format!("Bearer {jwt}"))], Answer(body))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expired {
    expired_jwt: String,
}

async fn refresh(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Json(expired): Json<Expired>,
) -> Result<([(HeaderName, String); 1], Answer<Empty>), ApiError> {
    let jwt = app.sessions.refresh(bearer_token(&headers)?, &expired.expired_jwt).await?;
    Ok(with_jwt(&jwt, Empty {}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignOut {
    refresh_token: String,
}

async fn sign_out(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    Json(SignOut { refresh_token }): Json<SignOut>,
) -> Result<Answer<Empty>, ApiError> {
    app.sessions.sign_out(&by, &refresh_token).await?;
    Ok(NOTHING)
}

async fn sign_out_everywhere(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
) -> Result<Answer<Empty>, ApiError> {
    app.sessions.sign_out_everywhere(&by).await?;
    Ok(NOTHING)
}

#[derive(Serialize)]
struct Ticket {
    ticket: String,
}

async fn ticket(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Answer<Ticket>, ApiError> {
    let session = app.sessions.authenticate(bearer_token(&headers)?).await?;
    let ticket = app.issue_ticket(session)?;
    Ok(Answer(Ticket { ticket: ticket.reveal().to_owned() }))
}

async fn jwks(State(app): State<Arc<App>>) -> Answer<serde_json::Value> {
    Answer(app.sessions.jwks())
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Store(error) => error.into(),
            SessionError::TooFast(wait) => wait.into(),
            error => Self::new(error.code(), error.to_string()),
        }
    }
}
