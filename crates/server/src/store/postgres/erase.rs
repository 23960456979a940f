//! Erasing: what a deleted user wrote, and what a deleted chat held, removed in small steps so that nobody waits. One
//! node at a time erases one of them.

use std::collections::HashMap;

use super::Postgres;
use super::decide::Decision;
use super::facts::{Counters, Facts, Fault, known, reaction_facts};
use super::flush::Ready;
use super::line::Line;
use super::natural;
use super::verbs::{Outcome, Verb};
use crate::chat::{Published, Route};
use crate::clock::Ids;
use crate::store::upkeep::STEP_ROWS;
use crate::store::{ChatError, Erasure, StoreError};
use chinwag_protocol::{ChatId, Timestamp, UserId};

impl Postgres {
    pub(in crate::store) async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        let line = self.lines.lend().await?;
        let rows = line.query("SELECT kind, subject FROM erasures ORDER BY at", &[]).await?;
        Ok(rows
            .iter()
            .map(|row| match row.get(0) {
                "USER" => Erasure::User(UserId(row.get(1))),
                _ => Erasure::Chat(ChatId(row.get(1))),
            })
            .collect())
    }

    pub(in crate::store) async fn erase(&self, erasure: Erasure) -> Result<(), StoreError> {
        let (Erasure::User(UserId(subject)) | Erasure::Chat(ChatId(subject))) = erasure;
        // Held until this line is closed: its session ends with this.
        let own = self.lines.open().await?;
        let key = (subject.as_u64_pair().1 >> 1).cast_signed();
        let taken = own.row("SELECT pg_try_advisory_lock($1)", &[&key]).await?;
        if !taken.is_some_and(|row| row.get(0)) {
            return Ok(());
        }
        match erasure {
            Erasure::User(user) => self.erase_user(user).await,
            Erasure::Chat(chat) => {
                while self.erase_some_of(chat).await? {}
                Ok(())
            }
        }
    }

    /// Their messages and reactions go first, each with its event, then they leave their chats, then they are gone.
    async fn erase_user(&self, user: UserId) -> Result<(), StoreError> {
        let sql = "SELECT m.chat FROM members m JOIN chats c ON c.id = m.chat
                   WHERE m.user_id = $1 AND c.deleted_at IS NULL";
        let chats = self.lines.lend().await?.query(sql, &[&user.0]).await?;
        for chat in chats.iter().map(|row| ChatId(row.get(0))) {
            // Something may have been under way on another node: it is done before they part, or not at all.
            while {
                while self.step(Verb::EraseMessages { user, chat }).await? {}
                while self.step(Verb::EraseReactions { user, chat }).await? {}
                self.step(Verb::Part { user, chat }).await?
            } {}
        }
        self.forget(user).await
    }

    /// Whether there may be more.
    async fn step(&self, verb: Verb) -> Result<bool, StoreError> {
        match self.verb(verb).await {
            Ok(outcome) => Ok(outcome == Outcome::More),
            Err(ChatError::Store(error)) => Err(error),
            Err(ChatError::Refused(refusal)) => Err(StoreError::Unavailable(refusal.to_string())),
        }
    }

    /// Removes some of a deleted chat's rows; false when none are left. That it was deleted, and who left it before,
    /// stays for those who have not heard yet.
    async fn erase_some_of(&self, chat: ChatId) -> Result<bool, StoreError> {
        let line = self.lines.lend().await?;
        let mut removed = 0;
        for sql in [
            "DELETE FROM messages WHERE chat = $1 AND position IN
               (SELECT position FROM messages WHERE chat = $1 ORDER BY position LIMIT $2)",
            "DELETE FROM reactions WHERE chat = $1 AND position IN
               (SELECT position FROM reactions WHERE chat = $1 ORDER BY position LIMIT $2)",
            "DELETE FROM changes WHERE chat = $1 AND position IN
               (SELECT position FROM changes WHERE chat = $1 AND kind NOT IN ('DELETE_CHAT', 'USER_LEAVE')
                ORDER BY position LIMIT $2)",
            "DELETE FROM imported WHERE owner = $1 AND nonce IN
               (SELECT nonce FROM imported WHERE owner = $1 LIMIT $2)",
        ] {
            removed += line.execute(sql, &[&chat.0, &i64::from(STEP_ROWS)]).await?;
        }
        if removed == 0 {
            line.execute("DELETE FROM erasures WHERE subject = $1", &[&chat.0]).await?;
        }
        Ok(removed > 0)
    }

    /// The last step: what is kept under the user's id and about their name.
    async fn forget(&self, user: UserId) -> Result<(), StoreError> {
        let mut line = self.lines.lend().await?;
        line.begin("BEGIN").await?;
        for sql in [
            "UPDATE changes c SET text = NULL FROM members m
             WHERE m.user_id = $1 AND c.chat = m.chat AND c.position = m.change_position",
            "DELETE FROM changes c USING members m
             WHERE m.user_id = $1 AND c.chat = m.chat AND c.position = m.read_change",
            "DELETE FROM members WHERE user_id = $1",
            "DELETE FROM stays WHERE user_id = $1",
            "DELETE FROM nonces WHERE user_id = $1",
            "DELETE FROM users WHERE id = $1",
            "DELETE FROM erasures WHERE subject = $1",
        ] {
            line.execute(sql, &[&user.0]).await?;
        }
        line.commit().await
    }
}

