//! Forgetting chats that were deleted long ago, in small steps.

use std::sync::atomic::Ordering;

use chinwag_protocol::Timestamp;
use rusqlite::params;
use uuid::Uuid;

use super::{Sqlite, Tx};
use crate::store::StoreError;
use crate::store::upkeep::{CHATS_STEP, DELETED_CHATS_KEPT_SECONDS, DELETED_CHATS_TOLD_SECONDS, HORIZON};

impl Sqlite {
    pub(in crate::store) fn horizon(&self) -> u64 {
        self.horizon.load(Ordering::Acquire)
    }

    pub(in crate::store) async fn forget_chats(&self, now: Timestamp) -> Result<bool, StoreError> {
        let (horizon, more) = self
            .write(move |tx| {
                let horizon = raise_horizon(tx, now.plus_seconds(-DELETED_CHATS_TOLD_SECONDS))?;
                let forgotten = forget(tx, now.plus_seconds(-DELETED_CHATS_KEPT_SECONDS))?;
                Ok::<_, StoreError>((horizon, forgotten == CHATS_STEP as usize))
            })
            .await?;
        self.horizon.fetch_max(horizon, Ordering::AcqRel);
        Ok(more)
    }
}

fn raise_horizon(tx: &Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let raised: Option<u64> = tx
        .prepare_cached("SELECT max(head_position) FROM chats WHERE deleted_at < ?1")?
        .query_row([before.0], |row| row.get(0))?;
    tx.prepare_cached(
        "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name)
         DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(?2 AS INTEGER))",
    )?
    .execute(params![HORIZON, raised.unwrap_or(0).to_string()])?;
    let horizon = tx
        .prepare_cached("SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?1")?
        .query_row([HORIZON], |row| row.get(0))?;
    Ok(horizon)
}

/// How many were forgotten. The newest event of all stays: positions go on after it.
fn forget(tx: &Tx<'_>, before: Timestamp) -> Result<usize, StoreError> {
    let chats: Vec<Uuid> = tx
        .prepare_cached(
            "SELECT id FROM chats WHERE deleted_at < ?1 AND id NOT IN (SELECT subject FROM erasures)
               AND head_position < max(ifnull((SELECT max(position) FROM messages), 0),
                                       ifnull((SELECT max(position) FROM changes), 0)) LIMIT ?2",
        )?
        .query_map(params![before.0, CHATS_STEP], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for chat in &chats {
        for sql in [
            "DELETE FROM changes WHERE chat = ?1",
            "DELETE FROM stays WHERE chat = ?1",
            "DELETE FROM members WHERE chat = ?1",
            "DELETE FROM chats WHERE id = ?1",
        ] {
            tx.prepare_cached(sql)?.execute([chat])?;
        }
    }
    Ok(chats.len())
}
