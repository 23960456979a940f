//! The users of an account's app, as its owner looks after them (ext). What they do is theirs; their sessions can be ended,
//! and they can be deleted.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use chinwag_protocol::ErrorCode::{AppNotFound, SessionNotFound, UserNotFound};
use chinwag_protocol::model::ChatDetails;
use chinwag_protocol::{AppId, SessionId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Client;
use super::apps::app_not_found;
use super::erasures::ReceiptBody;
use crate::api::{Routes, Sketch, Takes, delete, get};
use crate::app::App;
use crate::http::extract::{Params, PathId, Size};
use crate::http::{ApiError, Empty, NOTHING};
use crate::store::{Act, ListedUser, Page, SignIn, UserSearch};

const USERS_PER_PAGE: u32 = 50;
const CHATS_PER_PAGE: u32 = 20;

pub(super) fn routes() -> Routes {
    Routes::about("Users of an app")
        .with(
            get("/api/client/apps/{appId}/users", list)
                .named("listUsers", "The app's users by name, found by a part of name or address")
                .refusing(&[AppNotFound]),
        )
        .with(
            get("/api/client/apps/{appId}/users/{userId}", show)
                .named("getUser", "A user of the app")
                .refusing(&[AppNotFound, UserNotFound]),
        )
        .with(
            delete("/api/client/apps/{appId}/users/{userId}", delete_user)
                .named(
                    "deleteUser",
                    "Erase a user, their messages and their reactions; tells what was removed",
                )
                .refusing(&[AppNotFound, UserNotFound]),
        )
        .with(
            get("/api/client/apps/{appId}/users/{userId}/sessions", sessions)
                .named("listSessions", "The sessions of a user, oldest first")
                .refusing(&[AppNotFound, UserNotFound]),
        )
        .with(
            delete("/api/client/apps/{appId}/users/{userId}/sessions", sign_out)
                .named("signOutUser", "End all sessions of a user")
                .refusing(&[AppNotFound, UserNotFound]),
        )
        .with(
            delete("/api/client/apps/{appId}/users/{userId}/sessions/{sessionId}", end_session)
                .named("endSession", "End one session of a user")
                .refusing(&[AppNotFound, UserNotFound, SessionNotFound]),
        )
        .with(
            get("/api/client/apps/{appId}/users/{userId}/chats", chats)
                .named("listChats", "The chats of a user, most recent activity first")
                .refusing(&[AppNotFound, UserNotFound]),
        )
}

/// The two ids in a path, checked: the app is the account's, the user is the app's.
pub(super) struct UserOf {
    pub(super) app: AppId,
    pub(super) listed: ListedUser,
    pub(super) by: Client,
}

impl FromRequestParts<Arc<App>> for UserOf {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let by = Client::from_request_parts(parts, app).await?;
        let Path(ids) = Path::<PathIds>::from_request_parts(parts, app)
            .await
            .map_err(|_| ApiError::invalid("the ids in the path must be UUIDs"))?;
        by.owns(app, ids.app_id).await?;
        let listed = app.store.user_in(ids.app_id, ids.user_id).await?.ok_or_else(user_not_found)?;
        Ok(Self { app: ids.app_id, listed, by })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PathIds {
    app_id: AppId,
    user_id: UserId,
}

impl Takes for UserOf {
    fn describe(sketch: &mut Sketch<'_>) {
        Client::describe(sketch);
        sketch.path_parameter::<AppId>();
        sketch.path_parameter::<UserId>();
    }
}

impl UserOf {
    fn id(&self) -> UserId {
        self.listed.user.id
    }

    /// For those who ask later who did what: a line in the operator's log, and an entry in the account's.
    pub(super) async fn audit(&self, app: &App, act: Act, what: &str) {
        let (account, of, user) = (self.by.0.account.id, self.app, self.id());
        tracing::info!(target: "audit", %account, app = %of, %user, "{what}");
        app.note(self.by.deed(act).in_app(of).to(user)).await;
    }
}

pub(super) fn user_not_found() -> ApiError {
    ApiError::new(UserNotFound, "there is no such user in this app")
}

impl Client {
    /// Whether the app is this account's; if not, it is not found.
    pub(super) async fn owns(&self, app: &App, id: AppId) -> Result<(), ApiError> {
        app.store.app(self.reach(), id).await?.map(|_| ()).ok_or_else(app_not_found)
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AppUser {
    id: UserId,
    username: String,
    email: String,
    created_at: Timestamp,
    sessions: u64,
    /// Open now, by whatever carrier.
    connections: usize,
}

impl AppUser {
    fn of(ListedUser { user, sessions }: ListedUser, app: &App) -> Self {
        Self {
            connections: app.presence.connections_of(user.app, user.id),
            id: user.id,
            username: user.username,
            email: user.email,
            created_at: user.created_at,
            sessions,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
struct ListParams {
    /// A part of the name or the address, in any case.
    search: Option<String>,
    /// The last name of the page before.
    after: Option<String>,
    /// Brought into 1 to 100; 50 unless given.
    #[serde(default)]
    size: Size,
}

#[derive(Serialize, JsonSchema)]
struct AppUsers {
    users: Vec<AppUser>,
    /// Whether there are more after the last one.
    more: bool,
}

async fn list(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(of): PathId<AppId>,
    Params(params): Params<ListParams>,
) -> Result<Answer<AppUsers>, ApiError> {
    by.owns(&app, of).await?;
    let size = params.size.or(USERS_PER_PAGE);
    let search = UserSearch {
        part: params.search.unwrap_or_default().trim().to_owned(),
        after: params.after.unwrap_or_default(),
        // One more, to know whether there are more.
        size: size + 1,
    };
    let mut found = app.store.find_users(of, search).await?;
    let more = found.len() > size as usize;
    found.truncate(size as usize);
    Ok(Answer(AppUsers { users: found.into_iter().map(|user| AppUser::of(user, &app)).collect(), more }))
}

async fn show(State(app): State<Arc<App>>, user: UserOf) -> Result<Answer<AppUser>, ApiError> {
    Ok(Answer(AppUser::of(user.listed, &app)))
}

async fn delete_user(State(app): State<Arc<App>>, user: UserOf) -> Result<Answer<ReceiptBody>, ApiError> {
    app.delete_user(user.id()).await?;
    user.audit(&app, Act::UserDeleted, "a user was deleted").await;
    let receipt = app.store.receipt(user.id()).await?.ok_or_else(user_not_found)?;
    Ok(Answer(receipt.into()))
}

/// One sign-in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct UserSession {
    id: SessionId,
    created_at: Timestamp,
    /// When its refresh token was last used.
    last_used_at: Timestamp,
    expires_at: Timestamp,
}

impl From<SignIn> for UserSession {
    fn from(sign_in: SignIn) -> Self {
        Self {
            id: sign_in.session,
            created_at: sign_in.created_at,
            last_used_at: sign_in.last_used_at,
            expires_at: sign_in.expires_at,
        }
    }
}

async fn sessions(State(app): State<Arc<App>>, user: UserOf) -> Result<Answer<Vec<UserSession>>, ApiError> {
    let sign_ins = app.store.sign_ins(user.id(), app.clock.now()).await?;
    Ok(Answer(sign_ins.into_iter().map(UserSession::from).collect()))
}

async fn sign_out(State(app): State<Arc<App>>, user: UserOf) -> Result<Answer<Empty>, ApiError> {
    app.store.end_sessions(user.id()).await?;
    user.audit(&app, Act::UserSignedOut, "all sessions of a user were ended").await;
    Ok(NOTHING)
}

/// The third id in a path.
struct SessionInPath(SessionId);

impl FromRequestParts<Arc<App>> for SessionInPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let ids = Path::<(AppId, UserId, SessionId)>::from_request_parts(parts, app).await;
        let Path((_, _, session)) =
            ids.map_err(|_| ApiError::invalid("the ids in the path must be UUIDs"))?;
        Ok(Self(session))
    }
}

impl Takes for SessionInPath {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.path_parameter::<SessionId>();
    }
}

async fn end_session(
    State(app): State<Arc<App>>,
    user: UserOf,
    SessionInPath(session): SessionInPath,
) -> Result<Answer<Empty>, ApiError> {
    if !app.store.end_session_named(user.id(), session).await? {
        return Err(ApiError::new(SessionNotFound, "the user has no such session"));
    }
    user.audit(&app, Act::SessionEnded, "a session of a user was ended").await;
    Ok(NOTHING)
}

#[derive(Deserialize, JsonSchema)]
struct ChatParams {
    /// From 0.
    page: Option<u32>,
    /// Brought into 1 to 100; 20 unless given.
    #[serde(default)]
    size: Size,
}

#[derive(Serialize, JsonSchema)]
struct Chats {
    chats: Vec<ChatDetails>,
}

async fn chats(
    State(app): State<Arc<App>>,
    user: UserOf,
    Params(params): Params<ChatParams>,
) -> Result<Answer<Chats>, ApiError> {
    let size = params.size.or(CHATS_PER_PAGE);
    let page = Page { offset: u64::from(params.page.unwrap_or(0)) * u64::from(size), size };
    Ok(Answer(Chats { chats: app.store.chats(user.id(), page).await? }))
}
