//! Forgetting chats that were deleted long ago, in small steps. Several nodes may do it at once.

use std::sync::atomic::Ordering;

use chinwag_protocol::Timestamp;
use uuid::Uuid;

use super::flush::BEGIN;
use super::{Postgres, natural};
use crate::store::StoreError;
use crate::store::upkeep::{CHATS_STEP, DELETED_CHATS_KEPT_SECONDS, DELETED_CHATS_TOLD_SECONDS, HORIZON};

impl Postgres {
    pub(in crate::store) fn horizon(&self) -> u64 {
        self.horizon.load(Ordering::Acquire)
    }

    pub(in crate::store) async fn forget_chats(&self, now: Timestamp) -> Result<bool, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            let told = now.plus_seconds(-DELETED_CHATS_TOLD_SECONDS).0;
            let sql = "INSERT INTO meta AS m (name, value)
                       VALUES ($1, (SELECT coalesce(max(head_position), 0) FROM chats WHERE deleted_at < $2)::text)
                       ON CONFLICT (name) DO UPDATE SET value = greatest(m.value::bigint, excluded.value::bigint)::text
                       RETURNING value::bigint";
            if let Some(row) = line.row(sql, &[&HORIZON, &told]).await? {
                store.horizon.fetch_max(natural(row.get(0)), Ordering::AcqRel);
            }
            let kept = now.plus_seconds(-DELETED_CHATS_KEPT_SECONDS).0;
            line.begin(BEGIN).await?;
            let sql = "SELECT id FROM chats WHERE deleted_at < $1 AND id NOT IN (SELECT subject FROM erasures)
                       LIMIT $2 FOR UPDATE SKIP LOCKED";
            let rows = line.query(sql, &[&kept, &i64::from(CHATS_STEP)]).await?;
            let chats: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
            for sql in [
                "DELETE FROM changes WHERE chat = ANY ($1)",
                "DELETE FROM stays WHERE chat = ANY ($1)",
                "DELETE FROM members WHERE chat = ANY ($1)",
                "DELETE FROM chats WHERE id = ANY ($1)",
            ] {
                if !chats.is_empty() {
                    line.execute(sql, &[&chats]).await?;
                }
            }
            line.commit().await?;
            Ok(chats.len() == CHATS_STEP as usize)
        })
        .await
    }
}
