//! Actions that wait for the server's word. Pure: what to send now, and what became of it.

mod entry;

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use chinwag_protocol::{Action, Timestamp, UserId};
use tokio::time::Instant;

use crate::error::Error;
pub(crate) use entry::{Door, Lane};
pub use entry::{OutboxEntry, OutboxState};

/// So many actions wait, refused ones included.
const ENTRIES_MAX: usize = 1_000;
/// So much text of them.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// Refused ones that nobody retries or discards are forgotten, the oldest first, past so many.
const REFUSED_MAX: usize = 100;
/// The server knows a nonce for 24 hours at least: later, sending again might do it twice.
const REPEATABLE_MS: i64 = 23 * 3_600_000;
/// Without an answer for this long it is asked for again, over HTTP.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

struct Slot {
    entry: OutboxEntry,
    /// It is in the file, where there is one: before that it must not be sent.
    kept: bool,
    not_before: Option<Instant>,
    sent_at: Option<Instant>,
}

/// An entry that is new or changed; `gone` if it is no longer held.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) entry: OutboxEntry,
    pub(crate) gone: bool,
    /// The file, where there is one, has to learn of it.
    pub(crate) keep: bool,
}

impl Change {
    fn passing(entry: OutboxEntry) -> Self {
        Self { entry, gone: false, keep: false }
    }

    fn lasting(entry: OutboxEntry) -> Self {
        Self { entry, gone: false, keep: true }
    }

    fn leaving(entry: OutboxEntry) -> Self {
        Self { entry, gone: true, keep: true }
    }
}

/// In the order of their making, which is the order of sending within a chat.
pub(crate) struct Outbox {
    slots: VecDeque<Slot>,
    bytes: usize,
    /// Whether new entries are sendable only once [`Outbox::kept`] says so.
    keeps: bool,
    changes: Vec<Change>,
}

impl Outbox {
    pub(crate) fn new(keeps: bool) -> Self {
        Self { slots: VecDeque::new(), bytes: 0, keeps, changes: Vec::new() }
    }

    pub(crate) fn entries(&self) -> Vec<OutboxEntry> {
        self.slots.iter().map(|slot| slot.entry.clone()).collect()
    }

    /// What changed since this was last asked.
    pub(crate) fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    pub(crate) fn add(
        &mut self,
        action: Action,
        nonce: String,
        user: UserId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let bytes = action.text_bytes();
        if self.slots.len() >= ENTRIES_MAX || self.bytes.saturating_add(bytes) > BYTES_MAX {
            return Err(Error::OutboxFull);
        }
        self.push(OutboxEntry::new(nonce, user, action, now), !self.keeps);
        Ok(())
    }

    /// What a file kept, before everything that was added since.
    pub(crate) fn restore(&mut self, mut kept: Vec<OutboxEntry>, now: Timestamp) {
        kept.sort_by_key(|entry| entry.queued_at);
        let added = std::mem::take(&mut self.slots);
        self.bytes = 0;
        for mut entry in kept {
            if now.0.saturating_sub(entry.queued_at.0) > REPEATABLE_MS && entry.state != OutboxState::Refused
            {
                entry.refuse(Error::Expired);
            }
            self.push(entry, true);
        }
        for slot in added {
            self.bytes += slot.entry.action.text_bytes();
            self.slots.push_back(slot);
        }
    }

    /// The file has this one.
    pub(crate) fn kept(&mut self, nonce: &str) {
        if let Some(slot) = self.find(nonce) {
            slot.kept = true;
        }
    }

    /// What is to be sent now for this user, which is sent from here on. Of each chat one at a time: if it is refused for the
    /// moment, none may overtake it.
    pub(crate) fn take(&mut self, now: Instant, user: UserId) -> Vec<(OutboxEntry, Door)> {
        let mut busy = HashSet::new();
        let mut taken = Vec::new();
        for slot in &mut self.slots {
            if slot.entry.state == OutboxState::Refused || slot.entry.user != user {
                continue;
            }
            let free = busy.insert(Lane::of(&slot.entry.action));
            let early = slot.not_before.is_some_and(|at| at > now);
            if !free || slot.entry.state == OutboxState::Sent || early || !slot.kept {
                continue;
            }
            slot.sent_at = Some(now);
            slot.entry.send();
            taken.push((slot.entry.clone(), slot.entry.door()));
        }
        self.changes.extend(taken.iter().map(|(entry, _)| Change::passing(entry.clone())));
        taken
    }

    /// When there is next something to do without anything happening before.
    pub(crate) fn due(&self) -> Option<Instant> {
        let due = self.slots.iter().filter_map(|slot| match slot.entry.state {
            OutboxState::Sent => slot.sent_at.map(|at| at + ANSWER_WITHIN),
            OutboxState::Queued => slot.not_before,
            _ => None,
        });
        due.min()
    }

