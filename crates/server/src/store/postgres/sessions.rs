//! Sign-ins of users, and the notes of what ended, which close open connections. An ended session has no row.

use chinwag_protocol::{AppId, SessionId, Timestamp, UserId};
use tokio_postgres::Row;

use super::flush::BEGIN;
use super::line::Line;
use super::{Postgres, apps};
use crate::sessions::app::AppStatus;
use crate::sessions::secret::TokenHash;
use crate::store::sessions::{ENDINGS_KEPT_SECONDS, ENDINGS_READ_MAX, RETIRED_TOKENS_MAX};
use crate::store::{Ended, Ending, NewRefresh, Refreshed, Session, SignIn, StoreError};

/// Held while notes of endings are written and until they are committed: so their ids are read in order.
const ENDINGS_LOCK: i64 = 0x6368_696e_7761_6703;

/// What `session_of` reads.
macro_rules! select {
    () => {
        "s.id, u.id, u.username, a.id, a.status, a.tier"
    };
}

impl Postgres {
    pub(in crate::store) async fn open_session(
        &self,
        user: UserId,
        refresh: NewRefresh,
    ) -> Result<Option<SessionId>, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let (session, now): (SessionId, Timestamp) = (store.ids.next(), store.now());
            // Locked, or one who is deleted meanwhile would be left with a session.
            let sql = "INSERT INTO sessions (id, user_id, refresh_hash, created_at, last_used_at, expires_at)
                       SELECT $1, u.id, $3, $4, $4, $5 FROM users u
                       WHERE u.id = $2 AND u.username IS NOT NULL FOR SHARE";
            let (hash, end) = (refresh.hash.as_slice(), refresh.expires_at(now).0);
            let opened = line.execute(sql, &[&session.0, &user.0, &hash, &now.0, &end]).await?;
            Ok((opened > 0).then_some(session))
        })
        .await
    }

    pub(in crate::store) async fn session(
        &self,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = concat!(
            "SELECT ",
            select!(),
            " FROM sessions s JOIN users u ON u.id = s.user_id JOIN apps a ON a.id = u.app
             WHERE s.id = $1 AND s.expires_at > $2 AND u.username IS NOT NULL AND a.status <> 'DELETED'"
        );
        line.row(sql, &[&session.0, &now.0]).await?.as_ref().map(session_of).transpose()
    }

    pub(in crate::store) async fn session_is_live(
        &self,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        Ok(self.session(session, now).await?.filter(|session| session.app_status == AppStatus::Active))
    }

    pub(in crate::store) async fn use_refresh_token(
        &self,
        refresh: TokenHash,
        of: SessionId,
        successor: Option<TokenHash>,
    ) -> Result<Refreshed, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let (mut line, now) = (store.lines.lend().await?, store.now());
            if successor.is_none()
                && let Some(session) = used(&line, refresh, of, now).await?
            {
                return Ok(Refreshed::Live(session));
            }
            line.begin(BEGIN).await?;
            lock_endings(&line).await?;
            let found = refreshed(&line, refresh, of, successor, now).await;
            match found {
                Ok(refreshed) => line.commit().await.map(|()| refreshed),
                Err(error) => {
                    line.roll_back().await?;
                    Err(error)
                }
            }
        })
        .await
    }

    pub(in crate::store) async fn sign_ins(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<SignIn>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT id, created_at, last_used_at, expires_at FROM sessions
                   WHERE user_id = $1 AND expires_at > $2 ORDER BY created_at, id";
        let rows = line.query(sql, &[&user.0, &now.0]).await?;
        let sign_ins = rows.iter().map(|row| SignIn {
            session: SessionId(row.get(0)),
            created_at: Timestamp(row.get(1)),
            last_used_at: Timestamp(row.get(2)),
            expires_at: Timestamp(row.get(3)),
        });
        Ok(sign_ins.collect())
    }

    pub(in crate::store) async fn end_session(
        &self,
        user: UserId,
        refresh: TokenHash,
    ) -> Result<bool, StoreError> {
        let sql = "DELETE FROM sessions WHERE user_id = $1 AND refresh_hash = $2 RETURNING id";
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            lock_endings(&line).await?;
            let ended = line.row(sql, &[&user.0, &refresh.as_slice()]).await?;
            if let Some(row) = &ended {
                note_end(&line, Ended::Session(SessionId(row.get(0))), store.now()).await?;
            }
            line.commit().await?;
            Ok(ended.is_some())
        })
        .await
    }

    pub(in crate::store) async fn end_sessions(&self, user: UserId) -> Result<(), StoreError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            lock_endings(&line).await?;
            let sql = "WITH ended AS (DELETE FROM sessions WHERE user_id = $1 RETURNING id)
                       INSERT INTO endings (scope, ended, at) SELECT 'SESSION', id, $2 FROM ended";
            line.execute(sql, &[&user.0, &store.now().0]).await?;
            line.commit().await
        })
        .await
    }

    pub(in crate::store) async fn last_ending(&self) -> Result<i64, StoreError> {
        let mut line = self.lines.lend().await?;
        line.begin(BEGIN).await?;
        // Of all there ever were: the rows may have been removed since. None is under way.
        lock_endings(&line).await?;
        let sql = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM endings_id_seq";
        let last = line.row(sql, &[]).await?.map_or(0, |row| row.get(0));
        line.roll_back().await?;
        Ok(last)
    }

    pub(in crate::store) async fn endings_after(&self, last: i64) -> Result<Vec<Ending>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT id, scope, ended FROM endings WHERE id > $1 ORDER BY id LIMIT $2";
        let rows = line.query(sql, &[&last, &i64::from(ENDINGS_READ_MAX)]).await?;
        let endings = rows.iter().map(|row| {
            let ended = match row.get(1) {
                "SESSION" => Ended::Session(SessionId(row.get(2))),
                "USER" => Ended::User(UserId(row.get(2))),
                _ => Ended::App(AppId(row.get(2))),
            };
            Ending { id: row.get(0), ended }
        });
        Ok(endings.collect())
    }

    pub(in crate::store) async fn forget_expired(&self) -> Result<(), StoreError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            let now = store.now();
            line.begin(BEGIN).await?;
            lock_endings(&line).await?;
            let sql = "WITH ended AS (DELETE FROM sessions WHERE expires_at <= $1 RETURNING id)
                       INSERT INTO endings (scope, ended, at) SELECT 'SESSION', id, $1 FROM ended";
            line.execute(sql, &[&now.0]).await?;
            line.execute("DELETE FROM account_sessions WHERE expires_at <= $1", &[&now.0]).await?;
            let old = now.plus_seconds(-ENDINGS_KEPT_SECONDS).0;
            line.execute("DELETE FROM endings WHERE at < $1", &[&old]).await?;
            // Of nodes that are gone: one that is idle for so long begins a new row.
            line.execute("DELETE FROM writers WHERE at < $1", &[&old]).await?;
            line.commit().await
        })
        .await
    }
}

