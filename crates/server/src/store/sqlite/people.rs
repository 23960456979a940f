//! An app's users as its owner looks after them: found by a part of their name, with their sign-ins.

use chinwag_protocol::{AppId, SessionId, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Sqlite, Tx, sessions, users};
use crate::store::people::escaped;
use crate::store::{Ended, ListedUser, StoreError, UserSearch};

impl Sqlite {
    pub(in crate::store) async fn find_users(
        &self,
        app: AppId,
        search: UserSearch,
    ) -> Result<Vec<ListedUser>, StoreError> {
        self.read(move |connection| {
            let pattern = format!("%{}%", escaped(&search.part));
            let users = connection
                .prepare_cached(&format!(
                    "SELECT {}, (SELECT count(*) FROM sessions s WHERE s.user = users.id) FROM users
                     WHERE app = ?1 AND username > ?2
                       AND (username LIKE ?3 ESCAPE '\\' OR email LIKE ?3 ESCAPE '\\')
                     ORDER BY username LIMIT ?4",
                    users::COLUMNS
                ))?
                .query_map(params![app.0, search.after, pattern, search.size], |row| {
                    Ok(ListedUser { user: users::user_of(row)?, sessions: row.get(5)? })
                })?
                .collect::<Result<_, _>>()?;
            Ok(users)
        })
        .await
    }

    pub(in crate::store) async fn user_in(
        &self,
        app: AppId,
        user: UserId,
    ) -> Result<Option<ListedUser>, StoreError> {
        self.read(move |connection| {
            let Some(user) = users::find(connection, user)?.filter(|user| user.app == app) else {
                return Ok(None);
            };
            let sessions = sessions_of(connection, user.id)?;
            Ok(Some(ListedUser { user, sessions }))
        })
        .await
    }

    pub(in crate::store) async fn end_session_named(
        &self,
        user: UserId,
        session: SessionId,
    ) -> Result<bool, StoreError> {
        self.write(move |tx: &mut Tx<'_>| {
            let ended = tx
                .prepare_cached("DELETE FROM sessions WHERE user = ?1 AND id = ?2 RETURNING id")?
                .query_row(params![user.0, session.0], |row| row.get(0).map(SessionId))
                .optional()?;
            ended.map_or(Ok(false), |session| sessions::note_end(tx, Ended::Session(session)).map(|()| true))
        })
        .await
    }
}

fn sessions_of(connection: &Connection, user: UserId) -> Result<u64, StoreError> {
    let count = connection
        .prepare_cached("SELECT count(*) FROM sessions WHERE user = ?1")?
        .query_row([user.0], |row| row.get(0))?;
    Ok(count)
}
