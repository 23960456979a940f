//! Token buckets: so many in a period, refilled evenly. Whole numbers only, so nothing drifts.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use chinwag_protocol::Timestamp;

const SECOND_MS: u64 = 1000;
/// Keys a [`Buckets`] remembers, at most.
pub const BUCKETS_MAX: usize = 100_000;

/// So many in a period. Also the size of the bucket: a whole period's worth may come at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    count: u64,
    period_ms: u64,
}

impl Rate {
    /// 0 means unlimited.
    #[must_use]
    pub const fn per_second(count: u32) -> Self {
        Self { count: count as u64, period_ms: SECOND_MS }
    }

    /// 0 means unlimited.
    #[must_use]
    pub const fn per_minute(count: u32) -> Self {
        Self { count: count as u64, period_ms: 60 * SECOND_MS }
    }

    const fn is_unlimited(self) -> bool {
        self.count == 0
    }

    /// In the bucket's unit, of which `count` flow in every millisecond and one take costs `period_ms`.
    const fn capacity(self) -> u64 {
        self.count * self.period_ms
    }
}

/// Too fast: the same would succeed after this time, if nothing else were taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RetryAfter {
    pub ms: u64,
}

impl RetryAfter {
    /// For the `Retry-After` header (RFC 9110, section 10.2.3): whole seconds, at least one.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.ms.div_ceil(SECOND_MS).max(1)
    }
}

/// The state of one bucket. Pure: the caller brings the rate and the time.
#[derive(Clone, Debug)]
pub struct Bucket {
    level: u64,
    at: Timestamp,
}

impl Bucket {
    #[must_use]
    pub const fn full(rate: Rate, now: Timestamp) -> Self {
        Self { level: rate.capacity(), at: now }
    }

    /// Takes `n`, all or nothing. More than fits at all counts as a bucketful, or it could never be had.
    pub fn take(&mut self, rate: Rate, now: Timestamp, n: u32) -> Result<(), RetryAfter> {
        if rate.is_unlimited() {
            return Ok(());
        }
        // A clock that went back gives nothing for the past, and costs nothing in the future.
        let elapsed = u64::try_from(now.0.saturating_sub(self.at.0)).unwrap_or(0);
        self.level = self.level.saturating_add(elapsed.saturating_mul(rate.count)).min(rate.capacity());
        self.at = now;
        let cost = u64::from(n).saturating_mul(rate.period_ms).min(rate.capacity());
        if cost > self.level {
            return Err(RetryAfter { ms: (cost - self.level).div_ceil(rate.count) });
        }
        self.level -= cost;
        Ok(())
    }
}

impl Bucket {
    /// Takes back what was taken for nothing.
    fn give_back(&mut self, rate: Rate, n: u32) {
        let back = u64::from(n).saturating_mul(rate.period_ms);
        self.level = self.level.saturating_add(back).min(rate.capacity());
    }
}

/// A bucket for each key. Forgets keys once more than [`BUCKETS_MAX`] are in use: those unused the longest, and a
/// forgotten key starts with a full bucket.
pub struct Buckets<K> {
    rate: Rate,
    kept: Mutex<Generations<K>>,
}

/// What was used since the last turn, and what was used before: the older half is dropped whole, in no time.
struct Generations<K> {
    young: HashMap<K, Bucket>,
    old: HashMap<K, Bucket>,
}

impl<K: Hash + Eq> Buckets<K> {
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, kept: Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() }) }
    }

    pub fn take(&self, key: K, now: Timestamp, n: u32) -> Result<(), RetryAfter> {
        if self.rate.is_unlimited() {
            return Ok(());
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Generations { young, old } = &mut *kept;
        if !young.contains_key(&key) && young.len() >= BUCKETS_MAX / 2 {
            *old = std::mem::take(young);
        }
        young
            .entry(key)
            .or_insert_with_key(|key| old.remove(key).unwrap_or(Bucket::full(self.rate, now)))
            .take(self.rate, now, n)
    }
}

impl<K: Hash + Eq> Buckets<K> {
    /// Undoes a `take` of that many.
    pub fn give_back(&self, key: K, n: u32) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = kept.young.get_mut(&key) {
            bucket.give_back(self.rate, n);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    fn after(ms: i64) -> Timestamp {
        Timestamp(START.0 + ms)
    }

    #[test]
    fn a_periods_worth_may_come_at_once_and_then_flows_in_evenly() {
        let rate = Rate::per_second(5);
        let mut bucket = Bucket::full(rate, START);
        for _ in 0..5 {
            assert_eq!(bucket.take(rate, START, 1), Ok(()));
        }
        assert_eq!(bucket.take(rate, START, 1), Err(RetryAfter { ms: 200 }));
        assert_eq!(bucket.take(rate, after(199), 1), Err(RetryAfter { ms: 1 }));
        assert_eq!(bucket.take(rate, after(200), 1), Ok(()));
        assert_eq!(bucket.take(rate, after(200), 1), Err(RetryAfter { ms: 200 }));
        assert_eq!(bucket.take(rate, after(60_000), 5), Ok(()));
        assert!(bucket.take(rate, after(60_000), 1).is_err());
    }

    #[test]
    fn several_are_taken_all_or_none() {
        let rate = Rate::per_minute(10);
        let mut bucket = Bucket::full(rate, START);
        assert_eq!(bucket.take(rate, START, 8), Ok(()));
        assert_eq!(bucket.take(rate, START, 3), Err(RetryAfter { ms: 6000 }));
        assert_eq!(bucket.take(rate, START, 2), Ok(()));
        assert_eq!(bucket.take(rate, after(60_000), 1000), Ok(()));
    }

    #[test]
    fn rates_that_do_not_divide_lose_nothing() {
        let rate = Rate::per_minute(7);
        let mut bucket = Bucket::full(rate, START);
        let taken = (0..600_000).filter(|ms| bucket.take(rate, after(*ms), 1).is_ok()).count();
        assert_eq!(taken, 7 + 69);
    }

    #[test]
    fn a_clock_set_back_does_not_starve_anyone() {
        let rate = Rate::per_second(1);
        let mut bucket = Bucket::full(rate, START);
        assert_eq!(bucket.take(rate, START, 1), Ok(()));
        assert_eq!(bucket.take(rate, after(-3_600_000), 1), Err(RetryAfter { ms: 1000 }));
        assert_eq!(bucket.take(rate, after(-3_599_000), 1), Ok(()));
    }

    #[test]
    fn zero_is_unlimited() {
        let buckets = Buckets::new(Rate::per_second(0));
        assert!((0..10_000).all(|_| buckets.take("alice", START, 1).is_ok()));
    }

    #[test]
    fn each_key_has_its_own_and_the_longest_unused_are_forgotten() {
        let buckets = Buckets::new(Rate::per_minute(1));
        assert_eq!(buckets.take(0, START, 1), Ok(()));
        assert!(buckets.take(0, START, 1).is_err());
        for key in 1..200_000 {
            assert_eq!(buckets.take(key, START, 1), Ok(()));
        }
        let kept = buckets.kept.lock().unwrap();
        assert!(kept.young.len() + kept.old.len() <= BUCKETS_MAX);
        drop(kept);
        assert!(buckets.take(199_999, START, 1).is_err());
        assert_eq!(buckets.take(0, START, 1), Ok(()));
    }

    #[test]
    fn retry_after_is_whole_seconds_upwards() {
        assert_eq!(RetryAfter { ms: 1 }.seconds(), 1);
        assert_eq!(RetryAfter { ms: 1000 }.seconds(), 1);
        assert_eq!(RetryAfter { ms: 1001 }.seconds(), 2);
    }
}
