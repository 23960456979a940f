//! Apps, as their account or an administrator sees them. A deleted app is seen by nobody; its rows stay.

use chinwag_protocol::{AccountId, AppId, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::sessions;
use super::{Sqlite, Tx};
use crate::sessions::app::{AppStatus, Tier};
use crate::store::apps::APPS_LISTED_MAX;
use crate::store::{App, AppChanges, CreateAppError, DEMO_APPS_MAX, Ended, Reach, StoreError};

impl Sqlite {
    pub(in crate::store) async fn create_app(
        &self,
        owner: Reach,
        name: String,
        tier: Tier,
    ) -> Result<App, CreateAppError> {
        self.write(move |tx| {
            if let (Reach::Account(account), Tier::Demo) = (owner, tier)
                && demo_apps(tx, account)? >= DEMO_APPS_MAX
            {
                return Err(CreateAppError::LimitReached);
            }
            let id: AppId = tx.ids().next();
            tx.prepare_cached(
                "INSERT INTO apps (id, account, name, status, tier, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
            )?
            .execute(params![
                id.0,
                owner.account(),
                name,
                AppStatus::Active.as_str(),
                tier.as_str(),
                tx.now().0
            ])?;
            Ok(find(tx, owner, id)?
                .ok_or_else(|| StoreError::Unavailable("the new app is not there".into()))?)
        })
        .await
    }

    pub(in crate::store) async fn apps(&self, reach: Reach) -> Result<Vec<App>, StoreError> {
        self.read(move |connection| {
            let apps = connection
                .prepare_cached(&format!("{SELECT} ORDER BY created_at, id LIMIT ?2"))?
                .query_map(params![reach.account(), APPS_LISTED_MAX], app_of)?
                .collect::<Result<_, _>>()?;
            Ok(apps)
        })
        .await
    }

    pub(in crate::store) async fn apps_named(
        &self,
        reach: Reach,
        name: String,
    ) -> Result<Vec<App>, StoreError> {
        self.read(move |connection| {
            let apps = connection
                .prepare_cached(&format!("{SELECT} AND name = ?2 ORDER BY created_at, id LIMIT ?3"))?
                .query_map(params![reach.account(), name, APPS_LISTED_MAX], app_of)?
                .collect::<Result<_, _>>()?;
            Ok(apps)
        })
        .await
    }

    pub(in crate::store) async fn app(&self, reach: Reach, app: AppId) -> Result<Option<App>, StoreError> {
        self.read(move |connection| find(connection, reach, app)).await
    }

    pub(in crate::store) async fn change_app(
        &self,
        reach: Reach,
        app: AppId,
        changes: AppChanges,
    ) -> Result<Option<App>, StoreError> {
        self.write(move |tx| {
            let Some(before) = find(tx, reach, app)? else { return Ok(None) };
            let status = changes.status.unwrap_or(before.status);
            tx.prepare_cached(
                "UPDATE apps SET name = ifnull(?2, name), status = ?3, updated_at = ?4 WHERE id = ?1",
            )?
            .execute(params![app.0, changes.name, status.as_str(), tx.now().0])?;
            if status != AppStatus::Active && before.status == AppStatus::Active {
                sessions::note_end(tx, Ended::App(app))?;
            }
            find(tx, reach, app)
        })
        .await
    }

    pub(in crate::store) async fn delete_app(&self, reach: Reach, app: AppId) -> Result<bool, StoreError> {
        self.write(move |tx| {
            if find(tx, reach, app)?.is_none() {
                return Ok(false);
            }
            let key = params![app.0, tx.now().0];
            tx.prepare_cached("UPDATE apps SET status = 'DELETED', updated_at = ?2 WHERE id = ?1")?
                .execute(key)?;
            tx.prepare_cached("UPDATE api_keys SET revoked_at = ?2 WHERE app = ?1 AND revoked_at IS NULL")?
                .execute(key)?;
            sessions::note_end(tx, Ended::App(app))?;
            Ok(true)
        })
        .await
    }

    pub(in crate::store) async fn cluster_id(&self) -> Result<Uuid, StoreError> {
        self.write(|tx| {
            let made: Uuid = tx.ids().next();
            tx.execute(
                "INSERT INTO meta (name, value) VALUES ('cluster', ?1) ON CONFLICT DO NOTHING",
                [made.to_string()],
            )?;
            let kept: String =
                tx.query_row("SELECT value FROM meta WHERE name = 'cluster'", [], |row| row.get(0))?;
            kept.parse().map_err(|_| StoreError::Unavailable("meta.cluster is no UUID".to_owned()))
        })
        .await
    }
}

const SELECT: &str = "SELECT id, account, name, status, tier, created_at, updated_at FROM apps
     WHERE status <> 'DELETED' AND (?1 IS NULL OR account = ?1)";

fn app_of(row: &Row<'_>) -> rusqlite::Result<App> {
    Ok(App {
        id: AppId(row.get(0)?),
        account: row.get::<_, Option<Uuid>>(1)?.map(AccountId),
        name: row.get(2)?,
        status: status_of(row, 3)?,
        tier: tier_of(row, 4)?,
        created_at: Timestamp(row.get(5)?),
        updated_at: Timestamp(row.get(6)?),
    })
}

pub(super) fn status_of(row: &Row<'_>, column: usize) -> rusqlite::Result<AppStatus> {
    let word: String = row.get(column)?;
    AppStatus::from_word(&word).ok_or_else(|| unknown(column, word))
}

pub(super) fn tier_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Tier> {
    let word: String = row.get(column)?;
    Tier::from_word(&word).ok_or_else(|| unknown(column, word))
}

pub(super) fn unknown(column: usize, word: String) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, word, Type::Text)
}

pub(super) fn find(connection: &Connection, reach: Reach, app: AppId) -> Result<Option<App>, StoreError> {
    let found = connection
        .prepare_cached(&format!("{SELECT} AND id = ?2"))?
        .query_row(params![reach.account(), app.0], app_of)
        .optional()?;
    Ok(found)
}

fn demo_apps(tx: &Tx<'_>, account: AccountId) -> Result<u32, StoreError> {
    let count = tx
        .prepare_cached(
            "SELECT count(*) FROM apps WHERE account = ?1 AND tier = 'DEMO' AND status <> 'DELETED'",
        )?
        .query_row([account.0], |row| row.get(0))?;
    Ok(count)
}