/// The session, if the token is its present one, noted as used: all that there is to do for clients that keep theirs.
async fn used(
    line: &Line,
    refresh: TokenHash,
    of: SessionId,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let sql = concat!(
        "UPDATE sessions s SET last_used_at = $2 FROM users u JOIN apps a ON a.id = u.app
         WHERE s.refresh_hash = $1 AND s.id = $3 AND s.expires_at > $2 AND u.id = s.user_id
               AND u.username IS NOT NULL AND a.status <> 'DELETED' RETURNING ",
        select!()
    );
    let Some(row) = line.row(sql, &[&refresh.as_slice(), &now.0, &of.0]).await? else { return Ok(None) };
    let sql = "UPDATE retired_tokens SET replaced = true WHERE session = $1 AND NOT replaced";
    line.execute(sql, &[&of.0]).await?;
    session_of(&row).map(Some)
}

/// What a token is worth, in a transaction.
async fn refreshed(
    line: &Line,
    refresh: TokenHash,
    of: SessionId,
    successor: Option<TokenHash>,
    now: Timestamp,
) -> Result<Refreshed, StoreError> {
    let sql = concat!(
        "SELECT ",
        select!(),
        ", r.replaced FROM sessions s JOIN users u ON u.id = s.user_id JOIN apps a ON a.id = u.app
             LEFT JOIN retired_tokens r ON r.session = s.id AND r.hash = $1
         WHERE s.id = coalesce((SELECT id FROM sessions WHERE refresh_hash = $1),
                               (SELECT session FROM retired_tokens WHERE hash = $1))
               AND s.expires_at > $2 AND u.username IS NOT NULL AND a.status <> 'DELETED' FOR UPDATE OF s"
    );
    let Some(row) = line.row(sql, &[&refresh.as_slice(), &now.0]).await? else {
        return Ok(Refreshed::Nothing);
    };
    let session = session_of(&row)?;
    match row.get::<_, Option<bool>>(6) {
        Some(true) => {
            line.execute("DELETE FROM sessions WHERE id = $1", &[&session.id.0]).await?;
            note_end(line, Ended::Session(session.id), now).await?;
            return Ok(Refreshed::Reused(session));
        }
        _ if session.id != of => {}
        // The answer with its successor may have been lost, or that is in other hands: who holds it is found out when they
        // use it.
        Some(false) => replace(line, of, successor, true, now).await?,
        None => {
            let sql = "UPDATE retired_tokens SET replaced = true WHERE session = $1 AND NOT replaced";
            line.execute(sql, &[&of.0]).await?;
            replace(line, of, successor, false, now).await?;
        }
    }
    Ok(Refreshed::Live(session))
}

