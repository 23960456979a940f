//! Counters and histograms of atomics. Readers may see a little less than was counted, never more than that.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[derive(Default, Debug)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Upper bounds of the buckets in microseconds; above the last there is one more.
pub(super) const BOUNDS: [u64; 15] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];

/// How often something took how long.
#[derive(Default, Debug)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

/// A histogram at one moment, or what came to it between two.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Spread {
    pub(super) buckets: [u64; BOUNDS.len() + 1],
    pub(super) micros: u64,
}

impl Histogram {
    pub fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|bound| *bound < micros);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn spread(&self) -> Spread {
        Spread {
            buckets: std::array::from_fn(|bucket| self.buckets[bucket].load(Ordering::Relaxed)),
            micros: self.micros.load(Ordering::Relaxed),
        }
    }
}

impl Spread {
    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            buckets: std::array::from_fn(|bucket| self.buckets[bucket] + other.buckets[bucket]),
            micros: self.micros + other.micros,
        }
    }

    pub(super) fn since(&self, before: &Self) -> Self {
        Self {
            buckets: std::array::from_fn(|bucket| {
                self.buckets[bucket].saturating_sub(before.buckets[bucket])
            }),
            micros: self.micros.saturating_sub(before.micros),
        }
    }

    /// The value that `quantile` (0 to 1) of all stay under, in milliseconds: as exact as the buckets are, evenly
    /// spread inside each. None of nothing.
    #[allow(clippy::cast_precision_loss, reason = "counts and microseconds far below 2^52")]
    pub(super) fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let count = self.count();
        let wanted = (count as f64 * quantile).max(1.0);
        let mut passed = 0.0;
        for (bucket, within) in self.buckets.iter().map(|within| *within as f64).enumerate() {
            if within > 0.0 && passed + within >= wanted {
                let low = if bucket == 0 { 0 } else { BOUNDS[bucket - 1] } as f64;
                let high = BOUNDS.get(bucket).map_or(low, |bound| *bound as f64);
                return Some((low + (high - low) * (wanted - passed) / within) / 1000.0);
            }
            passed += within;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_in_the_bucket_that_has_them() {
        let histogram = Histogram::default();
        assert_eq!(histogram.spread().quantile_ms(0.5), None);
        (0..99).for_each(|_| histogram.observe(Duration::from_micros(700)));
        histogram.observe(Duration::from_millis(70));
        let spread = histogram.spread();
        assert_eq!((spread.count(), spread.micros), (100, 99 * 700 + 70_000));
        let p50 = spread.quantile_ms(0.5).unwrap();
        assert!((0.5..=1.0).contains(&p50), "{p50}");
        let highest = spread.quantile_ms(1.0).unwrap();
        assert!((50.0..=100.0).contains(&highest), "{highest}");
    }

    #[test]
    fn a_bound_belongs_to_its_own_bucket_and_the_last_has_no_end() {
        let histogram = Histogram::default();
        histogram.observe(Duration::from_micros(100));
        histogram.observe(Duration::from_micros(101));
        histogram.observe(Duration::from_secs(100));
        let before = Histogram::default().spread();
        let buckets = histogram.spread().since(&before).buckets;
        assert_eq!((buckets[0], buckets[1], buckets[BOUNDS.len()]), (1, 1, 1));
    }
}
