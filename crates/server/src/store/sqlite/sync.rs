//! Catching up: what changed in a user's chats since a position, derived from the rows as they are now and the
//! position at which each last changed. It costs what changed, and works for as long as there is data.

use chinwag_protocol::{ChatId, EventKind, MessageId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::act::sent;
use super::chats::left_text;
use super::rows;
use super::{Store, history, open};
use crate::chat::ChatEvent;
use crate::store::StoreError;

/// A part of what was missed.
#[derive(Clone, PartialEq, Debug)]
pub struct Missed {
    /// In the order in which they happened.
    pub events: Vec<ChatEvent>,
    /// With these events everything up to this position has been told.
    pub position: u64,
    /// Whether there is more now.
    pub more: bool,
}

impl Store {
    /// At least one and about `size` of the events that `user` missed since `position`, unless there are none.
    pub async fn missed(&self, user: UserId, position: u64, size: usize) -> Result<Missed, StoreError> {
        self.read(move |connection| missed(connection, user, position, size)).await
    }
}

/// One thing that changed, as its row says it.
struct Changed {
    position: u64,
    seq: u64,
    sender: UserId,
    at: Timestamp,
    subject: Uuid,
    what: What,
}

enum What {
    Message { text: String, original: Option<MessageId> },
    Change { kind: String, parent: Uuid, text: Option<String> },
}

/// What a user may see of one chat since a position.
struct Window {
    chat: ChatId,
    since: u64,
    /// Only the change at this position: their leaving, or the chat's end.
    only: Option<u64>,
}

fn missed(connection: &Connection, user: UserId, since: u64, size: usize) -> Result<Missed, StoreError> {
    let head = open::head(connection)?;
    let mut rows: Vec<(ChatId, Changed)> = Vec::new();
    for window in windows(connection, user, since)? {
        let chat = window.chat;
        rows.extend(changed_in(connection, &window, size)?.into_iter().map(|row| (chat, row)));
    }
    rows.sort_unstable_by_key(|(_, row)| row.position);
    // Every window gave its first `size` rows, so the first `size` of all are certain; the rest is for the next page.
    let more = rows.len() >= size;
    rows.truncate(size);
    let position = match rows.last() {
        Some((_, last)) if more => last.position,
        _ => head.max(since),
    };
    let events = rows
        .into_iter()
        .map(|(chat, row)| event(connection, user, chat, row))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Missed { events, position, more })
}

fn windows(connection: &Connection, user: UserId, since: u64) -> Result<Vec<Window>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT m.chat, m.joined_position, ifnull(m.left_position, 0), c.deleted_at IS NOT NULL, c.head_position
         FROM members m JOIN chats c ON c.id = m.chat WHERE m.user = ?1 AND c.head_position > ?2",
    )?;
    let mut rows = statement.query(params![user.0, since])?;
    let mut windows = Vec::new();
    while let Some(row) = rows.next()? {
        windows.extend(window(row, since)?);
    }
    Ok(windows)
}

fn window(row: &Row<'_>, since: u64) -> rusqlite::Result<Option<Window>> {
    let chat = ChatId(row.get(0)?);
    let (joined, left): (u64, u64) = (row.get(1)?, row.get(2)?);
    let (deleted, head): (bool, u64) = (row.get(3)?, row.get(4)?);
    let present = left < joined;
    Ok(match (present, deleted) {
        (false, _) => (left > since).then_some(Window { chat, since, only: Some(left) }),
        (true, true) => Some(Window { chat, since, only: Some(head) }),
        // Who was not in the chat then starts at their joining; who left in between and is back starts where they were.
        (true, false) if since < joined && left <= since => {
            Some(Window { chat, since: joined - 1, only: None })
        }
        (true, false) => Some(Window { chat, since, only: None }),
    })
}

fn changed_in(connection: &Connection, window: &Window, size: usize) -> Result<Vec<Changed>, StoreError> {
    const CHANGE: &str = "SELECT position, seq, sender, at, subject, kind, parent, text FROM changes";
    if let Some(position) = window.only {
        let row = connection
            .prepare_cached(&format!("{CHANGE} WHERE position = ?1"))?
            .query_row([position], change_row)
            .optional()?;
        return Ok(row.into_iter().collect());
    }
    let key = params![window.chat.0, window.since, size];
    let mut rows: Vec<Changed> = connection
        .prepare_cached(
            "SELECT position, seq, sender, sent_at, id, text, reply_to FROM messages
             WHERE chat = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
        )?
        .query_map(key, message_row)?
        .collect::<Result<_, _>>()?;
    let mut changes = connection
        .prepare_cached(&format!("{CHANGE} WHERE chat = ?1 AND position > ?2 ORDER BY position LIMIT ?3"))?;
    for row in changes.query_map(key, change_row)? {
        rows.push(row?);
    }
    Ok(rows)
}

