//! Chats, their members, and their history.

use chinwag_protocol::{ChatId, MessageId, UserId};
use serde::Deserialize;
use serde_json::json;

use super::Client;
use crate::error::Error;
use crate::history::History;
use crate::http::Call;
use crate::model::{ChatDetails, ChatUserInfo, Message};

#[derive(Deserialize)]
struct Chats {
    chats: Vec<ChatDetails>,
}

#[derive(Deserialize)]
struct Users {
    users: Vec<ChatUserInfo>,
}

#[derive(Deserialize)]
struct Messages {
    messages: Vec<Message>,
}

impl Client {
    /// `usernames` must include one's own name, and may be that alone.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// let chat = client.create_chat("Tea", &["alice", "bob"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_chat<S: AsRef<str> + Sync>(
        &self,
        name: &str,
        usernames: &[S],
    ) -> Result<ChatDetails, Error> {
        let usernames: Vec<&str> = usernames.iter().map(AsRef::as_ref).collect();
        let body = json!({"chatName": name, "userNames": usernames});
        self.auth.send(&Call::post("/api/chat/createChat", body)).await?.read()
    }

    /// One page of the user's chats, those with the most recent activity first. `page` counts from 0, `size` is at most 100.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// for chat in client.chats(0, 20).await? {
    ///     println!("{} ({} unread)", chat.chat_name, chat.unread_count);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn chats(&self, page: u32, size: u32) -> Result<Vec<ChatDetails>, Error> {
        let path = format!("/api/chat/getChats?page={page}&size={size}");
        let Chats { chats } = self.auth.send(&Call::get(path)).await?.read()?;
        Ok(chats)
    }

    /// The longest-standing first.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// let names: Vec<String> = client.members(chat).await?.into_iter().map(|member| member.username).collect();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn members(&self, chat: ChatId) -> Result<Vec<ChatUserInfo>, Error> {
        let Users { users } =
            self.auth.send(&Call::get(format!("/api/chat/getUsers/{chat}"))).await?.read()?;
        Ok(users)
    }

    /// Any member may. The new one sees the whole history.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// client.add_user(chat, "carol").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn add_user(&self, chat: ChatId, username: &str) -> Result<(), Error> {
        let body = json!({"chatId": chat, "newUsername": username});
        self.auth.send(&Call::post("/api/chat/addUser", body)).await.map(drop)
    }

    /// The creator removes anyone, everyone themselves.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// let me = client.user().await?.id;
    /// client.remove_user(chat, me).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove_user(&self, chat: ChatId, user: UserId) -> Result<(), Error> {
        let body = json!({"chatId": chat, "removeUser": user});
        self.auth.send(&Call::post("/api/chat/removeUser", body)).await.map(drop)
    }

    /// Any member may.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// client.rename_chat(chat, "Coffee").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rename_chat(&self, chat: ChatId, name: &str) -> Result<(), Error> {
        let body = json!({"chatId": chat, "newChatName": name});
        self.auth.send(&Call::post("/api/chat/changeName", body)).await.map(drop)
    }

    /// Only its creator may.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// client.delete_chat(chat).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_chat(&self, chat: ChatId) -> Result<(), Error> {
        self.auth.send(&Call::delete(format!("/api/chat/deleteChat?chatId={chat}"))).await.map(drop)
    }

    /// The newest messages before `before`, newest first; at most 100. Without `before` it begins with the newest message
    /// and *marks it as read*, as the published API does.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// let newest = client.messages(chat, 50, None).await?;
    /// let oldest = newest.last().map(|message| message.content.message_id);
    /// let older = client.messages(chat, 50, oldest).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn messages(
        &self,
        chat: ChatId,
        size: u32,
        before: Option<MessageId>,
    ) -> Result<Vec<Message>, Error> {
        let before = before.map(|id| format!("&lastMessage={id}")).unwrap_or_default();
        let path = format!("/api/messages/getMessages/{chat}?size={size}{before}");
        let Messages { messages } = self.auth.send(&Call::get(path)).await?.read()?;
        Ok(messages)
    }

    /// The whole history of a chat, newest first, read page by page as it is taken. It begins as [`Client::messages`] does,
    /// which marks the newest message as read.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// use futures_util::TryStreamExt;
    ///
    /// let mut history = client.history(chat);
    /// while let Some(message) = history.try_next().await? {
    ///     println!("{}", message.content.content);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn history(&self, chat: ChatId) -> History {
        History::new(self.clone(), chat, None)
    }

    /// The same from before a message on; nothing is marked as read.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId, known: chinwag_client::MessageId)
    /// #     -> Result<(), chinwag_client::Error> {
    /// use futures_util::{StreamExt, TryStreamExt};
    ///
    /// let ten: Vec<_> = client.history_before(chat, known).take(10).try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn history_before(&self, chat: ChatId, message: MessageId) -> History {
        History::new(self.clone(), chat, Some(message))
    }
}
