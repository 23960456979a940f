//! Typing is let through at most once in two seconds per user and chat.

use std::collections::HashMap;

use chinwag_protocol::{ChatId, Timestamp, UserId};

const INTERVAL_MS: i64 = 2000;
/// Entries kept before those that no longer matter are dropped.
const ENTRIES_MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct Throttle {
    last: HashMap<(ChatId, UserId), Timestamp>,
    sweep_at: usize,
}

impl Throttle {
    /// Whether others are told now. A clock that was set back does not silence anyone.
    pub(super) fn lets_through(&mut self, chat: ChatId, user: UserId, now: Timestamp) -> bool {
        if self.last.len() >= ENTRIES_MAX.max(self.sweep_at) {
            self.last.retain(|_, last| recent(*last, now));
            self.sweep_at = self.last.len() * 2;
        }
        let last = self.last.get(&(chat, user));
        if last.is_some_and(|last| recent(*last, now)) {
            return false;
        }
        self.last.insert((chat, user), now);
        true
    }
}

fn recent(last: Timestamp, now: Timestamp) -> bool {
    (0..INTERVAL_MS).contains(&(now.0 - last.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn once_in_two_seconds_each() {
        let mut throttle = Throttle::default();
        let [chat, other] = [1, 2].map(|n| ChatId(Uuid::from_u128(n)));
        let user = UserId(Uuid::nil());
        assert!(throttle.lets_through(chat, user, Timestamp(10_000)));
        assert!(!throttle.lets_through(chat, user, Timestamp(11_999)));
        assert!(throttle.lets_through(other, user, Timestamp(11_999)));
        assert!(throttle.lets_through(chat, user, Timestamp(12_000)));
        assert!(throttle.lets_through(chat, user, Timestamp(5_000)));
    }
}