/// Notes the session as used, and puts the successor in the place of its token.
async fn replace(
    line: &Line,
    session: SessionId,
    successor: Option<TokenHash>,
    replaced: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(successor) = successor else {
        let sql = "UPDATE sessions SET last_used_at = $2 WHERE id = $1";
        line.execute(sql, &[&session.0, &now.0]).await?;
        return Ok(());
    };
    let sql = "INSERT INTO retired_tokens (hash, session, replaced, at)
               SELECT refresh_hash, id, $2, $3 FROM sessions WHERE id = $1";
    line.execute(sql, &[&session.0, &replaced, &now.0]).await?;
    let sql = "UPDATE sessions SET last_used_at = $2, refresh_hash = $3 WHERE id = $1";
    line.execute(sql, &[&session.0, &now.0, &successor.as_slice()]).await?;
    let sql = "DELETE FROM retired_tokens WHERE session = $1 AND at < coalesce(
                 (SELECT at FROM retired_tokens WHERE session = $1 ORDER BY at DESC LIMIT 1 OFFSET $2), 0)";
    line.execute(sql, &[&session.0, &i64::from(RETIRED_TOKENS_MAX)]).await?;
    Ok(())
}

/// The first thing to be done in a transaction that notes endings: whoever waits for it must hold nothing that its
/// holder will want.
pub(super) async fn lock_endings(line: &Line) -> Result<(), StoreError> {
    line.execute("SELECT pg_advisory_xact_lock($1)", &[&ENDINGS_LOCK]).await?;
    Ok(())
}

/// Notes, in the transaction that ends it and began with [`lock_endings`], that something ended.
pub(super) async fn note_end(line: &Line, ended: Ended, now: Timestamp) -> Result<(), StoreError> {
    let (scope, id) = match ended {
        Ended::Session(session) => ("SESSION", session.0),
        Ended::User(user) => ("USER", user.0),
        Ended::App(app) => ("APP", app.0),
    };
    let sql = "INSERT INTO endings (scope, ended, at) VALUES ($1, $2, $3)";
    line.execute(sql, &[&scope, &id, &now.0]).await?;
    Ok(())
}

fn session_of(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: SessionId(row.get(0)),
        user: UserId(row.get(1)),
        username: row.get(2),
        app: AppId(row.get(3)),
        app_status: apps::status_of(row, 4)?,
        tier: apps::tier_of(row, 5)?,
    })
}
