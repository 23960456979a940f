//! Keeping the store healthy and small.

use rusqlite::params;

use super::Store;
use crate::store::StoreError;

/// Nonces are kept twice as long as the protocol promises (section 3).
const NONCES_KEPT_SECONDS: i64 = 2 * 86_400;
/// Nonces forgotten in one commit.
const STEP_ROWS: u32 = 1000;

impl Store {
    /// Whether a write reaches the disk now.
    pub async fn check(&self) -> Result<(), StoreError> {
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

    /// Forgets some nonces that are too old to be repeated; true if there may be more.
    pub async fn forget_nonces(&self) -> Result<bool, StoreError> {
        self.write(|tx| {
            let before = tx.now().plus_seconds(-NONCES_KEPT_SECONDS);
            // In the order of their ids they are in the order of time, so the oldest are found without a search.
            let forgotten = tx
                .prepare_cached(
                    "DELETE FROM nonces WHERE id IN (SELECT id FROM nonces ORDER BY id LIMIT ?2) AND at < ?1",
                )?
                .execute(params![before.0, STEP_ROWS])?;
            Ok(forgotten > 0)
        })
        .await
    }
}
