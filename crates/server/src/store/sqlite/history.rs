//! Reading messages back: a page of a chat's history, or one message.

use chinwag_protocol::model::{Message, Reaction};
use chinwag_protocol::{ChatId, MessageId, ReactionId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::act::read_shown;
use super::rows::{self, CONTENT};
use super::{Sqlite, Tx};
use crate::chat::{Member, message};
use crate::store::event::stored_emoji;
use crate::store::{ChatError, StoreError};

impl Sqlite {
    pub(in crate::store) async fn history(
        &self,
        by: UserId,
        chat: ChatId,
        before: Option<MessageId>,
        size: u32,
    ) -> Result<Vec<Message>, ChatError> {
        self.read(move |connection| {
            let by = Member::of(rows::membership(connection, chat, by)?).map_err(ChatError::Refused)?;
            let before = match before {
                None => i64::MAX.unsigned_abs(),
                Some(id) => position_of(connection, &by, id)?,
            };
            Ok(page(connection, chat, before, size)?)
        })
        .await
    }

    pub(in crate::store) async fn read_shown(
        &self,
        by: UserId,
        chat: ChatId,
        id: MessageId,
    ) -> Result<(), StoreError> {
        self.write(move |tx: &mut Tx<'_>| read_shown(tx, chat, by, id)).await
    }
}

/// Where a page that ends before `id` begins. Paging goes on though the message was deleted meanwhile: ids of
/// messages grow with their positions, so its place is still known.
fn position_of(connection: &Connection, by: &Member, id: MessageId) -> Result<u64, ChatError> {
    // One of a chat that they are not in is as good as deleted: its place is told, not that it exists.
    let facts = match rows::message_facts(connection, id)? {
        Some(facts) if rows::membership(connection, facts.chat, by.user())?.is_some() => Some(facts),
        _ => None,
    };
    if facts.is_some() || id.0.get_version_num() != 7 {
        return Ok(message::in_chat(by, facts).map_err(ChatError::Refused)?.position);
    }
    let older: Option<u64> = connection
        .prepare_cached("SELECT position FROM messages WHERE id < ?1 ORDER BY id DESC LIMIT 1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    Ok(older.map_or(0, |position| position + 1))
}

const MESSAGE: &str = "m.seq, m.reply_to, m.changed_seq";

fn message_of(row: &Row<'_>) -> rusqlite::Result<(Message, Option<MessageId>)> {
    let message = Message {
        content: rows::content_of(row, 3)?,
        reply_to: None,
        reactions: Vec::new(),
        seq: row.get(0)?,
        changed_seq: row.get(2)?,
    };
    Ok((message, row.get::<_, Option<uuid::Uuid>>(1)?.map(MessageId)))
}

fn page(connection: &Connection, chat: ChatId, before: u64, size: u32) -> Result<Vec<Message>, StoreError> {
    let found: Vec<(Message, Option<MessageId>)> = connection
        .prepare_cached(&format!(
            "SELECT {MESSAGE}, {CONTENT} FROM messages m
             WHERE m.chat = ?1 AND m.position < ?2 ORDER BY m.position DESC LIMIT ?3"
        ))?
        .query_map(params![chat.0, before, size], message_of)?
        .collect::<Result<_, _>>()?;
    found.into_iter().map(|(message, original)| completed(connection, message, original)).collect()
}

/// Messages after a position, oldest first, each with its own position.
pub(super) fn after(
    connection: &Connection,
    chat: ChatId,
    after: u64,
    size: u32,
) -> Result<Vec<(u64, Message)>, StoreError> {
    let found: Vec<(u64, (Message, Option<MessageId>))> = connection
        .prepare_cached(&format!(
            "SELECT {MESSAGE}, {CONTENT}, m.position FROM messages m
             WHERE m.chat = ?1 AND m.position > ?2 ORDER BY m.position LIMIT ?3"
        ))?
        .query_map(params![chat.0, after, size], |row| Ok((row.get(9)?, message_of(row)?)))?
        .collect::<Result<_, _>>()?;
    let completed =
        |(position, (message, original))| Ok((position, completed(connection, message, original)?));
    found.into_iter().map(completed).collect()
}

/// One message as it is now; none if it was deleted.
pub(super) fn message(connection: &Connection, id: MessageId) -> Result<Option<Message>, StoreError> {
    let found = connection
        .prepare_cached(&format!("SELECT {MESSAGE}, {CONTENT} FROM messages m WHERE m.id = ?1"))?
        .query_row([id.0], message_of)
        .optional()?;
    found.map(|(message, original)| completed(connection, message, original)).transpose()
}

fn completed(
    connection: &Connection,
    mut message: Message,
    original: Option<MessageId>,
) -> Result<Message, StoreError> {
    if let Some(original) = original {
        message.reply_to = rows::content(connection, original)?;
    }
    message.reactions = reactions(connection, message.content.message_id)?;
    Ok(message)
}

fn reactions(connection: &Connection, message: MessageId) -> Result<Vec<Reaction>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, chat, sender, emoji, at FROM reactions WHERE message = ?1 ORDER BY position",
    )?;
    let mut rows = statement.query([message.0])?;
    let mut reactions = Vec::new();
    while let Some(row) = rows.next()? {
        let emoji: String = row.get(3)?;
        reactions.push(Reaction {
            reaction_id: ReactionId(row.get(0)?),
            chat_id: ChatId(row.get(1)?),
            message_id: message,
            sender_id: UserId(row.get(2)?),
            reaction: stored_emoji(emoji)?,
            created_at: Timestamp(row.get(4)?),
        });
    }
    Ok(reactions)
}
