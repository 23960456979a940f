//! What became of single messages: noted only of apps that somebody watches, since noting takes a lock and memory.

use std::collections::VecDeque;

use chinwag_protocol::{MessageId, Timestamp, UserId};

use super::tracer::Tracer;
use crate::clock::Clock;

/// Deliveries that are remembered of one app.
const DELIVERIES_MAX: usize = 8192;
/// Messages of which it is remembered when they came in.
const ACCEPTED_MAX: usize = 1024;
/// An app is watched for this long after somebody looked.
pub(super) const WATCH_SECONDS: i64 = 900;

/// A connection to which events are delivered.
pub struct Delivered<'a> {
    pub user: UserId,
    pub clock: &'a dyn Clock,
    pub tracer: Option<&'a Tracer>,
}

/// The newest of what happened, oldest first.
#[derive(Default, Debug)]
pub(super) struct Ring {
    /// By an event's position: who was told of it, and when.
    deliveries: VecDeque<(u64, UserId, Timestamp)>,
    accepted: VecDeque<(MessageId, Timestamp)>,
}

/// What is remembered of one message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Traced {
    /// When its action was understood.
    pub accepted: Option<Timestamp>,
    /// To whom its event was handed, and when; once for each connection.
    pub delivered: Vec<(UserId, Timestamp)>,
}

impl Ring {
    pub(super) fn deliver(&mut self, position: u64, user: UserId, at: Timestamp) {
        push(&mut self.deliveries, (position, user, at), DELIVERIES_MAX);
    }

    pub(super) fn accept(&mut self, message: MessageId, at: Timestamp) {
        push(&mut self.accepted, (message, at), ACCEPTED_MAX);
    }

    pub(super) fn of(&self, message: MessageId, position: u64) -> Traced {
        let delivered = self.deliveries.iter().filter(|(other, ..)| *other == position);
        Traced {
            accepted: self.accepted.iter().find(|(other, _)| *other == message).map(|(_, at)| *at),
            delivered: delivered.map(|(_, user, at)| (*user, *at)).collect(),
        }
    }
}

fn push<T>(ring: &mut VecDeque<T>, item: T, max: usize) {
    if ring.len() == max {
        ring.pop_front();
    }
    ring.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut ring = Ring::default();
        let user = Uuid::nil().into();
        (0..=DELIVERIES_MAX as u64).for_each(|position| ring.deliver(position, user, Timestamp(7)));
        assert_eq!(ring.deliveries.len(), DELIVERIES_MAX);
        assert!(ring.of(Uuid::nil().into(), 0).delivered.is_empty());
        assert_eq!(ring.of(Uuid::nil().into(), 1).delivered, [(user, Timestamp(7))]);
    }
}
