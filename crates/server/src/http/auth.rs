//! Tokens over HTTP (protocol, section 1): refreshed, ended, exchanged for tickets, and the key to check them with.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use chinwag_protocol::ErrorCode::{
    ConcurrentUsersExceeded, ExpiredToken, InvalidRefreshToken, InvalidToken, Overloaded, RateLimited,
    SessionEnded, SessionNotFound,
};
use chinwag_protocol::{SessionId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Caller, Json, PathId, bearer_token};
use super::{ApiError, Empty, NOTHING};
use crate::api::{Answers, Credential, Routes, Sketch, delete, get, post};
use crate::app::App;
use crate::listener::PeerAddress;
use crate::sessions::SessionError;
use crate::sessions::jwt::KeySet;
use crate::store::{Act, Actor, Deed, SignIn};

pub(super) fn routes() -> Routes {
    let get_ticket = "Get a ticket for one connection";
    Routes::about("Tokens")
        .with(
            post("/api/auth/refresh", refresh)
                .named("refresh", "Exchange an expired JWT for a new one; the refresh token stays valid")
                .opened_by(&[Credential::RefreshToken])
                .refusing(&[InvalidToken, ExpiredToken, SessionEnded, RateLimited]),
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
            get("/api/auth/sessions", sessions)
                .named("sessions", "The caller's sessions that go on, oldest first (ext)"),
        )
        .with(
            delete("/api/auth/sessions/{sessionId}", end_session)
                .named("endSession", "End one of the caller's sessions (ext)")
                .refusing(&[SessionNotFound]),
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
    /// Whether to get another refresh token in the place of this one (ext).
    rotate: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Renewed {
    /// In the place of the one that was sent, if `rotate` asked for it: only this one is good from its first use on.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

async fn refresh(
    State(app): State<Arc<App>>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
    Json(expired): Json<Expired>,
) -> Result<WithJwt<Renewed>, ApiError> {
    let (refresh, rotate) = (bearer_token(&headers)?, expired.rotate.unwrap_or(false));
    match app.sessions.refresh(refresh, &expired.expired_jwt, rotate).await {
        Ok(renewed) => {
            let refresh_token = renewed.refresh.map(|token| token.reveal().to_owned());
            Ok(WithJwt::new(&renewed.jwt, Renewed { refresh_token }))
        }
        Err(SessionError::ReusedRefreshToken(session)) => {
            let deed = Deed::new(Actor::User, Act::RefreshTokenReused).in_app(session.app);
            app.note(deed.to(session.user).from(peer.ip()).saying(format!("session {}", session.id))).await;
            Err(SessionError::InvalidRefreshToken.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// One of the caller's sign-ins.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OwnSession {
    id: SessionId,
    created_at: Timestamp,
    /// When its refresh token was last used.
    last_used_at: Timestamp,
    expires_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

#[derive(Serialize, JsonSchema)]
struct OwnSessions {
    sessions: Vec<OwnSession>,
}

async fn sessions(State(app): State<Arc<App>>, Caller(by): Caller) -> Result<Answer<OwnSessions>, ApiError> {
    let own = |sign_in: SignIn| OwnSession {
        current: sign_in.session == by.session,
        id: sign_in.session,
        created_at: sign_in.created_at,
        last_used_at: sign_in.last_used_at,
        expires_at: sign_in.expires_at,
    };
    let sessions = app.sessions.sign_ins(&by).await?.into_iter().map(own).collect();
    Ok(Answer(OwnSessions { sessions }))
}

async fn end_session(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    PathId(session): PathId<SessionId>,
) -> Result<Answer<Empty>, ApiError> {
    match app.sessions.end_own_session(&by, session).await? {
        true => Ok(NOTHING),
        false => Err(ApiError::new(SessionNotFound, "you have no such session")),
    }
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
    app.sessions.count_request(session.user)?;
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
