//! The eight actions: load the facts, ask the rules, write the rows.

mod nonce;

use chinwag_protocol::{Action, ChatId, Envelope, EventKind, MessageId, MessageText, Timestamp, UserId};
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::rows::{self, Change, Deleted, ReadPointer};
use super::work::Guard;
use super::{Answer, Sqlite, Tx, history};
use crate::chat::message::Objection;
use crate::chat::{ChatEvent, Member, MessageFacts, Published, Refusal, Route, message, reaction};
use crate::store::chats::Failure;
use crate::store::event::{Stamp, stored};
use crate::store::{ActError, Done, StoreError};

impl Sqlite {
    pub(in crate::store) async fn act(
        &self,
        by: UserId,
        actions: Vec<Envelope>,
    ) -> Answer<Vec<Done>, ActError> {
        let lone = actions.len() == 1;
        let guard = if lone { Guard::RefusesFirst(store_error) } else { Guard::Savepoint };
        self.submit_guarded(guard, move |tx| {
            actions
                .iter()
                .enumerate()
                .map(|(index, envelope)| {
                    act(tx, by, envelope).map_err(|failure| match failure {
                        Failure::Refused(refusal) => ActError::Refused { index, refusal },
                        Failure::Store(error) => ActError::Store(error),
                    })
                })
                .collect()
        })
        .await
    }
}

fn store_error(error: &ActError) -> Option<&StoreError> {
    match error {
        ActError::Store(error) => Some(error),
        ActError::Refused { .. } => None,
    }
}

/// What an action came to: the event, whether others hear of it, and what a repeat of its nonce is answered from.
struct Outcome {
    event: ChatEvent,
    route: Option<Route>,
    subject: Option<Uuid>,
    parent: Option<Uuid>,
}

fn act(tx: &mut Tx<'_>, by: UserId, envelope: &Envelope) -> Result<Done, Failure> {
    if let Some(nonce) = &envelope.nonce
        && let Some(first) = nonce::first_result(tx, by, nonce, &envelope.action)?
    {
        return Ok(Done { event: first });
    }
    let mut outcome = perform(tx, by, &envelope.action)?;
    outcome.event.nonce.clone_from(&envelope.nonce);
    if let Some(nonce) = &envelope.nonce
        && !matches!(envelope.action, Action::Typing { .. })
    {
        nonce::keep(tx, by, nonce, &envelope.action, &outcome)?;
    }
    let Outcome { event, route, .. } = outcome;
    if let Some(route) = route {
        tx.publish(Published { event: event.clone(), route });
    }
    Ok(Done { event })
}

fn perform(tx: &mut Tx<'_>, by: UserId, action: &Action) -> Result<Outcome, Failure> {
    match action {
        Action::Send { chat, message } => send(tx, &member(tx, *chat, by)?, message, None),
        Action::Reply { chat, original, message } => {
            let by = member(tx, *chat, by)?;
            message::in_chat(&by, rows::message_facts(tx, *original)?)?;
            send(tx, &by, message, Some(*original))
        }
        Action::Edit { chat, id, message, if_seq } => {
            let by = member(tx, *chat, by)?;
            let facts = message::edit(&by, rows::message_facts(tx, *id)?, *if_seq);
            let facts = facts.or_else(|objection| refused(tx, *id, objection))?;
            edit(tx, &by, *id, &facts, message)
        }
        Action::Delete { chat, id, if_seq } => {
            let by = member(tx, *chat, by)?;
            let facts = message::delete(&by, rows::message_facts(tx, *id)?, *if_seq);
            let facts = facts.or_else(|objection| refused(tx, *id, objection))?;
            let event = delete_message(tx, by.user(), *id, &facts)?;
            Ok(changed(event, Some(id.0), None))
        }
        Action::Typing { chat } => {
            let by = member(tx, *chat, by)?;
            let event = unstored(tx, &by, EventKind::Typing);
            Ok(Outcome { event, route: Some(Route::OtherMembers), subject: None, parent: None })
        }
        Action::React { chat, id, reaction } => {
            let by = member(tx, *chat, by)?;
            message::in_chat(&by, rows::message_facts(tx, *id)?)?;
            react(tx, &by, *id, reaction)
        }
        Action::Unreact { id } => {
            let facts = rows::reaction_facts(tx, *id)?.ok_or(Refusal::ReactionNotFound)?;
            let by = member(tx, facts.chat, by).map_err(|failure| match failure {
                // Whoever is not in its chat is not told that it exists.
                Failure::Refused(_) => Refusal::ReactionNotFound.into(),
                failure => failure,
            })?;
            reaction::remove(&by, &facts)?;
            let event = remove_reaction(tx, by.user(), &facts)?;
            Ok(changed(event, Some(id.0), Some(facts.message.0)))
        }
        Action::Read { chat, id } => {
            // Not the app's own user, who has no read pointer where they are not a member.
            let by = Member::of(rows::actors_membership(tx, *chat, by)?)?;
            let facts = message::in_chat(&by, rows::message_facts(tx, *id)?)?;
            Ok(read(tx, &by, *id, &facts)?)
        }
    }
}

