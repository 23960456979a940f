//! Apps, as their account or an administrator sees them. A deleted app is seen by nobody; its rows stay.

use chinwag_protocol::{AccountId, AppId, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

use super::Postgres;
use super::flush::BEGIN;
use super::line::Line;
use super::sessions::{lock_endings, note_end};
use crate::sessions::app::{AppStatus, Tier};
use crate::store::apps::APPS_LISTED_MAX;
use crate::store::{App, AppChanges, CreateAppError, DEMO_APPS_MAX, Ended, Reach, StoreError};

/// Apps within reach: `$1` is the account, or null for all.
macro_rules! select {
    () => {
        "SELECT id, account, name, status, tier, created_at, updated_at FROM apps
         WHERE status <> 'DELETED' AND ($1::uuid IS NULL OR account = $1)"
    };
}

impl Postgres {
    pub(in crate::store) async fn create_app(
        &self,
        owner: Reach,
        name: String,
        tier: Tier,
    ) -> Result<App, CreateAppError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            if let (Reach::Account(account), Tier::Demo) = (owner, tier) {
                // Two at once would both find room.
                line.execute("SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE", &[&account.0]).await?;
                let sql = "SELECT count(*) FROM apps
                           WHERE account = $1 AND tier = 'DEMO' AND status <> 'DELETED'";
                let count = line.row(sql, &[&account.0]).await?.map_or(0, |row| row.get(0));
                if count >= i64::from(DEMO_APPS_MAX) {
                    line.roll_back().await?;
                    return Err(CreateAppError::LimitReached);
                }
            }
            let app = App {
                id: store.ids.next(),
                account: owner.account().map(AccountId),
                name,
                status: AppStatus::Active,
                tier,
                created_at: store.now(),
                updated_at: store.now(),
            };
            let sql = "INSERT INTO apps (id, account, name, status, tier, created_at, updated_at)
                       VALUES ($1, $2, $3, $4, $5, $6, $6)";
            let (status, tier, at) = (app.status.as_str(), tier.as_str(), app.created_at.0);
            line.execute(sql, &[&app.id.0, &owner.account(), &app.name, &status, &tier, &at]).await?;
            line.commit().await?;
            Ok(App { updated_at: app.created_at, ..app })
        })
        .await
    }

    pub(in crate::store) async fn apps(&self, reach: Reach) -> Result<Vec<App>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = concat!(select!(), " ORDER BY created_at, id LIMIT $2");
        let rows = line.query(sql, &[&reach.account(), &i64::from(APPS_LISTED_MAX)]).await?;
        rows.iter().map(app_of).collect()
    }

    pub(in crate::store) async fn apps_named(
        &self,
        reach: Reach,
        name: String,
    ) -> Result<Vec<App>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = concat!(select!(), " AND name = $2 ORDER BY created_at, id LIMIT $3");
        let rows = line.query(sql, &[&reach.account(), &name, &i64::from(APPS_LISTED_MAX)]).await?;
        rows.iter().map(app_of).collect()
    }

    pub(in crate::store) async fn app(&self, reach: Reach, app: AppId) -> Result<Option<App>, StoreError> {
        find(&*self.lines.lend().await?, reach, app).await
    }

    pub(in crate::store) async fn change_app(
        &self,
        reach: Reach,
        app: AppId,
        changes: AppChanges,
    ) -> Result<Option<App>, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            lock_endings(&line).await?;
            let Some(before) = locked(&line, reach, app).await? else {
                line.roll_back().await?;
                return Ok(None);
            };
            let status = changes.status.unwrap_or(before.status);
            let sql = "UPDATE apps SET name = coalesce($2, name), status = $3, updated_at = $4 WHERE id = $1";
            let now = store.now();
            line.execute(sql, &[&app.0, &changes.name, &status.as_str(), &now.0]).await?;
            let after = find(&line, reach, app).await?;
            if status != AppStatus::Active && before.status == AppStatus::Active {
                note_end(&line, Ended::App(app), now).await?;
            }
            line.commit().await?;
            Ok(after)
        })
        .await
    }

    pub(in crate::store) async fn delete_app(&self, reach: Reach, app: AppId) -> Result<bool, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            lock_endings(&line).await?;
            if locked(&line, reach, app).await?.is_none() {
                line.roll_back().await?;
                return Ok(false);
            }
            let now = store.now();
            for sql in [
                "UPDATE apps SET status = 'DELETED', updated_at = $2 WHERE id = $1",
                "UPDATE api_keys SET revoked_at = $2 WHERE app = $1 AND revoked_at IS NULL",
            ] {
                line.execute(sql, &[&app.0, &now.0]).await?;
            }
            note_end(&line, Ended::App(app), now).await?;
            line.commit().await?;
            Ok(true)
        })
        .await
    }

    pub(in crate::store) async fn cluster_id(&self) -> Result<Uuid, StoreError> {
        let made: Uuid = self.ids.next();
        let kept = self.kept_forever("cluster", made.to_string()).await?;
        kept.parse().map_err(|_| StoreError::Unavailable("meta.cluster is no UUID".to_owned()))
    }

    /// What `meta` has under this name: `made`, or what was there before.
    pub(in crate::store) async fn kept_forever(
        &self,
        name: &'static str,
        made: String,
    ) -> Result<String, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            line.execute(sql, &[&name, &made]).await?;
            let kept = line.row("SELECT value FROM meta WHERE name = $1", &[&name]).await?;
            Ok(kept.map_or(made, |row| row.get(0)))
        })
        .await
    }
}

fn app_of(row: &Row) -> Result<App, StoreError> {
    Ok(App {
        id: AppId(row.get(0)),
        account: row.get::<_, Option<Uuid>>(1).map(AccountId),
        name: row.get(2),
        status: status_of(row, 3)?,
        tier: tier_of(row, 4)?,
        created_at: Timestamp(row.get(5)),
        updated_at: Timestamp(row.get(6)),
    })
}

pub(super) fn status_of(row: &Row, column: usize) -> Result<AppStatus, StoreError> {
    let word = row.get(column);
    AppStatus::from_word(word).ok_or_else(|| unknown(word))
}

pub(super) fn tier_of(row: &Row, column: usize) -> Result<Tier, StoreError> {
    let word = row.get(column);
    Tier::from_word(word).ok_or_else(|| unknown(word))
}

pub(super) fn unknown(word: &str) -> StoreError {
    StoreError::Unavailable(format!("a stored app is of no known kind: {word}"))
}

pub(super) async fn find(line: &Line, reach: Reach, app: AppId) -> Result<Option<App>, StoreError> {
    let sql = concat!(select!(), " AND id = $2");
    line.row(sql, &[&reach.account(), &app.0]).await?.as_ref().map(app_of).transpose()
}

/// The app, which nobody else changes until this transaction ends.
pub(super) async fn locked(line: &Line, reach: Reach, app: AppId) -> Result<Option<App>, StoreError> {
    let sql = concat!(select!(), " AND id = $2 FOR NO KEY UPDATE");
    line.row(sql, &[&reach.account(), &app.0]).await?.as_ref().map(app_of).transpose()
}
