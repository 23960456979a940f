//! What a group of actions needs to know, read at once and for all of them, under the locks of their chats.

use std::collections::HashMap;

use chinwag_protocol::model::MessageContent;
use chinwag_protocol::{Action, ChatId, Envelope, MessageId, ReactionId, Timestamp, UserId};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::line::{Ask, Line, ask};
use super::{natural, text};
use crate::chat::{Membership, MessageFacts, ReactionFacts};
use crate::store::StoreError;
use crate::store::nonce::Kept;

/// Present: never left, or joined again since.
macro_rules! present {
    () => {
        "(m.left_position IS NULL OR m.left_position < m.joined_position)"
    };
}
pub(super) use present;

/// Others' messages after a read pointer `p` of a member `p.user_id`, by arithmetic: all that were sent after it, less
/// those deleted since, less one's own, which are numbered too. Only deletions are counted, however much is unread.
macro_rules! unread {
    () => {
        "((SELECT sent FROM chats WHERE id = p.chat) - p.nth
          - (SELECT count(*) FROM changes d WHERE d.chat = p.chat AND d.nth > p.nth)
          - coalesce((SELECT newest.nth - oldest.nth + 1
                             - (SELECT count(*) FROM changes d WHERE d.chat = p.chat AND d.author = p.user_id
                                       AND d.author_nth > oldest.nth AND d.author_nth < newest.nth)
                      FROM (SELECT sender_nth AS nth FROM messages o
                            WHERE o.chat = p.chat AND o.sender = p.user_id AND o.position > p.position
                            ORDER BY o.position LIMIT 1) oldest,
                           (SELECT sender_nth AS nth FROM messages o
                            WHERE o.chat = p.chat AND o.sender = p.user_id
                            ORDER BY o.position DESC LIMIT 1) newest), 0))::bigint"
    };
}
pub(super) use unread;

/// A chat's counters, locked.
#[derive(Clone, Copy)]
pub(super) struct Counters {
    pub(super) seq: u64,
    pub(super) sent: u64,
}

pub(super) struct Present {
    pub(super) membership: Membership,
    /// Of their newest READ_MSG in `changes`.
    pub(super) read_change: Option<i64>,
}

pub(super) struct Known {
    pub(super) facts: MessageFacts,
    pub(super) sender_nth: i64,
    /// Of its newest EDIT_MSG in `changes`.
    pub(super) edit: Option<i64>,
    pub(super) content: MessageContent,
}

/// A reaction that somebody gave a message.
pub(super) struct Given {
    pub(super) id: ReactionId,
    pub(super) emoji: String,
    pub(super) at: Timestamp,
}

/// What an action names its chat by.
enum Where {
    Chat(ChatId),
    Reaction(ReactionId),
}

fn where_of(action: &Action) -> Where {
    match action {
        Action::Send { chat, .. }
        | Action::Edit { chat, .. }
        | Action::Delete { chat, .. }
        | Action::Reply { chat, .. }
        | Action::Typing { chat }
        | Action::React { chat, .. }
        | Action::Read { chat, .. } => Where::Chat(*chat),
        Action::Unreact { id } => Where::Reaction(*id),
    }
}

const OWN: &str = "SELECT c.id, a.own_user
    FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) w (chat, user_id)) w
         JOIN chats c ON c.id = w.chat JOIN apps a ON a.id = c.app AND a.own_user = w.user_id
         JOIN users u ON u.id = a.own_user
    WHERE c.deleted_at IS NULL AND u.username IS NOT NULL";

#[derive(Default)]
pub(super) struct Facts {
    pub(super) chats: HashMap<ChatId, Counters>,
    pub(super) nonces: HashMap<(UserId, Vec<u8>), Kept>,
    pub(super) present: HashMap<(ChatId, UserId), Present>,
    /// An app's own users, where they are not present.
    pub(super) own: HashMap<(ChatId, UserId), Membership>,
    pub(super) messages: HashMap<(ChatId, MessageId), Known>,
    pub(super) reactions: HashMap<ReactionId, ReactionFacts>,
    pub(super) given: HashMap<(MessageId, UserId), Vec<Given>>,
    /// The number of each sender's newest message in a chat, deleted ones included.
    pub(super) sender_nths: HashMap<(ChatId, UserId), u64>,
    /// Of whom reads a message, if the pointer is there then.
    pub(super) unread: HashMap<(ChatId, UserId), u64>,
}

