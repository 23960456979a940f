//! What one user was told, checked as it comes: `seq` is dense per chat, so a hole is a loss and a step back is a
//! repeat.

use std::collections::{BTreeSet, HashMap};

/// One user's count, by chat.
#[derive(Default, Debug)]
pub(crate) struct Tally {
    chats: HashMap<Box<[u8]>, Chat>,
    pub(crate) told: u64,
    pub(crate) repeated: u64,
    pub(crate) out_of_order: u64,
}

#[derive(Default, Debug)]
struct Chat {
    newest: u64,
    holes: BTreeSet<u64>,
}

impl Tally {
    /// Begins to count a chat of whose events up to `seq` nothing is expected.
    pub(crate) fn expect(&mut self, chat: &str, seq: u64) {
        self.chats.insert(chat.as_bytes().into(), Chat { newest: seq, holes: BTreeSet::new() });
    }

    /// An event of a chat; of others nothing is known.
    pub(crate) fn told(&mut self, chat: &[u8], seq: u64) {
        let Some(chat) = self.chats.get_mut(chat) else { return };
        self.told += 1;
        if seq == chat.newest + 1 {
            chat.newest = seq;
        } else if seq > chat.newest {
            chat.holes.extend(chat.newest + 1..seq);
            chat.newest = seq;
        } else if chat.holes.remove(&seq) {
            self.out_of_order += 1;
        } else {
            self.repeated += 1;
        }
    }

    /// What the chat's members were told up to, at most.
    pub(crate) fn newest(&self, chat: &str) -> u64 {
        self.chats.get(chat.as_bytes()).map_or(0, |chat| chat.newest)
    }

    /// Events of a chat up to `seq` that did not come.
    pub(crate) fn missing(&self, chat: &str, seq: u64) -> u64 {
        let known = self.chats.get(chat.as_bytes());
        known.map_or(0, |chat| seq.saturating_sub(chat.newest) + chat.holes.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(seqs: &[u64]) -> Tally {
        let mut tally = Tally::default();
        tally.expect("tea", 1);
        seqs.iter().for_each(|seq| tally.told(b"tea", *seq));
        tally
    }

    #[test]
    fn what_comes_once_and_in_order_is_right() {
        let tally = told(&[2, 3, 4]);
        assert_eq!((tally.told, tally.repeated, tally.out_of_order, tally.missing("tea", 4)), (3, 0, 0, 0));
    }

    #[test]
    fn a_hole_is_a_loss_until_it_is_filled_too_late() {
        assert_eq!(told(&[2, 5]).missing("tea", 6), 3);
        let late = told(&[2, 5, 3, 4]);
        assert_eq!((late.missing("tea", 5), late.out_of_order, late.repeated), (0, 2, 0));
    }

    #[test]
    fn a_repeat_is_one() {
        assert_eq!(told(&[2, 3, 3, 2]).repeated, 2);
    }
}
