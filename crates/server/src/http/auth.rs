//! Tokens over HTTP (protocol, section 1): refreshed, ended, exchanged for tickets, and the key to check them with.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use chinwag_protocol::ErrorCode::{
    ConcurrentUsersExceeded, ExpiredToken, InvalidRefreshToken, InvalidToken, Overloaded, RateLimited,
    SessionEnded,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Caller, Json, bearer_token};
use super::{ApiError, Empty, NOTHING};
use crate::api::{Answers, Credential, Routes, Sketch, get, post};
use crate::app::App;
use crate::sessions::SessionError;
use crate::sessions::jwt::KeySet;

pub(super) fn routes() -> Routes {
    let get_ticket = "Get a ticket for one connection";
    Routes::about("Tokens")
        .with(
            post("/api/auth/refresh", refresh)
                .named("refresh", "Exchange an expired JWT for a new one; the refresh token stays valid")
                .opened_by(&[Credential::RefreshToken])
                .refusing(&[InvalidToken, ExpiredToken, SessionEnded]),
        )
        .with(
            post("/api/auth/logout", sign_out)
                .named("logout", "End the session of a refresh token")
                .refusing(&[InvalidRefreshToken]),
        )
        .with(
            post("/api/auth/logoutAll", sign_out_everywhere)
                .named("logoutAll", "End all sessions of the caller"),
        )
        .with(
            get("/api/auth/getTicket", ticket)
                .named("getTicket", get_ticket)
                .opened_by(&[Credential::Jwt])
                .refusing(&[ConcurrentUsersExceeded, RateLimited, Overloaded]),
        )
        .with(
            get("/api/user/getTicket", ticket)
                .named("getUserTicket", get_ticket)
                .opened_by(&[Credential::Jwt])
                .refusing(&[ConcurrentUsersExceeded, RateLimited, Overloaded]),
        )
        .with(
            get("/.well-known/jwks.json", jwks).named("jwks", "The public key that JWTs can be checked with"),
        )
}

/// An answer whose Authorization header carries a JWT.
pub(super) struct WithJwt<T> {
    header: String,
    body: T,
}

impl<T> WithJwt<T> {
    pub(super) fn new(jwt: &str, body: T) -> Self {
        Self { header: format!("Bearer {jwt}"), body }
    }
}

impl<T: Serialize> IntoResponse for WithJwt<T> {
    fn into_response(self) -> Response {
        ([(header::AUTHORIZATION, self.header)], Answer(self.body)).into_response()
    }
}

impl<T: JsonSchema> Answers for WithJwt<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_json::<T>(200);
        sketch.answer_header("Authorization", "`Bearer ` and the JWT");
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Expired {
    expired_jwt: String,
}

async fn refresh(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Json(expired): Json<Expired>,
) -> Result<WithJwt<Empty>, ApiError> {
    let jwt = app.sessions.refresh(bearer_token(&headers)?, &expired.expired_jwt).await?;
    Ok(WithJwt::new(&jwt, Empty {}))
}

#[derive(Deserialize, JsonSchema)]
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

#[derive(Serialize, JsonSchema)]
struct Ticket {
    ticket: String,
}

async fn ticket(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Answer<Ticket>, ApiError> {
    let session = app.sessions.authenticate(bearer_token(&headers)?).await?;
    let ticket = app.issue_ticket(session)?;
    Ok(Answer(Ticket { ticket: ticket.reveal().to_owned() }))
}

async fn jwks(State(app): State<Arc<App>>) -> Answer<KeySet> {
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
