//! What an application's own server does in its app: users of its own accounts, a voice of its own, chats as a whole,
//! and history that it brings from elsewhere (docs/adr/0012).

use std::borrow::Cow;
use std::str::FromStr;

use chinwag_protocol::model::{ChatUserInfo, Message};
use chinwag_protocol::{
    AppId, ChatId, ChatName, Email, MessageId, MessageText, Nonce, Timestamp, UserId, Username,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::{ChatError, RegisterError, Store, StoreError, User};

const EXTERNAL_ID_CHARS_MAX: usize = 128;
/// What the app's own user is called, if nobody else is.
pub(super) const OWN_NAME: &str = "system";
/// Where the made-up addresses of users are who have none: mail to it is never delivered (RFC 2606, section 2).
const NOWHERE: &str = "chinwag.invalid";

/// What the application calls one of its users.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExternalId(String);

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an external id must have 1 to {EXTERNAL_ID_CHARS_MAX} characters, none of them control characters")]
pub struct InvalidExternalId;

impl ExternalId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExternalId {
    type Err = InvalidExternalId;

    fn from_str(text: &str) -> Result<Self, InvalidExternalId> {
        let chars = text.chars().count();
        let fits = (1..=EXTERNAL_ID_CHARS_MAX).contains(&chars) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidExternalId) }
    }
}

impl<'de> Deserialize<'de> for ExternalId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ExternalId {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("ExternalId")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": EXTERNAL_ID_CHARS_MAX,
            "description": "What the application calls a user. Unique in its app.",
        })
    }
}

/// A user as their application knows them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppUser {
    pub user: User,
    pub external_id: Option<String>,
}

/// A user to be, who need not be able to sign in by themselves.
#[derive(Clone)]
pub struct NewAppUser {
    pub app: AppId,
    pub username: Username,
    pub external_id: Option<ExternalId>,
    /// Without one they get an address at which nobody is.
    pub email: Option<Email>,
    pub password_hash: Option<String>,
    pub first_name: Option<String>,
    pub sur_name: Option<String>,
}

impl NewAppUser {
    /// Who is only a name.
    #[must_use]
    pub fn named(app: AppId, username: Username) -> Self {
        let (external_id, email, password_hash) = (None, None, None);
        Self { app, username, external_id, email, password_hash, first_name: None, sur_name: None }
    }

    pub(super) fn address(&self, id: UserId) -> String {
        self.email.as_ref().map_or_else(|| format!("{id}@{NOWHERE}"), |email| email.as_str().to_owned())
    }
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AppUserError {
    #[error(transparent)]
    Register(RegisterError),
    #[error("the external id is taken")]
    ExternalIdTaken,
}

impl<E: Into<RegisterError>> From<E> for AppUserError {
    fn from(error: E) -> Self {
        Self::Register(error.into())
    }
}

/// One user of an app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whom {
    Id(UserId),
    External(ExternalId),
    Named(Username),
}

/// A chat as its app knows it, whoever is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppChat {
    pub id: ChatId,
    pub name: String,
    pub creator: UserId,
    pub is_group: bool,
    pub created_at: Timestamp,
    /// Whether it is not opened yet.
    pub importing: bool,
    /// Of its newest event.
    pub seq: u64,
}

/// A chat from elsewhere.
#[derive(Clone, Debug)]
pub struct NewImport {
    pub app: AppId,
    pub name: ChatName,
    pub creator: UserId,
    pub created_at: Timestamp,
    pub nonce: Nonce,
}

/// A message from elsewhere.
#[derive(Clone, Debug)]
pub struct OldMessage {
    pub sender: UserId,
    pub text: MessageText,
    pub sent_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    pub nonce: Nonce,
    /// The nonce of a message that was imported before.
    pub reply_to: Option<Nonce>,
}

/// What became of an [`OldMessage`], now or when its nonce first came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Imported {
    pub id: MessageId,
    pub seq: u64,
    pub replayed: bool,
}

impl Store {
    pub async fn register_app_user(&self, new: NewAppUser) -> Result<AppUser, AppUserError> {
        on_engine!(self, store => store.register_app_user(new).await)
    }

