//! What was done with an account and its apps, for those who ask later (ext).

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use chinwag_protocol::{AppId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Client;
use crate::api::{Routes, get};
use crate::app::App;
use crate::http::ApiError;
use crate::http::extract::{Params, Size};
use crate::store::{AuditEntry, AuditSearch};

const ENTRIES_PER_PAGE: u32 = 50;

pub(super) fn routes() -> Routes {
    Routes::about("Audit").with(
        get("/api/client/audit", list)
            .named("listAudit", "What was done with the account and its apps, newest first (ext)"),
    )
}

/// Something that was done.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AuditEntry")]
pub struct EntryBody {
    id: i64,
    at: Timestamp,
    /// ACCOUNT, USER, SERVER, or OPERATOR: somebody on the server's command line.
    actor: String,
    act: String,
    app_id: Option<AppId>,
    /// The id of whom or what it was done to.
    subject: Option<String>,
    /// Where it came from.
    address: Option<String>,
    detail: Option<String>,
}

impl From<AuditEntry> for EntryBody {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, actor, account: _, act, app, subject, address, detail } = entry;
        Self { id, at, actor, act, app_id: app, subject, address, detail }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ListParams {
    /// Entries before this one: the last of the page before.
    before: Option<i64>,
    app_id: Option<AppId>,
    /// Brought into 1 to 100; 50 unless given.
    #[serde(default)]
    size: Size,
}

#[derive(Serialize, JsonSchema)]
struct Entries {
    entries: Vec<EntryBody>,
    /// Whether there are more after the last one.
    more: bool,
}

async fn list(
    State(app): State<Arc<App>>,
    by: Client,
    Params(params): Params<ListParams>,
) -> Result<Answer<Entries>, ApiError> {
    let size = params.size.or(ENTRIES_PER_PAGE);
    let account = Some(by.0.account.id);
    let search = AuditSearch { account, app: params.app_id, before: params.before, size: size + 1 };
    let mut found = app.store.audit(search).await?;
    let more = found.len() > size as usize;
    found.truncate(size as usize);
    Ok(Answer(Entries { entries: found.into_iter().map(EntryBody::from).collect(), more }))
}