/// The chat's counters, locked; none in a chat that was deleted meanwhile: what it held goes with it, and DELETE_CHAT
/// stays its last event.
async fn locked(line: &Line, chat: ChatId) -> Result<Option<Facts>, Fault> {
    let sql = "SELECT head_seq, sent FROM chats WHERE id = $1 AND deleted_at IS NULL FOR UPDATE";
    let row = line.row(sql, &[&chat.0]).await?;
    Ok(row.map(|row| {
        let counters = Counters { seq: natural(row.get(0)), sent: natural(row.get(1)) };
        Facts { chats: HashMap::from([(chat, counters)]), ..Facts::default() }
    }))
}

pub(super) async fn messages(
    line: &Line,
    ids: &Ids,
    now: Timestamp,
    user: UserId,
    chat: ChatId,
) -> Result<(Ready, Outcome), Fault> {
    let Some(facts) = locked(line, chat).await? else { return Ok((Ready::nothing(), Outcome::Done)) };
    let sql =
        "SELECT m.chat, m.id, m.sender, m.position, m.changed_seq, m.nth, m.sender_nth, m.edit_position,
                      m.sent_at, m.edited_at, m.text
               FROM messages m WHERE m.chat = $1 AND m.sender = $2 ORDER BY m.position LIMIT $3";
    let rows = line.query(sql, &[&chat.0, &user.0, &i64::from(STEP_ROWS)]).await?;
    let mut decision = Decision::new(&facts, ids, now);
    for row in &rows {
        let event = decision.delete_message(user, &known(row)?);
        decision.published.push(Published { event, route: Route::Members });
    }
    Ok(step(decision))
}

pub(super) async fn reactions(
    line: &Line,
    ids: &Ids,
    now: Timestamp,
    user: UserId,
    chat: ChatId,
) -> Result<(Ready, Outcome), Fault> {
    let Some(facts) = locked(line, chat).await? else { return Ok((Ready::nothing(), Outcome::Done)) };
    let sql = "SELECT id, chat, message, sender, position FROM reactions
               WHERE chat = $1 AND sender = $2 ORDER BY position LIMIT $3";
    let rows = line.query(sql, &[&chat.0, &user.0, &i64::from(STEP_ROWS)]).await?;
    let mut decision = Decision::new(&facts, ids, now);
    for row in &rows {
        let event = decision.remove_reaction(user, &reaction_facts(row));
        decision.published.push(Published { event, route: Route::Members });
    }
    Ok(step(decision))
}

fn step(decision: Decision<'_>) -> (Ready, Outcome) {
    let (count, asks) = decision.batch.into_asks();
    let outcome = if count > 0 { Outcome::More } else { Outcome::Done };
    (Ready { moved: count, count, asks, is_begun: false, published: decision.published }, outcome)
}
