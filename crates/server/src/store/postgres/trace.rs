//! One message as the owner of its app may follow it: when it was stored, and who has read it.

use std::sync::Arc;

use chinwag_protocol::{AppId, ChatId, MessageId, Timestamp, UserId};
use tokio::sync::oneshot;

use super::facts::present;
use super::line::Line;
use super::sync::{Ear, ListenJob, SNAPSHOT};
use super::writer::Order;
use super::{Postgres, natural};
use crate::hub::{ListenerId, Outbox};
use crate::store::{Answer, Reader, StoreError, StoredMessage};

impl Postgres {
    pub(in crate::store) async fn message_in(
        &self,
        app: AppId,
        id: MessageId,
    ) -> Result<Option<StoredMessage>, StoreError> {
        let mut line = self.lines.lend().await?;
        line.begin(SNAPSHOT).await?;
        let found = message_in(&line, app, id).await;
        line.roll_back().await?;
        found
    }

    pub(in crate::store) async fn has_chat(&self, app: AppId, chat: ChatId) -> Result<bool, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT 1 FROM chats WHERE id = $1 AND app = $2 AND deleted_at IS NULL";
        Ok(line.row(sql, &[&chat.0, &app.0]).await?.is_some())
    }

    pub(in crate::store) async fn listen_to_chat(
        &self,
        chat: ChatId,
        listener: ListenerId,
        outbox: Arc<Outbox>,
    ) -> Answer<u64, StoreError> {
        let (reply, answer) = oneshot::channel();
        let _ = self
            .orders
            .send(Order::Listen(ListenJob { ear: Ear::Chat(chat), listener, outbox, reply }))
            .await;
        Answer(answer)
    }
}

/// The message is looked for by its id alone, in the chats of the app: this is asked by a person, now and then.
async fn message_in(line: &Line, app: AppId, id: MessageId) -> Result<Option<StoredMessage>, StoreError> {
    let sql =
        "SELECT m.chat, m.sender, m.seq, m.position, m.sent_at FROM messages m JOIN chats c ON c.id = m.chat
               WHERE m.id = $1 AND c.app = $2 AND c.deleted_at IS NULL";
    let Some(row) = line.row(sql, &[&id.0, &app.0]).await? else { return Ok(None) };
    let (chat, position): (ChatId, i64) = (ChatId(row.get(0)), row.get(3));
    let sql = concat!(
        "SELECT m.user_id, u.username, m.read_position >= $2, d.at
         FROM members m JOIN users u ON u.id = m.user_id
              LEFT JOIN changes d ON d.chat = m.chat AND d.position = m.read_change
         WHERE m.chat = $1 AND ",
        present!(),
        " ORDER BY m.joined_position, m.user_id"
    );
    let members = line.query(sql, &[&chat.0, &position]).await?;
    let members = members.iter().map(|row| {
        let has_read = row.get(2);
        Reader {
            user: UserId(row.get(0)),
            // Null for the moments in which a deleted user's rows are being erased.
            username: row.get::<_, Option<String>>(1).unwrap_or_default(),
            has_read,
            read_at: row.get::<_, Option<i64>>(3).map(Timestamp).filter(|_| has_read),
        }
    });
    Ok(Some(StoredMessage {
        id,
        chat,
        sender: UserId(row.get(1)),
        seq: natural(row.get(2)),
        position: natural(position),
        stored_at: Timestamp(row.get(4)),
        members: members.collect(),
    }))
}
