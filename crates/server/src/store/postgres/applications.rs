//! What an application's own server does in its app.

use chinwag_protocol::model::{ChatUserInfo, Message};
use chinwag_protocol::{AppId, ChatId, Timestamp, UserId, Username};
use tokio_postgres::Row;
use uuid::Uuid;

use super::line::{Line, violated};
use super::sync::SNAPSHOT;
use super::{Postgres, big, history, list, natural, users};
use crate::store::{AppChat, AppUser, AppUserError, NewAppUser, RegisterError, StoreError, User, Whom};

macro_rules! user {
    () => {
        "SELECT id, app, username, email, created_at, external_id FROM users
         WHERE app = $1 AND username IS NOT NULL AND "
    };
}

macro_rules! chat {
    () => {
        "SELECT id, name, creator, group_chat, created_at, importing, head_seq FROM chats
         WHERE deleted_at IS NULL AND app = $1 AND "
    };
}

impl Postgres {
    pub(in crate::store) async fn register_app_user(&self, new: NewAppUser) -> Result<AppUser, AppUserError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let id: UserId = store.ids.next();
            let user = User {
                id,
                app: new.app,
                username: new.username.as_str().to_owned(),
                email: new.address(id),
                created_at: store.now(),
            };
            let first_name = new.first_name.as_deref().map(str::as_bytes);
            let sur_name = new.sur_name.as_deref().map(str::as_bytes);
            let external_id = new.external_id.as_ref().map(|id| id.as_str().to_owned());
            let sql = "INSERT INTO users (id, app, username, email, password_hash, first_name, sur_name, created_at,
                                          external_id)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
            let (app, at) = (user.app.0, user.created_at.0);
            let (name, email, hash) = (&user.username, &user.email, &new.password_hash);
            let inserted = line
                .execute(sql, &[&id.0, &app, name, email, hash, &first_name, &sur_name, &at, &external_id])
                .await;
            match inserted {
                Ok(_) => Ok(AppUser { user, external_id }),
                Err(error) => Err(match violated(&error) {
                    Some("users_by_username") => RegisterError::UsernameTaken.into(),
                    Some("users_by_email") => RegisterError::EmailTaken.into(),
                    Some("users_by_external_id") => AppUserError::ExternalIdTaken,
                    _ => StoreError::from(error).into(),
                }),
            }
        })
        .await
    }

    pub(in crate::store) async fn app_user(
        &self,
        app: AppId,
        whom: Whom,
    ) -> Result<Option<AppUser>, StoreError> {
        find(&*self.lines.lend().await?, app, &whom).await
    }

    pub(in crate::store) async fn app_users(
        &self,
        app: AppId,
        after: Option<Username>,
        size: u32,
    ) -> Result<Vec<AppUser>, StoreError> {
        let after = after.as_ref().map_or("", Username::as_str);
        let line = self.lines.lend().await?;
        let sql = concat!(user!(), "username > $2 ORDER BY username LIMIT $3");
        Ok(line.query(sql, &[&app.0, &after, &i64::from(size)]).await?.iter().map(app_user_of).collect())
    }

    pub(in crate::store) async fn own_user(&self, app: AppId) -> Result<Option<UserId>, StoreError> {
        let line = self.lines.lend().await?;
        let row = line.row("SELECT own_user FROM apps WHERE id = $1", &[&app.0]).await?;
        Ok(row.and_then(|row| row.get::<_, Option<Uuid>>(0)).map(UserId))
    }

    pub(in crate::store) async fn set_own_user(&self, app: AppId, user: UserId) -> Result<(), StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            line.execute("UPDATE apps SET own_user = $2 WHERE id = $1", &[&app.0, &user.0]).await?;
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
        let after = after.map_or_else(Uuid::nil, |chat| chat.0);
        let line = self.lines.lend().await?;
        let sql = concat!(chat!(), "id > $2 ORDER BY id LIMIT $3");
        Ok(line.query(sql, &[&app.0, &after, &i64::from(size)]).await?.iter().map(chat_of).collect())
    }

    pub(in crate::store) async fn app_chat(
        &self,
        app: AppId,
        chat: ChatId,
    ) -> Result<Option<AppChat>, StoreError> {
        let line = self.lines.lend().await?;
        Ok(line.row(concat!(chat!(), "id = $2"), &[&app.0, &chat.0]).await?.as_ref().map(chat_of))
    }

    pub(in crate::store) async fn app_chat_members(
        &self,
        chat: ChatId,
    ) -> Result<Vec<ChatUserInfo>, StoreError> {
        list::members(&*self.lines.lend().await?, chat).await
    }

    pub(in crate::store) async fn export(
        &self,
        chat: ChatId,
        after: u64,
        size: u32,
    ) -> Result<Vec<(u64, Message)>, StoreError> {
        let mut line = self.lines.lend().await?;
        line.begin(SNAPSHOT).await?;
        let found = history::after(&line, chat, big(after), size).await;
        line.roll_back().await?;
        found
    }
}

fn app_user_of(row: &Row) -> AppUser {
    AppUser { user: users::user_of(row), external_id: row.get(5) }
}

fn chat_of(row: &Row) -> AppChat {
    AppChat {
        id: ChatId(row.get(0)),
        name: row.get(1),
        creator: UserId(row.get(2)),
        is_group: row.get(3),
        created_at: Timestamp(row.get(4)),
        importing: row.get(5),
        seq: natural(row.get(6)),
    }
}

async fn find(line: &Line, app: AppId, whom: &Whom) -> Result<Option<AppUser>, StoreError> {
    let row = match whom {
        Whom::Id(id) => line.row(concat!(user!(), "id = $2"), &[&app.0, &id.0]).await?,
        Whom::External(id) => line.row(concat!(user!(), "external_id = $2"), &[&app.0, &id.as_str()]).await?,
        Whom::Named(name) => line.row(concat!(user!(), "username = $2"), &[&app.0, &name.as_str()]).await?,
    };
    Ok(row.as_ref().map(app_user_of))
}
