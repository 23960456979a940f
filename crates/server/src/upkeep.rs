//! What is done beside the requests: closing the connections of what ended, erasing what was deleted, forgetting what
//! is too old to matter. Everything that is to be done stands in the store, so a restart goes on with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::app::App;
use crate::store::{Act, Actor, Deed, Reach, StoreError};
use crate::telemetry::SAMPLE_INTERVAL;

/// How often endings are looked for: whoever ended them, this process or another, sockets close within a second.
const ENDINGS_INTERVAL: Duration = Duration::from_millis(250);
/// How often it is asked what was deleted by other processes. What this one deletes wakes the upkeep at once.
const ERASURES_INTERVAL: Duration = Duration::from_secs(1);
/// How often what is too old is forgotten.
const FORGETTING_INTERVAL: Duration = Duration::from_secs(30);
/// How often messages are removed that are older than their app keeps them.
const RETENTION_INTERVAL: Duration = Duration::from_secs(600);
const DAY_SECONDS: i64 = 86_400;

/// Wakes the upkeep: there is something to erase.
#[derive(Default)]
pub struct Upkeep {
    wake: Notify,
    /// What was erased may still stand in the files.
    to_scrub: AtomicBool,
}

impl Upkeep {
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Notes whether the files could be made to forget.
    pub fn scrubbed(&self, done: bool) {
        self.to_scrub.fetch_or(!done, Ordering::Relaxed);
    }
}

/// Closes connections as their sessions end, until the server stops.
pub async fn watch_endings(app: Arc<App>, mut last: i64) {
    loop {
        match app.store.endings_after(last).await {
            Ok(endings) if !endings.is_empty() => {
                for ending in endings {
                    app.presence.end(ending.ended);
                    last = ending.id;
                }
                // There may be more than were read at once.
                continue;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "unable to read which sessions ended"),
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(ENDINGS_INTERVAL) => {}
        }
    }
}

/// Samples the figures of apps, until the server stops.
pub async fn sample_figures(app: Arc<App>) {
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(SAMPLE_INTERVAL) => app.telemetry.figures.keep_samples(),
        }
    }
}

/// Erases what was deleted, until the server stops.
pub async fn erase_deleted(app: Arc<App>) {
    loop {
        if let Err(error) = erase(&app).await {
            tracing::warn!(%error, "unable to erase what was deleted; it is tried again");
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = app.upkeep.wake.notified() => {}
            () = tokio::time::sleep(ERASURES_INTERVAL) => {}
        }
    }
}

async fn erase(app: &App) -> Result<(), StoreError> {
    for erasure in app.store.erasures().await? {
        app.store.erase(erasure).await?;
        app.upkeep.scrubbed(false);
    }
    if app.upkeep.to_scrub.swap(false, Ordering::Relaxed) {
        app.upkeep.scrubbed(app.store.scrub().await?);
    }
    Ok(())
}

/// Removes messages that are older than their app keeps them, until the server stops.
pub async fn apply_retention(app: Arc<App>) {
    loop {
        if let Err(error) = retain(&app).await {
            tracing::warn!(%error, "unable to remove what is older than it is kept; it is tried again");
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(RETENTION_INTERVAL) => {}
        }
    }
}

async fn retain(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    for of in app.store.apps(Reach::All).await? {
        let Some(days) = of.retention_days else { continue };
        let before = now.plus_seconds(-i64::from(days.get()) * DAY_SECONDS);
        let removed = app.store.expire_messages(of.id, before).await?;
        if removed > 0 {
            tracing::info!(app = %of.id, %days, removed, "messages older than their app keeps them were removed");
            let detail = format!("{removed} messages sent before {before}");
            app.note(Deed::new(Actor::Server, Act::RetentionApplied).in_app(of.id).saying(detail)).await;
            app.upkeep.scrubbed(false);
        }
    }
    Ok(())
}

/// Forgets what is too old, until the server stops.
pub async fn forget_old(app: Arc<App>) {
    loop {
        if let Err(error) = forget(&app).await {
            tracing::warn!(%error, "unable to forget what is too old; it is tried again");
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(FORGETTING_INTERVAL) => {}
        }
    }
}

async fn forget(app: &App) -> Result<(), StoreError> {
    app.store.forget_expired().await?;
    while app.store.forget_nonces().await? {}
    while app.store.forget_chats(app.clock.now()).await? {}
    let kept = i64::from(app.settings.audit.days) * DAY_SECONDS;
    while app.store.forget_audit(app.clock.now().plus_seconds(-kept)).await? {}
    Ok(())
}
