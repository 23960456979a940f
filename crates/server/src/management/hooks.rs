//! The webhooks of an account's apps. A secret is shown when it is made, and never again.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use chinwag_protocol::ErrorCode::{AppNotFound, CursorGone, HookLimitReached, HookNotFound};
use chinwag_protocol::{AppId, ChatId, ErrorCode, HookId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Client;
use crate::api::{Created, Routes, delete, get, post, put};
use crate::app::App;
use crate::cursor;
use crate::hooks::address::HookUrl;
use crate::hooks::envelope;
use crate::hooks::new_secret;
use crate::http::extract::{Json, MayBe, Params, PathId, PathIds, Size};
use crate::http::{ApiError, Empty, NOTHING};
use crate::store::{DeadLetter, Hook, HookChanges, HookError, HookSecret, NewHook, Store, StoreError};

const DESCRIPTION_CHARS_MAX: usize = 200;
const LETTERS_PER_PAGE: u32 = 50;
/// For how long the secret before a new one signs too.
const OLD_SECRET_SECONDS: i64 = 86_400;

pub(super) fn routes() -> Routes {
    Routes::about("Webhooks")
        .with(
            get("/api/client/apps/{appId}/webhooks", list)
                .named("listWebhooks", "The app's webhooks and how far each is, without their secrets")
                .refusing(&[AppNotFound]),
        )
        .with(
            post("/api/client/apps/{appId}/webhooks", create)
                .named("createWebhook", "Make a webhook; its secret is told once")
                .refusing(&[AppNotFound, HookLimitReached]),
        )
        .with(
            get("/api/client/apps/{appId}/webhooks/{webhookId}", show)
                .named("getWebhook", "A webhook, and how far it is")
                .refusing(&[AppNotFound, HookNotFound]),
        )
        .with(
            put("/api/client/apps/{appId}/webhooks/{webhookId}", change)
                .named("changeWebhook", "Change where and what it is told, or switch it off and on")
                .refusing(&[AppNotFound, HookNotFound]),
        )
        .with(
            delete("/api/client/apps/{appId}/webhooks/{webhookId}", remove)
                .named("deleteWebhook", "Delete a webhook and its dead letters")
                .refusing(&[AppNotFound, HookNotFound]),
        )
        .with(
            post("/api/client/apps/{appId}/webhooks/{webhookId}/secret", rotate)
                .named("rotateWebhookSecret", "Replace the secret; for a day the old one signs too")
                .refusing(&[AppNotFound, HookNotFound]),
        )
        .with(
            post("/api/client/apps/{appId}/webhooks/{webhookId}/replay", replay)
                .named("replayWebhook", "Tell everything again, from a cursor, a time, or the beginning on")
                .refusing(&[AppNotFound, HookNotFound, CursorGone]),
        )
        .with(
            get("/api/client/apps/{appId}/webhooks/{webhookId}/deadLetters", letters)
                .named("listDeadLetters", "What was tried until its time was over, oldest first")
                .refusing(&[AppNotFound, HookNotFound]),
        )
        .with(
            post("/api/client/apps/{appId}/webhooks/{webhookId}/deadLetters/retry", retry)
                .named("retryDeadLetters", "Try dead letters once more: those named, or all")
                .refusing(&[AppNotFound, HookNotFound]),
        )
}

/// A webhook as its owner sees it again.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Webhook")]
pub struct HookBody {
    id: HookId,
    app_id: AppId,
    url: String,
    description: String,
    /// Types of events; empty: all.
    events: Vec<String>,
    enabled: bool,
    /// Everything up to here was delivered, waits by itself, or is a dead letter.
    cursor: String,
    /// Whether everything up to now is.
    up_to_date: bool,
    /// Chats that wait by themselves, since one of their events was refused.
    waiting_chats: usize,
    /// Attempts in a row without success.
    failures: i64,
    /// When it is tried next, if it fails.
    next_attempt_at: Option<Timestamp>,
    last_success_at: Option<Timestamp>,
    last_failure_at: Option<Timestamp>,
    /// Why it failed last, if it did not succeed since.
    last_error: Option<String>,
    created_at: Timestamp,
}

/// A webhook with its secret: told once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookWithSecret")]
pub struct NewHookBody {
    #[serde(flatten)]
    hook: HookBody,
    /// What deliveries are signed with.
    secret: String,
}

impl HookBody {
    pub async fn of(hook: Hook, store: &Store) -> Result<Self, StoreError> {
        let waiting = store.parked(hook.id).await?.len();
        Ok(Self {
            id: hook.id,
            app_id: hook.app,
            cursor: cursor::write(store.epoch(), hook.position),
            up_to_date: hook.position >= store.feed_head().await?,
            waiting_chats: waiting,
            failures: hook.attempts,
            next_attempt_at: (hook.attempts > 0).then_some(hook.next_at),
            url: hook.url,
            description: hook.description,
            events: hook.events,
            enabled: hook.enabled,
            last_success_at: hook.succeeded_at,
            last_failure_at: hook.failed_at,
            last_error: hook.error,
            created_at: hook.created_at,
        })
    }
}

impl NewHookBody {
    pub async fn of(hook: Hook, secret: &HookSecret, store: &Store) -> Result<Self, StoreError> {
        Ok(Self { hook: HookBody::of(hook, store).await?, secret: secret.reveal().to_owned() })
    }
}

/// What was given up.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeadLetter")]
pub struct LetterBody {
    /// The event's id.
    id: String,
    #[serde(rename = "type")]
    kind: String,
    chat_id: ChatId,
    /// Why it was not taken the last time.
    error: String,
    /// When it was given up.
    at: Timestamp,
    /// Whether it is about to be tried once more.
    retrying: bool,
}

impl LetterBody {
    #[must_use]
    pub fn of(letter: DeadLetter, epoch: &str) -> Self {
        let id = format!("evt_{epoch}_{}", letter.position);
        let (kind, chat_id, error) = (letter.kind, letter.chat, letter.error);
        Self { id, kind, chat_id, error, at: letter.at, retrying: letter.again }
    }
}

/// A webhook of the account's.
async fn owned(app: &App, by: &Client, (of, id): (AppId, HookId)) -> Result<Hook, ApiError> {
    by.owns(app, of).await?;
    app.store.hook(id).await?.filter(|hook| hook.app == of).ok_or_else(hook_not_found)
}

fn hook_not_found() -> ApiError {
    ApiError::new(HookNotFound, "there is no such webhook in this app")
}

async fn told(app: &App, hook: Option<Hook>) -> Result<Answer<HookBody>, ApiError> {
    app.hooks.wake();
    Ok(Answer(HookBody::of(hook.ok_or_else(hook_not_found)?, &app.store).await?))
}

async fn list(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(of): PathId<AppId>,
) -> Result<Answer<Vec<HookBody>>, ApiError> {
    by.owns(&app, of).await?;
    let mut bodies = Vec::new();
    for hook in app.store.hooks(of).await? {
        bodies.push(HookBody::of(hook, &app.store).await?);
    }
    Ok(Answer(bodies))
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "NewWebhook")]
struct New {
    /// `https://…`, not in a private network.
    url: String,
    #[serde(default)]
    description: String,
    /// Types of events; all unless given.
    #[serde(default)]
    events: Vec<String>,
    /// True unless given.
    enabled: Option<bool>,
    /// Where to begin: `now` unless given, `beginning`, a cursor or a time.
    from: Option<String>,
}

