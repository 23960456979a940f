//! Removing messages that are older than their app keeps them, in small steps.

use chinwag_protocol::{AppId, ChatId, Timestamp, UserId};

use super::Postgres;
use super::decide::Decision;
use super::erase::{locked, step};
use super::facts::{Fault, known};
use super::flush::Ready;
use super::line::Line;
use super::natural;
use super::verbs::{Outcome, Verb};
use crate::chat::{Published, Route};
use crate::clock::Ids;
use crate::store::StoreError;
use crate::store::upkeep::STEP_ROWS;

impl Postgres {
    pub(in crate::store) async fn expire_messages(
        &self,
        app: AppId,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = "SELECT c.id, (SELECT count(*) FROM messages m WHERE m.chat = c.id AND m.sent_at < $2)
                   FROM chats c WHERE c.app = $1 AND c.deleted_at IS NULL";
        let chats = self.lines.lend().await?.query(sql, &[&app.0, &before.0]).await?;
        let mut removed = 0;
        for row in chats {
            let (chat, count) = (ChatId(row.get(0)), natural(row.get(1)));
            if count > 0 {
                while self.step(Verb::ExpireMessages { chat, before }).await? {}
                removed += count;
            }
        }
        Ok(removed)
    }
}

pub(super) async fn messages(
    line: &Line,
    ids: &Ids,
    now: Timestamp,
    chat: ChatId,
    before: Timestamp,
) -> Result<(Ready, Outcome), Fault> {
    let Some(facts) = locked(line, chat).await? else { return Ok((Ready::nothing(), Outcome::Done)) };
    let sql =
        "SELECT m.chat, m.id, m.sender, m.position, m.changed_seq, m.nth, m.sender_nth, m.edit_position,
                      m.sent_at, m.edited_at, m.text
               FROM messages m WHERE m.chat = $1 AND m.sent_at < $2 ORDER BY m.position LIMIT $3";
    let rows = line.query(sql, &[&chat.0, &before.0, &i64::from(STEP_ROWS)]).await?;
    let mut decision = Decision::new(&facts, ids, now);
    for row in &rows {
        let event = decision.delete_message(UserId(row.get(2)), &known(row)?);
        decision.published.push(Published { event, route: Route::Members });
    }
    Ok(step(decision))
}
