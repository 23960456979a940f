//! Webhooks: an app's endpoints are told what happens in it (docs/webhooks.md). Nothing is queued for them: each is a
//! cursor over the log, which is read beside those who chat, and moves when the endpoint has taken what is before it.
//!
//! One process at a time serves an endpoint (a lease in the store). One task serves one endpoint, so none waits for another.

pub mod address;
mod backoff;
mod claim;
pub mod envelope;
mod post;
mod sign;
mod turn;
mod worker;

use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};
use uuid::Uuid;

use crate::sessions::secret::random_bytes;
use crate::store::Store;

pub use claim::serve;
pub use sign::new_secret;

/// How often it is asked whether more has happened, while anybody wants to know.
const HEAD_INTERVAL: Duration = Duration::from_millis(100);
/// How often moments are noted.
const MOMENT_INTERVAL: Duration = Duration::from_secs(60);
/// Deliveries under way at once, over all endpoints.
const DELIVERIES_MAX: usize = 128;

/// What those who wait for events share.
pub struct Hooks {
    /// This process, among those that share the database.
    owner: Uuid,
    head: watch::Sender<u64>,
    wake: Notify,
    deliveries: Semaphore,
}

impl Default for Hooks {
    fn default() -> Self {
        let owner = uuid::Builder::from_random_bytes(random_bytes()).into_uuid();
        let deliveries = Semaphore::new(DELIVERIES_MAX);
        Self { owner, head: watch::Sender::new(0), wake: Notify::new(), deliveries }
    }
}

impl Hooks {
    /// Endpoints were made or changed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Returns when something happened after `position`, in whatever app.
    pub async fn more_than(&self, position: u64) {
        let mut head = self.head.subscribe();
        // The sender is as old as the process.
        let _ = head.wait_for(|head| *head > position).await;
    }

    /// Keeps the head up to date while anybody waits for it.
    async fn follow(&self, store: &Store) {
        loop {
            if self.head.receiver_count() > 0 {
                match store.feed_head().await {
                    Ok(head) => {
                        self.head.send_if_modified(|known| std::mem::replace(known, head) != head);
                    }
                    Err(error) => tracing::warn!(%error, "unable to read how far the log is"),
                }
            }
            tokio::time::sleep(HEAD_INTERVAL).await;
        }
    }
}

/// Notes where the log stands, for those who will go back to a time.
async fn note_moments(store: &Store) {
    let mut noted = None;
    loop {
        match store.feed_head().await {
            Ok(head) if noted == Some(head) => {}
            Ok(head) => match store.note_moment().await {
                Ok(()) => noted = Some(head),
                Err(error) => tracing::warn!(%error, "unable to note a moment"),
            },
            Err(error) => tracing::warn!(%error, "unable to read how far the log is"),
        }
        tokio::time::sleep(MOMENT_INTERVAL).await;
    }
}
