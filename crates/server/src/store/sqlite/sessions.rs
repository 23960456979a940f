//! Sign-ins of users, and the notes of what ended, which close open connections. An ended session has no row.

use chinwag_protocol::{AppId, SessionId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::{Sqlite, Tx, apps, users};
use crate::sessions::app::AppStatus;
use crate::sessions::secret::TokenHash;
use crate::store::sessions::{ENDINGS_KEPT_SECONDS, ENDINGS_READ_MAX, RETIRED_TOKENS_MAX};
use crate::store::{Ended, Ending, NewRefresh, Refreshed, Session, SignIn, StoreError};

impl Sqlite {
    pub(in crate::store) async fn open_session(
        &self,
        user: UserId,
        refresh: NewRefresh,
    ) -> Result<Option<SessionId>, StoreError> {
        self.write(move |tx| {
            if users::find(tx, user)?.is_none() {
                return Ok(None);
            }
            let session: SessionId = tx.ids().next();
            tx.prepare_cached(
                "INSERT INTO sessions (id, user, refresh_hash, created_at, last_used_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
            )?
            .execute(params![
                session.0,
                user.0,
                refresh.hash,
                tx.now().0,
                refresh.expires_at(tx.now()).0
            ])?;
            Ok(Some(session))
        })
        .await
    }

    pub(in crate::store) async fn session(
        &self,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        self.look_up(move |connection| live(connection, "s.id", &session.0, now)).await
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
        self.write(move |tx| match live(tx, "s.refresh_hash", &refresh, tx.now())? {
            Some(session) => {
                if session.id == of {
                    confirm(tx, of)?;
                    replace(tx, of, successor, false)?;
                }
                Ok(Refreshed::Live(session))
            }
            None => use_retired(tx, refresh, of, successor),
        })
        .await
    }

    pub(in crate::store) async fn sign_ins(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<SignIn>, StoreError> {
        self.read(move |connection| {
            let sign_ins = connection
                .prepare_cached(
                    "SELECT id, created_at, last_used_at, expires_at FROM sessions
                     WHERE user = ?1 AND expires_at > ?2 ORDER BY created_at, id",
                )?
                .query_map(params![user.0, now.0], |row| {
                    Ok(SignIn {
                        session: SessionId(row.get(0)?),
                        created_at: Timestamp(row.get(1)?),
                        last_used_at: Timestamp(row.get(2)?),
                        expires_at: Timestamp(row.get(3)?),
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(sign_ins)
        })
        .await
    }

    pub(in crate::store) async fn end_session(
        &self,
        user: UserId,
        refresh: TokenHash,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            let ended: Option<SessionId> = tx
                .prepare_cached("DELETE FROM sessions WHERE user = ?1 AND refresh_hash = ?2 RETURNING id")?
                .query_row(params![user.0, refresh], |row| row.get(0).map(SessionId))
                .optional()?;
            ended.map_or(Ok(false), |session| note_end(tx, Ended::Session(session)).map(|()| true))
        })
        .await
    }

    pub(in crate::store) async fn end_sessions(&self, user: UserId) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.prepare_cached(
                "INSERT INTO endings (scope, ended, at) SELECT 'SESSION', id, ?2 FROM sessions WHERE user = ?1",
            )?
            .execute(params![user.0, tx.now().0])?;
            tx.prepare_cached("DELETE FROM sessions WHERE user = ?1")?.execute([user.0])?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn last_ending(&self) -> Result<i64, StoreError> {
        self.read(|connection| {
            // Of all there ever were: the rows may have been removed since.
            let last = connection
                .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'endings'")?
                .query_row([], |row| row.get(0))
                .optional()?;
            Ok(last.unwrap_or(0))
        })
        .await
    }

    pub(in crate::store) async fn endings_after(&self, last: i64) -> Result<Vec<Ending>, StoreError> {
        self.read(move |connection| {
            let endings = connection
                .prepare_cached("SELECT id, scope, ended FROM endings WHERE id > ?1 ORDER BY id LIMIT ?2")?
                .query_map(params![last, ENDINGS_READ_MAX], ending_of)?
                .collect::<Result<_, _>>()?;
            Ok(endings)
        })
        .await
    }

    pub(in crate::store) async fn forget_expired(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            let now = tx.now();
            tx.execute(
                "INSERT INTO endings (scope, ended, at) SELECT 'SESSION', id, ?1 FROM sessions WHERE expires_at <= ?1",
                [now.0],
            )?;
            tx.execute("DELETE FROM sessions WHERE expires_at <= ?1", [now.0])?;
            tx.execute("DELETE FROM account_sessions WHERE expires_at <= ?1", [now.0])?;
            tx.execute("DELETE FROM endings WHERE at < ?1", [now.plus_seconds(-ENDINGS_KEPT_SECONDS).0])?;
            Ok(())
        })
        .await
    }
}

/// What a token is worth that was replaced before.
fn use_retired(
    tx: &Tx<'_>,
    refresh: TokenHash,
    of: SessionId,
    successor: Option<TokenHash>,
) -> Result<Refreshed, StoreError> {
    let retired: Option<(Uuid, bool)> = tx
        .prepare_cached("SELECT session, replaced FROM retired_tokens WHERE hash = ?1")?
        .query_row([refresh], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, replaced)) = retired else { return Ok(Refreshed::Nothing) };
    let Some(session) = live(tx, "s.id", &id, tx.now())? else { return Ok(Refreshed::Nothing) };
    if !replaced {
        if session.id == of {
            // The answer with its successor may have been lost, or that is in other hands: who holds it is found out when
            // they use it.
            replace(tx, of, successor, true)?;
        }
        return Ok(Refreshed::Live(session));
    }
    tx.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([id])?;
    note_end(tx, Ended::Session(session.id))?;
    Ok(Refreshed::Reused(session))
}

/// The session's token is in the right hands: those before it are worth nothing any more.
fn confirm(tx: &Tx<'_>, session: SessionId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE retired_tokens SET replaced = 1 WHERE session = ?1 AND replaced = 0")?
        .execute([session.0])?;
    Ok(())
}

/// Notes the session as used, and puts the successor in the place of its token.
fn replace(
    tx: &Tx<'_>,
    session: SessionId,
    successor: Option<TokenHash>,
    replaced: bool,
) -> Result<(), StoreError> {
    let now = tx.now().0;
    let Some(successor) = successor else {
        tx.prepare_cached("UPDATE sessions SET last_used_at = ?2 WHERE id = ?1")?
            .execute(params![session.0, now])?;
        return Ok(());
    };
    tx.prepare_cached(
        "INSERT INTO retired_tokens (hash, session, replaced, at)
         SELECT refresh_hash, id, ?2, ?3 FROM sessions WHERE id = ?1",
    )?
    .execute(params![session.0, replaced, now])?;
    tx.prepare_cached("UPDATE sessions SET last_used_at = ?2, refresh_hash = ?3 WHERE id = ?1")?
        .execute(params![session.0, now, successor])?;
    tx.prepare_cached(
        "DELETE FROM retired_tokens WHERE session = ?1 AND at < ifnull(
           (SELECT at FROM retired_tokens WHERE session = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2), 0)",
    )?
    .execute(params![session.0, RETIRED_TOKENS_MAX])?;
    Ok(())
}

