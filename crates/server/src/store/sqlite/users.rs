//! End users of an app. One who is being erased has no name any more, and is found by nobody.

use chinwag_protocol::{AppId, Email, Timestamp, UserId, Username};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::sessions;
use super::{Sqlite, Tx};
use crate::store::users::USERS_LISTED_MAX;
use crate::store::{Ended, NewUser, RegisterError, RenameError, StoreError, User};

impl Sqlite {
    pub(in crate::store) async fn register_user(&self, new: NewUser) -> Result<User, RegisterError> {
        self.write(move |tx| {
            if named(tx, new.app, &new.username)?.is_some() {
                return Err(RegisterError::UsernameTaken);
            }
            if has_address(tx, new.app, &new.email)? {
                return Err(RegisterError::EmailTaken);
            }
            Ok(insert(tx, &new)?)
        })
        .await
    }

    pub(in crate::store) async fn user_credentials(
        &self,
        app: AppId,
        username: Username,
    ) -> Result<Option<(User, String)>, StoreError> {
        self.read(move |connection| {
            let found = connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS}, password_hash FROM users
                     WHERE app = ?1 AND username = ?2 AND password_hash IS NOT NULL"
                ))?
                .query_row(params![app.0, username.as_str()], |row| Ok((user_of(row)?, row.get(5)?)))
                .optional()?;
            Ok(found)
        })
        .await
    }

    pub(in crate::store) async fn user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.read(move |connection| find(connection, user)).await
    }

    pub(in crate::store) async fn user_named(
        &self,
        app: AppId,
        username: Username,
    ) -> Result<Option<User>, StoreError> {
        self.read(move |connection| match named(connection, app, &username)? {
            Some(user) => find(connection, user),
            None => Ok(None),
        })
        .await
    }

    pub(in crate::store) async fn users(
        &self,
        app: AppId,
        after: Option<Username>,
    ) -> Result<Vec<User>, StoreError> {
        self.read(move |connection| {
            let after = after.as_ref().map_or("", Username::as_str);
            let users = connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM users WHERE app = ?1 AND username > ?2 ORDER BY username LIMIT ?3"
                ))?
                .query_map(params![app.0, after, USERS_LISTED_MAX], user_of)?
                .collect::<Result<_, _>>()?;
            Ok(users)
        })
        .await
    }

    pub(in crate::store) async fn change_username(
        &self,
        user: UserId,
        name: Username,
    ) -> Result<User, RenameError> {
        self.write(move |tx| {
            let Some(before) = find(tx, user)? else { return Err(RenameError::UserNotFound) };
            if named(tx, before.app, &name)?.is_some_and(|holder| holder != user) {
                return Err(RenameError::UsernameTaken);
            }
            tx.prepare_cached("UPDATE users SET username = ?2 WHERE id = ?1")?
                .execute(params![user.0, name.as_str()])?;
            Ok(User { username: name.as_str().to_owned(), ..before })
        })
        .await
    }

    pub(in crate::store) async fn delete_user(&self, user: UserId) -> Result<bool, StoreError> {
        self.write(move |tx| {
            let Some(before) = find(tx, user)? else { return Ok(false) };
            tx.prepare_cached(
                "UPDATE users SET username = NULL, email = NULL, password_hash = NULL, first_name = NULL,
                        sur_name = NULL, external_id = NULL WHERE id = ?1",
            )?
            .execute([user.0])?;
            tx.prepare_cached("DELETE FROM sessions WHERE user = ?1")?.execute([user.0])?;
            sessions::note_end(tx, Ended::User(user))?;
            tx.prepare_cached("INSERT INTO erasures (subject, kind, name, at) VALUES (?1, 'USER', ?2, ?3)")?
                .execute(params![user.0, before.username, tx.now().0])?;
            Ok(true)
        })
        .await
    }
}

pub(super) const COLUMNS: &str = "id, app, username, email, created_at";

pub(super) fn user_of(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId(row.get(0)?),
        app: AppId(row.get(1)?),
        username: row.get(2)?,
        email: row.get(3)?,
        created_at: Timestamp(row.get(4)?),
    })
}

pub(super) fn find(connection: &Connection, user: UserId) -> Result<Option<User>, StoreError> {
    let found = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE id = ?1 AND username IS NOT NULL"))?
        .query_row([user.0], user_of)
        .optional()?;
    Ok(found)
}

pub(super) fn named(
    connection: &Connection,
    app: AppId,
    username: &Username,
) -> Result<Option<UserId>, StoreError> {
    let found = connection
        .prepare_cached("SELECT id FROM users WHERE app = ?1 AND username = ?2")?
        .query_row(params![app.0, username.as_str()], |row| row.get(0).map(UserId))
        .optional()?;
    Ok(found)
}

pub(super) fn has_address(connection: &Connection, app: AppId, email: &Email) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached("SELECT 1 FROM users WHERE app = ?1 AND email = ?2")?
        .exists(params![app.0, email.as_str()])?;
    Ok(found)
}

fn insert(tx: &Tx<'_>, new: &NewUser) -> Result<User, StoreError> {
    let user = User {
        id: tx.ids().next(),
        app: new.app,
        username: new.username.as_str().to_owned(),
        email: new.email.as_str().to_owned(),
        created_at: tx.now(),
    };
    tx.prepare_cached(
        "INSERT INTO users (id, app, username, email, password_hash, first_name, sur_name, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        user.id.0,
        user.app.0,
        user.username,
        user.email,
        new.password_hash,
        new.first_name,
        new.sur_name,
        user.created_at.0
    ])?;
    Ok(user)
}
