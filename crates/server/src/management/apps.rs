//! An account's apps. One of another account is not found.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Extension, State};
use chinwag_protocol::ErrorCode::{AppLimitReached, AppNotFound};
use chinwag_protocol::{AccountId, AppId, ErrorCode, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::name::Name;
use super::{Client, Cluster};
use crate::api::{Created, Routes, delete, get, post, put};
use crate::app::App;
use crate::http::extract::{Json, PathId};
use crate::http::{ApiError, Empty, NOTHING};
use crate::sessions::app::{AppStatus, Tier};
use crate::store::{self, Act, AppChanges, CreateAppError};

/// Some hundred years.
const RETENTION_DAYS_MAX: u32 = 36_500;
const CLUSTER_NAME: &str = "local";
const CLUSTER_STATUS: &str = "ACTIVE";

pub(super) fn routes() -> Routes {
    Routes::about("Apps")
        .with(get("/api/client/apps", list).named("listApps", "The account's apps"))
        .with(
            post("/api/client/apps", create)
                .named("createApp", "Make a demo app")
                .refusing(&[AppLimitReached]),
        )
        .with(
            get("/api/client/apps/{appId}", show)
                .named("getApp", "An app, and where it is served")
                .refusing(&[AppNotFound]),
        )
        .with(
            put("/api/client/apps/{appId}", change)
                .named("changeApp", "Rename an app, suspend it, or make it active again")
                .refusing(&[AppNotFound]),
        )
        .with(
            delete("/api/client/apps/{appId}", delete_app)
                .named("deleteApp", "Delete an app and everything in it")
                .refusing(&[AppNotFound]),
        )
}

/// An app as it is told outside.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "App")]
pub struct AppBody {
    id: AppId,
    client_id: Option<AccountId>,
    name: String,
    status: AppStatus,
    #[serde(rename = "type")]
    kind: Tier,
    tier: Tier,
    cluster_id: Uuid,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Messages older than so many days are removed (ext); null: none are.
    retention_days: Option<NonZeroU32>,
}

/// One app, and where it is served.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppWithCluster")]
struct Shown {
    #[serde(flatten)]
    app: AppBody,
    cluster_endpoint: String,
    cluster_name: &'static str,
    cluster_status: &'static str,
}

impl AppBody {
    #[must_use]
    pub fn of(app: store::App, cluster: Uuid) -> Self {
        Self {
            id: app.id,
            client_id: app.account,
            name: app.name,
            status: app.status,
            kind: app.tier,
            tier: app.tier,
            cluster_id: cluster,
            created_at: app.created_at,
            updated_at: app.updated_at,
            retention_days: app.retention_days,
        }
    }
}

fn shown(app: store::App, cluster: Cluster) -> Shown {
    Shown {
        app: AppBody::of(app, cluster.id),
        cluster_endpoint: cluster.endpoint,
        cluster_name: CLUSTER_NAME,
        cluster_status: CLUSTER_STATUS,
    }
}

async fn list(
    State(app): State<Arc<App>>,
    by: Client,
    Extension(cluster): Extension<Cluster>,
) -> Result<Answer<Vec<AppBody>>, ApiError> {
    let apps = app.store.apps(by.reach()).await?;
    Ok(Answer(apps.into_iter().map(|app| AppBody::of(app, cluster.id)).collect()))
}

#[derive(Deserialize, JsonSchema)]
struct NewApp {
    name: Name,
}

async fn create(
    State(app): State<Arc<App>>,
    by: Client,
    Extension(cluster): Extension<Cluster>,
    Json(new): Json<NewApp>,
) -> Result<Created<AppBody>, ApiError> {
    let created = app.store.create_app(by.reach(), new.name.0, Tier::Demo).await?;
    app.note(by.deed(Act::AppCreated).in_app(created.id).saying(&created.name)).await;
    Ok(Created(AppBody::of(created, cluster.id)))
}

async fn show(
    State(app): State<Arc<App>>,
    by: Client,
    Extension(cluster): Extension<Cluster>,
    PathId(id): PathId<AppId>,
) -> Result<Answer<Shown>, ApiError> {
    let found = app.store.app(by.reach(), id).await?.ok_or_else(app_not_found)?;
    Ok(Answer(shown(found, cluster)))
}

/// What an account may make of its app's status; deleting it is another request.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum WantedStatus {
    Active,
    Suspended,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "AppChanges")]
struct Wanted {
    name: Option<Name>,
    status: Option<WantedStatus>,
    /// Messages older than so many days are removed (ext); 0: none are.
    #[serde(rename = "retentionDays")]
    #[schemars(range(max = RETENTION_DAYS_MAX))]
    retention_days: Option<u32>,
}

/// What was changed, in words for the audit log.
#[must_use]
pub fn said(changes: &AppChanges) -> String {
    let name = changes.name.as_ref().map(|name| format!("name {name:?}"));
    let status = changes.status.map(|status| format!("status {}", status.as_str()));
    let retention = changes.retention_days.map(|days| match days {
        Some(days) => format!("retention {days} days"),
        None => "retention without end".to_owned(),
    });
    [name, status, retention].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

async fn change(
    State(app): State<Arc<App>>,
    by: Client,
    Extension(cluster): Extension<Cluster>,
    PathId(id): PathId<AppId>,
    Json(wanted): Json<Wanted>,
) -> Result<Answer<Shown>, ApiError> {
    let status = wanted.status.map(|status| match status {
        WantedStatus::Active => AppStatus::Active,
        WantedStatus::Suspended => AppStatus::Suspended,
    });
    let retention_days = wanted.retention_days.map(|days| NonZeroU32::new(days.min(RETENTION_DAYS_MAX)));
    let changes = AppChanges { name: wanted.name.map(|name| name.0), status, retention_days };
    let said = said(&changes);
    let changed = app.store.change_app(by.reach(), id, changes).await?.ok_or_else(app_not_found)?;
    app.note(by.deed(Act::AppChanged).in_app(id).saying(said)).await;
    Ok(Answer(shown(changed, cluster)))
}

async fn delete_app(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(id): PathId<AppId>,
) -> Result<Answer<Empty>, ApiError> {
    match app.store.delete_app(by.reach(), id).await? {
        true => {
            app.note(by.deed(Act::AppDeleted).in_app(id)).await;
            Ok(NOTHING)
        }
        false => Err(app_not_found()),
    }
}

/// Also for an app of another account: that it exists must not be guessable.
pub(super) fn app_not_found() -> ApiError {
    ApiError::new(ErrorCode::AppNotFound, "there is no such app")
}

impl From<CreateAppError> for ApiError {
    fn from(error: CreateAppError) -> Self {
        match error {
            CreateAppError::LimitReached => Self::new(ErrorCode::AppLimitReached, error.to_string()),
            CreateAppError::Store(error) => error.into(),
        }
    }
}