async fn create(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(of): PathId<AppId>,
    Json(new): Json<New>,
) -> Result<Created<NewHookBody>, ApiError> {
    by.owns(&app, of).await?;
    let secret = new_secret();
    let new = NewHook {
        app: of,
        url: url(&new.url, app.settings.webhooks.allow_private)?,
        description: description(new.description)?,
        events: types(new.events)?,
        enabled: new.enabled.unwrap_or(true),
        secret: secret.clone(),
        position: point(&app.store, new.from.as_deref().unwrap_or("now")).await?,
    };
    let hook = app.store.create_hook(new).await?;
    app.hooks.wake();
    Ok(Created(NewHookBody::of(hook, &secret, &app.store).await?))
}

async fn show(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds(ids): PathIds<(AppId, HookId)>,
) -> Result<Answer<HookBody>, ApiError> {
    let hook = owned(&app, &by, ids).await?;
    Ok(Answer(HookBody::of(hook, &app.store).await?))
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WebhookChanges")]
struct Changes {
    url: Option<String>,
    description: Option<String>,
    events: Option<Vec<String>>,
    enabled: Option<bool>,
}

async fn change(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds(ids): PathIds<(AppId, HookId)>,
    Json(wanted): Json<Changes>,
) -> Result<Answer<HookBody>, ApiError> {
    let hook = owned(&app, &by, ids).await?;
    let allow_private = app.settings.webhooks.allow_private;
    let changes = HookChanges {
        url: wanted.url.map(|text| url(&text, allow_private)).transpose()?,
        description: wanted.description.map(description).transpose()?,
        events: wanted.events.map(types).transpose()?,
        enabled: wanted.enabled,
        ..HookChanges::default()
    };
    let changed = app.store.change_hook(hook.id, changes).await?;
    told(&app, changed).await
}

async fn remove(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds(ids): PathIds<(AppId, HookId)>,
) -> Result<Answer<Empty>, ApiError> {
    let hook = owned(&app, &by, ids).await?;
    match app.store.delete_hook(hook.id).await? {
        true => {
            app.hooks.wake();
            Ok(NOTHING)
        }
        false => Err(hook_not_found()),
    }
}

async fn rotate(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds(ids): PathIds<(AppId, HookId)>,
) -> Result<Created<NewHookBody>, ApiError> {
    let hook = owned(&app, &by, ids).await?;
    let secret = new_secret();
    let changes = HookChanges {
        secret: Some((secret.clone(), old_secret_until(app.clock.now()))),
        ..HookChanges::default()
    };
    let hook = app.store.change_hook(hook.id, changes).await?.ok_or_else(hook_not_found)?;
    app.hooks.wake();
    Ok(Created(NewHookBody::of(hook, &secret, &app.store).await?))
}

/// Until when a secret that is replaced now signs.
#[must_use]
pub fn old_secret_until(now: Timestamp) -> Timestamp {
    now.plus_seconds(OLD_SECRET_SECONDS)
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WebhookReplay")]
struct Replay {
    /// `beginning`, `now`, a cursor, or a time as `2026-11-22T15:40:00Z`.
    from: String,
}

async fn replay(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds(ids): PathIds<(AppId, HookId)>,
    Json(Replay { from }): Json<Replay>,
) -> Result<Answer<HookBody>, ApiError> {
    let hook = owned(&app, &by, ids).await?;
    let position = Some(point(&app.store, &from).await?);
    let changes = HookChanges { position, ..HookChanges::default() };
    let changed = app.store.change_hook(hook.id, changes).await?;
    told(&app, changed).await
}

#[derive(Deserialize, JsonSchema)]
struct LettersParams {
    /// Brought into 1 to 100; 50 unless given.
    #[serde(default)]
    size: Size,
    /// The last id of the page before.
    after: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DeadLetters")]
struct Letters {
    dead_letters: Vec<LetterBody>,
    /// Whether there are more after these.
    more: bool,
}

async fn letters(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds(ids): PathIds<(AppId, HookId)>,
    Params(params): Params<LettersParams>,
) -> Result<Answer<Letters>, ApiError> {
    let hook = owned(&app, &by, ids).await?;
    let after = params.after.as_deref().map(|id| position_of(&app.store, id)).transpose()?.unwrap_or(0);
    let size = params.size.or(LETTERS_PER_PAGE);
    let mut found = app.store.dead_letters(hook.id, after, false, size + 1).await?;
    let more = found.len() > size as usize;
    found.truncate(size as usize);
    let epoch = app.store.epoch();
    let dead_letters = found.into_iter().map(|letter| LetterBody::of(letter, epoch)).collect();
    Ok(Answer(Letters { dead_letters, more }))
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "DeadLetterRetry")]
struct Retry {
    /// Ids of events; all unless given.
    ids: Option<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Retried {
    /// How many are tried once more.
    retried: u64,
}

async fn retry(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds(ids): PathIds<(AppId, HookId)>,
    MayBe(asked): MayBe<Retry>,
) -> Result<Answer<Retried>, ApiError> {
    let hook = owned(&app, &by, ids).await?;
    let positions = asked
        .and_then(|asked| asked.ids)
        .map(|ids| ids.iter().map(|id| position_of(&app.store, id)).collect::<Result<Vec<u64>, ApiError>>());
    let retried = app.store.retry_dead_letters(hook.id, positions.transpose()?).await?;
    app.hooks.wake();
    Ok(Answer(Retried { retried }))
}

fn types(asked: Vec<String>) -> Result<Vec<String>, ApiError> {
    envelope::types(asked).map_err(|error| ApiError::invalid(error.to_string()))
}

fn url(text: &str, allow_private: bool) -> Result<String, ApiError> {
    match HookUrl::parse(text, allow_private) {
        Ok(url) => Ok(url.text),
        Err(error) => Err(ApiError::invalid(error.to_string())),
    }
}

fn description(text: String) -> Result<String, ApiError> {
    if text.chars().count() > DESCRIPTION_CHARS_MAX || text.chars().any(char::is_control) {
        let detail = format!(
            "description must have at most {DESCRIPTION_CHARS_MAX} characters, none of them control characters"
        );
        return Err(ApiError::invalid(detail));
    }
    Ok(text)
}

/// The position that somebody names: `now`, `beginning`, a cursor or a time.
pub async fn point(store: &Store, from: &str) -> Result<u64, ApiError> {
    let head = store.feed_head().await?;
    match from {
        "now" => return Ok(head),
        "beginning" => return Ok(0),
        _ => {}
    }
    if let Some(position) = cursor::read(from, store.epoch(), head) {
        return Ok(position);
    }
    if let Ok(time) = serde_json::from_value::<Timestamp>(serde_json::Value::from(from)) {
        return Ok(store.position_at(time).await?);
    }
    match from.rsplit_once('.').and_then(|(_, position)| position.parse::<u64>().ok()) {
        Some(_) => Err(ApiError::new(
            CursorGone,
            "this cursor is of another database, or of a state that a backup undid: give a time",
        )),
        None => Err(ApiError::invalid(
            "from must be now, beginning, a cursor, or a time such as 2026-11-22T15:40:00Z",
        )),
    }
}

fn position_of(store: &Store, id: &str) -> Result<u64, ApiError> {
    let known = id.strip_prefix(&format!("evt_{}_", store.epoch())).and_then(|rest| rest.parse().ok());
    known.ok_or_else(|| ApiError::invalid(format!("{id:?} is no id of an event of this database")))
}

impl From<HookError> for ApiError {
    fn from(error: HookError) -> Self {
        match error {
            HookError::LimitReached => Self::new(ErrorCode::HookLimitReached, error.to_string()),
            HookError::Store(error) => error.into(),
        }
    }
}