fn member(tx: &Tx<'_>, chat: ChatId, user: UserId) -> Result<Member, Failure> {
    let found = match rows::actors_membership(tx, chat, user)? {
        None => rows::own_membership(tx, chat, user)?,
        found => found,
    };
    Ok(Member::of(found)?)
}

/// Says no; a conflict is answered with the message as it is now.
fn refused(tx: &Tx<'_>, id: MessageId, objection: Objection) -> Result<MessageFacts, Failure> {
    match objection {
        Objection::Refused(refusal) => Err(refusal.into()),
        Objection::Changed => {
            let current = history::message(tx, id)?.ok_or(Refusal::MessageNotFound)?;
            Err(Refusal::Conflict(Box::new(current)).into())
        }
    }
}

/// The outcome of an action that stored an event all members are told of.
fn changed(event: ChatEvent, subject: Option<Uuid>, parent: Option<Uuid>) -> Outcome {
    Outcome { event, route: Some(Route::Members), subject, parent }
}

/// An event that takes no seq: typing, or an action that changed nothing.
fn unstored(tx: &Tx<'_>, by: &Member, kind: EventKind) -> ChatEvent {
    ChatEvent {
        position: tx.position(),
        chat: by.chat(),
        sender: by.user(),
        seq: None,
        kind,
        nonce: None,
        unread_count: None,
        replayed: false,
    }
}

fn send(
    tx: &mut Tx<'_>,
    by: &Member,
    text: &MessageText,
    original: Option<MessageId>,
) -> Result<Outcome, Failure> {
    let stamp = rows::stamp(tx, by.chat(), true)?;
    let id: MessageId = tx.ids().next();
    insert_message(tx, by.chat(), by.user(), &stamp, id, original, text)?;
    let kind = sent(tx, text.as_str(), id, original, stamp.at)?;
    Ok(changed(stored(by.chat(), by.user(), &stamp, kind), Some(id.0), None))
}

/// Writes the row of a message.
pub(super) fn insert_message(
    tx: &Tx<'_>,
    chat: ChatId,
    sender: UserId,
    stamp: &Stamp,
    id: MessageId,
    original: Option<MessageId>,
    text: &MessageText,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO messages (position, id, chat, seq, nth, sender, reply_to, sent_at, changed_seq, text, sender_nth)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?4, ?9,
                 1 + max(ifnull((SELECT sender_nth FROM messages INDEXED BY messages_by_sender
                                 WHERE chat = ?3 AND sender = ?6 ORDER BY position DESC LIMIT 1), 0),
                         ifnull((SELECT max(author_nth) FROM changes WHERE chat = ?3 AND author = ?6), 0)))",
    )?
    .execute(params![
        stamp.position,
        id.0,
        chat.0,
        stamp.seq,
        stamp.sent,
        sender.0,
        original.map(|original| original.0),
        stamp.at.0,
        text.as_str()
    ])?;
    Ok(())
}