/// The keys of what is asked for.
#[derive(Default)]
struct Keys {
    locked: Vec<Uuid>,
    nonces: (Vec<Uuid>, Vec<Vec<u8>>),
    members: (Vec<Uuid>, Vec<Uuid>),
    messages: (Vec<Uuid>, Vec<Uuid>),
    reactions: (Vec<Uuid>, Vec<Uuid>),
    given: (Vec<Uuid>, Vec<Uuid>, Vec<Uuid>),
    senders: (Vec<Uuid>, Vec<Uuid>),
    reads: (Vec<Uuid>, Vec<Uuid>, Vec<Uuid>),
}

impl Keys {
    fn add(&mut self, by: UserId, envelope: &Envelope) {
        if let Some(nonce) = &envelope.nonce {
            self.nonces.0.push(by.0);
            self.nonces.1.push(nonce.as_str().as_bytes().to_vec());
        }
        let mut chat = |chat: ChatId, is_stored: bool| {
            self.members.0.push(chat.0);
            self.members.1.push(by.0);
            if is_stored {
                self.locked.push(chat.0);
            }
        };
        let mut message = |chat: ChatId, id: MessageId| {
            self.messages.0.push(chat.0);
            self.messages.1.push(id.0);
        };
        match &envelope.action {
            Action::Typing { chat: of } => chat(*of, false),
            Action::Send { chat: of, .. } => chat(*of, true),
            Action::Reply { chat: of, original: id, .. }
            | Action::Edit { chat: of, id, .. }
            | Action::Delete { chat: of, id, .. }
            | Action::React { chat: of, id, .. }
            | Action::Read { chat: of, id } => {
                chat(*of, true);
                message(*of, *id);
            }
            Action::Unreact { id } => {
                self.reactions.0.push(id.0);
                self.reactions.1.push(by.0);
            }
        }
        match &envelope.action {
            Action::Send { chat, .. } | Action::Reply { chat, .. } => {
                self.senders.0.push(chat.0);
                self.senders.1.push(by.0);
            }
            Action::React { chat, id, .. } => {
                self.given.0.push(chat.0);
                self.given.1.push(id.0);
                self.given.2.push(by.0);
            }
            Action::Read { chat, id } => {
                self.reads.0.push(chat.0);
                self.reads.1.push(by.0);
                self.reads.2.push(id.0);
            }
            _ => {}
        }
    }
}

/// What the rows of an answer are.
#[derive(Clone, Copy)]
enum Answer {
    Nothing,
    Chats,
    Nonces,
    Present,
    Messages,
    Reactions,
    Given,
    SenderNths,
    Unread,
}

/// In the order of their ids, which is the order in which every writer locks them.
const LOCK: &str = "SELECT c.id, c.head_seq, c.sent FROM chats c
    WHERE c.id IN (SELECT unnest($1::uuid[])
                   UNION SELECT r.chat FROM reactions r WHERE r.id = ANY ($2::uuid[]))
    ORDER BY c.id FOR UPDATE OF c";

const NONCES: &str = "SELECT n.user_id, n.nonce, n.digest, n.told_at, n.chat, n.seq, n.subject, n.parent
    FROM unnest($1::uuid[], $2::bytea[]) asked (user_id, nonce) JOIN nonces n USING (user_id, nonce)";

/// Of a deleted user nothing more is taken, though a socket of theirs may be open for a moment.
const PRESENT: &str = concat!(
    "SELECT m.chat, m.user_id, c.creator, m.read_position, m.read_nth, m.read_change
     FROM (SELECT * FROM unnest($1::uuid[], $2::uuid[]) a (chat, user_id)
           UNION SELECT r.chat, a.user_id FROM unnest($3::uuid[], $4::uuid[]) a (reaction, user_id)
                 JOIN reactions r ON r.id = a.reaction) asked
     JOIN members m USING (chat, user_id) JOIN chats c ON c.id = m.chat JOIN users u ON u.id = m.user_id
     WHERE c.deleted_at IS NULL AND u.username IS NOT NULL AND ",
    present!()
);

