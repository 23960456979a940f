//! API keys. Only their hashes are kept, and those of revoked ones stay, so that a key never comes back.

use chinwag_protocol::{AppId, KeyId, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

use super::flush::BEGIN;
use super::line::Line;
use super::lines::Lent;
use super::{Postgres, apps};
use crate::sessions::app::{AppStatus, Audience, Tier};
use crate::sessions::secret::TokenHash;
use crate::store::{ACTIVE_KEYS_MAX, App, Key, KeyError, KeyHolder, NewKey, Reach, StoreError};

/// Keys that work, and their apps.
macro_rules! holder {
    () => {
        "SELECT k.id, k.app, a.status, a.tier, k.audience FROM api_keys k JOIN apps a ON a.id = k.app
         WHERE k.revoked_at IS NULL"
    };
}

impl Postgres {
    pub(in crate::store) async fn create_key(
        &self,
        reach: Reach,
        app: AppId,
        new: NewKey,
    ) -> Result<Key, KeyError> {
        let store = self.clone();
        self.detached(async move {
            let (line, app) = store.active_app(reach, app).await?;
            let sql = "SELECT count(*) FROM api_keys WHERE app = $1 AND audience = $2 AND revoked_at IS NULL";
            let active =
                line.row(sql, &[&app.id.0, &new.audience.as_str()]).await?.map_or(0, |row| row.get(0));
            if active >= i64::from(ACTIVE_KEYS_MAX) {
                line.roll_back().await?;
                return Err(KeyError::LimitReached);
            }
            let key = store.insert_key(&line, &app, &new).await?;
            line.commit().await?;
            Ok(key)
        })
        .await
    }

    /// Begins a transaction in which nobody else changes this app or its keys.
    async fn active_app(&self, reach: Reach, app: AppId) -> Result<(Lent, App), KeyError> {
        let mut line = self.lines.lend().await?;
        line.begin(BEGIN).await?;
        let refused = match apps::locked(&line, reach, app).await? {
            Some(app) if app.status == AppStatus::Active => return Ok((line, app)),
            Some(_) => KeyError::AppSuspended,
            None => KeyError::AppNotFound,
        };
        line.roll_back().await?;
        Err(refused)
    }

    async fn insert_key(&self, line: &Line, app: &App, new: &NewKey) -> Result<Key, StoreError> {
        let key = Key {
            id: self.ids.next(),
            prefix: new.prefix.clone(),
            audience: new.audience,
            tier: app.tier,
            created_at: self.now(),
        };
        let sql = "INSERT INTO api_keys (id, app, token_hash, prefix, created_at, audience)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let audience = key.audience.as_str();
        let hash = new.hash.as_slice();
        line.execute(sql, &[&key.id.0, &app.id.0, &hash, &key.prefix, &key.created_at.0, &audience]).await?;
        Ok(key)
    }

    pub(in crate::store) async fn keys(&self, reach: Reach, app: AppId) -> Result<Vec<Key>, KeyError> {
        let line = self.lines.lend().await?;
        let app = apps::find(&line, reach, app).await?.ok_or(KeyError::AppNotFound)?;
        let sql =
            "SELECT id, prefix, created_at, audience FROM api_keys WHERE app = $1 AND revoked_at IS NULL
                   ORDER BY created_at, id";
        let rows = line.query(sql, &[&app.id.0]).await?;
        let key = |row: &Row| {
            Ok(Key {
                id: KeyId(row.get(0)),
                prefix: row.get(1),
                audience: audience_of(row, 3)?,
                tier: app.tier,
                created_at: Timestamp(row.get(2)),
            })
        };
        rows.iter().map(key).collect()
    }

    pub(in crate::store) async fn keys_known_as(
        &self,
        id: Option<KeyId>,
        prefix: String,
    ) -> Result<Vec<KeyHolder>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = concat!(holder!(), " AND a.status <> 'DELETED' AND (k.id = $1 OR k.prefix = $2)");
        let id: Option<Uuid> = id.map(|id| id.0);
        line.query(sql, &[&id, &prefix]).await?.iter().map(holder_of).collect()
    }

    pub(in crate::store) async fn revoke_key(
        &self,
        reach: Reach,
        app: AppId,
        key: KeyId,
    ) -> Result<(), KeyError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let app = apps::find(&line, reach, app).await?.ok_or(KeyError::AppNotFound)?;
            revoke(&line, app.id, key, store.now()).await
        })
        .await
    }

    pub(in crate::store) async fn rotate_key(
        &self,
        reach: Reach,
        app: AppId,
        key: KeyId,
        new: NewKey,
    ) -> Result<Key, KeyError> {
        let store = self.clone();
        self.detached(async move {
            let (line, app) = store.active_app(reach, app).await?;
            if let Err(refused) = revoke(&line, app.id, key, store.now()).await {
                line.roll_back().await?;
                return Err(refused);
            }
            let key = store.insert_key(&line, &app, &new).await?;
            line.commit().await?;
            Ok(key)
        })
        .await
    }

    pub(in crate::store) async fn key_holder(
        &self,
        token: TokenHash,
    ) -> Result<Option<KeyHolder>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = concat!(holder!(), " AND k.token_hash = $1");
        line.row(sql, &[&token.as_slice()]).await?.as_ref().map(holder_of).transpose()
    }
}

fn holder_of(row: &Row) -> Result<KeyHolder, StoreError> {
    let (status, tier): (AppStatus, Tier) = (apps::status_of(row, 2)?, apps::tier_of(row, 3)?);
    let audience = audience_of(row, 4)?;
    Ok(KeyHolder { key: KeyId(row.get(0)), app: AppId(row.get(1)), audience, status, tier })
}

fn audience_of(row: &Row, column: usize) -> Result<Audience, StoreError> {
    let word = row.get(column);
    Audience::from_word(word).ok_or_else(|| apps::unknown(word))
}

async fn revoke(line: &Line, app: AppId, key: KeyId, now: Timestamp) -> Result<(), KeyError> {
    let sql = "UPDATE api_keys SET revoked_at = $3 WHERE app = $1 AND id = $2 AND revoked_at IS NULL";
    let revoked = line.execute(sql, &[&app.0, &key.0, &now.0]).await?;
    if revoked == 0 { Err(KeyError::KeyNotFound) } else { Ok(()) }
}
