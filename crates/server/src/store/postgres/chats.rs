//! Chats as wholes: made, joined, left, renamed, deleted.

use chinwag_protocol::model::ChatDetails;
use chinwag_protocol::{Action, AppId, ChatId, ChatName, Envelope, MessageId, UserId, Username};

use super::verbs::{Outcome, Verb};
use super::{Postgres, list};
use crate::chat::Refusal;
use crate::store::{ActError, ChatError, StoreError};

impl Postgres {
    pub(in crate::store) async fn create_chat(
        &self,
        app: AppId,
        creator: UserId,
        name: ChatName,
        usernames: Vec<Username>,
    ) -> Result<ChatDetails, ChatError> {
        let Outcome::Made(chat) = self.verb(Verb::Create { app, creator, name, usernames }).await? else {
            return Err(StoreError::Unavailable("no chat was made".to_owned()).into());
        };
        let line = self.lines.lend().await?;
        Ok(list::chat_details(&line, chat, creator).await?.ok_or(Refusal::ChatNotFound)?)
    }

    pub(in crate::store) async fn add_member(
        &self,
        app: AppId,
        by: UserId,
        chat: ChatId,
        username: Username,
    ) -> Result<(), ChatError> {
        self.verb(Verb::Add { app, by, chat, username }).await.map(drop)
    }

    pub(in crate::store) async fn remove_member(
        &self,
        by: UserId,
        chat: ChatId,
        whom: UserId,
    ) -> Result<(), ChatError> {
        self.verb(Verb::Remove { by, chat, whom }).await.map(drop)
    }

    pub(in crate::store) async fn rename_chat(
        &self,
        by: UserId,
        chat: ChatId,
        name: ChatName,
    ) -> Result<(), ChatError> {
        self.verb(Verb::Rename { by, chat, name }).await.map(drop)
    }

    pub(in crate::store) async fn delete_chat(&self, by: UserId, chat: ChatId) -> Result<(), ChatError> {
        self.verb(Verb::Delete { by, chat }).await.map(drop)
    }

    pub(in crate::store) async fn read_shown(
        &self,
        by: UserId,
        chat: ChatId,
        id: MessageId,
    ) -> Result<(), StoreError> {
        let read = Envelope { action: Action::Read { chat, id }, nonce: None, sender: None };
        match self.act(by, vec![read]).await.await {
            // Either is gone by now.
            Ok(_) | Err(ActError::Refused { .. }) => Ok(()),
            Err(ActError::Store(error)) => Err(error),
        }
    }
}
