//! Rows to be written, gathered into a few statements. Positions are counted from the newest before; the statements
//! know where that is, since the head is moved in the same breath.

use std::collections::HashMap;

use chinwag_protocol::{Action, ChatId, MessageId, Nonce, Timestamp, UserId};
use uuid::Uuid;

use super::big;
use super::facts::Known;
use super::line::{Ask, ask};
use crate::chat::{ChatEvent, Member, ReactionFacts};
use crate::store::event::Stamp;
use crate::store::nonce::{digest, told_at};

/// A chat's row after the batch.
struct ChatRow {
    seq: u64,
    sent: u64,
    head: u64,
    active: Option<u64>,
}

pub(super) struct MessageRow<'a> {
    pub(super) id: MessageId,
    pub(super) sender: UserId,
    pub(super) sender_nth: u64,
    pub(super) reply_to: Option<MessageId>,
    pub(super) text: &'a str,
}

pub(super) struct EditRow<'a> {
    pub(super) id: MessageId,
    pub(super) by: UserId,
    pub(super) text: &'a str,
    /// Its edit before.
    pub(super) before: Option<i64>,
}

pub(super) struct Deletion<'a> {
    pub(super) by: UserId,
    pub(super) known: &'a Known,
}

pub(super) struct ReactionRow<'a> {
    pub(super) id: Uuid,
    pub(super) message: MessageId,
    pub(super) sender: UserId,
    pub(super) emoji: &'a str,
}

/// A row of `changes`, less its stamp.
#[derive(Default)]
struct Change {
    kind: &'static str,
    sender: Uuid,
    subject: Option<Uuid>,
    parent: Option<Uuid>,
    text: Option<String>,
    deleted: Option<Deleted>,
}

#[derive(Clone, Copy)]
struct Deleted {
    was_at: i64,
    nth: i64,
    author: Uuid,
    author_nth: i64,
}

#[derive(Default)]
struct Messages {
    chats: Vec<Uuid>,
    positions: Vec<i64>,
    ids: Vec<Uuid>,
    seqs: Vec<i64>,
    nths: Vec<i64>,
    senders: Vec<Uuid>,
    sender_nths: Vec<i64>,
    originals: Vec<Option<Uuid>>,
    texts: Vec<Vec<u8>>,
}

#[derive(Default)]
struct Edits {
    chats: Vec<Uuid>,
    ids: Vec<Uuid>,
    positions: Vec<i64>,
    seqs: Vec<i64>,
    texts: Vec<Vec<u8>>,
}

#[derive(Default)]
struct Reactions {
    chats: Vec<Uuid>,
    positions: Vec<i64>,
    ids: Vec<Uuid>,
    messages: Vec<Uuid>,
    senders: Vec<Uuid>,
    emoji: Vec<String>,
}

#[derive(Default)]
struct Reads {
    chats: Vec<Uuid>,
    users: Vec<Uuid>,
    read: Vec<i64>,
    nths: Vec<i64>,
    positions: Vec<i64>,
}

#[derive(Default)]
struct Changes {
    chats: Vec<Uuid>,
    positions: Vec<i64>,
    seqs: Vec<i64>,
    kinds: Vec<&'static str>,
    senders: Vec<Uuid>,
    subjects: Vec<Option<Uuid>>,
    parents: Vec<Option<Uuid>>,
    texts: Vec<Option<String>>,
    was_at: Vec<Option<i64>>,
    nths: Vec<Option<i64>>,
    authors: Vec<Option<Uuid>>,
    author_nths: Vec<Option<i64>>,
}

#[derive(Default)]
struct Nonces {
    users: Vec<Uuid>,
    nonces: Vec<Vec<u8>>,
    digests: Vec<Vec<u8>>,
    told_at: Vec<i64>,
    chats: Vec<Uuid>,
    seqs: Vec<Option<i64>>,
    subjects: Vec<Option<Uuid>>,
    parents: Vec<Option<Uuid>>,
}

/// Rows named by their chat and something of theirs.
type Named<T> = (Vec<Uuid>, Vec<T>);

pub(super) struct Batch {
    pub(super) now: Timestamp,
    count: u64,
    chats: HashMap<ChatId, ChatRow>,
    messages: Messages,
    edits: Edits,
    deleted: Named<Uuid>,
    reactions: Reactions,
    taken_back: Named<i64>,
    reads: Reads,
    /// Changes that newer ones replace.
    replaced: Named<i64>,
    changes: Changes,
    nonces: Nonces,
}

