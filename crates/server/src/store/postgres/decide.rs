//! What actions come to, decided by the rules of chat from facts that were read before: no waiting, no SQL.

use std::collections::HashMap;

use chinwag_protocol::{
    Action, ChatId, Emoji, Envelope, EventKind, MessageId, MessageText, Timestamp, UserId,
};
use uuid::Uuid;

use super::batch::{Batch, Deletion, EditRow, MessageRow, ReactionRow};
use super::big;
use super::facts::{Facts, Known};
use crate::chat::message::Objection;
use crate::chat::{ChatEvent, Member, Published, Refusal, Route, message, reaction};
use crate::clock::Ids;
use crate::store::event::{Stamp, stored};

/// Why an action was not done.
pub(super) enum No {
    Refused(Refusal),
    /// The message changed since: to be answered with it as it is.
    Changed(ChatId, MessageId),
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What an action came to: the event, whether others hear of it, and what a repeat of its nonce is answered from.
struct Outcome {
    event: ChatEvent,
    route: Option<Route>,
    subject: Option<Uuid>,
    parent: Option<Uuid>,
}

/// Decides one action after the other. Positions in it are counted from the newest one before it.
pub(super) struct Decision<'a> {
    facts: &'a Facts,
    ids: &'a Ids,
    pub(super) batch: Batch,
    pub(super) published: Vec<Published>,
    /// Who sent what to a chat in this decision: for unread counts.
    sent: HashMap<ChatId, Vec<UserId>>,
    sender_nths: HashMap<(ChatId, UserId), u64>,
}

impl<'a> Decision<'a> {
    pub(super) fn new(facts: &'a Facts, ids: &'a Ids, now: Timestamp) -> Self {
        Self {
            facts,
            ids,
            batch: Batch::new(now),
            published: Vec::new(),
            sent: HashMap::new(),
            sender_nths: HashMap::new(),
        }
    }

    /// What the sender is told. What others are told is in `published`, and what is to be written in `batch`.
    pub(super) fn act(&mut self, by: UserId, envelope: &Envelope) -> Result<ChatEvent, No> {
        if let Some(first) = self.first_result(by, envelope)? {
            return Ok(first);
        }
        let mut outcome = self.perform(by, &envelope.action)?;
        outcome.event.nonce.clone_from(&envelope.nonce);
        if let Some(name) = &envelope.nonce
            && !matches!(envelope.action, Action::Typing { .. })
        {
            let subjects = (outcome.subject, outcome.parent);
            self.batch.keep_nonce(name, &envelope.action, &outcome.event, subjects);
        }
        if let Some(route) = outcome.route {
            self.published.push(Published { event: outcome.event.clone(), route });
        }
        Ok(outcome.event)
    }

    fn first_result(&self, by: UserId, envelope: &Envelope) -> Result<Option<ChatEvent>, No> {
        let Some(nonce) = &envelope.nonce else { return Ok(None) };
        let key = (by, nonce.as_str().as_bytes().to_vec());
        let Some(kept) = self.facts.nonces.get(&key) else { return Ok(None) };
        let original = match &envelope.action {
            // Who has left the chat since is not shown what it holds now.
            Action::Reply { chat, original, .. } if self.facts.present.contains_key(&(*chat, by)) => {
                self.known(*chat, *original).map(|known| known.content.clone())
            }
            _ => None,
        };
        Ok(Some(kept.again(by, nonce, &envelope.action, self.batch.position(), original)?))
    }

