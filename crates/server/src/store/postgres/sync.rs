//! Catching up: what changed in a user's chats since a position, derived from the rows as they are now and the
//! position at which each last changed. It costs what changed, and works for as long as there is data.

use std::collections::HashMap;
use std::sync::Arc;

use chinwag_protocol::{ChatId, EventKind, MessageId, Timestamp, UserId};
use tokio::sync::oneshot;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::facts::{present, unread};
use super::history::{content, limit};
use super::line::{Line, ask};
use super::writer::Order;
use super::{Postgres, big, natural, text};
use crate::chat::ChatEvent;
use crate::hub::{ListenerId, Outbox};
use crate::store::chats::PART_BYTES;
use crate::store::event::{Stamp, left_text, stored, stored_emoji};
use crate::store::window::{Membership, Window};
use crate::store::{Answer, Missed, StoreError};

/// All that is read in it is of one moment. Commits are in the order of positions, so everything up to the head that it
/// sees is in it.
pub(super) const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// To what somebody listens.
#[derive(Clone, Copy)]
pub(super) enum Ear {
    /// To the chats of a user.
    User(UserId),
    /// To one chat, whoever its members are.
    Chat(ChatId),
}

/// Somebody begins to listen.
pub(super) struct ListenJob {
    pub(super) ear: Ear,
    pub(super) listener: ListenerId,
    pub(super) outbox: Arc<Outbox>,
    pub(super) reply: oneshot::Sender<Result<u64, StoreError>>,
}

impl Postgres {
    pub(in crate::store) async fn missed(
        &self,
        user: UserId,
        position: u64,
        size: usize,
    ) -> Result<Missed, StoreError> {
        let mut line = self.lines.lend().await?;
        line.begin(SNAPSHOT).await?;
        let found = missed(&line, user, position, size).await;
        line.roll_back().await?;
        found
    }

    pub(in crate::store) async fn listen(
        &self,
        user: UserId,
        listener: ListenerId,
        outbox: Arc<Outbox>,
    ) -> Answer<u64, StoreError> {
        let (reply, answer) = oneshot::channel();
        let _ = self
            .orders
            .send(Order::Listen(ListenJob { ear: Ear::User(user), listener, outbox, reply }))
            .await;
        Answer(answer)
    }
}

/// The head, and the chats that each of the users is in, of one moment.
pub(super) async fn present_chats(
    line: &Line,
    users: &[UserId],
) -> Result<(u64, HashMap<UserId, Vec<ChatId>>), Error> {
    let sql = concat!(
        "SELECT h.position, m.user_id, m.chat
         FROM head h LEFT JOIN (members m JOIN chats c ON c.id = m.chat AND c.deleted_at IS NULL)
              ON m.user_id = ANY ($1) AND ",
        present!()
    );
    let users: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    let mut chats: HashMap<UserId, Vec<ChatId>> = HashMap::new();
    let mut head = 0;
    for row in line.query(sql, &[&users]).await? {
        head = natural(row.get(0));
        if let (Some(user), Some(chat)) = (row.get::<_, Option<Uuid>>(1), row.get::<_, Option<Uuid>>(2)) {
            chats.entry(UserId(user)).or_default().push(ChatId(chat));
        }
    }
    Ok((head, chats))
}

/// What a user may see of chats since a position.
#[derive(Default)]
pub(super) struct Windows {
    pub(super) chats: Vec<Uuid>,
    pub(super) since: Vec<i64>,
    /// Only the change at this position: their leaving, or the chat's end.
    pub(super) only: Vec<Option<i64>>,
}

/// Where something changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) position: i64,
    pub(super) chat: Uuid,
    is_message: bool,
}