impl Batch {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            now,
            count: 0,
            chats: HashMap::new(),
            messages: Messages::default(),
            edits: Edits::default(),
            deleted: Named::default(),
            reactions: Reactions::default(),
            taken_back: Named::default(),
            reads: Reads::default(),
            replaced: Named::default(),
            changes: Changes::default(),
            nonces: Nonces::default(),
        }
    }

    /// Of the newest event so far, counted from the newest before.
    pub(super) fn position(&self) -> u64 {
        self.count
    }

    /// Takes the next position, and the next seq of a chat whose seq and count of messages were `before`. A `message`
    /// also counts as one, and moves the chat to the top of its members' lists.
    pub(super) fn stamp(&mut self, chat: ChatId, before: (u64, u64), message: bool) -> Stamp {
        self.count += 1;
        let row = self.chats.entry(chat);
        let row = row.or_insert(ChatRow { seq: before.0, sent: before.1, head: 0, active: None });
        row.seq += 1;
        row.head = self.count;
        if message {
            row.sent += 1;
            row.active = Some(self.count);
        }
        Stamp { seq: row.seq, position: self.count, at: self.now, sent: row.sent }
    }

    pub(super) fn insert_message(&mut self, chat: ChatId, stamp: &Stamp, row: &MessageRow<'_>) {
        let to = &mut self.messages;
        to.chats.push(chat.0);
        to.positions.push(big(stamp.position));
        to.ids.push(row.id.0);
        to.seqs.push(big(stamp.seq));
        to.nths.push(big(stamp.sent));
        to.senders.push(row.sender.0);
        to.sender_nths.push(big(row.sender_nth));
        to.originals.push(row.reply_to.map(|original| original.0));
        to.texts.push(row.text.as_bytes().to_vec());
    }

    pub(super) fn edit_message(&mut self, chat: ChatId, stamp: &Stamp, row: &EditRow<'_>) {
        let to = &mut self.edits;
        to.chats.push(chat.0);
        to.ids.push(row.id.0);
        to.positions.push(big(stamp.position));
        to.seqs.push(big(stamp.seq));
        to.texts.push(row.text.as_bytes().to_vec());
        let change =
            Change { kind: "EDIT_MSG", sender: row.by.0, subject: Some(row.id.0), ..Change::default() };
        self.keep_change(chat, stamp, change, row.before);
    }

    pub(super) fn delete_message(&mut self, chat: ChatId, stamp: &Stamp, row: &Deletion<'_>) {
        let Deletion { by, known } = row;
        self.deleted.0.push(chat.0);
        self.deleted.1.push(known.content.message_id.0);
        let deleted = Deleted {
            was_at: big(known.facts.position),
            nth: big(known.facts.nth),
            author: known.facts.sender.0,
            author_nth: known.sender_nth,
        };
        let change = Change {
            kind: "DELETE_MSG",
            sender: by.0,
            subject: Some(known.content.message_id.0),
            deleted: Some(deleted),
            ..Change::default()
        };
        self.keep_change(chat, stamp, change, known.edit);
    }

    pub(super) fn insert_reaction(&mut self, chat: ChatId, stamp: &Stamp, row: &ReactionRow<'_>) {
        let to = &mut self.reactions;
        to.chats.push(chat.0);
        to.positions.push(big(stamp.position));
        to.ids.push(row.id);
        to.messages.push(row.message.0);
        to.senders.push(row.sender.0);
        to.emoji.push(row.emoji.to_owned());
        let change = Change {
            kind: "REACT",
            sender: row.sender.0,
            subject: Some(row.id),
            parent: Some(row.message.0),
            text: Some(row.emoji.to_owned()),
            deleted: None,
        };
        self.keep_change(chat, stamp, change, None);
    }

    pub(super) fn delete_reaction(&mut self, stamp: &Stamp, by: UserId, facts: &ReactionFacts) {
        self.taken_back.0.push(facts.chat.0);
        self.taken_back.1.push(big(facts.position));
        let change = Change {
            kind: "DELETE_REACT",
            sender: by.0,
            subject: Some(facts.id.0),
            parent: Some(facts.message.0),
            ..Change::default()
        };
        self.keep_change(facts.chat, stamp, change, Some(big(facts.position)));
    }

    /// `to`: the message's position and number.
    pub(super) fn read_message(
        &mut self,
        stamp: &Stamp,
        by: &Member,
        id: MessageId,
        to: (i64, i64),
        before: Option<i64>,
    ) {
        self.reads.chats.push(by.chat().0);
        self.reads.users.push(by.user().0);
        self.reads.read.push(to.0);
        self.reads.nths.push(to.1);
        self.reads.positions.push(big(stamp.position));
        let change =
            Change { kind: "READ_MSG", sender: by.user().0, subject: Some(id.0), ..Change::default() };
        self.keep_change(by.chat(), stamp, change, before);
    }

    fn keep_change(&mut self, chat: ChatId, stamp: &Stamp, change: Change, instead_of: Option<i64>) {
        if let Some(position) = instead_of {
            self.replaced.0.push(chat.0);
            self.replaced.1.push(position);
        }
        let to = &mut self.changes;
        to.chats.push(chat.0);
        to.positions.push(big(stamp.position));
        to.seqs.push(big(stamp.seq));
        to.kinds.push(change.kind);
        to.senders.push(change.sender);
        to.subjects.push(change.subject);
        to.parents.push(change.parent);
        to.texts.push(change.text);
        to.was_at.push(change.deleted.map(|deleted| deleted.was_at));
        to.nths.push(change.deleted.map(|deleted| deleted.nth));
        to.authors.push(change.deleted.map(|deleted| deleted.author));
        to.author_nths.push(change.deleted.map(|deleted| deleted.author_nth));
    }

    pub(super) fn keep_nonce(
        &mut self,
        nonce: &Nonce,
        action: &Action,
        event: &ChatEvent,
        (subject, parent): (Option<Uuid>, Option<Uuid>),
    ) {
        let told_at = told_at(&event.kind, self.now);
        let to = &mut self.nonces;
        to.users.push(event.sender.0);
        to.nonces.push(nonce.as_str().as_bytes().to_vec());
        to.digests.push(digest(action).to_vec());
        to.told_at.push(told_at.0);
        to.chats.push(event.chat.0);
        to.seqs.push(event.seq.map(big));
        to.subjects.push(subject);
        to.parents.push(parent);
    }

    /// How many positions it takes, and what is to be sent once the head was moved by so many.
    pub(super) fn into_asks(self) -> (u64, Vec<Ask>) {
        let (count, now) = (big(self.count), self.now.0);
        let mut asks = Vec::new();
        if !self.chats.is_empty() {
            asks.push(update_chats(self.chats, count));
        }
        let Messages { chats, positions, ids, seqs, nths, senders, sender_nths, originals, texts } =
            self.messages;
        if !chats.is_empty() {
            asks.push(ask!(
                MESSAGES,
                count,
                now,
                chats,
                positions,
                ids,
                seqs,
                nths,
                senders,
                sender_nths,
                originals,
                texts
            ));
        }
        let Edits { chats, ids, positions, seqs, texts } = self.edits;
        if !chats.is_empty() {
            asks.push(ask!(EDITS, count, now, chats, ids, positions, seqs, texts));
        }
        let (chats, ids) = self.deleted;
        if !chats.is_empty() {
            asks.push(ask!(FORGET_REACTED, chats.clone(), ids.clone()));
            asks.push(ask!(DELETE_REACTIONS, chats.clone(), ids.clone()));
            asks.push(ask!(DELETE_MESSAGES, chats, ids));
        }
        let (chats, positions) = self.taken_back;
        if !chats.is_empty() {
            asks.push(ask!(TAKE_BACK, chats, positions));
        }
        let Reactions { chats, positions, ids, messages, senders, emoji } = self.reactions;
        if !chats.is_empty() {
            asks.push(ask!(REACTIONS, count, now, chats, positions, ids, messages, senders, emoji));
        }
        let Reads { chats, users, read, nths, positions } = self.reads;
        if !chats.is_empty() {
            asks.push(ask!(READS, count, chats, users, read, nths, positions));
        }
        let (chats, positions) = self.replaced;
        if !chats.is_empty() {
            asks.push(ask!(FORGET_CHANGES, chats, positions));
        }
        asks.extend(self.changes.into_ask(count, now));
        asks.extend(self.nonces.into_ask(now));
        (self.count, asks)
    }
}