    fn perform(&mut self, by: UserId, action: &Action) -> Result<Outcome, No> {
        match action {
            Action::Send { chat, message } => {
                let by = self.member(*chat, by)?;
                Ok(self.send(&by, message, None))
            }
            Action::Reply { chat, original, message } => {
                let by = self.member(*chat, by)?;
                self.in_chat(&by, *original)?;
                Ok(self.send(&by, message, Some(*original)))
            }
            Action::Edit { chat, id, message, if_seq } => {
                let by = self.member(*chat, by)?;
                let known = self.known(*chat, *id);
                let facts = message::edit(&by, known.map(|known| known.facts), *if_seq);
                facts.map_err(|objection| no(objection, *chat, *id))?;
                Ok(self.edit(&by, *id, known, message))
            }
            Action::Delete { chat, id, if_seq } => {
                let by = self.member(*chat, by)?;
                let known = self.known(*chat, *id);
                let facts = message::delete(&by, known.map(|known| known.facts), *if_seq);
                facts.map_err(|objection| no(objection, *chat, *id))?;
                let known = known.ok_or(Refusal::MessageNotFound)?;
                let event = self.delete_message(by.user(), known);
                Ok(changed(event, Some(id.0), None))
            }
            Action::Typing { chat } => {
                let by = self.member(*chat, by)?;
                let event = self.unstored(&by, EventKind::Typing);
                Ok(Outcome { event, route: Some(Route::OtherMembers), subject: None, parent: None })
            }
            Action::React { chat, id, reaction } => {
                let by = self.member(*chat, by)?;
                self.in_chat(&by, *id)?;
                self.react(&by, *id, reaction)
            }
            Action::Unreact { id } => {
                let facts = *self.facts.reactions.get(id).ok_or(Refusal::ReactionNotFound)?;
                // Whoever is not in its chat is not told that it exists.
                let by = self.member(facts.chat, by).map_err(|_| Refusal::ReactionNotFound)?;
                reaction::remove(&by, &facts)?;
                let event = self.remove_reaction(by.user(), &facts);
                Ok(changed(event, Some(id.0), Some(facts.message.0)))
            }
            Action::Read { chat, id } => {
                // Not the app's own user, who has no read pointer where they are not a member.
                let present = self.facts.present.get(&(*chat, by)).map(|present| present.membership);
                let by = Member::of(present)?;
                let facts = self.in_chat(&by, *id)?;
                Ok(self.read(&by, *id, &facts))
            }
        }
    }

    fn member(&self, chat: ChatId, user: UserId) -> Result<Member, Refusal> {
        let present = self.facts.present.get(&(chat, user)).map(|present| present.membership);
        Member::of(present.or_else(|| self.facts.own.get(&(chat, user)).copied()))
    }

