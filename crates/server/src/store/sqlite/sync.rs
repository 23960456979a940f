//! Catching up: what changed in a user's chats since a position, derived from the rows as they are now and the
//! position at which each last changed. It costs what changed, and works for as long as there is data.

use std::sync::Arc;

use chinwag_protocol::{ChatId, EventKind, MessageId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::act::sent;
use super::rows::{self, PRESENT, ReadPointer};
use super::{Answer, Sqlite, list, open};
use crate::chat::ChatEvent;
use crate::hub::{Announcement, Listen, ListenerId, Outbox};
use crate::store::chats::PART_BYTES;
use crate::store::event::{Stamp, left_text, stored, stored_emoji};
use crate::store::window::{Membership, Window};
use crate::store::{Missed, StoreError};

impl Sqlite {
    pub(in crate::store) async fn missed(
        &self,
        user: UserId,
        position: u64,
        size: usize,
    ) -> Result<Missed, StoreError> {
        self.read(move |connection| missed(connection, user, position, size)).await
    }

    pub(in crate::store) async fn listen(
        &self,
        user: UserId,
        listener: ListenerId,
        outbox: Arc<Outbox>,
    ) -> Answer<u64, StoreError> {
        self.submit(move |tx| {
            let chats = present_chats(tx, user)?;
            let outbox = Arc::clone(&outbox);
            tx.announce(Announcement::Listen(Listen { listener, user, chats, outbox }));
            Ok(tx.position())
        })
        .await
    }
}

fn present_chats(connection: &Connection, user: UserId) -> Result<Vec<ChatId>, StoreError> {
    let chats = connection
        .prepare_cached(&format!(
            "SELECT m.chat FROM members m JOIN chats c ON c.id = m.chat
             WHERE m.user = ?1 AND c.deleted_at IS NULL AND {PRESENT}"
        ))?
        .query_map([user.0], |row| row.get(0).map(ChatId))?
        .collect::<Result<_, _>>()?;
    Ok(chats)
}

/// Where something changed.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) position: u64,
    pub(super) chat: ChatId,
    pub(super) table: Table,
}

#[derive(Clone, Copy)]
pub(super) enum Table {
    Messages,
    Changes,
}

fn missed(connection: &Connection, user: UserId, since: u64, size: usize) -> Result<Missed, StoreError> {
    let head = open::head(connection)?;
    let mut places = Vec::new();
    for (chat, window) in windows(connection, user, since)? {
        places_in(connection, chat, window, size, &mut places)?;
    }
    places.sort_unstable_by_key(|place| place.position);
    // Every window gave its first `size` places, so the first `size` of all are certain.
    let mut more = places.len() > size;
    places.truncate(size);
    let mut events = Vec::with_capacity(places.len());
    let mut bytes = 0;
    let mut told = since;
    for (index, place) in places.iter().enumerate() {
        told = place.position;
        let Some((event, text_bytes, _)) = event_at(connection, user, *place)? else { continue };
        events.push(event);
        bytes += text_bytes;
        if bytes > PART_BYTES && index + 1 < places.len() {
            more = true;
            break;
        }
    }
    let position = if more { told } else { head.max(since) };
    Ok(Missed { events, position, more })
}

fn windows(connection: &Connection, user: UserId, since: u64) -> Result<Vec<(ChatId, Window)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT m.chat, m.joined_position, ifnull(m.left_position, 0), c.deleted_at IS NOT NULL, c.head_position,
                m.left_position > ?2 AND m.left_position < m.joined_position AND EXISTS
                  (SELECT 1 FROM stays s WHERE s.chat = m.chat AND s.user = m.user
                   AND s.joined_position <= ?2 AND s.left_position > ?2)
         FROM members m JOIN chats c ON c.id = m.chat WHERE m.user = ?1 AND c.head_position > ?2",
    )?;
    let mut rows = statement.query(params![user.0, since])?;
    let mut windows = Vec::new();
    while let Some(row) = rows.next()? {
        let membership = Membership {
            joined: row.get(1)?,
            left: row.get(2)?,
            is_chat_deleted: row.get(3)?,
            head: row.get(4)?,
            was_in: row.get::<_, Option<bool>>(5)?.unwrap_or(false),
        };
        let chat = ChatId(row.get(0)?);
        windows.extend(membership.window(since).map(|window| (chat, window)));
    }
    Ok(windows)
}