/// Notes, in the transaction that ends it, that something ended.
pub(super) fn note_end(tx: &Tx<'_>, ended: Ended) -> Result<(), StoreError> {
    let (scope, id) = match ended {
        Ended::Session(session) => ("SESSION", session.0),
        Ended::User(user) => ("USER", user.0),
        Ended::App(app) => ("APP", app.0),
    };
    tx.prepare_cached("INSERT INTO endings (scope, ended, at) VALUES (?1, ?2, ?3)")?.execute(params![
        scope,
        id,
        tx.now().0
    ])?;
    Ok(())
}

fn ending_of(row: &Row<'_>) -> rusqlite::Result<Ending> {
    let (scope, id): (String, Uuid) = (row.get(1)?, row.get(2)?);
    let ended = match scope.as_str() {
        "SESSION" => Ended::Session(SessionId(id)),
        "USER" => Ended::User(UserId(id)),
        _ => Ended::App(AppId(id)),
    };
    Ok(Ending { id: row.get(0)?, ended })
}

/// The one session whose `column`, a unique one, has this value.
fn live(
    connection: &Connection,
    column: &'static str,
    value: &dyn rusqlite::ToSql,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let found = connection
        .prepare_cached(&format!(
            "SELECT s.id, u.id, u.username, a.id, a.status, a.tier FROM sessions s
             JOIN users u ON u.id = s.user JOIN apps a ON a.id = u.app
             WHERE {column} = ?1 AND s.expires_at > ?2 AND u.username IS NOT NULL AND a.status <> 'DELETED'"
        ))?
        .query_row(params![value, now.0], |row| {
            Ok(Session {
                id: SessionId(row.get(0)?),
                user: UserId(row.get(1)?),
                username: row.get(2)?,
                app: AppId(row.get(3)?),
                app_status: apps::status_of(row, 4)?,
                tier: apps::tier_of(row, 5)?,
            })
        })
        .optional()?;
    Ok(found)
}