    fn known(&self, chat: ChatId, id: MessageId) -> Option<&'a Known> {
        self.facts.messages.get(&(chat, id))
    }

    fn in_chat(&self, by: &Member, id: MessageId) -> Result<crate::chat::MessageFacts, Refusal> {
        message::in_chat(by, self.known(by.chat(), id).map(|known| known.facts))
    }

    /// Takes the chat's next seq.
    fn stamp(&mut self, chat: ChatId, message: bool) -> Stamp {
        let before = self.facts.chats.get(&chat).copied();
        self.batch.stamp(chat, before.map(|chat| (chat.seq, chat.sent)).unwrap_or_default(), message)
    }

    /// An event that takes no seq: typing, or an action that changed nothing.
    fn unstored(&self, by: &Member, kind: EventKind) -> ChatEvent {
        ChatEvent {
            position: self.batch.position(),
            chat: by.chat(),
            sender: by.user(),
            seq: None,
            kind,
            nonce: None,
            unread_count: None,
            replayed: false,
        }
    }

    fn send(&mut self, by: &Member, text: &MessageText, original: Option<MessageId>) -> Outcome {
        let (chat, sender) = (by.chat(), by.user());
        let stamp = self.stamp(chat, true);
        let before = self.facts.sender_nths.get(&(chat, sender)).copied().unwrap_or_default();
        let sender_nth = self.sender_nths.entry((chat, sender)).or_insert(before);
        *sender_nth += 1;
        let id: MessageId = self.ids.next();
        let row = MessageRow { id, sender, sender_nth: *sender_nth, reply_to: original, text: text.as_str() };
        self.batch.insert_message(chat, &stamp, &row);
        self.sent.entry(chat).or_default().push(sender);
        let message = text.as_str().to_owned();
        let time_stamp = stamp.at;
        let kind = match original {
            None => EventKind::MessageSent { message, message_id: id, time_stamp },
            Some(original) => {
                let reply_to = self.known(chat, original).map(|known| known.content.clone());
                EventKind::Replied { message, message_id: id, reply_to, time_stamp }
            }
        };
        changed(stored(chat, sender, &stamp, kind), Some(id.0), None)
    }

    fn edit(&mut self, by: &Member, id: MessageId, known: Option<&Known>, text: &MessageText) -> Outcome {
        let stamp = self.stamp(by.chat(), false);
        let before = known.and_then(|known| known.edit);
        self.batch.edit_message(
            by.chat(),
            &stamp,
            &EditRow { id, by: by.user(), text: text.as_str(), before },
        );
        let message = text.as_str().to_owned();
        let kind = EventKind::MessageEdited { message, message_id: id, edited_at: stamp.at };
        changed(stored(by.chat(), by.user(), &stamp, kind), Some(id.0), None)
    }

    /// Takes the message and its reactions out of history; what is left is that it was deleted, and by whom.
    pub(super) fn delete_message(&mut self, by: UserId, known: &Known) -> ChatEvent {
        let (chat, id) = (known.facts.chat, known.content.message_id);
        let stamp = self.stamp(chat, false);
        self.batch.delete_message(chat, &stamp, &Deletion { by, known });
        let kind = EventKind::MessageDeleted { message_id: id, time_stamp: stamp.at };
        stored(chat, by, &stamp, kind)
    }

    fn react(&mut self, by: &Member, message: MessageId, emoji: &Emoji) -> Result<Outcome, No> {
        let kind = |reaction_id, time_stamp| EventKind::ReactionAdded {
            reaction_id,
            reaction: emoji.clone(),
            parent_message_id: message,
            time_stamp,
        };
        let given = self.facts.given.get(&(message, by.user())).map(Vec::as_slice).unwrap_or_default();
        if let Some(first) = given.iter().find(|given| given.emoji == emoji.as_str()) {
            let event = self.unstored(by, kind(first.id, first.at));
            return Ok(Outcome { event, route: None, subject: Some(first.id.0), parent: Some(message.0) });
        }
        reaction::add(by, given.len() as u64)?;
        let stamp = self.stamp(by.chat(), false);
        let id: Uuid = self.ids.next();
        let row = ReactionRow { id, message, sender: by.user(), emoji: emoji.as_str() };
        self.batch.insert_reaction(by.chat(), &stamp, &row);
        let event = stored(by.chat(), by.user(), &stamp, kind(id.into(), stamp.at));
        Ok(changed(event, Some(id), Some(message.0)))
    }

    pub(super) fn remove_reaction(&mut self, by: UserId, facts: &crate::chat::ReactionFacts) -> ChatEvent {
        let stamp = self.stamp(facts.chat, false);
        self.batch.delete_reaction(&stamp, by, facts);
        let kind = EventKind::ReactionRemoved { reaction_id: facts.id, parent_message_id: facts.message };
        stored(facts.chat, by, &stamp, kind)
    }

    /// Moves the read pointer forward to a message, or leaves it where it is.
    fn read(&mut self, by: &Member, id: MessageId, facts: &crate::chat::MessageFacts) -> Outcome {
        let (chat, user) = (by.chat(), by.user());
        let kind = EventKind::MessageRead { message_id: id, unread_count: None };
        let moves = facts.position > by.read_position();
        let mut event = if moves {
            let stamp = self.stamp(chat, false);
            let before = self.facts.present.get(&(chat, user)).and_then(|present| present.read_change);
            self.batch.read_message(&stamp, by, id, (big(facts.position), big(facts.nth)), before);
            stored(chat, user, &stamp, kind)
        } else {
            self.unstored(by, kind)
        };
        let before = self.facts.unread.get(&(chat, user)).copied().unwrap_or_default();
        let sent = self.sent.get(&chat).into_iter().flatten().filter(|sender| **sender != user).count();
        event.unread_count = Some(before + sent as u64);
        let route = moves.then_some(Route::Members);
        Outcome { event, route, subject: Some(id.0), parent: None }
    }
}

fn no(objection: Objection, chat: ChatId, id: MessageId) -> No {
    match objection {
        Objection::Refused(refusal) => No::Refused(refusal),
        Objection::Changed => No::Changed(chat, id),
    }
}

/// The outcome of an action that stored an event all members are told of.
fn changed(event: ChatEvent, subject: Option<Uuid>, parent: Option<Uuid>) -> Outcome {
    Outcome { event, route: Some(Route::Members), subject, parent }
}
