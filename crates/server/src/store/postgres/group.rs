//! Which orders are done in one transaction: the longest beginning of the queue in which nothing that one changes is
//! read or changed by another. Messages sent to one chat do not meet.

use std::collections::{HashSet, VecDeque};

use chinwag_protocol::{Action, ChatId, Envelope, MessageId, Nonce, ReactionId, UserId};

use super::writer::Order;

/// Orders in one transaction: large enough to share a sync among many, small enough to keep the wait short.
pub(super) const GROUP_MAX: usize = 512;

/// Something that an action reads or changes.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Thing {
    Message(MessageId),
    Reaction(ReactionId),
    /// What somebody gave one message, and what they gave at all.
    GivenTo(MessageId, UserId),
    Given(UserId),
    Pointer(ChatId, UserId),
    /// What unread counts are made of, less the messages sent.
    Deletions(ChatId),
    Nonce(UserId, Nonce),
}

/// What the actions of a group read and change so far.
#[derive(Default)]
pub(super) struct Touched {
    read: HashSet<Thing>,
    changed: HashSet<Thing>,
    /// Deleting a message takes its reactions along, and one that is taken back does not say whose it is.
    deletes: bool,
    takes_back: bool,
}

impl Touched {
    /// Adds the action, unless it meets one that is here already.
    pub(super) fn add(&mut self, by: UserId, envelope: &Envelope) -> bool {
        let (reads, mut changes) = things(by, &envelope.action);
        if let Some(nonce) = &envelope.nonce {
            changes.push(Thing::Nonce(by, nonce.clone()));
        }
        let deletes = matches!(envelope.action, Action::Delete { .. });
        let takes_back = matches!(envelope.action, Action::Unreact { .. });
        let meets = reads.iter().any(|thing| self.changed.contains(thing))
            || changes.iter().any(|thing| self.changed.contains(thing) || self.read.contains(thing))
            || (deletes && self.takes_back)
            || (takes_back && self.deletes);
        if !meets {
            self.read.extend(reads);
            self.changed.extend(changes);
            self.deletes |= deletes;
            self.takes_back |= takes_back;
        }
        !meets
    }
}

/// What the action reads, and what it changes.
fn things(by: UserId, action: &Action) -> (Vec<Thing>, Vec<Thing>) {
    match action {
        Action::Send { .. } | Action::Typing { .. } => (vec![], vec![]),
        Action::Reply { original, .. } => (vec![Thing::Message(*original)], vec![]),
        Action::Edit { id, .. } => (vec![], vec![Thing::Message(*id)]),
        Action::Delete { chat, id, .. } => (vec![], vec![Thing::Message(*id), Thing::Deletions(*chat)]),
        Action::React { id, .. } => {
            (vec![Thing::Message(*id), Thing::Given(by)], vec![Thing::GivenTo(*id, by)])
        }
        Action::Unreact { id } => (vec![], vec![Thing::Reaction(*id), Thing::Given(by)]),
        Action::Read { chat, id } => {
            (vec![Thing::Message(*id), Thing::Deletions(*chat)], vec![Thing::Pointer(*chat, by)])
        }
    }
}

/// Takes what is to be done next, of one kind: actions that do not meet, listeners, or one order that is done alone.
/// Actions that come as one are done alone.
pub(super) fn take(waiting: &mut VecDeque<Order>) -> Vec<Order> {
    let mut touched = Touched::default();
    let mut count = 0;
    for order in waiting.iter().take(GROUP_MAX) {
        let fits = match (order, waiting.front()) {
            (Order::Act(job), Some(Order::Act(first)))
                if job.actions.len() == 1 && first.actions.len() == 1 =>
            {
                touched.add(job.by, &job.actions[0])
            }
            (Order::Listen(_), Some(Order::Listen(_))) => true,
            _ => count == 0,
        };
        if !fits {
            break;
        }
        count += 1;
    }
    waiting.drain(..count).collect()
}
