//! Keeping the store healthy and small.

use rusqlite::params;
use tokio::sync::oneshot;

use super::Sqlite;
use super::writer::Order;
use crate::store::StoreError;
use crate::store::upkeep::{NONCES_KEPT_SECONDS, NONCES_STEP};

impl Sqlite {
    pub(in crate::store) async fn check(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO meta (name, value) VALUES ('checked_at', ?1)
                 ON CONFLICT (name) DO UPDATE SET value = ?1",
            )?
            .execute([tx.now().0.to_string()])?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn scrub(&self) -> Result<bool, StoreError> {
        let (reply, done) = oneshot::channel();
        let _ = self.jobs.send(Order::Scrub(reply)).await;
        Ok(done.await.unwrap_or(false))
    }

    pub(in crate::store) async fn forget_nonces(&self) -> Result<bool, StoreError> {
        self.write(|tx| {
            let before = tx.now().plus_seconds(-NONCES_KEPT_SECONDS);
            // In the order of their ids they are in the order of time, so the oldest are found without a search.
            let forgotten = tx
                .prepare_cached(
                    "DELETE FROM nonces WHERE id IN (SELECT id FROM nonces ORDER BY id LIMIT ?2) AND at < ?1",
                )?
                .execute(params![before.0, NONCES_STEP])?;
            Ok(forgotten > 0)
        })
        .await
    }
}