    pub async fn app_user(&self, app: AppId, whom: Whom) -> Result<Option<AppUser>, StoreError> {
        on_engine!(self, store => store.app_user(app, whom).await)
    }

    /// Up to `size` of the app's users by name, from the one after `after`.
    pub async fn app_users(
        &self,
        app: AppId,
        after: Option<Username>,
        size: u32,
    ) -> Result<Vec<AppUser>, StoreError> {
        on_engine!(self, store => store.app_users(app, after, size).await)
    }

    /// The user who speaks when the app itself does, made if there is none. They act in every chat of the app without
    /// being in it.
    pub async fn own_user(&self, app: AppId) -> Result<User, StoreError> {
        for attempt in 0_u32.. {
            if let Some(id) = on_engine!(self, store => store.own_user(app).await)?
                && let Some(user) = self.user(id).await?
            {
                return Ok(user);
            }
            let name = if attempt == 0 { OWN_NAME.to_owned() } else { format!("{OWN_NAME}-{attempt}") };
            let username =
                Username::parse(name).map_err(|error| StoreError::Unavailable(error.to_string()))?;
            match self.register_app_user(NewAppUser::named(app, username)).await {
                Ok(made) => on_engine!(self, store => store.set_own_user(app, made.user.id).await)?,
                Err(AppUserError::Register(RegisterError::Store(error))) => return Err(error),
                // Somebody is called so already.
                Err(_) => {}
            }
        }
        Err(StoreError::Unavailable("all names are taken".to_owned()))
    }

    /// The same user, if there is one yet.
    pub async fn own_user_if_any(&self, app: AppId) -> Result<Option<UserId>, StoreError> {
        on_engine!(self, store => store.own_user(app).await)
    }

    /// Up to `size` of the app's chats, oldest first, from the one after `after`.
    pub async fn app_chats(
        &self,
        app: AppId,
        after: Option<ChatId>,
        size: u32,
    ) -> Result<Vec<AppChat>, StoreError> {
        on_engine!(self, store => store.app_chats(app, after, size).await)
    }

    pub async fn app_chat(&self, app: AppId, chat: ChatId) -> Result<Option<AppChat>, StoreError> {
        on_engine!(self, store => store.app_chat(app, chat).await)
    }

    /// Who is in the chat, longest-standing first.
    pub async fn app_chat_members(&self, chat: ChatId) -> Result<Vec<ChatUserInfo>, StoreError> {
        on_engine!(self, store => store.app_chat_members(chat).await)
    }

    /// Up to `size` messages of the chat, oldest first, after a position; each with its own.
    pub async fn export(
        &self,
        chat: ChatId,
        after: u64,
        size: u32,
    ) -> Result<Vec<(u64, Message)>, StoreError> {
        on_engine!(self, store => store.export(chat, after, size).await)
    }

    /// Makes a chat that nobody is in, to import its history. The same nonce is the same chat.
    pub async fn begin_import(&self, new: NewImport) -> Result<ChatId, ChatError> {
        on_engine!(self, store => store.begin_import(new).await)
    }

    /// Puts messages behind those that are there, in this order, all or none. The same nonce is the same message.
    pub async fn import_messages(
        &self,
        app: AppId,
        chat: ChatId,
        messages: Vec<OldMessage>,
    ) -> Result<Vec<Imported>, ChatError> {
        on_engine!(self, store => store.import_messages(app, chat, messages).await)
    }

    /// Ends the import: these are in the chat from now on, and have read what it holds. They are told that they joined.
    pub async fn open_import(&self, app: AppId, chat: ChatId, members: Vec<UserId>) -> Result<(), ChatError> {
        on_engine!(self, store => store.open_import(app, chat, members).await)
    }
}

/// The nonces of a chat that was opened are still known, so a repeated opening is answered as the first was.
pub(super) enum ImportState {
    Importing,
    Opened,
    Never,
}

impl ImportState {
    pub(super) fn of(importing: bool, was_imported: bool) -> Self {
        match (importing, was_imported) {
            (true, _) => Self::Importing,
            (false, true) => Self::Opened,
            (false, false) => Self::Never,
        }
    }
}
