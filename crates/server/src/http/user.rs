//! Users over HTTP (protocol, section 1): they register and sign in through their app's backend, and look after
//! themselves.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Extension, FromRequestParts, State};
use axum::http::request::Parts;
use chinwag_protocol::ErrorCode::{BadSignIn, EmailTaken, Overloaded, RateLimited, UsernameTaken};
use chinwag_protocol::limits::USERNAME_CHARS_MAX;
use chinwag_protocol::{Email, UserId, Username};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::auth::WithJwt;
use super::extract::{Caller, Json};
use super::{ApiError, Empty, NOTHING};
use crate::api::{Created, Credential, Routes, Sketch, Takes, delete, get, post};
use crate::app::App;
use crate::export::ExportAnswer;
use crate::listener::PeerAddress;
use crate::sessions::SessionError;
use crate::sessions::jwt::UserRole;
use crate::sessions::password::Password;
use crate::sessions::sign_in::{self, Registration};
use crate::store::KeyHolder;

/// The one role of an end user.
const ROLES: [UserRole; 1] = [UserRole::User];
/// Characters in a first name or surname: as in a username.
const NAME_CHARS_MAX: usize = USERNAME_CHARS_MAX;

pub(super) fn routes() -> Routes {
    Routes::about("Users")
        .with(
            post("/api/user/registerUser", register)
                .named("registerUser", "Register a user of the key's app")
                .refusing(&[UsernameTaken, EmailTaken, RateLimited, Overloaded]),
        )
        .with(
            post("/api/user/signin", sign_in_by_password)
                .named("signin", "Sign a user in: one session more")
                .refusing(&[BadSignIn, RateLimited, Overloaded]),
        )
        .with(get("/api/user/getUser", profile).named("getUser", "Who the caller is"))
        .with(
            post("/api/user/changeUsername", change_username)
                .named("changeUsername", "Take another name; the old one is free again")
                .refusing(&[UsernameTaken]),
        )
        .with(
            get("/api/user/export", export)
                .named("exportUser", "All that is kept of the caller, for them to have (ext)"),
        )
        .with(
            delete("/api/user/deleteUser", delete_user)
                .named("deleteUser", "Erase the caller, their messages and their reactions"),
        )
}

/// The app on whose behalf this request is: its `x-api-key` works, and the app is active.
struct ByKey(KeyHolder);

impl FromRequestParts<Arc<App>> for ByKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let key = parts.headers.get("x-api-key").ok_or(SessionError::MissingCredentials)?;
        let key = key.to_str().map_err(|_| SessionError::InvalidKey)?;
        Ok(Self(app.sessions.authorize_key(key).await?))
    }
}

impl Takes for ByKey {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.opens_to(Credential::ApiKey);
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewUser {
    username: Username,
    email: Email,
    password: Password,
    first_name: Option<String>,
    sur_name: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Registered {
    id: UserId,
    username: String,
    email: String,
}

async fn register(
    State(app): State<Arc<App>>,
    ByKey(key): ByKey,
    Json(new): Json<NewUser>,
) -> Result<Created<Registered>, ApiError> {
    let registration = Registration {
        username: new.username,
        email: new.email,
        password: new.password,
        first_name: optional_name("firstName", new.first_name)?,
        sur_name: optional_name("surName", new.sur_name)?,
    };
    let user = app.sessions.register(&key, registration).await?;
    let registered = Registered { id: user.id, username: user.username, email: user.email };
    Ok(Created(registered))
}

pub(super) fn optional_name(what: &str, name: Option<String>) -> Result<Option<String>, ApiError> {
    match name {
        Some(name) if name.chars().count() > NAME_CHARS_MAX => {
            Err(ApiError::invalid(format!("{what} must not be longer than {NAME_CHARS_MAX} characters")))
        }
        name => Ok(name),
    }
}

#[derive(Deserialize, JsonSchema)]
struct Credentials {
    username: String,
    password: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedIn {
    id: UserId,
    username: String,
    email: String,
    refresh_token: String,
    roles: [UserRole; 1],
}

impl SignedIn {
    /// With the JWT in its header.
    pub(super) fn answer(signed_in: sign_in::SignedIn) -> WithJwt<Self> {
        let body = Self {
            id: signed_in.user.id,
            username: signed_in.user.username,
            email: signed_in.user.email,
            refresh_token: signed_in.refresh.reveal().to_owned(),
            roles: ROLES,
        };
        WithJwt::new(&signed_in.jwt, body)
    }
}

async fn sign_in_by_password(
    State(app): State<Arc<App>>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    ByKey(key): ByKey,
    Json(Credentials { username, password }): Json<Credentials>,
) -> Result<WithJwt<SignedIn>, ApiError> {
    app.sessions.count_sign_in(peer.ip())?;
    let signed_in = app.sessions.sign_in(&key, username, password, peer.ip()).await?;
    Ok(SignedIn::answer(signed_in))
}

#[derive(Serialize, JsonSchema)]
struct Profile {
    id: UserId,
    username: String,
    email: String,
    role: [UserRole; 1],
}

async fn profile(State(app): State<Arc<App>>, Caller(by): Caller) -> Result<Answer<Profile>, ApiError> {
    let user = app.sessions.profile(&by).await?;
    Ok(Answer(Profile { id: user.id, username: user.username, email: user.email, role: ROLES }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewUsername {
    new_username: Username,
}

async fn change_username(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    Json(NewUsername { new_username }): Json<NewUsername>,
) -> Result<WithJwt<Empty>, ApiError> {
    let jwt = app.sessions.change_username(by, new_username).await?;
    Ok(WithJwt::new(&jwt, Empty {}))
}

async fn export(State(app): State<Arc<App>>, Caller(by): Caller) -> Result<ExportAnswer, ApiError> {
    app.sessions.count_export(by.user)?;
    Ok(ExportAnswer::of(&app, by.user).await?.ok_or(SessionError::SessionEnded)?)
}

async fn delete_user(State(app): State<Arc<App>>, Caller(by): Caller) -> Result<Answer<Empty>, ApiError> {
    app.delete_user(by.user).await?;
    Ok(NOTHING)
}