    /// Takes back what was sent over the realtime connection and not answered in time. HTTP has its own limit.
    pub(crate) fn overdue(&mut self, now: Instant) {
        self.take_back(|sent_at| now >= sent_at + ANSWER_WITHIN);
    }

    /// The realtime connection is gone, and with it the answers to what was sent over it.
    pub(crate) fn interrupted(&mut self) {
        self.take_back(|_| true);
    }

    fn take_back(&mut self, is_lost: impl Fn(Instant) -> bool) {
        for slot in &mut self.slots {
            let over_stomp = slot.entry.state == OutboxState::Sent && slot.entry.door() == Door::Stomp;
            if over_stomp && slot.sent_at.is_some_and(&is_lost) {
                slot.entry.state = OutboxState::Queued;
                slot.not_before = None;
                self.changes.push(Change::passing(slot.entry.clone()));
            }
        }
    }

    /// It is on the server's disk. An answer to something that is not held is no surprise: a repeat, or another process's.
    pub(crate) fn stored(&mut self, nonce: &str) {
        if let Some(mut entry) = self.remove(nonce) {
            entry.state = OutboxState::Stored;
            entry.error = None;
            self.changes.push(Change::leaving(entry));
        }
    }

    /// It was refused: for now, and it waits until `not_before`, or for good.
    pub(crate) fn refused(&mut self, nonce: &str, error: Error, not_before: Instant) {
        let Some(slot) = self.find(nonce).filter(|slot| slot.entry.state == OutboxState::Sent) else {
            return;
        };
        slot.not_before = Some(not_before);
        if error.is_transient() || error.is_about_the_session() {
            slot.entry.state = OutboxState::Queued;
            slot.entry.error = Some(error);
            let change = Change::passing(slot.entry.clone());
            self.changes.push(change);
            return;
        }
        slot.entry.refuse(error);
        let change = Change::lasting(slot.entry.clone());
        self.changes.push(change);
        self.forget_refused();
    }

    /// It could not be put into the file.
    pub(crate) fn not_kept(&mut self, nonce: &str, error: Error) {
        if let Some(mut entry) = self.remove(nonce) {
            entry.refuse(error);
            self.changes.push(Change::leaving(entry));
        }
    }

    /// Queues a refused entry again, behind those that came since; false if there is none of that name.
    pub(crate) fn retry(&mut self, nonce: &str, now: Timestamp) -> bool {
        if self.find(nonce).is_none_or(|slot| slot.entry.state != OutboxState::Refused) {
            return false;
        }
        let Some(entry) = self.remove(nonce) else { return false };
        // It was refused, so its nonce is unused; how long it has waited counts from now.
        let again = OutboxEntry {
            attempts: entry.attempts,
            ..OutboxEntry::new(entry.nonce, entry.user, entry.action, now)
        };
        self.push(again, !self.keeps);
        true
    }

    /// Takes a queued or refused entry out; what is on its way cannot be called back.
    pub(crate) fn discard(&mut self, nonce: &str) -> bool {
        if self.find(nonce).is_none_or(|slot| slot.entry.state == OutboxState::Sent) {
            return false;
        }
        self.drop_entry(nonce);
        true
    }

    fn drop_entry(&mut self, nonce: &str) {
        if let Some(mut entry) = self.remove(nonce) {
            entry.refuse(Error::Discarded);
            self.changes.push(Change::leaving(entry));
        }
    }

    fn forget_refused(&mut self) {
        let refused = self.slots.iter().filter(|slot| slot.entry.state == OutboxState::Refused);
        let refused: Vec<String> = refused.map(|slot| slot.entry.nonce.clone()).collect();
        for nonce in &refused[..refused.len().saturating_sub(REFUSED_MAX)] {
            self.drop_entry(nonce);
        }
    }

    fn push(&mut self, entry: OutboxEntry, kept: bool) {
        self.bytes += entry.action.text_bytes();
        self.changes.push(if kept { Change::passing(entry.clone()) } else { Change::lasting(entry.clone()) });
        self.slots.push_back(Slot { entry, kept, not_before: None, sent_at: None });
    }

    pub(crate) fn attempts(&mut self, nonce: &str) -> u32 {
        self.find(nonce).map_or(1, |slot| slot.entry.attempts)
    }

    fn find(&mut self, nonce: &str) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.entry.nonce == nonce)
    }

    fn remove(&mut self, nonce: &str) -> Option<OutboxEntry> {
        let at = self.slots.iter().position(|slot| slot.entry.nonce == nonce)?;
        let entry = self.slots.remove(at)?.entry;
        self.bytes = self.bytes.saturating_sub(entry.action.text_bytes());
        Some(entry)
    }
}

#[cfg(test)]
mod tests;