const MESSAGES: &str = "SELECT m.chat, m.id, m.sender, m.position, m.changed_seq, m.nth, m.sender_nth, m.edit_position,
           m.sent_at, m.edited_at, m.text
    FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) a (chat, id)) asked JOIN messages m USING (chat, id)";

const REACTIONS: &str =
    "SELECT r.id, r.chat, r.message, r.sender, r.position FROM reactions r WHERE r.id = ANY ($1::uuid[])";

const GIVEN: &str = "SELECT r.message, r.sender, r.id, r.emoji, r.at
    FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) a (chat, message, sender)) asked
    JOIN reactions r USING (chat, message, sender)";

const SENDER_NTHS: &str = "SELECT a.chat, a.sender,
           greatest(coalesce((SELECT m.sender_nth FROM messages m WHERE m.chat = a.chat AND m.sender = a.sender
                              ORDER BY m.position DESC LIMIT 1), 0),
                    coalesce((SELECT max(d.author_nth) FROM changes d
                              WHERE d.chat = a.chat AND d.author = a.sender), 0))
    FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) a (chat, sender)) a";

/// With the pointer at the message that is read, or where it is if it is further.
const UNREAD: &str = concat!(
    "SELECT p.chat, p.user_id, ",
    unread!(),
    " FROM (SELECT m.chat, m.user_id, greatest(m.read_position, r.position) AS position,
                   greatest(m.read_nth, r.nth) AS nth
            FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) a (chat, user_id, id)
            JOIN members m USING (chat, user_id) JOIN messages r ON r.chat = a.chat AND r.id = a.id) p"
);

impl Facts {
    /// Locks the chats concerned and reads what is known, after `first` and in one round trip with it.
    pub(super) async fn load(
        line: &Line,
        first: Option<Ask>,
        actions: impl Iterator<Item = (UserId, &Envelope)>,
    ) -> Result<Self, Fault> {
        let mut keys = Keys::default();
        let mut acting = Vec::new();
        actions.for_each(|(by, envelope)| {
            keys.add(by, envelope);
            acting.push((by, where_of(&envelope.action)));
        });
        let mut answers = Vec::new();
        let mut asks = Vec::new();
        if let Some(first) = first {
            answers.push(Answer::Nothing);
            asks.push(first);
        }
        for (answer, ask) in keys.asks() {
            answers.push(answer);
            asks.push(ask);
        }
        let mut facts = Self::default();
        for (answer, rows) in answers.into_iter().zip(line.pipeline(&asks).await?) {
            for row in rows {
                facts.learn(answer, &row)?;
            }
        }
        facts.load_own(line, acting).await?;
        Ok(facts)
    }

    /// Who acts where they are not a member may be the app's own user, who may. Asked only then: it is rare.
    async fn load_own(&mut self, line: &Line, acting: Vec<(UserId, Where)>) -> Result<(), Fault> {
        let (mut chats, mut users): (Vec<Uuid>, Vec<Uuid>) = Default::default();
        for (user, at) in acting {
            let chat = match at {
                Where::Chat(chat) => Some(chat),
                Where::Reaction(id) => self.reactions.get(&id).map(|facts| facts.chat),
            };
            if let Some(chat) = chat
                && !self.present.contains_key(&(chat, user))
            {
                chats.push(chat.0);
                users.push(user.0);
            }
        }
        if chats.is_empty() {
            return Ok(());
        }
        for row in line.query(OWN, &[&chats, &users]).await? {
            let (chat, user) = (ChatId(row.get(0)), UserId(row.get(1)));
            // They delete as a chat's creator does.
            self.own.insert(
                (chat, user),
                Membership { chat, user, creator: user, read_position: 0, read_nth: 0 },
            );
        }
        Ok(())
    }

