//! End users of an app. One who is being erased has no name any more, and is found by nobody.

use chinwag_protocol::{AppId, Timestamp, UserId, Username};
use tokio_postgres::Row;

use super::Postgres;
use super::flush::BEGIN;
use super::line::{Line, violated};
use super::sessions::{lock_endings, note_end};
use crate::store::users::USERS_LISTED_MAX;
use crate::store::{Ended, NewUser, RegisterError, RenameError, StoreError, User};

/// The columns that `user_of` reads.
macro_rules! select {
    () => {
        "SELECT id, app, username, email, created_at"
    };
}

impl Postgres {
    pub(in crate::store) async fn register_user(&self, new: NewUser) -> Result<User, RegisterError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let user = User {
                id: store.ids.next(),
                app: new.app,
                username: new.username.as_str().to_owned(),
                email: new.email.as_str().to_owned(),
                created_at: store.now(),
            };
            // People's names may hold what `text` cannot.
            let first_name = new.first_name.as_deref().map(str::as_bytes);
            let sur_name = new.sur_name.as_deref().map(str::as_bytes);
            let sql = "INSERT INTO users (id, app, username, email, password_hash, first_name, sur_name, created_at)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
            let (id, app, at) = (user.id.0, user.app.0, user.created_at.0);
            let inserted = line
                .execute(
                    sql,
                    &[&id, &app, &user.username, &user.email, &new.password_hash, &first_name, &sur_name, &at],
                )
                .await;
            match inserted {
                Ok(_) => Ok(user),
                Err(error) => Err(match violated(&error) {
                    Some("users_by_username") => RegisterError::UsernameTaken,
                    Some("users_by_email") => RegisterError::EmailTaken,
                    _ => error.into(),
                }),
            }
        })
        .await
    }

    pub(in crate::store) async fn user_credentials(
        &self,
        app: AppId,
        username: Username,
    ) -> Result<Option<(User, String)>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = concat!(
            select!(),
            ", password_hash FROM users
             WHERE app = $1 AND username = $2 AND password_hash IS NOT NULL"
        );
        let row = line.row(sql, &[&app.0, &username.as_str()]).await?;
        Ok(row.map(|row| (user_of(&row), row.get(5))))
    }

    pub(in crate::store) async fn user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        find(&*self.lines.lend().await?, user).await
    }

    pub(in crate::store) async fn user_named(
        &self,
        app: AppId,
        username: Username,
    ) -> Result<Option<User>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = concat!(select!(), " FROM users WHERE app = $1 AND username = $2");
        Ok(line.row(sql, &[&app.0, &username.as_str()]).await?.as_ref().map(user_of))
    }

    pub(in crate::store) async fn users(
        &self,
        app: AppId,
        after: Option<Username>,
    ) -> Result<Vec<User>, StoreError> {
        let after = after.as_ref().map_or("", Username::as_str);
        let line = self.lines.lend().await?;
        let sql =
            concat!(select!(), " FROM users WHERE app = $1 AND username > $2 ORDER BY username LIMIT $3");
        let rows = line.query(sql, &[&app.0, &after, &i64::from(USERS_LISTED_MAX)]).await?;
        Ok(rows.iter().map(user_of).collect())
    }

    pub(in crate::store) async fn change_username(
        &self,
        user: UserId,
        name: Username,
    ) -> Result<User, RenameError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let sql = "UPDATE users SET username = $2 WHERE id = $1 AND username IS NOT NULL
                       RETURNING id, app, username, email, created_at";
            match line.row(sql, &[&user.0, &name.as_str()]).await {
                Ok(row) => row.as_ref().map(user_of).ok_or(RenameError::UserNotFound),
                Err(error) if violated(&error) == Some("users_by_username") => {
                    Err(RenameError::UsernameTaken)
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    pub(in crate::store) async fn delete_user(&self, user: UserId) -> Result<bool, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            lock_endings(&line).await?;
            let sql = "SELECT username FROM users WHERE id = $1 AND username IS NOT NULL FOR UPDATE";
            let Some(row) = line.row(sql, &[&user.0]).await? else {
                line.roll_back().await?;
                return Ok(false);
            };
            let (name, now): (String, Timestamp) = (row.get(0), store.now());
            for sql in [
                "UPDATE users SET username = NULL, email = NULL, password_hash = NULL, first_name = NULL,
                        sur_name = NULL, external_id = NULL WHERE id = $1",
                "DELETE FROM sessions WHERE user_id = $1",
            ] {
                line.execute(sql, &[&user.0]).await?;
            }
            let sql = "INSERT INTO erasures (subject, kind, name, at) VALUES ($1, 'USER', $2, $3)";
            line.execute(sql, &[&user.0, &name, &now.0]).await?;
            note_end(&line, Ended::User(user), now).await?;
            line.commit().await?;
            Ok(true)
        })
        .await
    }
}

pub(super) fn user_of(row: &Row) -> User {
    User {
        id: UserId(row.get(0)),
        app: AppId(row.get(1)),
        username: row.get(2),
        email: row.get(3),
        created_at: Timestamp(row.get(4)),
    }
}

async fn find(line: &Line, user: UserId) -> Result<Option<User>, StoreError> {
    let sql = concat!(select!(), " FROM users WHERE id = $1 AND username IS NOT NULL");
    Ok(line.row(sql, &[&user.0]).await?.as_ref().map(user_of))
}
