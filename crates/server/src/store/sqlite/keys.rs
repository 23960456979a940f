//! API keys. Only their hashes are kept, and those of revoked ones stay, so that a key never comes back.

use chinwag_protocol::{AppId, KeyId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::apps;
use super::{Sqlite, Tx};
use crate::sessions::app::{AppStatus, Audience, Tier};
use crate::sessions::secret::TokenHash;
use crate::store::{ACTIVE_KEYS_MAX, App, Key, KeyError, KeyHolder, NewKey, Reach, StoreError};

impl Sqlite {
    pub(in crate::store) async fn create_key(
        &self,
        reach: Reach,
        app: AppId,
        new: NewKey,
    ) -> Result<Key, KeyError> {
        self.write(move |tx| {
            let app = active_app(tx, reach, app)?;
            let active: u32 = tx
                .prepare_cached(
                    "SELECT count(*) FROM api_keys WHERE app = ?1 AND audience = ?2 AND revoked_at IS NULL",
                )?
                .query_row(params![app.id.0, new.audience.as_str()], |row| row.get(0))?;
            if active >= ACTIVE_KEYS_MAX {
                return Err(KeyError::LimitReached);
            }
            Ok(insert(tx, &app, &new)?)
        })
        .await
    }

    pub(in crate::store) async fn keys(&self, reach: Reach, app: AppId) -> Result<Vec<Key>, KeyError> {
        self.read(move |connection| {
            let app = apps::find(connection, reach, app)?.ok_or(KeyError::AppNotFound)?;
            let keys = connection
                .prepare_cached(
                    "SELECT id, prefix, created_at, audience FROM api_keys WHERE app = ?1 AND revoked_at IS NULL
                     ORDER BY created_at, id",
                )?
                .query_map([app.id.0], |row| key_of(row, app.tier))?
                .collect::<Result<_, _>>()?;
            Ok(keys)
        })
        .await
    }

    pub(in crate::store) async fn keys_known_as(
        &self,
        id: Option<KeyId>,
        prefix: String,
    ) -> Result<Vec<KeyHolder>, StoreError> {
        self.read(move |connection| {
            let keys = connection
                .prepare_cached(&format!(
                    "{HOLDER} AND a.status <> 'DELETED' AND (k.id = ?1 OR k.prefix = ?2)"
                ))?
                .query_map(params![id.map(|id| id.0), prefix], holder_of)?
                .collect::<Result<_, _>>()?;
            Ok(keys)
        })
        .await
    }

    pub(in crate::store) async fn revoke_key(
        &self,
        reach: Reach,
        app: AppId,
        key: KeyId,
    ) -> Result<(), KeyError> {
        self.write(move |tx| {
            let app = apps::find(tx, reach, app)?.ok_or(KeyError::AppNotFound)?;
            revoke(tx, app.id, key)
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
        self.write(move |tx| {
            let app = active_app(tx, reach, app)?;
            revoke(tx, app.id, key)?;
            Ok(insert(tx, &app, &new)?)
        })
        .await
    }

    pub(in crate::store) async fn key_holder(
        &self,
        token: TokenHash,
    ) -> Result<Option<KeyHolder>, StoreError> {
        self.read(move |connection| {
            let holder = connection
                .prepare_cached(&format!("{HOLDER} AND k.token_hash = ?1"))?
                .query_row([token], holder_of)
                .optional()?;
            Ok(holder)
        })
        .await
    }
}

const HOLDER: &str =
    "SELECT k.id, k.app, a.status, a.tier, k.audience FROM api_keys k JOIN apps a ON a.id = k.app
     WHERE k.revoked_at IS NULL";

fn holder_of(row: &Row<'_>) -> rusqlite::Result<KeyHolder> {
    Ok(KeyHolder {
        key: KeyId(row.get(0)?),
        app: AppId(row.get(1)?),
        status: apps::status_of(row, 2)?,
        tier: apps::tier_of(row, 3)?,
        audience: audience_of(row, 4)?,
    })
}

fn active_app(connection: &Connection, reach: Reach, app: AppId) -> Result<App, KeyError> {
    match apps::find(connection, reach, app)? {
        None => Err(KeyError::AppNotFound),
        Some(app) if app.status != AppStatus::Active => Err(KeyError::AppSuspended),
        Some(app) => Ok(app),
    }
}

fn insert(tx: &Tx<'_>, app: &App, new: &NewKey) -> Result<Key, StoreError> {
    let key = Key {
        id: tx.ids().next(),
        prefix: new.prefix.clone(),
        audience: new.audience,
        tier: app.tier,
        created_at: tx.now(),
    };
    tx.prepare_cached(
        "INSERT INTO api_keys (id, app, token_hash, prefix, created_at, audience) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![key.id.0, app.id.0, new.hash, key.prefix, key.created_at.0, key.audience.as_str()])?;
    Ok(key)
}

fn revoke(tx: &Tx<'_>, app: AppId, key: KeyId) -> Result<(), KeyError> {
    let revoked = tx
        .prepare_cached(
            "UPDATE api_keys SET revoked_at = ?3 WHERE app = ?1 AND id = ?2 AND revoked_at IS NULL",
        )?
        .execute(params![app.0, key.0, tx.now().0])?;
    if revoked == 0 { Err(KeyError::KeyNotFound) } else { Ok(()) }
}

fn key_of(row: &Row<'_>, tier: Tier) -> rusqlite::Result<Key> {
    Ok(Key {
        id: KeyId(row.get(0)?),
        prefix: row.get(1)?,
        audience: audience_of(row, 3)?,
        tier,
        created_at: Timestamp(row.get(2)?),
    })
}

fn audience_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Audience> {
    let word: String = row.get(column)?;
    Audience::from_word(&word).ok_or_else(|| apps::unknown(column, word))
}