    fn learn(&mut self, answer: Answer, row: &Row) -> Result<(), StoreError> {
        match answer {
            Answer::Nothing => {}
            Answer::Chats => {
                let counters = Counters { seq: natural(row.get(1)), sent: natural(row.get(2)) };
                self.chats.insert(ChatId(row.get(0)), counters);
            }
            Answer::Nonces => {
                self.nonces.insert((UserId(row.get(0)), row.get(1)), kept(row));
            }
            Answer::Present => {
                let membership = Membership {
                    chat: ChatId(row.get(0)),
                    user: UserId(row.get(1)),
                    creator: UserId(row.get(2)),
                    read_position: natural(row.get(3)),
                    read_nth: natural(row.get(4)),
                };
                let present = Present { membership, read_change: row.get(5) };
                self.present.insert((membership.chat, membership.user), present);
            }
            Answer::Messages => {
                let known = known(row)?;
                self.messages.insert((known.facts.chat, known.content.message_id), known);
            }
            Answer::Reactions => {
                let facts = reaction_facts(row);
                self.reactions.insert(facts.id, facts);
            }
            Answer::Given => {
                let key = (MessageId(row.get(0)), UserId(row.get(1)));
                let given =
                    Given { id: ReactionId(row.get(2)), emoji: row.get(3), at: Timestamp(row.get(4)) };
                self.given.entry(key).or_default().push(given);
            }
            Answer::SenderNths => {
                self.sender_nths.insert((ChatId(row.get(0)), UserId(row.get(1))), natural(row.get(2)));
            }
            Answer::Unread => {
                self.unread.insert((ChatId(row.get(0)), UserId(row.get(1))), natural(row.get(2)));
            }
        }
        Ok(())
    }
}

impl Keys {
    /// The lock comes first: what is read after it is as the last holder left it.
    fn asks(self) -> impl Iterator<Item = (Answer, Ask)> {
        let Self { locked, nonces, members, messages, reactions, given, senders, reads } = self;
        let locks = !locked.is_empty() || !reactions.0.is_empty();
        let all = [
            (locks, Answer::Chats, ask!(LOCK, locked, reactions.0.clone())),
            (!nonces.0.is_empty(), Answer::Nonces, ask!(NONCES, nonces.0, nonces.1)),
            (true, Answer::Present, ask!(PRESENT, members.0, members.1, reactions.0.clone(), reactions.1)),
            (!messages.0.is_empty(), Answer::Messages, ask!(MESSAGES, messages.0, messages.1)),
            (!reactions.0.is_empty(), Answer::Reactions, ask!(REACTIONS, reactions.0)),
            (!given.0.is_empty(), Answer::Given, ask!(GIVEN, given.0, given.1, given.2)),
            (!senders.0.is_empty(), Answer::SenderNths, ask!(SENDER_NTHS, senders.0, senders.1)),
            (!reads.0.is_empty(), Answer::Unread, ask!(UNREAD, reads.0, reads.1, reads.2)),
        ];
        all.into_iter().filter(|(is_asked, ..)| *is_asked).map(|(_, answer, ask)| (answer, ask))
    }
}

fn kept(row: &Row) -> Kept {
    let digest: Vec<u8> = row.get(2);
    Kept {
        // One of another length is of no action.
        digest: digest.try_into().unwrap_or_default(),
        at: Timestamp(row.get(3)),
        chat: ChatId(row.get(4)),
        seq: row.get::<_, Option<i64>>(5).map(natural),
        subject: row.get(6),
        parent: row.get(7),
    }
}

pub(super) fn known(row: &Row) -> Result<Known, StoreError> {
    let (chat_id, message_id, sender_id) = (ChatId(row.get(0)), MessageId(row.get(1)), UserId(row.get(2)));
    let edited_at = row.get::<_, Option<i64>>(9).map(Timestamp);
    let facts = MessageFacts {
        chat: chat_id,
        sender: sender_id,
        position: natural(row.get(3)),
        changed_seq: natural(row.get(4)),
        nth: natural(row.get(5)),
    };
    let content = MessageContent {
        chat_id,
        time_stamp: Timestamp(row.get(8)),
        message_id,
        sender_id,
        content: text(row.get(10))?,
        edited: edited_at.is_some(),
        edited_at,
    };
    Ok(Known { facts, sender_nth: row.get(6), edit: row.get(7), content })
}

pub(super) fn reaction_facts(row: &Row) -> ReactionFacts {
    ReactionFacts {
        id: ReactionId(row.get(0)),
        chat: ChatId(row.get(1)),
        message: MessageId(row.get(2)),
        sender: UserId(row.get(3)),
        position: natural(row.get(4)),
    }
}

/// What ended a transaction before its commit was sent.
pub(super) enum Fault {
    Postgres(Error),
    Store(StoreError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Postgres(error) => error.into(),
            Fault::Store(error) => error,
        }
    }
}
