//! Endpoints that are told what happens in an app. One node at a time serves an endpoint: it holds it by a lease, in the
//! time of the database, and what it writes of its progress says whose it is.

use chinwag_protocol::{AppId, ChatId, HookId, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

use super::flush::BEGIN;
use super::line::Line;
use super::{Postgres, big, natural};
use crate::store::hooks::{DEAD_LETTERS_MAX, LEASE_MS, joined, split};
use crate::store::{
    DeadLetter, HOOKS_MAX, Hook, HookChanges, HookError, HookSecret, NewHook, Parked, Progress, StoreError,
};

macro_rules! columns {
    () => {
        "h.id, h.app, h.url, h.description, h.events, h.enabled, h.secret, h.old_secret, h.old_secret_until, h.version,
         h.failing_since, h.position, h.attempts, h.next_at, h.succeeded_at, h.failed_at, h.error, h.created_at"
    };
}

impl Postgres {
    pub(in crate::store) async fn create_hook(&self, new: NewHook) -> Result<Hook, HookError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            // Nobody else makes one for this app meanwhile.
            line.execute("SELECT 1 FROM apps WHERE id = $1 FOR UPDATE", &[&new.app.0]).await?;
            let count = line.row("SELECT count(*) FROM hooks WHERE app = $1", &[&new.app.0]).await?;
            if count.map_or(0, |row| row.get::<_, i64>(0)) >= i64::from(HOOKS_MAX) {
                line.roll_back().await?;
                return Err(HookError::LimitReached);
            }
            let id: HookId = store.ids.next();
            let sql = "INSERT INTO hooks (id, app, url, description, events, enabled, secret, old_secret_until, version,
                                          position, attempts, next_at, owned_until, created_at)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 1, $9, 0, 0, 0, $8)";
            let (events, secret) = (joined(&new.events), new.secret.reveal());
            let (url, about, at) = (&new.url, &new.description, store.now().0);
            line.execute(
                sql,
                &[&id.0, &new.app.0, url, about, &events, &new.enabled, &secret, &at, &big(new.position)],
            )
            .await?;
            let made = find(&line, id).await?;
            line.commit().await?;
            Ok(made.ok_or_else(|| StoreError::Unavailable("the new hook is not there".into()))?)
        })
        .await
    }

    pub(in crate::store) async fn hooks(&self, app: AppId) -> Result<Vec<Hook>, StoreError> {
        let line = self.lines.lend().await?;
        let sql =
            concat!("SELECT ", columns!(), " FROM hooks h WHERE h.app = $1 ORDER BY h.created_at, h.id");
        Ok(line.query(sql, &[&app.0]).await?.iter().map(hook_of).collect())
    }

    pub(in crate::store) async fn hook(&self, id: HookId) -> Result<Option<Hook>, StoreError> {
        find(&*self.lines.lend().await?, id).await
    }

    pub(in crate::store) async fn change_hook(
        &self,
        id: HookId,
        changes: HookChanges,
    ) -> Result<Option<Hook>, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            let (secret, until) = changes.secret.unzip();
            let secret = secret.as_ref().map(HookSecret::reveal);
            let sql = "UPDATE hooks SET version = version + 1, next_at = 0, url = coalesce($2::text, url),
                              description = coalesce($3::text, description), events = coalesce($4::text, events),
                              enabled = coalesce($5::boolean, enabled),
                              old_secret = CASE WHEN $6::text IS NULL THEN old_secret ELSE secret END,
                              old_secret_until = CASE WHEN $6::text IS NULL THEN old_secret_until ELSE $7 END,
                              secret = coalesce($6::text, secret) WHERE id = $1";
            let events = changes.events.as_deref().map(joined);
            let until = until.map_or(0, |until| until.0);
            let (url, about, enabled) = (&changes.url, &changes.description, &changes.enabled);
            line.execute(sql, &[&id.0, url, about, &events, enabled, &secret, &until]).await?;
            if let Some(position) = changes.position {
                let sql = "UPDATE hooks SET position = $2, failing_since = NULL, attempts = 0, error = NULL WHERE id = $1";
                line.execute(sql, &[&id.0, &big(position)]).await?;
                line.execute("DELETE FROM parked WHERE hook = $1", &[&id.0]).await?;
            }
            let changed = find(&line, id).await?;
            line.commit().await?;
            Ok(changed)
        })
        .await
    }

    pub(in crate::store) async fn delete_hook(&self, id: HookId) -> Result<bool, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            Ok(line.execute("DELETE FROM hooks WHERE id = $1", &[&id.0]).await? > 0)
        })
        .await
    }

    pub(in crate::store) async fn claim_hooks(&self, owner: Uuid) -> Result<Vec<Hook>, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let sql = concat!(
                "UPDATE hooks h SET owner = $1, owned_until = t.now + $2
                 FROM apps a, (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now) t
                 WHERE a.id = h.app AND a.status = 'ACTIVE' AND h.enabled
                       AND (h.owner IS NULL OR h.owner = $1 OR h.owned_until < t.now) RETURNING ",
                columns!()
            );
            Ok(line.query(sql, &[&owner, &LEASE_MS]).await?.iter().map(hook_of).collect())
        })
        .await
    }

    pub(in crate::store) async fn release_hooks(&self, owner: Uuid) -> Result<(), StoreError> {
        let line = self.lines.lend().await?;
        line.execute("UPDATE hooks SET owner = NULL WHERE owner = $1", &[&owner]).await?;
        Ok(())
    }

    pub(in crate::store) async fn parked(&self, hook: HookId) -> Result<Vec<Parked>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT chat, position, since, attempts, next_at FROM parked WHERE hook = $1";
        let rows = line.query(sql, &[&hook.0]).await?;
        let parked = rows.iter().map(|row| Parked {
            chat: ChatId(row.get(0)),
            position: natural(row.get(1)),
            since: Timestamp(row.get(2)),
            attempts: row.get(3),
            next_at: Timestamp(row.get(4)),
        });
        Ok(parked.collect())
    }

    pub(in crate::store) async fn keep_progress(
        &self,
        hook: (HookId, i64),
        owner: Uuid,
        progress: Progress,
    ) -> Result<bool, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            let kept = keep(&line, hook, owner, &progress, store.now()).await?;
            line.commit().await?;
            Ok(kept)
        })
        .await
    }

    pub(in crate::store) async fn dead_letters(
        &self,
        hook: HookId,
        after: u64,
        again: bool,
        size: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT position, chat, type, error, at, again FROM dead_letters
                   WHERE hook = $1 AND position > $2 AND (again OR NOT $3) ORDER BY position LIMIT $4";
        let rows = line.query(sql, &[&hook.0, &big(after), &again, &i64::from(size)]).await?;
        let letters = rows.iter().map(|row| DeadLetter {
            position: natural(row.get(0)),
            chat: ChatId(row.get(1)),
            kind: row.get(2),
            error: row.get(3),
            at: Timestamp(row.get(4)),
            again: row.get(5),
        });
        Ok(letters.collect())
    }

    pub(in crate::store) async fn retry_dead_letters(
        &self,
        hook: HookId,
        positions: Option<Vec<u64>>,
    ) -> Result<u64, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            line.execute("UPDATE hooks SET version = version + 1 WHERE id = $1", &[&hook.0]).await?;
            let positions: Option<Vec<i64>> = positions.map(|all| all.into_iter().map(big).collect());
            let sql = "UPDATE dead_letters SET again = true
                       WHERE hook = $1 AND ($2::int8[] IS NULL OR position = ANY ($2::int8[]))";
            let count = line.execute(sql, &[&hook.0, &positions]).await?;
            line.commit().await?;
            Ok(count)
        })
        .await
    }
}

