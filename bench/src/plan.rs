//! How much of everything.

use std::time::Duration;

use crate::stored::Amounts;

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) rounds: usize,
    /// Connections at which memory is looked at.
    pub(crate) idle: &'static [usize],
    /// How long they are held; Chinwag's in the first round for `idle_long`.
    pub(crate) idle_hold: Duration,
    pub(crate) idle_long: Duration,
    pub(crate) warm_up: Duration,
    pub(crate) talk: Duration,
    /// Chats of two.
    pub(crate) pairs: usize,
    /// Chats of a hundred.
    pub(crate) groups: usize,
    /// Members of the one large chat, and messages in it.
    pub(crate) crowd: usize,
    pub(crate) crowd_messages: usize,
    pub(crate) storm: usize,
    pub(crate) storm_calm: Duration,
    pub(crate) stored_few: usize,
    pub(crate) stored_many: usize,
    pub(crate) amounts: Amounts,
    pub(crate) sign_ins: usize,
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Plan {
    /// What the targets are about.
    pub(crate) fn full() -> Self {
        Self {
            name: "full",
            rounds: 5,
            idle: &[1_000, 5_000, 15_000],
            idle_hold: seconds(15),
            idle_long: seconds(300),
            warm_up: seconds(2),
            talk: seconds(8),
            pairs: 500,
            groups: 10,
            crowd: 5_000,
            crowd_messages: 50,
            storm: 5_000,
            storm_calm: seconds(4),
            stored_few: 10_000,
            stored_many: 10_000_000,
            amounts: Amounts { pages: 3_000, lists: 2_000, catch_ups: 5, sends: seconds(4) },
            sign_ins: 100,
        }
    }

    /// The same with fewer rounds, shorter, and a tenth of the stored messages.
    pub(crate) fn quick() -> Self {
        Self {
            name: "quick",
            rounds: 2,
            idle_hold: seconds(5),
            idle_long: seconds(30),
            warm_up: seconds(1),
            talk: seconds(4),
            crowd_messages: 20,
            storm_calm: seconds(2),
            stored_many: 1_000_000,
            amounts: Amounts { pages: 1_000, lists: 500, catch_ups: 3, sends: seconds(2) },
            sign_ins: 40,
            ..Self::full()
        }
    }

    /// Only whether all of it works: its figures mean nothing.
    pub(crate) fn smoke() -> Self {
        Self {
            name: "smoke",
            rounds: 1,
            idle: &[100, 200],
            idle_hold: seconds(1),
            idle_long: seconds(1),
            warm_up: Duration::from_millis(300),
            talk: seconds(1),
            pairs: 20,
            groups: 1,
            crowd: 200,
            crowd_messages: 3,
            storm: 200,
            storm_calm: seconds(1),
            stored_many: 20_000,
            amounts: Amounts { pages: 100, lists: 50, catch_ups: 1, sends: seconds(1) },
            sign_ins: 8,
            ..Self::full()
        }
    }
}
