//! An application's own accounts as users: made, listed, deleted, and signed in without a password.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use chinwag_protocol::ErrorCode::{EmailTaken, ExternalIdTaken, Overloaded, UserNotFound, UsernameTaken};
use chinwag_protocol::{Email, Timestamp, UserId, Username};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ByServer, user_not_found};
use crate::api::{Created, Routes, delete, get, post};
use crate::app::App;
use crate::http::auth::WithJwt;
use crate::http::extract::{Json, Params, PathId, Size};
use crate::http::user::{SignedIn, optional_name};
use crate::http::{ApiError, Empty, NOTHING};
use crate::sessions::password::Password;
use crate::store::{AppUser, ExternalId, NewAppUser, Whom};

const USERS_PER_PAGE: u32 = 50;

pub(super) fn routes() -> Routes {
    Routes::about("Your server: users")
        .with(
            post("/api/app/users", create)
                .named("createUser", "Make a user, with or without a password")
                .refusing(&[UsernameTaken, EmailTaken, ExternalIdTaken, Overloaded]),
        )
        .with(
            get("/api/app/users", list).named("listUsers", "The app's users by name, or one by a name or id"),
        )
        .with(
            get("/api/app/users/{userId}", show)
                .named("showUser", "A user of the app")
                .refusing(&[UserNotFound]),
        )
        .with(
            delete("/api/app/users/{userId}", erase)
                .named("eraseUser", "Erase a user, their messages and their reactions")
                .refusing(&[UserNotFound]),
        )
        .with(
            post("/api/app/signin", sign_in)
                .named("signInUser", "Sign a user in whom your server vouches for: one session more")
                .refusing(&[UserNotFound, UsernameTaken, EmailTaken, ExternalIdTaken]),
        )
}

/// A user as their application knows them.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ServerUser")]
struct Told {
    id: UserId,
    username: String,
    email: String,
    /// What the application calls them.
    external_id: Option<String>,
    created_at: Timestamp,
}

impl From<AppUser> for Told {
    fn from(AppUser { user, external_id }: AppUser) -> Self {
        let (id, username, email, created_at) = (user.id, user.username, user.email, user.created_at);
        Self { id, username, email, external_id, created_at }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "NewServerUser")]
struct New {
    username: Username,
    external_id: Option<ExternalId>,
    /// Without one they get an address at which nobody is.
    email: Option<Email>,
    /// Without one they cannot sign in by themselves.
    password: Option<Password>,
    first_name: Option<String>,
    sur_name: Option<String>,
}

async fn create(
    State(app): State<Arc<App>>,
    by: ByServer,
    Json(new): Json<New>,
) -> Result<Created<Told>, ApiError> {
    let user = NewAppUser {
        external_id: new.external_id,
        email: new.email,
        first_name: optional_name("firstName", new.first_name)?,
        sur_name: optional_name("surName", new.sur_name)?,
        ..NewAppUser::named(by.0, new.username)
    };
    Ok(Created(app.sessions.register_for_server(user, new.password).await?.into()))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ListParams {
    /// Brought into 1 to 100; 50 unless given.
    #[serde(default)]
    size: Size,
    /// The last name of the page before.
    after: Option<Username>,
    /// Only who has this name.
    username: Option<Username>,
    /// Only who has this external id.
    external_id: Option<ExternalId>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ServerUsers")]
struct Users {
    users: Vec<Told>,
    /// Whether there are more after these.
    more: bool,
}

async fn list(
    State(app): State<Arc<App>>,
    by: ByServer,
    Params(params): Params<ListParams>,
) -> Result<Answer<Users>, ApiError> {
    let one = params.username.map(Whom::Named).or(params.external_id.map(Whom::External));
    if let Some(whom) = one {
        let found = app.store.app_user(by.0, whom).await?;
        return Ok(Answer(Users { users: found.into_iter().map(Told::from).collect(), more: false }));
    }
    let size = params.size.or(USERS_PER_PAGE);
    let mut users = app.store.app_users(by.0, params.after, size + 1).await?;
    let more = users.len() > size as usize;
    users.truncate(size as usize);
    Ok(Answer(Users { users: users.into_iter().map(Told::from).collect(), more }))
}

async fn show(
    State(app): State<Arc<App>>,
    by: ByServer,
    PathId(user): PathId<UserId>,
) -> Result<Answer<Told>, ApiError> {
    Ok(Answer(by.user(&app, Whom::Id(user)).await?.into()))
}

async fn erase(
    State(app): State<Arc<App>>,
    by: ByServer,
    PathId(user): PathId<UserId>,
) -> Result<Answer<Empty>, ApiError> {
    let found = by.user(&app, Whom::Id(user)).await?;
    app.delete_user(found.user.id).await?;
    Ok(NOTHING)
}

/// Who is to be signed in: by one of the three. With `create`, who is not there is made, and needs a `username`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ServerSignIn")]
struct SignIn {
    user_id: Option<UserId>,
    external_id: Option<ExternalId>,
    username: Option<Username>,
    #[serde(default)]
    create: bool,
    /// Of one who is made.
    email: Option<Email>,
}

async fn sign_in(
    State(app): State<Arc<App>>,
    by: ByServer,
    Json(asked): Json<SignIn>,
) -> Result<WithJwt<SignedIn>, ApiError> {
    let SignIn { user_id, external_id, username, create, email } = asked;
    let whom = match (user_id, &external_id, &username) {
        (Some(id), ..) => Whom::Id(id),
        (None, Some(id), _) => Whom::External(id.clone()),
        (None, None, Some(name)) => Whom::Named(name.clone()),
        (None, None, None) => {
            return Err(ApiError::invalid("one of userId, externalId and username is required"));
        }
    };
    let may_be_made = create && user_id.is_none();
    let user = match app.store.app_user(by.0, whom.clone()).await? {
        Some(found) => found,
        None if may_be_made => {
            let username = username.ok_or_else(|| {
                ApiError::invalid("there is no such user: to make one, give a username too")
            })?;
            let new = NewAppUser { external_id, email, ..NewAppUser::named(by.0, username) };
            match app.sessions.register_for_server(new, None).await {
                Ok(made) => made,
                // Another call may have made them just now.
                Err(error) => app.store.app_user(by.0, whom).await?.ok_or(error)?,
            }
        }
        None => return Err(user_not_found()),
    };
    if app.store.own_user_if_any(by.0).await? == Some(user.user.id) {
        return Err(ApiError::invalid(
            "the app's own user does not sign in: it speaks by POST /api/app/chat",
        ));
    }
    Ok(SignedIn::answer(app.sessions.sign_in_for_server(user.user).await?))
}