/// The event of a message: `REPLY` with the original as it is now, or `SEND_MSG`.
pub(super) fn sent(
    connection: &rusqlite::Connection,
    text: &str,
    message_id: MessageId,
    original: Option<MessageId>,
    time_stamp: Timestamp,
) -> Result<EventKind, StoreError> {
    let message = text.to_owned();
    Ok(match original {
        None => EventKind::MessageSent { message, message_id, time_stamp },
        Some(original) => EventKind::Replied {
            message,
            message_id,
            reply_to: rows::content(connection, original)?,
            time_stamp,
        },
    })
}

fn edit(
    tx: &mut Tx<'_>,
    by: &Member,
    id: MessageId,
    facts: &MessageFacts,
    text: &MessageText,
) -> Result<Outcome, Failure> {
    let stamp = rows::stamp(tx, by.chat(), false)?;
    let before: Option<u64> = tx
        .prepare_cached("SELECT edit_position FROM messages WHERE position = ?1")?
        .query_row([facts.position], |row| row.get(0))?;
    tx.prepare_cached(
        "UPDATE messages SET text = ?2, edited_at = ?3, edit_position = ?4, changed_seq = ?5 WHERE position = ?1",
    )?
    .execute(params![facts.position, text.as_str(), stamp.at.0, stamp.position, stamp.seq])?;
    let change = Change {
        chat: by.chat(),
        kind: "EDIT_MSG",
        sender: by.user(),
        subject: Some(id.0),
        parent: None,
        text: None,
        deleted: None,
    };
    rows::keep_change(tx, &stamp, &change, before)?;
    let message = text.as_str().to_owned();
    let kind = EventKind::MessageEdited { message, message_id: id, edited_at: stamp.at };
    Ok(changed(stored(by.chat(), by.user(), &stamp, kind), Some(id.0), None))
}

