//! What an application's own server does in its app.

use chinwag_protocol::model::{ChatUserInfo, Message};
use chinwag_protocol::{AppId, ChatId, Timestamp, UserId, Username};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Sqlite, history, list, users};
use crate::store::{AppChat, AppUser, AppUserError, NewAppUser, RegisterError, StoreError, User, Whom};

impl Sqlite {
    pub(in crate::store) async fn register_app_user(&self, new: NewAppUser) -> Result<AppUser, AppUserError> {
        self.write(move |tx| {
            let user = User {
                id: tx.ids().next(),
                app: new.app,
                username: new.username.as_str().to_owned(),
                email: String::new(),
                created_at: tx.now(),
            };
            let user = User { email: new.address(user.id), ..user };
            let external_id = new.external_id.as_ref().map(|id| id.as_str().to_owned());
            if users::named(tx, new.app, &new.username)?.is_some() {
                return Err(RegisterError::UsernameTaken.into());
            }
            if let Some(email) = &new.email
                && users::has_address(tx, new.app, email)?
            {
                return Err(RegisterError::EmailTaken.into());
            }
            if let Some(id) = &new.external_id
                && find(tx, new.app, &Whom::External(id.clone()))?.is_some()
            {
                return Err(AppUserError::ExternalIdTaken);
            }
            tx.prepare_cached(
                "INSERT INTO users (id, app, username, email, password_hash, first_name, sur_name, created_at,
                                    external_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                user.id.0,
                user.app.0,
                user.username,
                user.email,
                new.password_hash,
                new.first_name,
                new.sur_name,
                user.created_at.0,
                external_id
            ])?;
            Ok(AppUser { user, external_id })
        })
        .await
    }

    pub(in crate::store) async fn app_user(
        &self,
        app: AppId,
        whom: Whom,
    ) -> Result<Option<AppUser>, StoreError> {
        self.read(move |connection| find(connection, app, &whom)).await
    }

    pub(in crate::store) async fn app_users(
        &self,
        app: AppId,
        after: Option<Username>,
        size: u32,
    ) -> Result<Vec<AppUser>, StoreError> {
        self.read(move |connection| {
            let after = after.as_ref().map_or("", Username::as_str);
            let users = connection
                .prepare_cached(&format!(
                    "SELECT {}, external_id FROM users WHERE app = ?1 AND username > ?2 ORDER BY username LIMIT ?3",
                    users::COLUMNS
                ))?
                .query_map(params![app.0, after, size], app_user_of)?
                .collect::<Result<_, _>>()?;
            Ok(users)
        })
        .await
    }

    pub(in crate::store) async fn own_user(&self, app: AppId) -> Result<Option<UserId>, StoreError> {
        self.read(move |connection| {
            let found = connection
                .prepare_cached("SELECT own_user FROM apps WHERE id = ?1")?
                .query_row([app.0], |row| row.get::<_, Option<uuid::Uuid>>(0))
                .optional()?;
            Ok(found.flatten().map(UserId))
        })
        .await
    }

    pub(in crate::store) async fn set_own_user(&self, app: AppId, user: UserId) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.prepare_cached("UPDATE apps SET own_user = ?2 WHERE id = ?1")?
                .execute(params![app.0, user.0])?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn app_chats(
        &self,
        app: AppId,
        after: Option<ChatId>,
        size: u32,
    ) -> Result<Vec<AppChat>, StoreError> {
        self.read(move |connection| {
            let after = after.map_or_else(uuid::Uuid::nil, |chat| chat.0);
            let chats = connection
                .prepare_cached(&format!("{CHAT} app = ?1 AND id > ?2 ORDER BY id LIMIT ?3"))?
                .query_map(params![app.0, after, size], chat_of)?
                .collect::<Result<_, _>>()?;
            Ok(chats)
        })
        .await
    }

    pub(in crate::store) async fn app_chat(
        &self,
        app: AppId,
        chat: ChatId,
    ) -> Result<Option<AppChat>, StoreError> {
        self.read(move |connection| {
            let found = connection
                .prepare_cached(&format!("{CHAT} app = ?1 AND id = ?2"))?
                .query_row(params![app.0, chat.0], chat_of)
                .optional()?;
            Ok(found)
        })
        .await
    }

    pub(in crate::store) async fn app_chat_members(
        &self,
        chat: ChatId,
    ) -> Result<Vec<ChatUserInfo>, StoreError> {
        self.read(move |connection| list::members(connection, chat)).await
    }

    pub(in crate::store) async fn export(
        &self,
        chat: ChatId,
        after: u64,
        size: u32,
    ) -> Result<Vec<(u64, Message)>, StoreError> {
        self.read(move |connection| history::after(connection, chat, after, size)).await
    }
}

const CHAT: &str = "SELECT id, name, creator, group_chat, created_at, importing, head_seq FROM chats
     WHERE deleted_at IS NULL AND";

fn chat_of(row: &Row<'_>) -> rusqlite::Result<AppChat> {
    Ok(AppChat {
        id: ChatId(row.get(0)?),
        name: row.get(1)?,
        creator: UserId(row.get(2)?),
        is_group: row.get(3)?,
        created_at: Timestamp(row.get(4)?),
        importing: row.get(5)?,
        seq: row.get(6)?,
    })
}

fn app_user_of(row: &Row<'_>) -> rusqlite::Result<AppUser> {
    Ok(AppUser { user: users::user_of(row)?, external_id: row.get(5)? })
}

pub(super) fn find(connection: &Connection, app: AppId, whom: &Whom) -> Result<Option<AppUser>, StoreError> {
    let select = |column: &str| {
        format!(
            "SELECT {}, external_id FROM users WHERE app = ?1 AND {column} = ?2 AND username IS NOT NULL",
            users::COLUMNS
        )
    };
    let found = match whom {
        Whom::Id(id) => connection
            .prepare_cached(&select("id"))?
            .query_row(params![app.0, id.0], app_user_of)
            .optional()?,
        Whom::External(id) => connection
            .prepare_cached(&select("external_id"))?
            .query_row(params![app.0, id.as_str()], app_user_of)
            .optional()?,
        Whom::Named(name) => connection
            .prepare_cached(&select("username"))?
            .query_row(params![app.0, name.as_str()], app_user_of)
            .optional()?,
    };
    Ok(found)
}
