//! Reading lists: a user's chats, a chat's members.

use chinwag_protocol::model::{ChatDetails, ChatUserInfo};
use chinwag_protocol::{ChatId, MessageId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Sqlite;
use super::rows::{self, PRESENT, ReadPointer};
use crate::chat::Member;
use crate::store::{ChatError, Page, StoreError};

impl Sqlite {
    pub(in crate::store) async fn chats(
        &self,
        user: UserId,
        page: Page,
    ) -> Result<Vec<ChatDetails>, StoreError> {
        self.read(move |connection| chats(connection, user, page)).await
    }

    pub(in crate::store) async fn members(
        &self,
        by: UserId,
        chat: ChatId,
    ) -> Result<Vec<ChatUserInfo>, ChatError> {
        self.read(move |connection| {
            Member::of(rows::membership(connection, chat, by)?).map_err(ChatError::Refused)?;
            Ok(members(connection, chat)?)
        })
        .await
    }
}

/// What a row of `chats` and one of `members` say of a chat; the rest is derived from its messages.
struct Listed {
    details: ChatDetails,
    pointer: ReadPointer,
}

const LISTED: &str = "c.id, c.name, c.created_at, c.creator, c.group_chat, m.read_position, m.read_nth";

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    let details = ChatDetails {
        chat_id: ChatId(row.get(0)?),
        chat_name: row.get(1)?,
        last_message_timestamp: None,
        last_message: None,
        created_at: Timestamp(row.get(2)?),
        creator: UserId(row.get(3)?),
        group_chat: row.get(4)?,
        unread_count: 0,
        last_read_message: None,
        members: 0,
    };
    Ok(Listed { details, pointer: ReadPointer { position: row.get(5)?, nth: row.get(6)? } })
}

fn chats(connection: &Connection, user: UserId, page: Page) -> Result<Vec<ChatDetails>, StoreError> {
    let found: Vec<Listed> = connection
        .prepare_cached(&format!(
            "SELECT {LISTED} FROM members m JOIN chats c ON c.id = m.chat
             WHERE m.user = ?1 AND c.deleted_at IS NULL AND {PRESENT}
             ORDER BY c.active_position DESC LIMIT ?2 OFFSET ?3"
        ))?
        .query_map(params![user.0, page.size, i64::try_from(page.offset).unwrap_or(i64::MAX)], listed)?
        .collect::<Result<_, _>>()?;
    found.into_iter().map(|chat| completed(connection, user, chat)).collect()
}

/// The chat as `user` sees it; none if they are not in it.
pub(super) fn chat_details(
    connection: &Connection,
    chat: ChatId,
    user: UserId,
) -> Result<Option<ChatDetails>, StoreError> {
    let found = connection
        .prepare_cached(&format!(
            "SELECT {LISTED} FROM members m JOIN chats c ON c.id = m.chat
             WHERE m.chat = ?1 AND m.user = ?2 AND c.deleted_at IS NULL AND {PRESENT}"
        ))?
        .query_row(params![chat.0, user.0], listed)
        .optional()?;
    found.map(|chat| completed(connection, user, chat)).transpose()
}

fn completed(connection: &Connection, user: UserId, chat: Listed) -> Result<ChatDetails, StoreError> {
    let Listed { mut details, pointer } = chat;
    let id = details.chat_id;
    let newest: Option<(i64, String)> = connection
        .prepare_cached("SELECT sent_at, text FROM messages WHERE chat = ?1 ORDER BY position DESC LIMIT 1")?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((at, text)) = newest {
        details.last_message_timestamp = Some(Timestamp(at));
        details.last_message = Some(text);
    }
    details.unread_count = rows::unread_count(connection, id, user, pointer)?;
    details.last_read_message = last_read(connection, id, pointer.position)?;
    details.members = connection
        .prepare_cached(&format!("SELECT count(*) FROM members m WHERE chat = ?1 AND {PRESENT}"))?
        .query_row([id.0], |row| row.get(0))?;
    Ok(details)
}

/// The newest message at or before the read pointer: where it pointed may be deleted by now.
pub(super) fn last_read(
    connection: &Connection,
    chat: ChatId,
    read_position: u64,
) -> Result<Option<MessageId>, StoreError> {
    let id = connection
        .prepare_cached(
            "SELECT id FROM messages WHERE chat = ?1 AND position <= ?2 ORDER BY position DESC LIMIT 1",
        )?
        .query_row(params![chat.0, read_position], |row| row.get(0).map(MessageId))
        .optional()?;
    Ok(id)
}

pub(super) fn members(connection: &Connection, chat: ChatId) -> Result<Vec<ChatUserInfo>, StoreError> {
    let found: Vec<(UserId, Option<String>, i64, u64)> = connection
        .prepare_cached(&format!(
            "SELECT m.user, u.username, m.joined_at, m.read_position
             FROM members m JOIN users u ON u.id = m.user
             WHERE m.chat = ?1 AND {PRESENT} ORDER BY m.joined_position, m.user"
        ))?
        .query_map([chat.0], |row| Ok((UserId(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    found
        .into_iter()
        .map(|(user_id, username, joined_at, read_position)| {
            Ok(ChatUserInfo {
                user_id,
                // Null for the moments in which a deleted user's rows are being erased.
                username: username.unwrap_or_default(),
                joined_chat_at: Timestamp(joined_at),
                last_seen_message: last_read(connection, chat, read_position)?,
            })
        })
        .collect()
}
