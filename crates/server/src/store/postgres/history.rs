//! Reading messages back: a page of a chat's history, or one message.

use chinwag_protocol::model::{Message, MessageContent, Reaction};
use chinwag_protocol::{ChatId, MessageId, ReactionId, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::facts::present;
use super::line::Line;
use super::sync::SNAPSHOT;
use super::{Postgres, big, natural, text};
use crate::chat::{Member, Membership, Refusal};
use crate::store::event::stored_emoji;
use crate::store::{ChatError, StoreError};

impl Postgres {
    pub(in crate::store) async fn history(
        &self,
        by: UserId,
        chat: ChatId,
        before: Option<MessageId>,
        size: u32,
    ) -> Result<Vec<Message>, ChatError> {
        let mut line = self.lines.lend().await?;
        line.begin(SNAPSHOT).await?;
        let page = history(&line, by, chat, before, size).await;
        line.roll_back().await?;
        page
    }
}

async fn history(
    line: &Line,
    by: UserId,
    chat: ChatId,
    before: Option<MessageId>,
    size: u32,
) -> Result<Vec<Message>, ChatError> {
    Member::of(membership(line, chat, by).await?)?;
    let before = match before {
        None => i64::MAX,
        Some(id) => position_of(line, by, chat, id).await?.ok_or(Refusal::MessageNotFound)?,
    };
    let rows = line.query(PAGE, &[&chat.0, &before, &i64::from(size)]).await?;
    Ok(completed(line, chat, rows).await?)
}

/// Where a page that ends before `id` begins. Paging goes on though the message was deleted meanwhile, since its
/// deletion says where it was. One of another chat that they are in is refused; of any other id the place is that of its
/// time: what exists elsewhere is not told.
async fn position_of(
    line: &Line,
    by: UserId,
    chat: ChatId,
    id: MessageId,
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT position FROM messages WHERE chat = $1 AND id = $2
               UNION ALL SELECT was_at FROM changes WHERE chat = $1 AND subject = $2 AND kind = 'DELETE_MSG'";
    if let Some(row) = line.query(sql, &[&chat.0, &id.0]).await?.first() {
        return Ok(Some(row.get(0)));
    }
    let elsewhere = concat!(
        "SELECT m.chat FROM members m JOIN messages o ON o.chat = m.chat AND o.id = $2 WHERE m.user_id = $1 AND ",
        present!()
    );
    if id.0.get_version_num() != 7 || !line.query(elsewhere, &[&by.0, &id.0]).await?.is_empty() {
        return Ok(None);
    }
    let older = "SELECT position + 1 FROM messages WHERE chat = $1 AND id < $2 ORDER BY id DESC LIMIT 1";
    Ok(Some(line.row(older, &[&chat.0, &id.0]).await?.map_or(0, |row| row.get(0))))
}

pub(super) async fn membership(
    line: &Line,
    chat: ChatId,
    user: UserId,
) -> Result<Option<Membership>, StoreError> {
    let sql = concat!(
        "SELECT c.creator, m.read_position, m.read_nth FROM members m JOIN chats c ON c.id = m.chat
         WHERE m.chat = $1 AND m.user_id = $2 AND c.deleted_at IS NULL AND ",
        present!()
    );
    let row = line.row(sql, &[&chat.0, &user.0]).await?;
    Ok(row.map(|row| Membership {
        chat,
        user,
        creator: UserId(row.get(0)),
        read_position: natural(row.get(1)),
        read_nth: natural(row.get(2)),
    }))
}

/// A message and what it is a reply to, as they are now.
macro_rules! message {
    () => {
        "SELECT m.id, m.sender, m.sent_at, m.edited_at, m.text, m.seq, m.changed_seq,
                o.id, o.sender, o.sent_at, o.edited_at, o.text
         FROM messages m LEFT JOIN messages o ON o.chat = m.chat AND o.id = m.reply_to WHERE m.chat = $1 AND "
    };
}

const PAGE: &str = concat!(message!(), "m.position < $2 ORDER BY m.position DESC LIMIT $3");
const ONE: &str = concat!(message!(), "m.id = $2");

/// One message as it is now; none if it was deleted.
pub(super) async fn message(line: &Line, chat: ChatId, id: MessageId) -> Result<Option<Message>, StoreError> {
    let rows = line.query(ONE, &[&chat.0, &id.0]).await?;
    Ok(completed(line, chat, rows).await?.pop())
}

const AFTER: &str = concat!(message!(), "m.position > $2 ORDER BY m.position LIMIT $3");
const POSITIONS: &str =
    "SELECT position FROM messages m WHERE m.chat = $1 AND m.position > $2 ORDER BY m.position LIMIT $3";

/// Messages after a position, oldest first, each with its own position. In a snapshot.
pub(super) async fn after(
    line: &Line,
    chat: ChatId,
    after: i64,
    size: u32,
) -> Result<Vec<(u64, Message)>, StoreError> {
    let positions = line.query(POSITIONS, &[&chat.0, &after, &i64::from(size)]).await?;
    let rows = line.query(AFTER, &[&chat.0, &after, &i64::from(size)]).await?;
    let messages = completed(line, chat, rows).await?;
    Ok(positions.iter().map(|row| natural(row.get(0))).zip(messages).collect())
}

async fn completed(line: &Line, chat: ChatId, rows: Vec<Row>) -> Result<Vec<Message>, StoreError> {
    let mut messages = Vec::with_capacity(rows.len());
    for row in &rows {
        messages.push(Message {
            content: content(row, chat, 0)?,
            reply_to: match row.get::<_, Option<Uuid>>(7) {
                Some(_) => Some(content(row, chat, 7)?),
                None => None,
            },
            reactions: Vec::new(),
            seq: natural(row.get(5)),
            changed_seq: natural(row.get(6)),
        });
    }
    let ids: Vec<Uuid> = messages.iter().map(|message| message.content.message_id.0).collect();
    let sql = "SELECT id, message, sender, emoji, at FROM reactions
               WHERE chat = $1 AND message = ANY ($2) ORDER BY position";
    for row in line.query(sql, &[&chat.0, &ids]).await? {
        let message_id = MessageId(row.get(1));
        let reaction = Reaction {
            reaction_id: ReactionId(row.get(0)),
            chat_id: chat,
            message_id,
            sender_id: UserId(row.get(2)),
            reaction: stored_emoji(row.get(3))?,
            created_at: Timestamp(row.get(4)),
        };
        let of = messages.iter_mut().find(|message| message.content.message_id == message_id);
        of.into_iter().for_each(|message| message.reactions.push(reaction.clone()));
    }
    Ok(messages)
}

/// A message's content from the five columns that begin at `first`.
pub(super) fn content(row: &Row, chat_id: ChatId, first: usize) -> Result<MessageContent, StoreError> {
    let edited_at = row.get::<_, Option<i64>>(first + 3).map(Timestamp);
    Ok(MessageContent {
        chat_id,
        time_stamp: Timestamp(row.get(first + 2)),
        message_id: MessageId(row.get(first)),
        sender_id: UserId(row.get(first + 1)),
        content: text(row.get(first + 4))?,
        edited: edited_at.is_some(),
        edited_at,
    })
}

/// As PostgreSQL keeps it, for `LIMIT`.
pub(super) fn limit(size: usize) -> i64 {
    big(size as u64)
}
