//! Keeping the store healthy and small. Several nodes may do it at once.

use super::Postgres;
use super::verbs::Verb;
use crate::store::upkeep::{NONCES_KEPT_SECONDS, NONCES_STEP};
use crate::store::{ChatError, StoreError};

impl Postgres {
    pub(in crate::store) async fn check(&self) -> Result<(), StoreError> {
        match self.verb(Verb::Check).await {
            Err(ChatError::Store(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Nothing to be done from here: PostgreSQL's own vacuum frees what was removed, and its log is recycled.
    #[expect(clippy::unused_async, reason = "as of the other engine")]
    pub(in crate::store) async fn scrub(&self) -> Result<bool, StoreError> {
        Ok(true)
    }

    pub(in crate::store) async fn forget_nonces(&self) -> Result<bool, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let before = store.now().plus_seconds(-NONCES_KEPT_SECONDS);
            let sql = "DELETE FROM nonces n USING
                         (SELECT user_id, nonce FROM nonces WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED) o
                       WHERE n.user_id = o.user_id AND n.nonce = o.nonce";
            Ok(line.execute(sql, &[&before.0, &i64::from(NONCES_STEP)]).await? > 0)
        })
        .await
    }
}
