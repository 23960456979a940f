//! Reading and writing single rows, for the use cases beside this file.

use chinwag_protocol::model::MessageContent;
use chinwag_protocol::{ChatId, MessageId, ReactionId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::Tx;
use crate::chat::{Membership, MessageFacts, ReactionFacts};
use crate::store::StoreError;
use crate::store::event::Stamp;

/// Present: never left, or joined again since.
pub(super) const PRESENT: &str = "(m.left_position IS NULL OR m.left_position < m.joined_position)";

/// And the chat is there.
const IN_CHAT: &str =
    "c.deleted_at IS NULL AND (m.left_position IS NULL OR m.left_position < m.joined_position)";

/// Takes the chat's next seq. A `message` also counts as one, and moves the chat to the top of its members' lists.
pub(super) fn stamp(tx: &mut Tx<'_>, chat: ChatId, message: bool) -> Result<Stamp, StoreError> {
    let position = tx.advance();
    // RETURNING would make SQLite keep a copy of each page that the statement changes.
    let (seq, sent): (u64, u64) = tx
        .prepare_cached("SELECT head_seq + 1, sent + ?2 FROM chats WHERE id = ?1")?
        .query_row(params![chat.0, message], |row| Ok((row.get(0)?, row.get(1)?)))?;
    tx.prepare_cached(
        "UPDATE chats SET head_seq = ?2, head_position = ?3, sent = ?4,
                active_position = CASE WHEN ?5 THEN ?3 ELSE active_position END
         WHERE id = ?1",
    )?
    .execute(params![chat.0, seq, position, sent, message])?;
    Ok(Stamp { seq, position, at: tx.now(), sent })
}

/// A row of `changes`, less its stamp.
pub(super) struct Change<'a> {
    pub(super) chat: ChatId,
    pub(super) kind: &'static str,
    pub(super) sender: UserId,
    pub(super) subject: Option<Uuid>,
    pub(super) parent: Option<Uuid>,
    pub(super) text: Option<&'a str>,
    pub(super) deleted: Option<Deleted>,
}

/// What is kept of a deleted message, for unread counts: its number in the chat, and among its author's there.
pub(super) struct Deleted {
    pub(super) nth: u64,
    pub(super) author: UserId,
    pub(super) author_nth: u64,
}

/// Keeps a change, in the place of the older one of the same thing if there is one.
pub(super) fn keep_change(
    tx: &Tx<'_>,
    stamp: &Stamp,
    change: &Change<'_>,
    instead_of: Option<u64>,
) -> Result<(), StoreError> {
    if let Some(position) = instead_of {
        forget_change(tx, position)?;
    }
    tx.prepare_cached(
        "INSERT INTO changes (position, chat, seq, kind, sender, subject, parent, text, at, nth, author, author_nth)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        stamp.position,
        change.chat.0,
        stamp.seq,
        change.kind,
        change.sender.0,
        change.subject,
        change.parent,
        change.text,
        stamp.at.0,
        change.deleted.as_ref().map(|deleted| deleted.nth),
        change.deleted.as_ref().map(|deleted| deleted.author.0),
        change.deleted.as_ref().map(|deleted| deleted.author_nth)
    ])?;
    Ok(())
}

pub(super) fn forget_change(tx: &Tx<'_>, position: u64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM changes WHERE position = ?1")?.execute([position])?;
    Ok(())
}

/// Whether the chat was not deleted. What it held may be there for a while longer.
pub(super) fn is_there(connection: &Connection, chat: ChatId) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached("SELECT deleted_at IS NULL FROM chats WHERE id = ?1")?
        .query_row([chat.0], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(false))
}

pub(super) fn membership(
    connection: &Connection,
    chat: ChatId,
    user: UserId,
) -> Result<Option<Membership>, StoreError> {
    let found = connection
        .prepare_cached(&format!("SELECT {MEMBERSHIP} WHERE m.chat = ?1 AND m.user = ?2 AND {IN_CHAT}"))?
        .query_row(params![chat.0, user.0], |row| membership_of(row, chat, user))
        .optional()?;
    Ok(found)
}

const MEMBERSHIP: &str =
    "c.creator, m.read_position, m.read_nth FROM members m JOIN chats c ON c.id = m.chat";

fn membership_of(row: &Row<'_>, chat: ChatId, user: UserId) -> rusqlite::Result<Membership> {
    Ok(Membership {
        chat,
        user,
        creator: UserId(row.get(0)?),
        read_position: row.get(1)?,
        read_nth: row.get(2)?,
    })
}

/// The membership of somebody who acts. Of a deleted user nothing more is taken, though a socket of theirs may be open
/// for a moment.
pub(super) fn actors_membership(
    connection: &Connection,
    chat: ChatId,
    user: UserId,
) -> Result<Option<Membership>, StoreError> {
    let found = connection
        .prepare_cached(&format!(
            "SELECT {MEMBERSHIP} JOIN users u ON u.id = m.user
             WHERE m.chat = ?1 AND m.user = ?2 AND u.username IS NOT NULL AND {IN_CHAT}"
        ))?
        .query_row(params![chat.0, user.0], |row| membership_of(row, chat, user))
        .optional()?;
    Ok(found)
}

