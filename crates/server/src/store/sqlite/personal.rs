//! What is kept of one user, and what was removed of it.

use chinwag_protocol::{AppId, ChatId, MessageId, Timestamp, UserId};
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::rows::PRESENT;
use super::{Sqlite, Tx};
use crate::store::StoreError;
use crate::store::personal::{Attended, Personal, Reacted, Receipt, Written};

impl Sqlite {
    pub(in crate::store) async fn personal(&self, user: UserId) -> Result<Option<Personal>, StoreError> {
        self.read(move |connection| {
            let chats = connection
                .prepare_cached(&format!(
                    "SELECT m.chat, c.name, m.joined_at, {PRESENT} FROM members m JOIN chats c ON c.id = m.chat
                     WHERE m.user = ?1 AND c.deleted_at IS NULL ORDER BY m.joined_position"
                ))?
                .query_map([user.0], |row| {
                    Ok(Attended {
                        chat: ChatId(row.get(0)?),
                        name: row.get(1)?,
                        joined_at: Timestamp(row.get(2)?),
                        is_member: row.get(3)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            let personal = connection
                .prepare_cached(
                    "SELECT app, username, email, first_name, sur_name, created_at FROM users
                     WHERE id = ?1 AND username IS NOT NULL",
                )?
                .query_row([user.0], |row| {
                    Ok(Personal {
                        id: user,
                        app: AppId(row.get(0)?),
                        username: row.get(1)?,
                        email: row.get(2)?,
                        first_name: row.get(3)?,
                        sur_name: row.get(4)?,
                        created_at: Timestamp(row.get(5)?),
                        chats,
                    })
                })
                .optional()?;
            Ok(personal)
        })
        .await
    }

    pub(in crate::store) async fn written(
        &self,
        user: UserId,
        chat: ChatId,
        after: u64,
        size: u32,
    ) -> Result<Vec<Written>, StoreError> {
        self.read(move |connection| {
            let written = connection
                .prepare_cached(
                    "SELECT position, id, reply_to, sent_at, edited_at, text
                     FROM messages INDEXED BY messages_by_sender
                     WHERE chat = ?1 AND sender = ?2 AND position > ?3 ORDER BY position LIMIT ?4",
                )?
                .query_map(params![chat.0, user.0, after, size], |row| {
                    Ok(Written {
                        position: row.get(0)?,
                        id: MessageId(row.get(1)?),
                        reply_to: row.get::<_, Option<Uuid>>(2)?.map(MessageId),
                        sent_at: Timestamp(row.get(3)?),
                        edited_at: row.get::<_, Option<i64>>(4)?.map(Timestamp),
                        text: row.get(5)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(written)
        })
        .await
    }

    pub(in crate::store) async fn reacted(
        &self,
        user: UserId,
        chat: ChatId,
        after: u64,
        size: u32,
    ) -> Result<Vec<Reacted>, StoreError> {
        self.read(move |connection| {
            let reacted = connection
                .prepare_cached(
                    "SELECT position, message, emoji, at FROM reactions INDEXED BY reactions_by_sender
                     WHERE chat = ?1 AND sender = ?2 AND position > ?3 ORDER BY position LIMIT ?4",
                )?
                .query_map(params![chat.0, user.0, after, size], |row| {
                    Ok(Reacted {
                        position: row.get(0)?,
                        message: MessageId(row.get(1)?),
                        emoji: row.get(2)?,
                        at: Timestamp(row.get(3)?),
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(reacted)
        })
        .await
    }

    pub(in crate::store) async fn receipts_where(
        &self,
        app: Option<AppId>,
        user: Option<UserId>,
        size: u32,
    ) -> Result<Vec<Receipt>, StoreError> {
        self.read(move |connection| {
            let mut receipts: Vec<Receipt> = connection
                .prepare_cached(
                    "SELECT subject, app, requested_at, finished_at FROM erasure_receipts
                     WHERE (?1 IS NULL OR app = ?1) AND (?2 IS NULL OR subject = ?2)
                     ORDER BY requested_at DESC, subject DESC LIMIT ?3",
                )?
                .query_map(params![app.map(|app| app.0), user.map(|user| user.0), size], |row| {
                    Ok(Receipt {
                        user: UserId(row.get(0)?),
                        app: AppId(row.get(1)?),
                        requested_at: Timestamp(row.get(2)?),
                        finished_at: row.get::<_, Option<i64>>(3)?.map(Timestamp),
                        removed: Vec::new(),
                    })
                })?
                .collect::<Result<_, _>>()?;
            for receipt in &mut receipts {
                receipt.removed = connection
                    .prepare_cached("SELECT what, count FROM erased WHERE subject = ?1 ORDER BY what")?
                    .query_map([receipt.user.0], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect::<Result<_, _>>()?;
            }
            Ok(receipts)
        })
        .await
    }
}

/// Adds to what was removed of a user.
pub(super) fn tally(tx: &Tx<'_>, user: UserId, what: &str, count: usize) -> Result<(), StoreError> {
    if count > 0 {
        tx.prepare_cached(
            "INSERT INTO erased (subject, what, count) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET count = count + ?3",
        )?
        .execute(params![user.0, what, count])?;
    }
    Ok(())
}
