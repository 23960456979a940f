//! What is kept of a user, as their app's owner may have it for them, and what was removed of it (ext).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use chinwag_protocol::ErrorCode::{AppNotFound, UserNotFound};
use chinwag_protocol::{AppId, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Client;
use super::users::{UserOf, user_not_found};
use crate::api::{Routes, get};
use crate::app::App;
use crate::export::ExportAnswer;
use crate::http::ApiError;
use crate::http::extract::{Params, PathId, PathIds, Size};
use crate::store::{Act, Receipt};

const RECEIPTS_PER_PAGE: u32 = 50;

pub(super) fn routes() -> Routes {
    Routes::about("Personal data")
        .with(
            get("/api/client/apps/{appId}/users/{userId}/export", export)
                .named("exportUser", "All that is kept of a user, for them to have (ext)")
                .refusing(&[AppNotFound, UserNotFound]),
        )
        .with(
            get("/api/client/apps/{appId}/erasures", list)
                .named("listErasures", "What was removed of users who were erased, newest first (ext)")
                .refusing(&[AppNotFound]),
        )
        .with(
            get("/api/client/apps/{appId}/erasures/{userId}", show)
                .named("getErasure", "What was removed of a user who was erased (ext)")
                .refusing(&[AppNotFound, UserNotFound]),
        )
}

/// What was removed of a user. It names them by id alone.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ErasureReceipt")]
pub struct ReceiptBody {
    user_id: UserId,
    requested_at: Timestamp,
    /// Null while it is under way.
    finished_at: Option<Timestamp>,
    /// How many of each kind.
    removed: BTreeMap<String, u64>,
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        Self {
            user_id: receipt.user,
            requested_at: receipt.requested_at,
            finished_at: receipt.finished_at,
            removed: receipt.removed.into_iter().collect(),
        }
    }
}

async fn export(State(app): State<Arc<App>>, user: UserOf) -> Result<ExportAnswer, ApiError> {
    user.audit(&app, Act::UserExported, "what is kept of a user was read").await;
    ExportAnswer::of(&app, user.listed.user.id).await?.ok_or_else(user_not_found)
}

#[derive(Deserialize, JsonSchema)]
struct ListParams {
    /// Brought into 1 to 100; 50 unless given.
    #[serde(default)]
    size: Size,
}

#[derive(Serialize, JsonSchema)]
struct Receipts {
    erasures: Vec<ReceiptBody>,
}

async fn list(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(of): PathId<AppId>,
    Params(params): Params<ListParams>,
) -> Result<Answer<Receipts>, ApiError> {
    by.owns(&app, of).await?;
    let receipts = app.store.receipts(of, params.size.or(RECEIPTS_PER_PAGE)).await?;
    Ok(Answer(Receipts { erasures: receipts.into_iter().map(ReceiptBody::from).collect() }))
}

async fn show(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds((of, user)): PathIds<(AppId, UserId)>,
) -> Result<Answer<ReceiptBody>, ApiError> {
    by.owns(&app, of).await?;
    let receipt = app.store.receipt(user).await?.filter(|receipt| receipt.app == of);
    Ok(Answer(receipt.ok_or_else(user_not_found)?.into()))
}
