//! What each nonce did, so that a retry is answered and not done again (protocol, section 5).

use chinwag_protocol::{Action, ChatId, Nonce, Timestamp, UserId};
use rusqlite::{OptionalExtension, params};

use super::Outcome;
use crate::chat::ChatEvent;
use crate::store::StoreError;
use crate::store::chats::Failure;
use crate::store::nonce::{Kept, digest, told_at};
use crate::store::sqlite::{Tx, rows};

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
    let original = match action {
        // Who has left the chat since is not shown what it holds now.
        Action::Reply { original, .. } if rows::membership(tx, kept.chat, by)?.is_some() => {
            rows::content(tx, *original)?
        }
        _ => None,
    };
    Ok(Some(kept.again(by, nonce, action, tx.position(), original)?))
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