/// Takes the message and its reactions out of history; what is left is that it was deleted, and by whom.
pub(super) fn delete_message(
    tx: &mut Tx<'_>,
    by: UserId,
    id: MessageId,
    facts: &MessageFacts,
) -> Result<ChatEvent, StoreError> {
    let stamp = rows::stamp(tx, facts.chat, false)?;
    let (edit, author_nth): (Option<u64>, u64) = tx
        .prepare_cached("DELETE FROM messages WHERE position = ?1 RETURNING edit_position, sender_nth")?
        .query_row([facts.position], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let Some(position) = edit {
        rows::forget_change(tx, position)?;
    }
    tx.prepare_cached(
        "DELETE FROM changes WHERE position IN (SELECT position FROM reactions WHERE message = ?1)",
    )?
    .execute([id.0])?;
    tx.prepare_cached("DELETE FROM reactions WHERE message = ?1")?.execute([id.0])?;
    let change = Change {
        chat: facts.chat,
        kind: "DELETE_MSG",
        sender: by,
        subject: Some(id.0),
        parent: None,
        text: None,
        deleted: Some(Deleted { nth: facts.nth, author: facts.sender, author_nth }),
    };
    rows::keep_change(tx, &stamp, &change, None)?;
    let kind = EventKind::MessageDeleted { message_id: id, time_stamp: stamp.at };
    Ok(stored(facts.chat, by, &stamp, kind))
}

fn react(
    tx: &mut Tx<'_>,
    by: &Member,
    message: MessageId,
    emoji: &chinwag_protocol::Emoji,
) -> Result<Outcome, Failure> {
    let kind = |reaction_id, time_stamp| EventKind::ReactionAdded {
        reaction_id,
        reaction: emoji.clone(),
        parent_message_id: message,
        time_stamp,
    };
    let first: Option<(Uuid, i64)> = tx
        .prepare_cached("SELECT id, at FROM reactions WHERE message = ?1 AND sender = ?2 AND emoji = ?3")?
        .query_row(params![message.0, by.user().0, emoji.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((id, at)) = first {
        let event = unstored(tx, by, kind(id.into(), Timestamp(at)));
        return Ok(Outcome { event, route: None, subject: Some(id), parent: Some(message.0) });
    }
    let given = tx
        .prepare_cached("SELECT count(*) FROM reactions WHERE message = ?1 AND sender = ?2")?
        .query_row(params![message.0, by.user().0], |row| row.get(0))?;
    reaction::add(by, given)?;
    let stamp = rows::stamp(tx, by.chat(), false)?;
    let id: Uuid = tx.ids().next();
    tx.prepare_cached(
        "INSERT INTO reactions (position, id, chat, message, sender, emoji, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        stamp.position,
        id,
        by.chat().0,
        message.0,
        by.user().0,
        emoji.as_str(),
        stamp.at.0
    ])?;
    let change = Change {
        chat: by.chat(),
        kind: "REACT",
        sender: by.user(),
        subject: Some(id),
        parent: Some(message.0),
        text: Some(emoji.as_str()),
        deleted: None,
    };
    rows::keep_change(tx, &stamp, &change, None)?;
    let event = stored(by.chat(), by.user(), &stamp, kind(id.into(), stamp.at));
    Ok(changed(event, Some(id), Some(message.0)))
}

pub(super) fn remove_reaction(
    tx: &mut Tx<'_>,
    by: UserId,
    facts: &crate::chat::ReactionFacts,
) -> Result<ChatEvent, StoreError> {
    let stamp = rows::stamp(tx, facts.chat, false)?;
    tx.prepare_cached("DELETE FROM reactions WHERE position = ?1")?.execute([facts.position])?;
    let change = Change {
        chat: facts.chat,
        kind: "DELETE_REACT",
        sender: by,
        subject: Some(facts.id.0),
        parent: Some(facts.message.0),
        text: None,
        deleted: None,
    };
    rows::keep_change(tx, &stamp, &change, Some(facts.position))?;
    let kind = EventKind::ReactionRemoved { reaction_id: facts.id, parent_message_id: facts.message };
    Ok(stored(facts.chat, by, &stamp, kind))
}

/// Moves the read pointer forward to a message, or leaves it where it is.
fn read(tx: &mut Tx<'_>, by: &Member, id: MessageId, facts: &MessageFacts) -> Result<Outcome, StoreError> {
    let kind = EventKind::MessageRead { message_id: id, unread_count: None };
    let moves = facts.position > by.read_position();
    let mut event = if moves {
        let stamp = rows::stamp(tx, by.chat(), false)?;
        let key = params![by.chat().0, by.user().0, facts.position, stamp.position, facts.nth];
        let before: Option<u64> = tx
            .prepare_cached("SELECT read_change FROM members WHERE chat = ?1 AND user = ?2")?
            .query_row(&key[..2], |row| row.get(0))?;
        tx.prepare_cached(
            "UPDATE members SET read_position = ?3, read_change = ?4, read_nth = ?5
             WHERE chat = ?1 AND user = ?2",
        )?
        .execute(key)?;
        let change = Change {
            chat: by.chat(),
            kind: "READ_MSG",
            sender: by.user(),
            subject: Some(id.0),
            parent: None,
            text: None,
            deleted: None,
        };
        rows::keep_change(tx, &stamp, &change, before)?;
        stored(by.chat(), by.user(), &stamp, kind)
    } else {
        unstored(tx, by, kind)
    };
    let pointer = if moves {
        ReadPointer { position: facts.position, nth: facts.nth }
    } else {
        ReadPointer { position: by.read_position(), nth: by.read_nth() }
    };
    event.unread_count = Some(rows::unread_count(tx, by.chat(), by.user(), pointer)?);
    let route = moves.then_some(Route::Members);
    Ok(Outcome { event, route, subject: Some(id.0), parent: None })
}

/// Marks a message as read that its reader was just shown. Nothing happens if either is gone by now.
pub(super) fn read_shown(
    tx: &mut Tx<'_>,
    chat: ChatId,
    user: UserId,
    id: MessageId,
) -> Result<(), StoreError> {
    let Some(by) = rows::membership(tx, chat, user)?.and_then(|found| Member::of(Some(found)).ok()) else {
        return Ok(());
    };
    let Some(facts) = rows::message_facts(tx, id)? else { return Ok(()) };
    let outcome = read(tx, &by, id, &facts)?;
    if let Some(route) = outcome.route {
        tx.publish(Published { event: outcome.event, route });
    }
    Ok(())
}
