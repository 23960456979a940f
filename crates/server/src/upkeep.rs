//! What is done beside the requests: closing the connections of what ended, erasing what was deleted, forgetting what
//! is too old to matter. Everything that is to be done stands in the store, so a restart goes on with it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::app::App;
use crate::store::StoreError;

/// How often endings are looked for: whoever ended them, this process or another, sockets close within a second.
const ENDINGS_INTERVAL: Duration = Duration::from_millis(250);
/// How often the rest is looked after, if nobody asks before.
const ROUNDS_INTERVAL: Duration = Duration::from_secs(30);

/// Wakes the upkeep: there is something to erase.
#[derive(Default)]
pub struct Upkeep {
    wake: Notify,
}

impl Upkeep {
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

/// Closes connections as their sessions end, until the server stops.
pub async fn watch_endings(app: Arc<App>, mut last: i64) {
    loop {
        match app.store.endings_after(last).await {
            Ok(endings) => {
                for ending in endings {
                    app.presence.end(ending.ended);
                    last = ending.id;
                }
            }
            Err(error) => tracing::warn!(%error, "unable to read which sessions ended"),
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(ENDINGS_INTERVAL) => {}
        }
    }
}

/// Erases and forgets, until the server stops.
pub async fn keep_up(app: Arc<App>) {
    loop {
        if let Err(error) = round(&app).await {
            tracing::warn!(%error, "unable to do the upkeep; it is tried again");
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = app.upkeep.wake.notified() => {}
            () = tokio::time::sleep(ROUNDS_INTERVAL) => {}
        }
    }
}

async fn round(app: &App) -> Result<(), StoreError> {
    for erasure in app.store.erasures().await? {
        app.store.erase(erasure).await?;
    }
    app.store.forget_expired().await?;
    while app.store.forget_nonces().await? {}
    Ok(())
}
