//! Guesses at passwords, counted by whose it is and where they come from: one who guesses from one place is slowed down, and
//! keeps out nobody who comes from another. Right ones cost nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chinwag_protocol::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use super::bucket::{Buckets, Rate, RetryAfter};
use super::client_address;

/// Whose password is guessed, and from where. A hash, so that long names take no more room than short ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Guess([u8; 16]);

impl Guess {
    /// `of` tells apart those whose names may be alike.
    pub(super) fn at(of: &[u8], name: &str, from: IpAddr) -> Self {
        let from = client_address(from).to_string();
        let hash = Sha256::new();
        let hash = hash.chain_update(of).chain_update([0]).chain_update(from).chain_update([0]);
        let hash: [u8; 32] = hash.chain_update(name.trim()).finalize().into();
        let mut short = [0; 16];
        short.copy_from_slice(&hash[..16]);
        Self(short)
    }
}

pub(super) struct Guesses {
    wrong: Buckets<Guess>,
    /// Those being looked at; no zeros.
    under_way: Mutex<HashMap<Guess, usize>>,
    ended: Notify,
}

/// A guess that is being looked at. It counts as wrong unless it is [`Attempt::right`].
pub(super) struct Attempt<'a> {
    guess: Guess,
    guesses: &'a Guesses,
}

impl Guesses {
    pub(super) fn new(per_minute: u32) -> Self {
        let wrong = Buckets::new(Rate::per_minute(per_minute));
        Self { wrong, under_way: Mutex::default(), ended: Notify::new() }
    }

    /// Counts a guess before it is looked at, so that many at once are no way around. While others for the same name and
    /// place are looked at, it waits for what comes of them: one person may sign in on many devices at once.
    pub(super) async fn begin(&self, guess: Guess, now: Timestamp) -> Result<Attempt<'_>, RetryAfter> {
        loop {
            // Made before the look, so that no end between the two is missed.
            let ended = self.ended.notified();
            {
                let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
                match self.wrong.take(guess, now, 1) {
                    Ok(()) => {
                        *under_way.entry(guess).or_default() += 1;
                        return Ok(Attempt { guess, guesses: self });
                    }
                    Err(wait) if !under_way.contains_key(&guess) => return Err(wait),
                    Err(_) => {}
                }
            }
            ended.await;
        }
    }
}

impl Attempt<'_> {
    pub(super) fn right(self) {
        self.guesses.wrong.give_back(self.guess, 1);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut under_way = self.guesses.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.guess) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.guess);
            }
        }
        drop(under_way);
        self.guesses.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn at(name: &str, last: u8) -> Guess {
        Guess::at(b"app", name, IpAddr::from([192, 0, 2, last]))
    }

    #[tokio::test]
    async fn wrong_guesses_from_one_place_leave_every_other_place_alone() {
        let guesses = Guesses::new(3);
        for _ in 0..3 {
            drop(guesses.begin(at("alice", 66), NOW).await.unwrap());
        }
        assert!(guesses.begin(at("alice", 66), NOW).await.is_err(), "the guesser waits");
        assert!(guesses.begin(at("alice", 1), NOW).await.is_ok(), "alice does not");
        assert!(guesses.begin(at("bob", 66), NOW).await.is_ok(), "nor does bob, who lives with the guesser");
        assert!(guesses.under_way.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn right_ones_cost_nothing_however_many_come_at_once() {
        let guesses = Guesses::new(2);
        let one = async |_| guesses.begin(at("alice", 1), NOW).await.map(Attempt::right);
        let all = futures_util::future::join_all((0..20).map(one)).await;
        assert!(all.iter().all(Result::is_ok));
    }

    #[tokio::test]
    async fn wrong_ones_at_once_are_no_way_around() {
        let guesses = Guesses::new(2);
        let one = async |_| {
            let guess = guesses.begin(at("alice", 1), NOW).await?;
            tokio::task::yield_now().await;
            drop(guess);
            Ok::<_, RetryAfter>(())
        };
        let all = futures_util::future::join_all((0..20).map(one)).await;
        assert_eq!(all.iter().filter(|done| done.is_ok()).count(), 2);
    }
}
