//! Time and identifiers, both passed to whoever needs them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chinwag_protocol::Timestamp;
use uuid::Uuid;

use crate::sessions::secret::random_bytes;

/// What time it is. It may step, in both directions: order things by seq, never by this.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
    fn now(&self) -> Timestamp {
        let since_1970 = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        Timestamp(since_1970)
    }
}

/// For tests: stands still until told otherwise.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Also backwards.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Width of the counter that orders ids of one millisecond: `rand_a` and the first 14 bits of `rand_b`.
const COUNTER_BITS: u32 = 26;
/// Each millisecond's counter starts at random in the lower half, so at least 2^25 ids fit after it.
const COUNTER_START_BITS: u32 = COUNTER_BITS - 1;
/// Bytes asked of the operating system at once: a call for each id would cost more than the id.
const ENTROPY_BYTES: usize = 512;

/// Makes UUIDs of version 7 (RFC 9562, section 5.7) that grow strictly within this process, whatever the clock does.
///
/// While the clock is behind an earlier reading, or a millisecond's counter is used up, ids go on from the last one.
pub struct Ids {
    clock: Arc<dyn Clock>,
    last: Mutex<Last>,
}

struct Last {
    ms: u64,
    counter: u32,
    entropy: [u8; ENTROPY_BYTES],
    entropy_used: usize,
}

impl Ids {
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let last = Last { ms: 0, counter: 0, entropy: [0; ENTROPY_BYTES], entropy_used: ENTROPY_BYTES };
        Self { clock, last: Mutex::new(last) }
    }

    /// Lets ids go on after `id`, one of an earlier process: the clock may have been set back since.
    pub fn go_on_after(&self, id: Uuid) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let ms = id.as_u64_pair().0 >> 16;
        if id.get_version_num() == 7 && ms > last.ms {
            // The rest of that millisecond is left out, so nothing needs to be known of its counter.
            last.ms = ms;
            last.counter = (1 << COUNTER_BITS) - 1;
        }
    }

    #[must_use]
    pub fn next<T: From<Uuid>>(&self) -> T {
        let now = u64::try_from(self.clock.now().0).unwrap_or(0);
        // Nothing under this lock can panic half-way, so what a poisoned one holds is whole.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        T::from(last.advance(now))
    }
}

impl Last {
    fn advance(&mut self, now: u64) -> Uuid {
        if now > self.ms {
            self.ms = now;
            self.counter = self.start();
        } else if self.counter + 1 < 1 << COUNTER_BITS {
            self.counter += 1;
        } else {
            self.ms += 1;
            self.counter = self.start();
        }
        let tail = u64::from_be_bytes(self.draw());
        let counter = u64::from(self.counter);
        let high = (self.ms << 16) | (0x7 << 12) | (counter >> 14);
        let low = (0b10 << 62) | ((counter & 0x3fff) << 48) | (tail >> 16);
        Uuid::from_u64_pair(high, low)
    }

    fn start(&mut self) -> u32 {
        u32::from_be_bytes(self.draw()) >> (u32::BITS - COUNTER_START_BITS)
    }

    fn draw<const N: usize>(&mut self) -> [u8; N] {
        if self.entropy_used + N > ENTROPY_BYTES {
            self.entropy = random_bytes();
            self.entropy_used = 0;
        }
        let mut drawn = [0; N];
        drawn.copy_from_slice(&self.entropy[self.entropy_used..self.entropy_used + N]);
        self.entropy_used += N;
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn ids_at(ms: i64) -> (Arc<ManualClock>, Ids) {
        let clock = Arc::new(ManualClock::at(Timestamp(ms)));
        (clock.clone(), Ids::new(clock))
    }

    #[test]
    fn an_id_is_a_version_7_uuid_of_the_clocks_millisecond() {
        let (_, ids) = ids_at(1_795_362_000_007);
        let id: Uuid = ids.next();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(id.as_u64_pair().0 >> 16, 1_795_362_000_007);
    }

    #[test]
    fn ids_grow_within_a_millisecond_and_when_the_clock_goes_back() {
        let (clock, ids) = ids_at(1_000_000);
        let mut last: Uuid = ids.next();
        for step in 0..10_000 {
            match step % 1000 {
                300 => clock.advance_ms(1),
                600 => clock.advance_ms(-5000),
                _ => {}
            }
            let next = ids.next();
            assert!(next > last);
            last = next;
        }
    }

    #[test]
    fn a_used_up_counter_goes_on_in_the_next_millisecond() {
        let (_, ids) = ids_at(5);
        let first: Uuid = ids.next();
        ids.last.lock().unwrap().counter = (1 << COUNTER_BITS) - 1;
        let next: Uuid = ids.next();
        assert!(next > first);
        assert_eq!(next.as_u64_pair().0 >> 16, 6);
    }

    #[test]
    fn threads_never_get_the_same_id() {
        let (_, ids) = ids_at(1_000_000);
        let all: Vec<Uuid> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..2000).map(|_| ids.next()).collect::<Vec<Uuid>>()))
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 8000);
    }
}
