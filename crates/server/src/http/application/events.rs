//! What happens in an app, for its own server to fetch: the same events as webhooks are told, from a cursor on.

use std::sync::Arc;
use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use chinwag_protocol::{ErrorCode, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ByServer;
use crate::api::{Routes, get};
use crate::app::App;
use crate::cursor;
use crate::hooks::envelope::{Envelope, type_of, types};
use crate::http::ApiError;
use crate::http::extract::Params;
use crate::store::{FedEvent, Stretch};

const EVENTS_PER_PAGE: usize = 100;
const EVENTS_PER_PAGE_MAX: usize = 500;
const WAIT_SECONDS_MAX: u32 = 60;
/// Parts of the log that one request looks through for something that is wanted.
const PARTS_MAX: usize = 20;

pub(super) fn routes() -> Routes {
    Routes::about("Your server: events").with(
        get("/api/app/events", fetch)
            .named("fetchEvents", "What happened in the app after a cursor, and if asked for, wait for it")
            .refusing(&[ErrorCode::CursorGone, ErrorCode::Overloaded]),
    )
}

#[derive(Deserialize, JsonSchema)]
struct FetchParams {
    /// The `cursor` of the answer before, or `latest` for what comes from now on. From the beginning unless given.
    since: Option<String>,
    /// In the place of `since`: from this time on, or from up to a minute before it.
    from: Option<Timestamp>,
    /// Brought into 1 to 500; 100 unless given.
    limit: Option<u64>,
    /// Seconds to wait for something if there is nothing, up to 60.
    wait: Option<u32>,
    /// Types of events, separated by commas; all unless given.
    types: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AppEvents")]
struct Fetched {
    /// In order.
    events: Vec<Envelope>,
    /// Where to go on: to be kept once these events are done.
    cursor: String,
    /// Whether to ask again at once.
    more: bool,
}

async fn fetch(
    State(app): State<Arc<App>>,
    by: ByServer,
    Params(params): Params<FetchParams>,
) -> Result<Answer<Fetched>, ApiError> {
    let asked = params.types.as_deref().unwrap_or_default().split(',').map(str::trim);
    let wanted: Vec<String> = asked.filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
    let wanted = types(wanted).map_err(|error| ApiError::invalid(error.to_string()))?;
    let size = params.limit.map_or(EVENTS_PER_PAGE, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let since = begin(&app, &params).await?;
    let stretch =
        Stretch { app: by.0, chat: None, since, to: None, size: size.clamp(1, EVENTS_PER_PAGE_MAX) };
    let seconds = params.wait.unwrap_or(0).min(WAIT_SECONDS_MAX);
    if seconds == 0 {
        return read(&app, stretch, &wanted).await.map(Answer);
    }
    let full = || ApiError::new(ErrorCode::Overloaded, "too many requests wait for events");
    let _place = Arc::clone(&app.watchers).try_acquire_owned().map_err(|_| full())?;
    let waited = tokio::time::sleep(Duration::from_secs(u64::from(seconds)));
    tokio::pin!(waited);
    let mut stretch = stretch;
    loop {
        let fetched = read(&app, stretch, &wanted).await?;
        if !fetched.events.is_empty() || fetched.more {
            return Ok(Answer(fetched));
        }
        stretch.since = position(&fetched.cursor).unwrap_or(stretch.since);
        tokio::select! {
            () = app.hooks.more_than(stretch.since) => {}
            () = &mut waited => return Ok(Answer(fetched)),
            () = app.stop.cancelled() => return Ok(Answer(fetched)),
        }
    }
}

async fn begin(app: &App, params: &FetchParams) -> Result<u64, ApiError> {
    let head = app.store.feed_head().await?;
    match (&params.since, params.from) {
        (Some(_), Some(_)) => Err(ApiError::invalid("give either since or from")),
        (None, None) => Ok(0),
        (None, Some(time)) => Ok(app.store.position_at(time).await?),
        (Some(latest), None) if latest == "latest" => Ok(head),
        (Some(since), None) => match cursor::read(since, app.store.epoch(), head) {
            Some(position) => Ok(position),
            None if position(since).is_none() => {
                Err(ApiError::invalid("since must be the cursor of an answer, or latest"))
            }
            None => Err(ApiError::new(
                ErrorCode::CursorGone,
                "this cursor is of another database, or of a state that a backup undid: begin again without it",
            )),
        },
    }
}

fn position(cursor: &str) -> Option<u64> {
    cursor.rsplit_once('.')?.1.parse().ok()
}

async fn read(app: &App, mut stretch: Stretch, wanted: &[String]) -> Result<Fetched, ApiError> {
    let epoch = app.store.epoch();
    let is_wanted =
        |fed: &FedEvent| wanted.is_empty() || wanted.iter().any(|kind| kind == type_of(&fed.event.kind));
    for part in 1.. {
        let fed = app.store.feed(stretch).await?;
        let events: Vec<Envelope> = fed
            .events
            .into_iter()
            .filter(is_wanted)
            .map(|event| Envelope::of(event, stretch.app, epoch))
            .collect();
        if !events.is_empty() || !fed.more || part >= PARTS_MAX {
            let cursor = cursor::write(epoch, fed.position);
            return Ok(Fetched { events, cursor, more: fed.more });
        }
        stretch.since = fed.position;
    }
    Err(ApiError::new(ErrorCode::StorageUnavailable, "nothing was read"))
}
