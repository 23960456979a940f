//! An app's users as its owner looks after them: found by a part of their name, with their sign-ins.

use chinwag_protocol::{AppId, SessionId, UserId};
use tokio_postgres::Row;

use super::flush::BEGIN;
use super::sessions::{lock_endings, note_end};
use super::{Postgres, natural, users};
use crate::store::people::escaped;
use crate::store::{Ended, ListedUser, StoreError, UserSearch};

/// A user, and how many sessions of theirs there are.
macro_rules! select {
    () => {
        "SELECT id, app, username, email, created_at,
                (SELECT count(*) FROM sessions s WHERE s.user_id = users.id) FROM users
         WHERE app = $1 AND username IS NOT NULL"
    };
}

impl Postgres {
    pub(in crate::store) async fn find_users(
        &self,
        app: AppId,
        search: UserSearch,
    ) -> Result<Vec<ListedUser>, StoreError> {
        // No name and no address has it, and it cannot be asked for.
        if search.part.contains('\0') || search.after.contains('\0') {
            return Ok(Vec::new());
        }
        let pattern = format!("%{}%", escaped(&search.part));
        let line = self.lines.lend().await?;
        // Case as SQLite takes it: of ASCII letters.
        let sql = concat!(
            select!(),
            " AND username > $2
              AND (lower(username) LIKE lower($3 COLLATE \"C\") OR lower(email) LIKE lower($3 COLLATE \"C\"))
              ORDER BY username LIMIT $4"
        );
        let rows = line.query(sql, &[&app.0, &search.after, &pattern, &i64::from(search.size)]).await?;
        Ok(rows.iter().map(listed).collect())
    }

    pub(in crate::store) async fn user_in(
        &self,
        app: AppId,
        user: UserId,
    ) -> Result<Option<ListedUser>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = concat!(select!(), " AND id = $2");
        Ok(line.row(sql, &[&app.0, &user.0]).await?.as_ref().map(listed))
    }

    pub(in crate::store) async fn end_session_named(
        &self,
        user: UserId,
        session: SessionId,
    ) -> Result<bool, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            lock_endings(&line).await?;
            let sql = "DELETE FROM sessions WHERE user_id = $1 AND id = $2";
            let ended = line.execute(sql, &[&user.0, &session.0]).await? > 0;
            if ended {
                note_end(&line, Ended::Session(session), store.now()).await?;
            }
            line.commit().await?;
            Ok(ended)
        })
        .await
    }
}

fn listed(row: &Row) -> ListedUser {
    ListedUser { user: users::user_of(row), sessions: natural(row.get(5)) }
}
