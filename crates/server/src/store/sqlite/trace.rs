//! One message as the owner of its app may follow it: when it was stored, and who has read it.

use chinwag_protocol::{AppId, ChatId, MessageId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::PRESENT;
use super::{Answer, Sqlite};
use crate::hub::{Announcement, Listen, ListenerId, Outbox};
use crate::store::{Reader, StoreError, StoredMessage};

impl Sqlite {
    pub(in crate::store) async fn message_in(
        &self,
        app: AppId,
        id: MessageId,
    ) -> Result<Option<StoredMessage>, StoreError> {
        self.read(move |connection| {
            let found = connection
                .prepare_cached(
                    "SELECT m.chat, m.sender, m.seq, m.position, m.sent_at FROM messages m
                     JOIN chats c ON c.id = m.chat
                     WHERE m.id = ?1 AND c.app = ?2 AND c.deleted_at IS NULL",
                )?
                .query_row(params![id.0, app.0], |row| {
                    Ok(StoredMessage {
                        id,
                        chat: ChatId(row.get(0)?),
                        sender: UserId(row.get(1)?),
                        seq: row.get(2)?,
                        position: row.get(3)?,
                        stored_at: Timestamp(row.get(4)?),
                        members: Vec::new(),
                    })
                })
                .optional()?;
            let Some(mut message) = found else { return Ok(None) };
            message.members = readers(connection, message.chat, message.position)?;
            Ok(Some(message))
        })
        .await
    }

    pub(in crate::store) async fn has_chat(&self, app: AppId, chat: ChatId) -> Result<bool, StoreError> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT 1 FROM chats WHERE id = ?1 AND app = ?2 AND deleted_at IS NULL")?
                .exists(params![chat.0, app.0])?)
        })
        .await
    }

    pub(in crate::store) async fn listen_to_chat(
        &self,
        chat: ChatId,
        listener: ListenerId,
        outbox: std::sync::Arc<Outbox>,
    ) -> Answer<u64, StoreError> {
        self.submit(move |tx| {
            let outbox = std::sync::Arc::clone(&outbox);
            let user = UserId(uuid::Uuid::nil());
            tx.announce(Announcement::Listen(Listen { listener, user, chats: vec![chat], outbox }));
            Ok(tx.position())
        })
        .await
    }
}

fn readers(connection: &Connection, chat: ChatId, position: u64) -> Result<Vec<Reader>, StoreError> {
    let readers = connection
        .prepare_cached(&format!(
            "SELECT m.user, u.username, m.read_position, (SELECT at FROM changes WHERE position = m.read_change)
             FROM members m JOIN users u ON u.id = m.user
             WHERE m.chat = ?1 AND {PRESENT} ORDER BY m.joined_position, m.user"
        ))?
        .query_map([chat.0], |row| {
            let has_read = row.get::<_, u64>(2)? >= position;
            Ok(Reader {
                user: UserId(row.get(0)?),
                // Null for the moments in which a deleted user's rows are being erased.
                username: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                has_read,
                read_at: row.get::<_, Option<i64>>(3)?.map(Timestamp).filter(|_| has_read),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(readers)
}
