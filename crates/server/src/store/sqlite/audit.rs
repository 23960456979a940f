//! What administrators and accounts did.

use chinwag_protocol::{AccountId, AppId, Timestamp};
use rusqlite::{Row, params};
use uuid::Uuid;

use super::Sqlite;
use crate::store::audit::AUDIT_STEP;
use crate::store::{AuditEntry, AuditSearch, Deed, StoreError};

impl Sqlite {
    pub(in crate::store) async fn note_deed(&self, deed: Deed) -> Result<(), StoreError> {
        self.write(move |tx| {
            let app = deed.app.map(|app| app.0);
            tx.prepare_cached(
                "INSERT INTO audit (at, actor, account, act, app, subject, address, detail)
                 VALUES (?1, ?2, ifnull(?3, (SELECT account FROM apps WHERE id = ?5)), ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                tx.now().0,
                deed.actor.as_str(),
                deed.account.map(|account| account.0),
                deed.act.as_str(),
                app,
                deed.subject,
                deed.address.map(|address| address.to_string()),
                deed.detail,
            ])?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn audit(&self, search: AuditSearch) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(move |connection| {
            let entries = connection
                .prepare_cached(
                    "SELECT id, at, actor, account, act, app, subject, address, detail FROM audit
                     WHERE (?1 IS NULL OR account = ?1) AND (?2 IS NULL OR app = ?2) AND id < ?3
                     ORDER BY id DESC LIMIT ?4",
                )?
                .query_map(
                    params![
                        search.account.map(|account| account.0),
                        search.app.map(|app| app.0),
                        search.before.unwrap_or(i64::MAX),
                        search.size
                    ],
                    entry_of,
                )?
                .collect::<Result<_, _>>()?;
            Ok(entries)
        })
        .await
    }

    pub(in crate::store) async fn forget_audit(&self, before: Timestamp) -> Result<bool, StoreError> {
        self.write(move |tx| {
            let forgotten = tx
                .prepare_cached(
                    "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ?1 ORDER BY at LIMIT ?2)",
                )?
                .execute(params![before.0, AUDIT_STEP])?;
            Ok(forgotten > 0)
        })
        .await
    }
}

fn entry_of(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        id: row.get(0)?,
        at: Timestamp(row.get(1)?),
        actor: row.get(2)?,
        account: row.get::<_, Option<Uuid>>(3)?.map(AccountId),
        act: row.get(4)?,
        app: row.get::<_, Option<Uuid>>(5)?.map(AppId),
        subject: row.get(6)?,
        address: row.get(7)?,
        detail: row.get(8)?,
    })
}
