//! Removing messages that are older than their app keeps them, in small steps.

use chinwag_protocol::{AppId, ChatId, MessageId, Timestamp, UserId};
use rusqlite::{Connection, params};

use super::act::delete_message;
use super::rows;
use super::{Sqlite, Tx};
use crate::chat::{Published, Route};
use crate::store::StoreError;
use crate::store::upkeep::STEP_ROWS;

impl Sqlite {
    pub(in crate::store) async fn expire_messages(
        &self,
        app: AppId,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut removed = 0;
        for chat in self.read(move |connection| chats_of(connection, app)).await? {
            loop {
                let old = self.read(move |connection| oldest(connection, chat, before)).await?;
                if old.is_empty() {
                    break;
                }
                removed += self.write(move |tx| expire(tx, &old)).await?;
            }
        }
        Ok(removed)
    }
}

fn chats_of(connection: &Connection, app: AppId) -> Result<Vec<ChatId>, StoreError> {
    let chats = connection
        .prepare_cached("SELECT id FROM chats WHERE app = ?1 AND deleted_at IS NULL")?
        .query_map([app.0], |row| row.get(0).map(ChatId))?
        .collect::<Result<_, _>>()?;
    Ok(chats)
}

/// Of the chat's first messages those that are too old: there are none behind the first that is not.
fn oldest(
    connection: &Connection,
    chat: ChatId,
    before: Timestamp,
) -> Result<Vec<(MessageId, UserId)>, StoreError> {
    if !rows::is_there(connection, chat)? {
        return Ok(Vec::new());
    }
    let messages = connection
        .prepare_cached(
            "SELECT id, sender FROM messages WHERE sent_at < ?2 AND position IN
               (SELECT position FROM messages INDEXED BY messages_by_chat
                WHERE chat = ?1 ORDER BY position LIMIT ?3) ORDER BY position",
        )?
        .query_map(params![chat.0, before.0, STEP_ROWS], |row| {
            Ok((MessageId(row.get(0)?), UserId(row.get(1)?)))
        })?
        .collect::<Result<_, _>>()?;
    Ok(messages)
}

fn expire(tx: &mut Tx<'_>, messages: &[(MessageId, UserId)]) -> Result<u64, StoreError> {
    let mut removed = 0;
    for (id, sender) in messages {
        // Gone since it was found: somebody deleted it, or the chat.
        let Some(facts) = rows::message_facts(tx, *id)? else { continue };
        if !rows::is_there(tx, facts.chat)? {
            continue;
        }
        let event = delete_message(tx, *sender, *id, &facts)?;
        tx.publish(Published { event, route: Route::Members });
        removed += 1;
    }
    Ok(removed)
}
