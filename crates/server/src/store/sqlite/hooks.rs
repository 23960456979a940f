//! Endpoints that are told what happens in an app.

use chinwag_protocol::{AppId, ChatId, HookId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::{Sqlite, Tx};
use crate::store::hooks::{DEAD_LETTERS_MAX, joined, split};
use crate::store::{
    DeadLetter, HOOKS_MAX, Hook, HookChanges, HookError, HookSecret, NewHook, Parked, Progress, StoreError,
};

impl Sqlite {
    pub(in crate::store) async fn create_hook(&self, new: NewHook) -> Result<Hook, HookError> {
        self.write(move |tx| {
            let count: u32 = tx
                .prepare_cached("SELECT count(*) FROM hooks WHERE app = ?1")?
                .query_row([new.app.0], |row| row.get(0))?;
            if count >= HOOKS_MAX {
                return Err(HookError::LimitReached);
            }
            let id: HookId = tx.ids().next();
            tx.prepare_cached(
                "INSERT INTO hooks (id, app, url, description, events, enabled, secret, old_secret_until, version,
                                    position, attempts, next_at, owned_until, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 1, ?9, 0, 0, 0, ?8)",
            )?
            .execute(params![
                id.0,
                new.app.0,
                new.url,
                new.description,
                joined(&new.events),
                new.enabled,
                new.secret.reveal(),
                tx.now().0,
                new.position
            ])?;
            Ok(find(tx, id)?.ok_or_else(|| StoreError::Unavailable("the new hook is not there".into()))?)
        })
        .await
    }

    pub(in crate::store) async fn hooks(&self, app: AppId) -> Result<Vec<Hook>, StoreError> {
        self.read(move |connection| {
            let hooks = connection
                .prepare_cached(&format!("{SELECT} WHERE h.app = ?1 ORDER BY h.created_at, h.id"))?
                .query_map([app.0], hook_of)?
                .collect::<Result<_, _>>()?;
            Ok(hooks)
        })
        .await
    }

    pub(in crate::store) async fn hook(&self, id: HookId) -> Result<Option<Hook>, StoreError> {
        self.read(move |connection| find(connection, id)).await
    }

    pub(in crate::store) async fn change_hook(
        &self,
        id: HookId,
        changes: HookChanges,
    ) -> Result<Option<Hook>, StoreError> {
        self.write(move |tx| change(tx, id, &changes)).await
    }

    pub(in crate::store) async fn delete_hook(&self, id: HookId) -> Result<bool, StoreError> {
        self.write(move |tx| Ok(tx.prepare_cached("DELETE FROM hooks WHERE id = ?1")?.execute([id.0])? > 0))
            .await
    }

    /// All of them: no other process delivers from this database.
    pub(in crate::store) async fn claim_hooks(&self, _owner: Uuid) -> Result<Vec<Hook>, StoreError> {
        self.read(|connection| {
            let hooks = connection
                .prepare_cached(&format!(
                    "{SELECT} JOIN apps a ON a.id = h.app WHERE h.enabled AND a.status = 'ACTIVE'"
                ))?
                .query_map([], hook_of)?
                .collect::<Result<_, _>>()?;
            Ok(hooks)
        })
        .await
    }

    pub(in crate::store) async fn release_hooks(&self, _owner: Uuid) -> Result<(), StoreError> {
        Ok(())
    }

    pub(in crate::store) async fn parked(&self, hook: HookId) -> Result<Vec<Parked>, StoreError> {
        self.read(move |connection| {
            let parked = connection
                .prepare_cached(
                    "SELECT chat, position, since, attempts, next_at FROM parked WHERE hook = ?1",
                )?
                .query_map([hook.0], |row| {
                    Ok(Parked {
                        chat: ChatId(row.get(0)?),
                        position: row.get(1)?,
                        since: Timestamp(row.get(2)?),
                        attempts: row.get(3)?,
                        next_at: Timestamp(row.get(4)?),
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(parked)
        })
        .await
    }

    pub(in crate::store) async fn keep_progress(
        &self,
        hook: (HookId, i64),
        _owner: Uuid,
        progress: Progress,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| keep(tx, hook, &progress)).await
    }

    pub(in crate::store) async fn dead_letters(
        &self,
        hook: HookId,
        after: u64,
        again: bool,
        size: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.read(move |connection| {
            let found = connection
                .prepare_cached(
                    "SELECT position, chat, type, error, at, again FROM dead_letters
                     WHERE hook = ?1 AND position > ?2 AND (again OR NOT ?3) ORDER BY position LIMIT ?4",
                )?
                .query_map(params![hook.0, after, again, size], |row| {
                    Ok(DeadLetter {
                        position: row.get(0)?,
                        chat: ChatId(row.get(1)?),
                        kind: row.get(2)?,
                        error: row.get(3)?,
                        at: Timestamp(row.get(4)?),
                        again: row.get(5)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(found)
        })
        .await
    }

    pub(in crate::store) async fn retry_dead_letters(
        &self,
        hook: HookId,
        positions: Option<Vec<u64>>,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| {
            let count = match &positions {
                None => tx
                    .prepare_cached("UPDATE dead_letters SET again = 1 WHERE hook = ?1")?
                    .execute([hook.0])?,
                Some(positions) => {
                    let sql = "UPDATE dead_letters SET again = 1 WHERE hook = ?1 AND position = ?2";
                    let mut count = 0;
                    for position in positions {
                        count += tx.prepare_cached(sql)?.execute(params![hook.0, position])?;
                    }
                    count
                }
            };
            tx.prepare_cached("UPDATE hooks SET version = version + 1 WHERE id = ?1")?.execute([hook.0])?;
            Ok(count as u64)
        })
        .await
    }
}

const SELECT: &str = "SELECT h.id, h.app, h.url, h.description, h.events, h.enabled, h.secret, h.old_secret,
        h.old_secret_until, h.version, h.failing_since, h.position, h.attempts, h.next_at, h.succeeded_at, h.failed_at, h.error,
        h.created_at
     FROM hooks h";

fn hook_of(row: &Row<'_>) -> rusqlite::Result<Hook> {
    let time = |column: usize| row.get::<_, Option<i64>>(column).map(|at| at.map(Timestamp));
    let until = Timestamp(row.get(8)?);
    Ok(Hook {
        id: HookId(row.get(0)?),
        app: AppId(row.get(1)?),
        url: row.get(2)?,
        description: row.get(3)?,
        events: split(&row.get::<_, String>(4)?),
        enabled: row.get(5)?,
        secret: HookSecret::new(row.get(6)?),
        old_secret: row.get::<_, Option<String>>(7)?.map(|old| (HookSecret::new(old), until)),
        version: row.get(9)?,
        failing_since: time(10)?,
        position: row.get(11)?,
        attempts: row.get(12)?,
        next_at: Timestamp(row.get(13)?),
        succeeded_at: time(14)?,
        failed_at: time(15)?,
        error: row.get(16)?,
        created_at: Timestamp(row.get(17)?),
    })
}

fn find(connection: &Connection, id: HookId) -> Result<Option<Hook>, StoreError> {
    let found = connection
        .prepare_cached(&format!("{SELECT} WHERE h.id = ?1"))?
        .query_row([id.0], hook_of)
        .optional()?;
    Ok(found)
}

fn change(tx: &mut Tx<'_>, id: HookId, changes: &HookChanges) -> Result<Option<Hook>, StoreError> {
    let (secret, until) =
        changes.secret.as_ref().map_or((None, 0), |(new, until)| (Some(new.reveal()), until.0));
    tx.prepare_cached(
        "UPDATE hooks SET version = version + 1, next_at = 0, url = ifnull(?2, url),
                description = ifnull(?3, description), events = ifnull(?4, events), enabled = ifnull(?5, enabled),
                old_secret = CASE WHEN ?6 IS NULL THEN old_secret ELSE secret END,
                old_secret_until = CASE WHEN ?6 IS NULL THEN old_secret_until ELSE ?7 END, secret = ifnull(?6, secret)
         WHERE id = ?1",
    )?
    .execute(params![
        id.0,
        changes.url,
        changes.description,
        changes.events.as_deref().map(joined),
        changes.enabled,
        secret,
        until
    ])?;
    if let Some(position) = changes.position {
        tx.prepare_cached(
            "UPDATE hooks SET position = ?2, failing_since = NULL, attempts = 0, error = NULL WHERE id = ?1",
        )?
        .execute(params![id.0, position])?;
        tx.prepare_cached("DELETE FROM parked WHERE hook = ?1")?.execute([id.0])?;
    }
    find(tx, id)
}

fn keep(tx: &mut Tx<'_>, (id, version): (HookId, i64), progress: &Progress) -> Result<bool, StoreError> {
    let now = tx.now().0;
    let kept = tx
        .prepare_cached(
            "UPDATE hooks SET position = ?3, attempts = ?4, next_at = ?5, error = ?6, failing_since = ?9,
                    succeeded_at = CASE WHEN ?7 THEN ?8 ELSE succeeded_at END,
                    failed_at = CASE WHEN ?6 IS NULL THEN failed_at ELSE ?8 END
             WHERE id = ?1 AND version = ?2",
        )?
        .execute(params![
            id.0,
            version,
            progress.position,
            progress.attempts,
            progress.next_at.0,
            progress.error,
            progress.succeeded,
            now,
            progress.failing_since.map(|at| at.0)
        ])?;
    if kept == 0 {
        return Ok(false);
    }
    for chat in &progress.unpark {
        tx.prepare_cached("DELETE FROM parked WHERE hook = ?1 AND chat = ?2")?
            .execute(params![id.0, chat.0])?;
    }
    for parked in &progress.park {
        tx.prepare_cached(
            "INSERT INTO parked (hook, chat, position, since, attempts, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (hook, chat) DO UPDATE SET position = ?3, since = ?4, attempts = ?5, next_at = ?6",
        )?
        .execute(params![
            id.0,
            parked.chat.0,
            parked.position,
            parked.since.0,
            parked.attempts,
            parked.next_at.0
        ])?;
    }
    for position in &progress.revived {
        tx.prepare_cached("DELETE FROM dead_letters WHERE hook = ?1 AND position = ?2")?
            .execute(params![id.0, position])?;
    }
    for dead in &progress.bury {
        tx.prepare_cached(
            "INSERT INTO dead_letters (hook, position, chat, type, error, at, again) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)
             ON CONFLICT (hook, position) DO UPDATE SET error = ?5, at = ?6, again = 0",
        )?
        .execute(params![id.0, dead.position, dead.chat.0, dead.kind, dead.error, dead.at.0])?;
    }
    if !progress.bury.is_empty() {
        tx.prepare_cached(
            "DELETE FROM dead_letters WHERE hook = ?1 AND position <=
               (SELECT position FROM dead_letters WHERE hook = ?1 ORDER BY position DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![id.0, DEAD_LETTERS_MAX])?;
    }
    Ok(true)
}