impl Changes {
    fn into_ask(self, count: i64, now: i64) -> Option<Ask> {
        let Self { chats, positions, seqs, kinds, senders, subjects, parents, texts, .. } = self;
        let (was_at, nths, authors, author_nths) = (self.was_at, self.nths, self.authors, self.author_nths);
        (!chats.is_empty()).then(|| {
            ask!(
                CHANGES,
                count,
                now,
                chats,
                positions,
                seqs,
                kinds,
                senders,
                subjects,
                parents,
                texts,
                was_at,
                nths,
                authors,
                author_nths
            )
        })
    }
}

impl Nonces {
    fn into_ask(self, now: i64) -> Option<Ask> {
        let Self { users, nonces, digests, told_at, chats, seqs, subjects, parents } = self;
        (!users.is_empty())
            .then(|| ask!(NONCES, now, users, nonces, digests, told_at, chats, seqs, subjects, parents))
    }
}

fn update_chats(rows: HashMap<ChatId, ChatRow>, count: i64) -> Ask {
    let (mut chats, mut seqs, mut sent) = (Vec::new(), Vec::new(), Vec::new());
    let (mut heads, mut active) = (Vec::new(), Vec::new());
    for (chat, row) in rows {
        chats.push(chat.0);
        seqs.push(big(row.seq));
        sent.push(big(row.sent));
        heads.push(big(row.head));
        active.push(row.active.map(big));
    }
    ask!(CHATS, count, chats, seqs, sent, heads, active)
}