/// The app's own user acts in every chat of its app, and deletes as a chat's creator does.
pub(super) fn own_membership(
    connection: &Connection,
    chat: ChatId,
    user: UserId,
) -> Result<Option<Membership>, StoreError> {
    let is_own = connection
        .prepare_cached(
            "SELECT 1 FROM chats c JOIN apps a ON a.id = c.app
             WHERE c.id = ?1 AND a.own_user = ?2 AND c.deleted_at IS NULL",
        )?
        .exists(params![chat.0, user.0])?;
    Ok(is_own.then_some(Membership { chat, user, creator: user, read_position: 0, read_nth: 0 }))
}

pub(super) fn message_facts(
    connection: &Connection,
    id: MessageId,
) -> Result<Option<MessageFacts>, StoreError> {
    let found = connection
        .prepare_cached("SELECT chat, sender, position, changed_seq, nth FROM messages WHERE id = ?1")?
        .query_row([id.0], |row| {
            Ok(MessageFacts {
                chat: ChatId(row.get(0)?),
                sender: UserId(row.get(1)?),
                position: row.get(2)?,
                changed_seq: row.get(3)?,
                nth: row.get(4)?,
            })
        })
        .optional()?;
    Ok(found)
}

pub(super) fn reaction_facts(
    connection: &Connection,
    id: ReactionId,
) -> Result<Option<ReactionFacts>, StoreError> {
    let found = connection
        .prepare_cached("SELECT chat, message, sender, position FROM reactions WHERE id = ?1")?
        .query_row([id.0], |row| {
            Ok(ReactionFacts {
                id,
                chat: ChatId(row.get(0)?),
                message: MessageId(row.get(1)?),
                sender: UserId(row.get(2)?),
                position: row.get(3)?,
            })
        })
        .optional()?;
    Ok(found)
}

/// The columns that [`content_of`] reads, from `messages` named `m`.
pub(super) const CONTENT: &str = "m.chat, m.sent_at, m.id, m.sender, m.text, m.edited_at";

/// Reads a message's content from the six columns of [`CONTENT`] that begin at `first`.
pub(super) fn content_of(row: &Row<'_>, first: usize) -> rusqlite::Result<MessageContent> {
    let edited_at = row.get::<_, Option<i64>>(first + 5)?.map(Timestamp);
    Ok(MessageContent {
        chat_id: ChatId(row.get(first)?),
        time_stamp: Timestamp(row.get(first + 1)?),
        message_id: MessageId(row.get(first + 2)?),
        sender_id: UserId(row.get(first + 3)?),
        content: row.get(first + 4)?,
        edited: edited_at.is_some(),
        edited_at,
    })
}

/// A message's content as it is now; none once it was deleted.
pub(super) fn content(connection: &Connection, id: MessageId) -> Result<Option<MessageContent>, StoreError> {
    let found = connection
        .prepare_cached(&format!("SELECT {CONTENT} FROM messages m WHERE m.id = ?1"))?
        .query_row([id.0], |row| content_of(row, 0))
        .optional()?;
    Ok(found)
}

/// Other people's messages after the read pointer, by arithmetic: all that were sent after it, less those deleted
/// since, less one's own, which are numbered too. Only deletions are counted, however much is unread, and nothing is
/// kept that could drift.
pub(super) fn unread_count(
    connection: &Connection,
    chat: ChatId,
    user: UserId,
    pointer: ReadPointer,
) -> Result<u64, StoreError> {
    let count = connection
        .prepare_cached(
            "SELECT (SELECT sent FROM chats WHERE id = ?1) - ?4
                  - (SELECT count(*) FROM changes WHERE chat = ?1 AND nth > ?4)
                  - ifnull((SELECT last.nth - first.nth + 1
                                   - (SELECT count(*) FROM changes WHERE chat = ?1 AND author = ?2
                                             AND author_nth > first.nth AND author_nth < last.nth)
                            FROM (SELECT sender_nth AS nth FROM messages INDEXED BY messages_by_sender
                                  WHERE chat = ?1 AND sender = ?2 AND position > ?3
                                  ORDER BY position LIMIT 1) first,
                                 (SELECT sender_nth AS nth FROM messages INDEXED BY messages_by_sender
                                  WHERE chat = ?1 AND sender = ?2
                                  ORDER BY position DESC LIMIT 1) last), 0)",
        )?
        .query_row(params![chat.0, user.0, pointer.position, pointer.nth], |row| row.get(0))?;
    Ok(count)
}

/// Up to where a member has read: the message's position and number, though it may be deleted by now.
#[derive(Clone, Copy)]
pub(super) struct ReadPointer {
    pub(super) position: u64,
    pub(super) nth: u64,
}
