//! What administrators and accounts did.

use chinwag_protocol::{AccountId, AppId, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

use super::Postgres;
use crate::store::audit::AUDIT_STEP;
use crate::store::{AuditEntry, AuditSearch, Deed, StoreError};

impl Postgres {
    pub(in crate::store) async fn note_deed(&self, deed: Deed) -> Result<(), StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let (account, app) = (deed.account.map(|account| account.0), deed.app.map(|app| app.0));
            let address = deed.address.map(|address| address.to_string());
            let sql = "INSERT INTO audit (at, actor, account, act, app, subject, address, detail)
                       VALUES ($1, $2, coalesce($3::uuid, (SELECT account FROM apps WHERE id = $5)), $4, $5::uuid,
                               $6, $7, $8)";
            let (now, actor, act) = (store.now().0, deed.actor.as_str(), deed.act.as_str());
            line.execute(sql, &[&now, &actor, &account, &act, &app, &deed.subject, &address, &deed.detail])
                .await?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn audit(&self, search: AuditSearch) -> Result<Vec<AuditEntry>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT id, at, actor, account, act, app, subject, address, detail FROM audit
                   WHERE ($1::uuid IS NULL OR account = $1) AND ($2::uuid IS NULL OR app = $2) AND id < $3
                   ORDER BY id DESC LIMIT $4";
        let (account, app) = (search.account.map(|account| account.0), search.app.map(|app| app.0));
        let (before, size) = (search.before.unwrap_or(i64::MAX), i64::from(search.size));
        let rows = line.query(sql, &[&account, &app, &before, &size]).await?;
        Ok(rows.iter().map(entry_of).collect())
    }

    pub(in crate::store) async fn forget_audit(&self, before: Timestamp) -> Result<bool, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let sql =
                "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at LIMIT $2)";
            Ok(line.execute(sql, &[&before.0, &i64::from(AUDIT_STEP)]).await? > 0)
        })
        .await
    }
}

fn entry_of(row: &Row) -> AuditEntry {
    AuditEntry {
        id: row.get(0),
        at: Timestamp(row.get(1)),
        actor: row.get(2),
        account: row.get::<_, Option<Uuid>>(3).map(AccountId),
        act: row.get(4),
        app: row.get::<_, Option<Uuid>>(5).map(AppId),
        subject: row.get(6),
        address: row.get(7),
        detail: row.get(8),
    }
}