fn message_row(row: &Row<'_>) -> rusqlite::Result<Changed> {
    let what = What::Message { text: row.get(5)?, original: row.get::<_, Option<Uuid>>(6)?.map(MessageId) };
    stamped(row, what)
}

fn change_row(row: &Row<'_>) -> rusqlite::Result<Changed> {
    let what = What::Change {
        kind: row.get(5)?,
        parent: row.get::<_, Option<Uuid>>(6)?.unwrap_or_default(),
        text: row.get(7)?,
    };
    stamped(row, what)
}

fn stamped(row: &Row<'_>, what: What) -> rusqlite::Result<Changed> {
    Ok(Changed {
        position: row.get(0)?,
        seq: row.get(1)?,
        sender: UserId(row.get(2)?),
        at: Timestamp(row.get(3)?),
        subject: row.get::<_, Option<Uuid>>(4)?.unwrap_or_default(),
        what,
    })
}

fn event(connection: &Connection, user: UserId, chat: ChatId, row: Changed) -> Result<ChatEvent, StoreError> {
    let Changed { position, seq, sender, at, subject, what } = row;
    let kind = match what {
        What::Message { text, original } => sent(connection, &text, subject.into(), original, at)?,
        What::Change { kind, parent, text } => {
            change_kind(connection, chat, &kind, Subject { subject, parent, text, at })?
        }
    };
    let own_read = sender == user && matches!(kind, EventKind::MessageRead { .. });
    let unread_count = if own_read { unread(connection, chat, user)? } else { None };
    Ok(ChatEvent { position, chat, sender, seq: Some(seq), kind, nonce: None, unread_count, replayed: false })
}

fn unread(connection: &Connection, chat: ChatId, user: UserId) -> Result<Option<u64>, StoreError> {
    let Some(membership) = rows::membership(connection, chat, user)? else { return Ok(None) };
    rows::unread_count(connection, chat, user, membership.read_position).map(Some)
}

struct Subject {
    subject: Uuid,
    parent: Uuid,
    text: Option<String>,
    at: Timestamp,
}

fn change_kind(
    connection: &Connection,
    chat: ChatId,
    kind: &str,
    Subject { subject, parent, text, at }: Subject,
) -> Result<EventKind, StoreError> {
    Ok(match kind {
        "EDIT_MSG" => {
            let content = rows::content(connection, subject.into())?;
            let message = content.map(|content| content.content).unwrap_or_default();
            EventKind::MessageEdited { message, message_id: subject.into(), edited_at: at }
        }
        "DELETE_MSG" => EventKind::MessageDeleted { message_id: subject.into(), time_stamp: at },
        "REACT" => EventKind::ReactionAdded {
            reaction_id: subject.into(),
            reaction: history::stored_emoji(text.unwrap_or_default())?,
            parent_message_id: parent.into(),
            time_stamp: at,
        },
        "DELETE_REACT" => {
            EventKind::ReactionRemoved { reaction_id: subject.into(), parent_message_id: parent.into() }
        }
        "READ_MSG" => EventKind::MessageRead { message_id: subject.into(), unread_count: None },
        "USER_JOIN" => EventKind::UserJoined { user_id: subject.into(), username: text.unwrap_or_default() },
        "USER_LEAVE" => EventKind::UserLeft { message: left_text(text.as_deref()), time_stamp: at },
        "NEW_CHAT" => EventKind::ChatCreated { chat_name: name(connection, chat)?, time_stamp: at },
        "CHAT_RENAMED" => EventKind::ChatRenamed { chat_name: name(connection, chat)?, time_stamp: at },
        "DELETE_CHAT" => EventKind::ChatDeleted,
        unknown => {
            return Err(StoreError::Unavailable(format!("a stored change is of no known kind: {unknown}")));
        }
    })
}

fn name(connection: &Connection, chat: ChatId) -> Result<String, StoreError> {
    Ok(connection
        .prepare_cached("SELECT name FROM chats WHERE id = ?1")?
        .query_row([chat.0], |row| row.get(0))?)
}