fn hook_of(row: &Row) -> Hook {
    let time = |column: usize| row.get::<_, Option<i64>>(column).map(Timestamp);
    let until = Timestamp(row.get(8));
    Hook {
        id: HookId(row.get(0)),
        app: AppId(row.get(1)),
        url: row.get(2),
        description: row.get(3),
        events: split(row.get(4)),
        enabled: row.get(5),
        secret: HookSecret::new(row.get(6)),
        old_secret: row.get::<_, Option<String>>(7).map(|old| (HookSecret::new(old), until)),
        version: row.get(9),
        failing_since: time(10),
        position: natural(row.get(11)),
        attempts: row.get(12),
        next_at: Timestamp(row.get(13)),
        succeeded_at: time(14),
        failed_at: time(15),
        error: row.get(16),
        created_at: Timestamp(row.get(17)),
    }
}

async fn find(line: &Line, id: HookId) -> Result<Option<Hook>, StoreError> {
    let sql = concat!("SELECT ", columns!(), " FROM hooks h WHERE h.id = $1");
    Ok(line.row(sql, &[&id.0]).await?.as_ref().map(hook_of))
}

async fn keep(
    line: &Line,
    (id, version): (HookId, i64),
    owner: Uuid,
    progress: &Progress,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql =
        "UPDATE hooks SET position = $4, attempts = $5, next_at = $6, error = $7::text, failing_since = $10,
                      succeeded_at = CASE WHEN $8 THEN $9 ELSE succeeded_at END,
                      failed_at = CASE WHEN $7::text IS NULL THEN failed_at ELSE $9 END
               WHERE id = $1 AND version = $2 AND owner = $3";
    let (position, next_at) = (big(progress.position), progress.next_at.0);
    let (attempts, error, succeeded) = (&progress.attempts, &progress.error, &progress.succeeded);
    let since = progress.failing_since.map(|at| at.0);
    let key = (&id.0, &version, &owner);
    let kept = line
        .execute(sql, &[key.0, key.1, key.2, &position, attempts, &next_at, error, succeeded, &now.0, &since])
        .await?;
    if kept == 0 {
        return Ok(false);
    }
    for chat in &progress.unpark {
        line.execute("DELETE FROM parked WHERE hook = $1 AND chat = $2", &[&id.0, &chat.0]).await?;
    }
    for parked in &progress.park {
        let sql = "INSERT INTO parked (hook, chat, position, since, attempts, next_at) VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (hook, chat) DO UPDATE SET position = $3, since = $4, attempts = $5, next_at = $6";
        let (position, since, next_at) = (big(parked.position), parked.since.0, parked.next_at.0);
        line.execute(sql, &[&id.0, &parked.chat.0, &position, &since, &parked.attempts, &next_at]).await?;
    }
    let revived: Vec<i64> = progress.revived.iter().copied().map(big).collect();
    if !revived.is_empty() {
        let sql = "DELETE FROM dead_letters WHERE hook = $1 AND position = ANY ($2)";
        line.execute(sql, &[&id.0, &revived]).await?;
    }
    for dead in &progress.bury {
        let sql = "INSERT INTO dead_letters (hook, position, chat, type, error, at, again)
                   VALUES ($1, $2, $3, $4, $5, $6, false)
                   ON CONFLICT (hook, position) DO UPDATE SET error = $5, at = $6, again = false";
        let (position, at) = (big(dead.position), dead.at.0);
        line.execute(sql, &[&id.0, &position, &dead.chat.0, &dead.kind, &dead.error, &at]).await?;
    }
    if !progress.bury.is_empty() {
        let sql = "DELETE FROM dead_letters WHERE hook = $1 AND position <=
                     (SELECT position FROM dead_letters WHERE hook = $1 ORDER BY position DESC LIMIT 1 OFFSET $2)";
        line.execute(sql, &[&id.0, &DEAD_LETTERS_MAX]).await?;
    }
    Ok(true)
}