async fn missed(line: &Line, user: UserId, since: u64, size: usize) -> Result<Missed, StoreError> {
    let (head, windows) = windows(line, user, big(since)).await?;
    // One more than asked for, to know whether there is more.
    let mut places = windows.places(line, size + 1).await?;
    let mut more = places.len() > size;
    places.truncate(size);
    let mut found = events(line, user, &places).await?;
    let (mut events, mut bytes, mut told) = (Vec::with_capacity(places.len()), 0, since);
    for (index, place) in places.iter().enumerate() {
        told = natural(place.position);
        let Some((event, text_bytes, _)) = found.remove(&place.position) else { continue };
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

async fn windows(line: &Line, user: UserId, since: i64) -> Result<(u64, Windows), StoreError> {
    let sql = "SELECT h.position, m.chat, m.joined_position, coalesce(m.left_position, 0), c.deleted_at IS NOT NULL,
                      c.head_position, coalesce(m.left_position > $2 AND m.left_position < m.joined_position AND EXISTS
                        (SELECT 1 FROM stays s WHERE s.chat = m.chat AND s.user_id = m.user_id
                         AND s.joined_position <= $2 AND s.left_position > $2), false)
               FROM head h LEFT JOIN (members m JOIN chats c ON c.id = m.chat)
                    ON m.user_id = $1 AND c.head_position > $2";
    let mut windows = Windows::default();
    let mut head = 0;
    for row in line.query(sql, &[&user.0, &since]).await? {
        head = natural(row.get(0));
        if let Some(chat) = row.get(1) {
            windows.add(chat, since, &row);
        }
    }
    Ok((head, windows))
}

impl Windows {
    /// The first `size` places in them, in order.
    pub(super) async fn places(&self, line: &Line, size: usize) -> Result<Vec<Place>, StoreError> {
        if self.chats.is_empty() {
            return Ok(Vec::new());
        }
        let rows = line.query(PLACES, &[&self.chats, &self.since, &self.only, &limit(size)]).await?;
        let place = |row: &Row| Place { position: row.get(0), chat: row.get(1), is_message: row.get(2) };
        Ok(rows.iter().map(place).collect())
    }

    fn add(&mut self, chat: Uuid, since: i64, row: &Row) {
        let membership = Membership {
            joined: natural(row.get(2)),
            left: natural(row.get(3)),
            is_chat_deleted: row.get(4),
            head: natural(row.get(5)),
            was_in: row.get(6),
        };
        let Some(window) = membership.window(natural(since)) else { return };
        let (since, only) = match window {
            Window::After(since) => (big(since), None),
            Window::Only(position) => (since, Some(big(position))),
        };
        self.chats.push(chat);
        self.since.push(since);
        self.only.push(only);
    }
}

/// Every window gives its first places, so the first of all are certain.
const PLACES: &str = "SELECT p.position, w.chat, p.is_message
    FROM unnest($1::uuid[], $2::int8[], $3::int8[]) w (chat, since, place), LATERAL (
        (SELECT m.position, true AS is_message FROM messages m
         WHERE w.place IS NULL AND m.chat = w.chat AND m.position > w.since ORDER BY m.position LIMIT $4)
        UNION ALL
        (SELECT c.position, false FROM changes c
         WHERE w.place IS NULL AND c.chat = w.chat AND c.position > w.since ORDER BY c.position LIMIT $4)
        UNION ALL
        SELECT w.place, false WHERE w.place IS NOT NULL) p
    ORDER BY p.position LIMIT $4";

const MESSAGES: &str = "SELECT m.chat, m.position, m.seq, m.sender, m.sent_at, m.id, m.text, m.reply_to,
           o.id, o.sender, o.sent_at, o.edited_at, o.text
    FROM unnest($1::uuid[], $2::int8[]) w (chat, position) JOIN messages m USING (chat, position)
         LEFT JOIN messages o ON o.chat = m.chat AND o.id = m.reply_to";

/// Of an edit, the text as it is now. Of READ_MSG, the newest message that the reader has read and that is there: what
/// they did read may have come and gone while a client was away, which then cannot know its place; and, if it is their
/// own, what is unread.
const CHANGES: &str = concat!(
    "SELECT d.chat, d.position, d.seq, d.sender, d.at, d.kind, d.subject, d.parent, d.text, c.name,
            CASE WHEN d.kind = 'EDIT_MSG' THEN (SELECT e.text FROM messages e WHERE e.chat = d.chat AND e.id = d.subject)
            END,
            CASE WHEN d.kind = 'READ_MSG' THEN (SELECT o.id FROM messages o
                      WHERE o.chat = d.chat AND o.position <= p.position ORDER BY o.position DESC LIMIT 1) END,
            CASE WHEN d.kind = 'READ_MSG' AND d.sender = $3 AND p.is_in THEN ",
    unread!(),
    " END
     FROM unnest($1::uuid[], $2::int8[]) w (chat, position) JOIN changes d USING (chat, position)
          JOIN chats c ON c.id = d.chat
          LEFT JOIN LATERAL (SELECT m.chat, m.user_id, m.read_position AS position, m.read_nth AS nth, ",
    present!(),
    " AS is_in FROM members m WHERE m.chat = d.chat AND m.user_id = d.sender) p ON true"
);

/// What happened at these places, how many bytes of text each carries, and when, by position.
pub(super) async fn events(
    line: &Line,
    user: UserId,
    places: &[Place],
) -> Result<HashMap<i64, (ChatEvent, usize, Timestamp)>, StoreError> {
    let of = |is_message: bool| -> (Vec<Uuid>, Vec<i64>) {
        let chosen = places.iter().filter(|place| place.is_message == is_message);
        chosen.map(|place| (place.chat, place.position)).unzip()
    };
    let ((message_chats, messages), (change_chats, changes)) = (of(true), of(false));
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let asks = [ask!(MESSAGES, message_chats, messages), ask!(CHANGES, change_chats, changes, user.0)];
    let mut found = HashMap::with_capacity(places.len());
    for (index, rows) in line.pipeline(&asks).await?.iter().enumerate() {
        for row in rows {
            let event = if index == 0 { message(row)? } else { change(row, user)? };
            found.insert(row.get(1), event);
        }
    }
    Ok(found)
}

fn stamp(row: &Row) -> Stamp {
    Stamp { position: natural(row.get(1)), seq: natural(row.get(2)), at: Timestamp(row.get(4)), sent: 0 }
}

fn message(row: &Row) -> Result<(ChatEvent, usize, Timestamp), StoreError> {
    let (chat, stamp) = (ChatId(row.get(0)), stamp(row));
    let message = text(row.get(6))?;
    let bytes = message.len();
    let (message_id, time_stamp) = (MessageId(row.get(5)), stamp.at);
    let kind = match row.get::<_, Option<Uuid>>(7) {
        None => EventKind::MessageSent { message, message_id, time_stamp },
        Some(_) => {
            let reply_to = match row.get::<_, Option<Uuid>>(8) {
                Some(_) => Some(content(row, chat, 8)?),
                None => None,
            };
            EventKind::Replied { message, message_id, reply_to, time_stamp }
        }
    };
    Ok((stored(chat, UserId(row.get(3)), &stamp, kind), bytes, stamp.at))
}

fn change(row: &Row, user: UserId) -> Result<(ChatEvent, usize, Timestamp), StoreError> {
    let (chat, stamp, sender) = (ChatId(row.get(0)), stamp(row), UserId(row.get(3)));
    let subject = row.get::<_, Option<Uuid>>(6).unwrap_or_default();
    let parent = row.get::<_, Option<Uuid>>(7).unwrap_or_default();
    let (said, name): (Option<String>, String) = (row.get(8), row.get(9));
    let mut bytes = 0;
    let kind = match row.get(5) {
        "EDIT_MSG" => {
            let message = row.get::<_, Option<Vec<u8>>>(10).map_or(Ok(String::new()), text)?;
            bytes = message.len();
            EventKind::MessageEdited { message, message_id: subject.into(), edited_at: stamp.at }
        }
        "DELETE_MSG" => EventKind::MessageDeleted { message_id: subject.into(), time_stamp: stamp.at },
        "REACT" => EventKind::ReactionAdded {
            reaction_id: subject.into(),
            reaction: stored_emoji(said.unwrap_or_default())?,
            parent_message_id: parent.into(),
            time_stamp: stamp.at,
        },
        "DELETE_REACT" => {
            EventKind::ReactionRemoved { reaction_id: subject.into(), parent_message_id: parent.into() }
        }
        "READ_MSG" => {
            let newest = row.get::<_, Option<Uuid>>(11).unwrap_or(subject);
            EventKind::MessageRead { message_id: newest.into(), unread_count: None }
        }
        "USER_JOIN" => EventKind::UserJoined { user_id: subject.into(), username: said.unwrap_or_default() },
        "USER_LEAVE" => EventKind::UserLeft { message: left_text(said.as_deref()), time_stamp: stamp.at },
        "NEW_CHAT" => EventKind::ChatCreated { chat_name: name, time_stamp: stamp.at },
        "CHAT_RENAMED" => EventKind::ChatRenamed { chat_name: name, time_stamp: stamp.at },
        "DELETE_CHAT" => EventKind::ChatDeleted,
        unknown => {
            return Err(StoreError::Unavailable(format!("a stored change is of no known kind: {unknown}")));
        }
    };
    let mut event = stored(chat, sender, &stamp, kind);
    if sender == user {
        event.unread_count = row.get::<_, Option<i64>>(12).map(natural);
    }
    Ok((event, bytes, stamp.at))
}
