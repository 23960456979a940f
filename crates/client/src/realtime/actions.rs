//! The eight actions. Each returns when the server has it on its disk, or has refused it for good.
//!
//! Dropping the future of one does not take it back: it stays in the outbox, and is done.

use chinwag_protocol::{Action, ChatId, Emoji, MessageId, MessageText, ReactionId};
use tokio::time::Instant;

use super::Realtime;
use super::action::{Stored, StoredId, stored};
use crate::error::Error;

/// The length is for the server to judge: its operator may have changed the limit.
fn text(message: impl Into<String>) -> Result<MessageText, Error> {
    Ok(MessageText::parse(message.into(), 0)?)
}

impl Realtime {
    /// Sends a message. Whatever happens meanwhile, it is stored once: it waits in the outbox while there is no connection,
    /// and is repeated under the same nonce when an answer was lost.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// let stored = client.realtime().send_message(chat, "Tea?").await?;
    /// println!("message {} is number {:?} of its chat", stored.id, stored.seq);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_message(
        &self,
        chat: ChatId,
        message: impl Into<String>,
    ) -> Result<Stored<MessageId>, Error> {
        self.perform(Action::Send { chat, message: text(message)? }).await
    }

    /// Replaces the text of one's own message.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// let sent = client.realtime().send_message(chat, "Tee?").await?;
    /// client.realtime().edit_message(chat, sent.id, "Tea?").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn edit_message(
        &self,
        chat: ChatId,
        id: MessageId,
        message: impl Into<String>,
    ) -> Result<Stored<MessageId>, Error> {
        self.perform(Action::Edit { chat, id, message: text(message)?, if_seq: None }).await
    }

    /// The same, only if nobody changed the message meanwhile: `seen` is its `changed_seq` in history, or the `seq` of the
    /// event that made or last edited it. Otherwise it is refused with [`ErrorCode::Conflict`](crate::ErrorCode::Conflict), and
    /// the refusal has the message as it is now.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// for message in client.messages(chat, 1, None).await? {
    ///     let id = message.content.message_id;
    ///     client.realtime().edit_message_if(chat, id, "Coffee?", message.changed_seq).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn edit_message_if(
        &self,
        chat: ChatId,
        id: MessageId,
        message: impl Into<String>,
        seen: u64,
    ) -> Result<Stored<MessageId>, Error> {
        self.perform(Action::Edit { chat, id, message: text(message)?, if_seq: Some(seen) }).await
    }

    /// Takes a message and its reactions out of history: one's own, or in one's own chat anybody's.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// let sent = client.realtime().send_message(chat, "oops").await?;
    /// client.realtime().delete_message(chat, sent.id).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_message(&self, chat: ChatId, id: MessageId) -> Result<Stored<MessageId>, Error> {
        self.perform(Action::Delete { chat, id, if_seq: None }).await
    }

    /// The same, only if nobody changed the message meanwhile; see [`Realtime::edit_message_if`].
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// for message in client.messages(chat, 1, None).await? {
    ///     client.realtime().delete_message_if(chat, message.content.message_id, message.changed_seq).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_message_if(
        &self,
        chat: ChatId,
        id: MessageId,
        seen: u64,
    ) -> Result<Stored<MessageId>, Error> {
        self.perform(Action::Delete { chat, id, if_seq: Some(seen) }).await
    }

    /// Sends a message that refers to `original`.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// let question = client.realtime().send_message(chat, "Tea?").await?;
    /// client.realtime().reply_to_message(chat, question.id, "Yes!").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn reply_to_message(
        &self,
        chat: ChatId,
        original: MessageId,
        message: impl Into<String>,
    ) -> Result<Stored<MessageId>, Error> {
        self.perform(Action::Reply { chat, original, message: text(message)? }).await
    }

    /// Tells the other members that one is typing. Call it on every key: it is sent at most once in two seconds for each
    /// chat, and not at all while there is no connection. Nothing is stored, and nothing is waited for.
    ///
    /// ```no_run
    /// # fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) {
    /// client.realtime().send_typing(chat);
    /// # }
    /// ```
    pub fn send_typing(&self, chat: ChatId) {
        if self.is_connected() {
            self.shared.act(|desk| desk.types(chat, Instant::now()));
        }
    }

    /// Reacts with one emoji. The same emoji again on the same message is the first reaction again, without a `seq`.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
    /// let sent = client.realtime().send_message(chat, "Tea!").await?;
    /// let reaction = client.realtime().add_reaction(chat, sent.id, "🍵").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn add_reaction(
        &self,
        chat: ChatId,
        id: MessageId,
        emoji: impl Into<String>,
    ) -> Result<Stored<ReactionId>, Error> {
        let reaction = Emoji::parse(emoji.into())?;
        self.perform(Action::React { chat, id, reaction }).await
    }

    /// Takes one's own reaction back.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, reaction: chinwag_client::ReactionId) -> Result<(), chinwag_client::Error> {
    /// client.realtime().remove_reaction(reaction).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove_reaction(&self, id: ReactionId) -> Result<Stored<ReactionId>, Error> {
        self.perform(Action::Unreact { id }).await
    }

    /// Marks a message and all before it as read. If they were read already there is no `seq`.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId, newest: chinwag_client::MessageId)
    /// #     -> Result<(), chinwag_client::Error> {
    /// client.realtime().mark_as_read(chat, newest).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn mark_as_read(&self, chat: ChatId, id: MessageId) -> Result<Stored<MessageId>, Error> {
        self.perform(Action::Read { chat, id }).await
    }

    async fn perform<Id: StoredId>(&self, action: Action) -> Result<Stored<Id>, Error> {
        let user = self.shared.auth.signed_in()?.user_id;
        let answer = self.shared.act(|desk| desk.add(action, user))?;
        // Gone without a word only if the task died with its run time.
        let event = answer.await.unwrap_or(Err(Error::Disconnected))?;
        stored(&event)
    }
}
