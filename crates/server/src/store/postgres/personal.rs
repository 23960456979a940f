//! What is kept of one user, and what was removed of it.

use chinwag_protocol::{AppId, ChatId, MessageId, Timestamp, UserId};
use uuid::Uuid;

use super::facts::present;
use super::line::Line;
use super::{Postgres, big, natural, text};
use crate::store::StoreError;
use crate::store::personal::{Attended, Personal, Reacted, Receipt, Written};

impl Postgres {
    pub(in crate::store) async fn personal(&self, user: UserId) -> Result<Option<Personal>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT app, username, email, first_name, sur_name, created_at FROM users
                   WHERE id = $1 AND username IS NOT NULL";
        let Some(row) = line.row(sql, &[&user.0]).await? else { return Ok(None) };
        let sql = concat!(
            "SELECT m.chat, c.name, m.joined_at, ",
            present!(),
            " FROM members m JOIN chats c ON c.id = m.chat
             WHERE m.user_id = $1 AND c.deleted_at IS NULL ORDER BY m.joined_position"
        );
        let chats = line.query(sql, &[&user.0]).await?;
        let chats = chats.iter().map(|row| Attended {
            chat: ChatId(row.get(0)),
            name: row.get(1),
            joined_at: Timestamp(row.get(2)),
            is_member: row.get(3),
        });
        Ok(Some(Personal {
            id: user,
            app: AppId(row.get(0)),
            username: row.get(1),
            email: row.get(2),
            first_name: row.get::<_, Option<Vec<u8>>>(3).map(text).transpose()?,
            sur_name: row.get::<_, Option<Vec<u8>>>(4).map(text).transpose()?,
            created_at: Timestamp(row.get(5)),
            chats: chats.collect(),
        }))
    }

    pub(in crate::store) async fn written(
        &self,
        user: UserId,
        chat: ChatId,
        after: u64,
        size: u32,
    ) -> Result<Vec<Written>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT position, id, reply_to, sent_at, edited_at, text FROM messages
                   WHERE chat = $1 AND sender = $2 AND position > $3 ORDER BY position LIMIT $4";
        let rows = line.query(sql, &[&chat.0, &user.0, &big(after), &i64::from(size)]).await?;
        let written = rows.iter().map(|row| {
            Ok(Written {
                position: natural(row.get(0)),
                id: MessageId(row.get(1)),
                reply_to: row.get::<_, Option<Uuid>>(2).map(MessageId),
                sent_at: Timestamp(row.get(3)),
                edited_at: row.get::<_, Option<i64>>(4).map(Timestamp),
                text: text(row.get(5))?,
            })
        });
        written.collect()
    }

    pub(in crate::store) async fn reacted(
        &self,
        user: UserId,
        chat: ChatId,
        after: u64,
        size: u32,
    ) -> Result<Vec<Reacted>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT position, message, emoji, at FROM reactions
                   WHERE chat = $1 AND sender = $2 AND position > $3 ORDER BY position LIMIT $4";
        let rows = line.query(sql, &[&chat.0, &user.0, &big(after), &i64::from(size)]).await?;
        let reacted = rows.iter().map(|row| Reacted {
            position: natural(row.get(0)),
            message: MessageId(row.get(1)),
            emoji: row.get(2),
            at: Timestamp(row.get(3)),
        });
        Ok(reacted.collect())
    }

    pub(in crate::store) async fn receipts_where(
        &self,
        app: Option<AppId>,
        user: Option<UserId>,
        size: u32,
    ) -> Result<Vec<Receipt>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT subject, app, requested_at, finished_at FROM erasure_receipts
                   WHERE ($1::uuid IS NULL OR app = $1) AND ($2::uuid IS NULL OR subject = $2)
                   ORDER BY requested_at DESC, subject DESC LIMIT $3";
        let (app, user) = (app.map(|app| app.0), user.map(|user| user.0));
        let mut receipts = Vec::new();
        for row in line.query(sql, &[&app, &user, &i64::from(size)]).await? {
            let subject: Uuid = row.get(0);
            let counts = "SELECT what, count FROM erased WHERE subject = $1 ORDER BY what";
            let counts = line.query(counts, &[&subject]).await?;
            receipts.push(Receipt {
                user: UserId(subject),
                app: AppId(row.get(1)),
                requested_at: Timestamp(row.get(2)),
                finished_at: row.get::<_, Option<i64>>(3).map(Timestamp),
                removed: counts.iter().map(|row| (row.get(0), natural(row.get(1)))).collect(),
            });
        }
        Ok(receipts)
    }
}

/// Adds to what was removed of a user.
pub(super) async fn tally(line: &Line, user: UserId, what: &str, count: u64) -> Result<(), StoreError> {
    if count > 0 {
        let sql = "INSERT INTO erased AS e (subject, what, count) VALUES ($1, $2, $3)
                   ON CONFLICT (subject, what) DO UPDATE SET count = e.count + $3";
        line.execute(sql, &[&user.0, &what, &big(count)]).await?;
    }
    Ok(())
}
