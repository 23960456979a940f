//! What happens in an app: the log of all apps, read in its order, less what is of others.

use chinwag_protocol::{ChatId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::sync::{Place, Table, event_at};
use super::{Sqlite, open};
use crate::store::chats::PART_BYTES;
use crate::store::{Fed, FedEvent, StoreError, Stretch};

/// Positions looked at in one statement, and statements in one part: an app that is quiet among others is read past
/// those in parts that are empty.
const WINDOW: u64 = 2_000;
const WINDOWS_MAX: usize = 10;

impl Sqlite {
    pub(in crate::store) async fn feed(&self, stretch: Stretch) -> Result<Fed, StoreError> {
        self.read(move |connection| feed(connection, stretch)).await
    }

    pub(in crate::store) async fn feed_head(&self) -> Result<u64, StoreError> {
        Ok(self.head())
    }

    pub(in crate::store) async fn note_moment(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.prepare_cached("INSERT INTO moments (at, position) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
                .execute(params![tx.now().0, tx.position()])?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn position_at(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.read(move |connection| {
            let found = connection
                .prepare_cached("SELECT position FROM moments WHERE at < ?1 ORDER BY at DESC LIMIT 1")?
                .query_row([at.0], |row| row.get(0))
                .optional()?;
            Ok(found.unwrap_or(0))
        })
        .await
    }
}

fn feed(connection: &Connection, stretch: Stretch) -> Result<Fed, StoreError> {
    let head = open::head(connection)?;
    let end = stretch.to.unwrap_or(head).min(head);
    let mut since = stretch.since;
    for _ in 0..WINDOWS_MAX {
        let until = match stretch.chat {
            Some(_) => end,
            None => end.min(since.saturating_add(WINDOW)),
        };
        let places = places(connection, stretch, since, until)?;
        if !places.is_empty() {
            return told(connection, places, stretch.size, (until, end));
        }
        if until >= end {
            return Ok(Fed { events: Vec::new(), position: end.max(stretch.since), more: false });
        }
        since = until;
    }
    Ok(Fed { events: Vec::new(), position: since, more: true })
}

/// `until`: up to where was looked; `end`: up to where there may be something.
fn told(
    connection: &Connection,
    mut places: Vec<(Place, bool)>,
    size: usize,
    (until, end): (u64, u64),
) -> Result<Fed, StoreError> {
    let mut is_cut = places.len() > size;
    places.truncate(size);
    let mut fed = Fed { events: Vec::with_capacity(places.len()), position: 0, more: false };
    let mut bytes = 0;
    for (index, (place, imported)) in places.iter().enumerate() {
        fed.position = place.position;
        let nobody = UserId(Uuid::nil());
        let Some((event, text_bytes, at)) = event_at(connection, nobody, *place)? else { continue };
        fed.events.push(FedEvent { event, at, imported: *imported });
        bytes += text_bytes;
        if bytes > PART_BYTES && index + 1 < places.len() {
            is_cut = true;
            break;
        }
    }
    if !is_cut {
        fed.position = until;
    }
    fed.more = is_cut || until < end;
    Ok(fed)
}

/// One more than asked for, to know whether there is more.
fn places(
    connection: &Connection,
    stretch: Stretch,
    since: u64,
    until: u64,
) -> Result<Vec<(Place, bool)>, StoreError> {
    // A deleted chat has only its end.
    let sql = |of_chat: &str| {
        format!(
            "SELECT p.position, p.chat, p.is_message,
                    t.importing OR (t.imported_to IS NOT NULL AND p.position < t.imported_to)
             FROM (SELECT position, chat, 1 AS is_message FROM messages
                   WHERE {of_chat} position > ?1 AND position <= ?2
                   UNION ALL SELECT position, chat, 0 FROM changes
                   WHERE {of_chat} position > ?1 AND position <= ?2) p
                  JOIN chats t ON t.id = p.chat
             WHERE t.app = ?3 AND (t.deleted_at IS NULL OR p.position = t.head_position) AND ?5 IS ?5
             ORDER BY p.position LIMIT ?4"
        )
    };
    let of_chat = if stretch.chat.is_some() { "chat = ?5 AND" } else { "" };
    let chat = stretch.chat.map(|chat| chat.0);
    let places = connection
        .prepare_cached(&sql(of_chat))?
        .query_map(params![since, until, stretch.app.0, stretch.size + 1, chat], |row| {
            let table = if row.get(2)? { Table::Messages } else { Table::Changes };
            Ok((Place { position: row.get(0)?, chat: ChatId(row.get(1)?), table }, row.get(3)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(places)
}
