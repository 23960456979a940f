//! Reading lists: a user's chats, a chat's members.

use chinwag_protocol::model::{ChatDetails, ChatUserInfo};
use chinwag_protocol::{ChatId, MessageId, Timestamp, UserId};
use tokio_postgres::Row;

use super::facts::{present, unread};
use super::history::membership;
use super::line::Line;
use super::sync::SNAPSHOT;
use super::{Postgres, natural, text};
use crate::chat::Member;
use crate::store::{ChatError, Page, StoreError};

impl Postgres {
    pub(in crate::store) async fn chats(
        &self,
        user: UserId,
        page: Page,
    ) -> Result<Vec<ChatDetails>, StoreError> {
        let offset = i64::try_from(page.offset).unwrap_or(i64::MAX);
        let line = self.lines.lend().await?;
        let rows = line.query(CHATS, &[&user.0, &i64::from(page.size), &offset]).await?;
        rows.iter().map(details).collect()
    }

    pub(in crate::store) async fn members(
        &self,
        by: UserId,
        chat: ChatId,
    ) -> Result<Vec<ChatUserInfo>, ChatError> {
        let mut line = self.lines.lend().await?;
        line.begin(SNAPSHOT).await?;
        let found = members_as_seen_by(&line, by, chat).await;
        line.roll_back().await?;
        found
    }
}

/// A chat as a member sees it, from `p`, which has it and the member's read pointer. A list's rows are chosen before
/// anything is counted for them. The newest message at or before the pointer is told: where it pointed may be deleted.
macro_rules! details {
    ($chosen:expr, $order:expr) => {
        concat!(
            "SELECT p.chat, p.name, p.created_at, p.creator, p.group_chat, newest.sent_at, newest.text,
                    (SELECT o.id FROM messages o WHERE o.chat = p.chat AND o.position <= p.position
                     ORDER BY o.position DESC LIMIT 1),
                    (SELECT count(*) FROM members m WHERE m.chat = p.chat AND ",
            present!(),
            "), ",
            unread!(),
            " FROM (SELECT m.chat, m.user_id, m.read_position AS position, m.read_nth AS nth, c.name, c.created_at,
                           c.creator, c.group_chat, c.active_position
                    FROM members m JOIN chats c ON c.id = m.chat
                    WHERE c.deleted_at IS NULL AND ",
            present!(),
            " AND ",
            $chosen,
            ") p LEFT JOIN LATERAL (SELECT n.sent_at, n.text FROM messages n WHERE n.chat = p.chat
                                   ORDER BY n.position DESC LIMIT 1) newest ON true ",
            $order
        )
    };
}

const CHATS: &str = details!(
    "m.user_id = $1 ORDER BY c.active_position DESC LIMIT $2 OFFSET $3",
    "ORDER BY p.active_position DESC"
);
const CHAT: &str = details!("m.chat = $1 AND m.user_id = $2", "");

fn details(row: &Row) -> Result<ChatDetails, StoreError> {
    Ok(ChatDetails {
        chat_id: ChatId(row.get(0)),
        chat_name: row.get(1),
        created_at: Timestamp(row.get(2)),
        creator: UserId(row.get(3)),
        group_chat: row.get(4),
        last_message_timestamp: row.get::<_, Option<i64>>(5).map(Timestamp),
        last_message: row.get::<_, Option<Vec<u8>>>(6).map(text).transpose()?,
        last_read_message: row.get::<_, Option<uuid::Uuid>>(7).map(MessageId),
        members: row.get::<_, i64>(8).try_into().unwrap_or_default(),
        unread_count: natural(row.get(9)),
    })
}

/// The chat as `user` sees it; none if they are not in it.
pub(super) async fn chat_details(
    line: &Line,
    chat: ChatId,
    user: UserId,
) -> Result<Option<ChatDetails>, StoreError> {
    line.row(CHAT, &[&chat.0, &user.0]).await?.as_ref().map(details).transpose()
}

async fn members_as_seen_by(line: &Line, by: UserId, chat: ChatId) -> Result<Vec<ChatUserInfo>, ChatError> {
    Member::of(membership(line, chat, by).await?)?;
    Ok(members(line, chat).await?)
}

pub(super) async fn members(line: &Line, chat: ChatId) -> Result<Vec<ChatUserInfo>, StoreError> {
    let sql = concat!(
        "SELECT m.user_id, u.username, m.joined_at,
                (SELECT o.id FROM messages o WHERE o.chat = m.chat AND o.position <= m.read_position
                 ORDER BY o.position DESC LIMIT 1)
         FROM members m JOIN users u ON u.id = m.user_id WHERE m.chat = $1 AND ",
        present!(),
        " ORDER BY m.joined_position, m.user_id"
    );
    let rows = line.query(sql, &[&chat.0]).await?;
    let members = rows.iter().map(|row| ChatUserInfo {
        user_id: UserId(row.get(0)),
        // Null for the moments in which a deleted user's rows are being erased.
        username: row.get::<_, Option<String>>(1).unwrap_or_default(),
        joined_chat_at: Timestamp(row.get(2)),
        last_seen_message: row.get::<_, Option<uuid::Uuid>>(3).map(MessageId),
    });
    Ok(members.collect())
}
