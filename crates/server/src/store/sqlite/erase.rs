//! Erasing: what a deleted user wrote, and what a deleted chat held, removed in small steps so that nobody waits.
//!
//! What remains is written in `erasures` with the deletion itself, so a restart goes on where it stopped.

use chinwag_protocol::{ChatId, MessageId, ReactionId, UserId};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::act::{delete_message, remove_reaction};
use super::chats::{Parting, leave};
use super::rows;
use super::{Sqlite, Tx};
use crate::chat::{Published, Route};
use crate::store::upkeep::STEP_ROWS;
use crate::store::{Erasure, StoreError};

impl Sqlite {
    pub(in crate::store) async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        self.read(|connection| {
            let found = connection
                .prepare_cached("SELECT kind, subject FROM erasures ORDER BY at")?
                .query_map([], |row| {
                    let (kind, subject): (String, Uuid) = (row.get(0)?, row.get(1)?);
                    Ok(match kind.as_str() {
                        "USER" => Erasure::User(subject.into()),
                        _ => Erasure::Chat(subject.into()),
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(found)
        })
        .await
    }

    pub(in crate::store) async fn erase(&self, erasure: Erasure) -> Result<(), StoreError> {
        match erasure {
            Erasure::User(user) => self.erase_user(user).await,
            Erasure::Chat(chat) => {
                while self.write(move |tx| chat_step(tx, chat)).await? {}
                Ok(())
            }
        }
    }

    /// Their messages and reactions go first, each with its event, then they leave their chats, then they are gone.
    async fn erase_user(&self, user: UserId) -> Result<(), StoreError> {
        for chat in self.read(move |connection| chats_of(connection, user)).await? {
            loop {
                let messages = self.read(move |connection| messages_of(connection, user, chat)).await?;
                if messages.is_empty() {
                    break;
                }
                self.write(move |tx| erase_messages(tx, user, &messages)).await?;
            }
            loop {
                let reactions = self.read(move |connection| reactions_of(connection, user, chat)).await?;
                if reactions.is_empty() {
                    break;
                }
                self.write(move |tx| erase_reactions(tx, user, &reactions)).await?;
            }
            self.write(move |tx| part(tx, user, chat)).await?;
        }
        self.write(move |tx| forget(tx, user)).await
    }
}

/// Removes some of a deleted chat's rows; false when none are left. That it was deleted, and who left it before,
/// stays for those who have not heard yet.
fn chat_step(tx: &mut Tx<'_>, chat: ChatId) -> Result<bool, StoreError> {
    let key = params![chat.0, STEP_ROWS];
    let mut removed = 0;
    for sql in [
        "DELETE FROM messages WHERE position IN (SELECT position FROM messages WHERE chat = ?1 LIMIT ?2)",
        "DELETE FROM reactions WHERE position IN (SELECT position FROM reactions WHERE chat = ?1 LIMIT ?2)",
        "DELETE FROM changes WHERE position IN
           (SELECT position FROM changes WHERE chat = ?1 AND kind NOT IN ('DELETE_CHAT', 'USER_LEAVE') LIMIT ?2)",
    ] {
        removed += tx.prepare_cached(sql)?.execute(key)?;
    }
    removed += tx
        .prepare_cached(
            "DELETE FROM imported WHERE owner = ?1 AND nonce IN
               (SELECT nonce FROM imported WHERE owner = ?1 LIMIT ?2)",
        )?
        .execute(key)?;
    if removed == 0 {
        tx.prepare_cached("DELETE FROM erasures WHERE subject = ?1")?.execute([chat.0])?;
    }
    Ok(removed > 0)
}

/// Every chat that the user is or was in.
fn chats_of(connection: &Connection, user: UserId) -> Result<Vec<ChatId>, StoreError> {
    let chats = connection
        .prepare_cached(
            "SELECT m.chat FROM members m JOIN chats c ON c.id = m.chat WHERE m.user = ?1 AND c.deleted_at IS NULL",
        )?
        .query_map([user.0], |row| row.get(0).map(ChatId))?
        .collect::<Result<_, _>>()?;
    Ok(chats)
}

/// None in a chat that was deleted meanwhile: what it held goes with it, and DELETE_CHAT stays its last event.
fn messages_of(connection: &Connection, user: UserId, chat: ChatId) -> Result<Vec<MessageId>, StoreError> {
    if !rows::is_there(connection, chat)? {
        return Ok(Vec::new());
    }
    let messages = connection
        .prepare_cached(
            "SELECT id FROM messages WHERE position IN
               (SELECT position FROM messages INDEXED BY messages_by_sender
                WHERE chat = ?1 AND sender = ?2 ORDER BY position LIMIT ?3) ORDER BY position",
        )?
        .query_map(params![chat.0, user.0, STEP_ROWS], |row| row.get(0).map(MessageId))?
        .collect::<Result<_, _>>()?;
    Ok(messages)
}

fn reactions_of(connection: &Connection, user: UserId, chat: ChatId) -> Result<Vec<ReactionId>, StoreError> {
    if !rows::is_there(connection, chat)? {
        return Ok(Vec::new());
    }
    let reactions = connection
        .prepare_cached(
            "SELECT id FROM reactions WHERE position IN
               (SELECT position FROM reactions INDEXED BY reactions_by_sender
                WHERE chat = ?1 AND sender = ?2 ORDER BY position LIMIT ?3) ORDER BY position",
        )?
        .query_map(params![chat.0, user.0, STEP_ROWS], |row| row.get(0).map(ReactionId))?
        .collect::<Result<_, _>>()?;
    Ok(reactions)
}

pub(super) fn erase_messages(
    tx: &mut Tx<'_>,
    user: UserId,
    messages: &[MessageId],
) -> Result<(), StoreError> {
    for id in messages {
        // Gone since it was found: somebody deleted it, or the chat.
        let Some(facts) = rows::message_facts(tx, *id)? else { continue };
        if !rows::is_there(tx, facts.chat)? {
            continue;
        }
        let event = delete_message(tx, user, *id, &facts)?;
        tx.publish(Published { event, route: Route::Members });
    }
    Ok(())
}

fn erase_reactions(tx: &mut Tx<'_>, user: UserId, reactions: &[ReactionId]) -> Result<(), StoreError> {
    for id in reactions {
        let Some(facts) = rows::reaction_facts(tx, *id)? else { continue };
        if !rows::is_there(tx, facts.chat)? {
            continue;
        }
        let event = remove_reaction(tx, user, &facts)?;
        tx.publish(Published { event, route: Route::Members });
    }
    Ok(())
}

fn part(tx: &mut Tx<'_>, user: UserId, chat: ChatId) -> Result<(), StoreError> {
    if rows::membership(tx, chat, user)?.is_none() {
        return Ok(());
    }
    let name: Option<String> = tx
        .prepare_cached("SELECT name FROM erasures WHERE subject = ?1")?
        .query_row([user.0], |row| row.get(0))
        .optional()?
        .flatten();
    leave(tx, chat, user, &Parting::Erased(name.unwrap_or_default()))
}

/// The last step: what is kept under the user's id and about their name.
fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<(), StoreError> {
    for sql in [
        "UPDATE changes SET text = NULL WHERE position IN (SELECT change_position FROM members WHERE user = ?1)",
        "DELETE FROM changes WHERE position IN (SELECT read_change FROM members WHERE user = ?1)",
        "DELETE FROM members WHERE user = ?1",
        "DELETE FROM stays WHERE user = ?1",
        "DELETE FROM nonces WHERE user = ?1",
        "DELETE FROM users WHERE id = ?1",
        "DELETE FROM erasures WHERE subject = ?1",
    ] {
        tx.prepare_cached(sql)?.execute([user.0])?;
    }
    Ok(())
}