const CHATS: &str = "UPDATE chats c SET head_seq = w.seq, sent = w.sent, head_position = h.position - $1 + w.head,
        active_position = coalesce(h.position - $1 + w.active, c.active_position)
    FROM head h, unnest($2::uuid[], $3::int8[], $4::int8[], $5::int8[], $6::int8[]) w (chat, seq, sent, head, active)
    WHERE c.id = w.chat";
const MESSAGES: &str = "INSERT INTO messages (chat, position, id, seq, nth, sender, sender_nth, reply_to, text,
        changed_seq, sent_at)
    SELECT w.chat, h.position - $1 + w.position, w.id, w.seq, w.nth, w.sender, w.sender_nth, w.original, w.text,
           w.seq, $2::int8
    FROM head h, unnest($3::uuid[], $4::int8[], $5::uuid[], $6::int8[], $7::int8[], $8::uuid[], $9::int8[],
                        $10::uuid[], $11::bytea[])
         w (chat, position, id, seq, nth, sender, sender_nth, original, text)";
const EDITS: &str = "UPDATE messages m SET text = w.text, edited_at = $2, edit_position = h.position - $1 + w.position,
        changed_seq = w.seq
    FROM head h, unnest($3::uuid[], $4::uuid[], $5::int8[], $6::int8[], $7::bytea[]) w (chat, id, position, seq, text)
    WHERE m.chat = w.chat AND m.id = w.id";
const FORGET_REACTED: &str = "DELETE FROM changes c
    USING unnest($1::uuid[], $2::uuid[]) w (chat, message), reactions r
    WHERE r.chat = w.chat AND r.message = w.message AND c.chat = r.chat AND c.position = r.position";
const DELETE_REACTIONS: &str =
    "DELETE FROM reactions r USING unnest($1::uuid[], $2::uuid[]) w (chat, message)
    WHERE r.chat = w.chat AND r.message = w.message";
const DELETE_MESSAGES: &str = "DELETE FROM messages m USING unnest($1::uuid[], $2::uuid[]) w (chat, id)
    WHERE m.chat = w.chat AND m.id = w.id";
const TAKE_BACK: &str = "DELETE FROM reactions r USING unnest($1::uuid[], $2::int8[]) w (chat, position)
    WHERE r.chat = w.chat AND r.position = w.position";
const REACTIONS: &str = "INSERT INTO reactions (chat, position, id, message, sender, emoji, at)
    SELECT w.chat, h.position - $1 + w.position, w.id, w.message, w.sender, w.emoji, $2::int8
    FROM head h, unnest($3::uuid[], $4::int8[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[])
         w (chat, position, id, message, sender, emoji)";
const READS: &str = "UPDATE members m SET read_position = w.read, read_nth = w.nth,
        read_change = h.position - $1 + w.position
    FROM head h, unnest($2::uuid[], $3::uuid[], $4::int8[], $5::int8[], $6::int8[])
         w (chat, user_id, read, nth, position)
    WHERE m.chat = w.chat AND m.user_id = w.user_id";
const FORGET_CHANGES: &str = "DELETE FROM changes c USING unnest($1::uuid[], $2::int8[]) w (chat, position)
    WHERE c.chat = w.chat AND c.position = w.position";
const CHANGES: &str = "INSERT INTO changes (chat, position, seq, kind, sender, subject, parent, text, was_at, nth,
        author, author_nth, at)
    SELECT w.chat, h.position - $1 + w.position, w.seq, w.kind, w.sender, w.subject, w.parent, w.text, w.was_at,
           w.nth, w.author, w.author_nth, $2::int8
    FROM head h, unnest($3::uuid[], $4::int8[], $5::int8[], $6::text[], $7::uuid[], $8::uuid[], $9::uuid[],
                        $10::text[], $11::int8[], $12::int8[], $13::uuid[], $14::int8[])
         w (chat, position, seq, kind, sender, subject, parent, text, was_at, nth, author, author_nth)";
const NONCES: &str = "INSERT INTO nonces (user_id, nonce, digest, at, told_at, chat, seq, subject, parent)
    SELECT w.user_id, w.nonce, w.digest, $1::int8, w.told_at, w.chat, w.seq, w.subject, w.parent
    FROM unnest($2::uuid[], $3::bytea[], $4::bytea[], $5::int8[], $6::uuid[], $7::int8[], $8::uuid[], $9::uuid[])
         w (user_id, nonce, digest, told_at, chat, seq, subject, parent)";
