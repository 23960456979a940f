//! What a turn of deliveries comes to: pure, from what was tried and what became of it.

use chinwag_protocol::{ChatId, Timestamp};

use super::backoff::next_at;
use super::envelope::type_of;
use crate::store::{DeadLetter, FedEvent, Parked};

/// Events of one chat, in order, and what became of them.
pub(super) struct Tried {
    pub(super) chat: ChatId,
    pub(super) events: Vec<FedEvent>,
    /// How many were taken, from the first on.
    pub(super) taken: usize,
    /// Why the next one was not; none if all were, or if it was not tried.
    pub(super) error: Option<String>,
}

impl Tried {
    /// The first event that was not taken.
    pub(super) fn next(&self) -> Option<&FedEvent> {
        self.events.get(self.taken)
    }
}

/// What time it is, how long is tried, and a throw of the dice.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Timestamp,
    pub(super) retry_ms: i64,
    pub(super) dice: u8,
}

impl Moment {
    /// Whether an event that failed again has been tried for long enough: from when it happened, or from when the
    /// endpoint failed first, whichever is later.
    pub(super) fn gives_up(&self, event: &FedEvent, failing_since: Timestamp) -> bool {
        let happened = if event.imported { Timestamp(0) } else { event.at };
        self.now.0 >= happened.0.max(failing_since.0) + self.retry_ms
    }

    pub(super) fn bury(&self, event: &FedEvent, error: &str) -> DeadLetter {
        DeadLetter {
            position: event.event.position,
            chat: event.event.chat,
            kind: type_of(&event.event.kind).to_owned(),
            error: error.to_owned(),
            at: self.now,
            again: false,
        }
    }

    /// The chat waits, since others are taken. It was not parked before.
    pub(super) fn parks(&self, tried: &Tried) -> Option<Parked> {
        let next = tried.next()?;
        let attempts = i64::from(tried.error.is_some());
        let next_at = if attempts == 0 { self.now } else { next_at(self.now, attempts, self.dice) };
        let position = next.event.position - 1;
        Some(Parked { chat: tried.chat, position, since: self.now, attempts, next_at })
    }

    /// What becomes of a parked chat that was tried up to `end`; none if it goes on with the others.
    pub(super) fn unparks(
        &self,
        parked: Parked,
        tried: &Tried,
        (end, more): (u64, bool),
    ) -> (Option<Parked>, Option<DeadLetter>) {
        let fresh = Parked { since: self.now, attempts: 0, next_at: self.now, ..parked };
        let Some(next) = tried.next() else {
            return (more.then_some(Parked { position: end, ..fresh }), None);
        };
        let Some(error) = &tried.error else {
            return (Some(Parked { position: next.event.position - 1, ..fresh }), None);
        };
        let since = if tried.taken == 0 && parked.attempts > 0 { parked.since } else { self.now };
        if self.gives_up(next, since) {
            let after = Parked { position: next.event.position, ..fresh };
            return (Some(after), Some(self.bury(next, error)));
        }
        let attempts = if tried.taken == 0 { parked.attempts + 1 } else { 1 };
        let next_at = next_at(self.now, attempts, self.dice);
        let position = next.event.position - 1;
        (Some(Parked { chat: parked.chat, position, since, attempts, next_at }), None)
    }
}
