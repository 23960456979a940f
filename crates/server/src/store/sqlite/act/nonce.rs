//! What each nonce did, so that a retry is answered and not done again (protocol, section 5).

use chinwag_protocol::{Action, ChatId, EventKind, MessageId, Nonce, Timestamp, UserId};
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::{Outcome, sent};
use crate::chat::{ChatEvent, Refusal};
use crate::store::StoreError;
use crate::store::chats::Failure;
use crate::store::nonce::{digest, told_at};
use crate::store::sqlite::{Tx, rows};

struct Kept {
    digest: [u8; 32],
    at: Timestamp,
    chat: ChatId,
    seq: Option<u64>,
    subject: Option<Uuid>,
    parent: Option<Uuid>,
}

/// The first result of this nonce, if it was used before; refused if it was used for another action.
pub(super) fn first_result(
    tx: &Tx<'_>,
    by: UserId,
    nonce: &Nonce,
    action: &Action,
) -> Result<Option<ChatEvent>, Failure> {
    let kept = tx
        .prepare_cached(
            "SELECT digest, told_at, chat, seq, subject, parent FROM nonces WHERE user = ?1 AND nonce = ?2",
        )?
        .query_row(params![by.0, nonce.as_str()], |row| {
            Ok(Kept {
                digest: row.get(0)?,
                at: Timestamp(row.get(1)?),
                chat: ChatId(row.get(2)?),
                seq: row.get(3)?,
                subject: row.get(4)?,
                parent: row.get(5)?,
            })
        })
        .optional()?;
    let Some(kept) = kept else { return Ok(None) };
    if kept.digest != digest(action) {
        return Err(Refusal::NonceReused.into());
    }
    let event = ChatEvent {
        position: tx.position(),
        chat: kept.chat,
        sender: by,
        seq: kept.seq,
        kind: kind_again(tx, by, action, &kept)?,
        nonce: Some(nonce.clone()),
        unread_count: None,
        replayed: true,
    };
    Ok(Some(event))
}

/// The first event again: what the action says, with the ids and times that it was given then.
fn kind_again(tx: &Tx<'_>, by: UserId, action: &Action, kept: &Kept) -> Result<EventKind, StoreError> {
    let subject = kept.subject.unwrap_or_default();
    Ok(match action {
        Action::Send { message, .. } => sent(tx, message.as_str(), MessageId(subject), None, kept.at)?,
        Action::Reply { message, original, .. } => {
            // Who has left the chat since is not shown what it holds now.
            let still_in = rows::membership(tx, kept.chat, by)?.is_some();
            let reply_to = if still_in { rows::content(tx, *original)? } else { None };
            let (message, message_id) = (message.as_str().to_owned(), MessageId(subject));
            EventKind::Replied { message, message_id, reply_to, time_stamp: kept.at }
        }
        Action::Edit { id, message, .. } => EventKind::MessageEdited {
            message: message.as_str().to_owned(),
            message_id: *id,
            edited_at: kept.at,
        },
        Action::Delete { id, .. } => EventKind::MessageDeleted { message_id: *id, time_stamp: kept.at },
        Action::Typing { .. } => EventKind::Typing,
        Action::React { id, reaction, .. } => EventKind::ReactionAdded {
            reaction_id: subject.into(),
            reaction: reaction.clone(),
            parent_message_id: *id,
            time_stamp: kept.at,
        },
        Action::Unreact { id } => EventKind::ReactionRemoved {
            reaction_id: *id,
            parent_message_id: kept.parent.unwrap_or_default().into(),
        },
        Action::Read { id, .. } => EventKind::MessageRead { message_id: *id, unread_count: None },
    })
}

pub(super) fn keep(
    tx: &Tx<'_>,
    by: UserId,
    nonce: &Nonce,
    action: &Action,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO nonces (user, nonce, digest, at, told_at, chat, seq, subject, parent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        by.0,
        nonce.as_str(),
        digest(action),
        tx.now().0,
        told_at(&outcome.event.kind, tx.now()).0,
        outcome.event.chat.0,
        outcome.event.seq,
        outcome.subject,
        outcome.parent
    ])?;
    Ok(())
}