fn places_in(
    connection: &Connection,
    chat: ChatId,
    window: Window,
    size: usize,
    places: &mut Vec<Place>,
) -> Result<(), StoreError> {
    let since = match window {
        Window::Only(position) => {
            places.push(Place { position, chat, table: Table::Changes });
            return Ok(());
        }
        Window::After(since) => since,
    };
    // One more than asked for, to know whether there is more.
    let key = params![chat.0, since, size + 1];
    for (table, sql) in [
        (
            Table::Messages,
            "SELECT position FROM messages WHERE chat = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
        ),
        (
            Table::Changes,
            "SELECT position FROM changes WHERE chat = ?1 AND position > ?2 ORDER BY position LIMIT ?3",
        ),
    ] {
        for position in connection.prepare_cached(sql)?.query_map(key, |row| row.get(0))? {
            places.push(Place { position: position?, chat, table });
        }
    }
    Ok(())
}

/// What happened at a place, how many bytes of text it carries, and when.
pub(super) fn event_at(
    connection: &Connection,
    user: UserId,
    place: Place,
) -> Result<Option<(ChatEvent, usize, Timestamp)>, StoreError> {
    match place.table {
        Table::Messages => message_at(connection, place),
        Table::Changes => change_at(connection, user, place),
    }
}

fn message_at(
    connection: &Connection,
    place: Place,
) -> Result<Option<(ChatEvent, usize, Timestamp)>, StoreError> {
    let found = connection
        .prepare_cached("SELECT seq, sender, sent_at, id, text, reply_to FROM messages WHERE position = ?1")?
        .query_row([place.position], |row| {
            let stamp =
                Stamp { position: place.position, seq: row.get(0)?, at: Timestamp(row.get(2)?), sent: 0 };
            let (sender, id): (Uuid, Uuid) = (row.get(1)?, row.get(3)?);
            let (text, original): (String, Option<Uuid>) = (row.get(4)?, row.get(5)?);
            Ok((stamp, UserId(sender), MessageId(id), text, original.map(MessageId)))
        })
        .optional()?;
    let Some((stamp, sender, id, text, original)) = found else { return Ok(None) };
    let kind = sent(connection, &text, id, original, stamp.at)?;
    Ok(Some((stored(place.chat, sender, &stamp, kind), text.len(), stamp.at)))
}

fn change_at(
    connection: &Connection,
    user: UserId,
    place: Place,
) -> Result<Option<(ChatEvent, usize, Timestamp)>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT seq, sender, at, subject, kind, parent, text FROM changes WHERE position = ?1",
        )?
        .query_row([place.position], |row| {
            let stamp =
                Stamp { position: place.position, seq: row.get(0)?, at: Timestamp(row.get(2)?), sent: 0 };
            let subject = Subject {
                subject: row.get::<_, Option<Uuid>>(3)?.unwrap_or_default(),
                parent: row.get::<_, Option<Uuid>>(5)?.unwrap_or_default(),
                text: row.get(6)?,
                at: stamp.at,
            };
            Ok((stamp, UserId(row.get(1)?), row.get::<_, String>(4)?, subject))
        })
        .optional()?;
    let Some((stamp, sender, kind, subject)) = found else { return Ok(None) };
    let mut kind = change_kind(connection, place.chat, &kind, subject)?;
    if let EventKind::MessageRead { message_id, .. } = &mut kind {
        *message_id = newest_read(connection, place.chat, sender)?.unwrap_or(*message_id);
    }
    let text_bytes = if let EventKind::MessageEdited { message, .. } = &kind { message.len() } else { 0 };
    let own_read = sender == user && matches!(kind, EventKind::MessageRead { .. });
    let mut event = stored(place.chat, sender, &stamp, kind);
    if own_read {
        event.unread_count = unread(connection, place.chat, user)?;
    }
    Ok(Some((event, text_bytes, stamp.at)))
}

/// What a member has read that is still there. What they did read may have come and gone while a client was away, which
/// then cannot know its place.
fn newest_read(
    connection: &Connection,
    chat: ChatId,
    reader: UserId,
) -> Result<Option<MessageId>, StoreError> {
    let read: Option<u64> = connection
        .prepare_cached("SELECT read_position FROM members WHERE chat = ?1 AND user = ?2")?
        .query_row(params![chat.0, reader.0], |row| row.get(0))
        .optional()?;
    read.map_or(Ok(None), |position| list::last_read(connection, chat, position))
}

fn unread(connection: &Connection, chat: ChatId, user: UserId) -> Result<Option<u64>, StoreError> {
    let Some(membership) = rows::membership(connection, chat, user)? else { return Ok(None) };
    let pointer = ReadPointer { position: membership.read_position, nth: membership.read_nth };
    rows::unread_count(connection, chat, user, pointer).map(Some)
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
            reaction: stored_emoji(text.unwrap_or_default())?,
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
