//! How long something took, many times.

use std::fmt;
use std::time::Duration;

/// Durations, and how they are spread.
#[derive(Clone, Default, Debug)]
pub struct Spread(Vec<Duration>);

impl Spread {
    /// The value that `percent` of them do not exceed; zero if there are none.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

impl Extend<Duration> for Spread {
    fn extend<I: IntoIterator<Item = Duration>>(&mut self, durations: I) {
        self.0.extend(durations);
    }
}

impl FromIterator<Duration> for Spread {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        Self(durations.into_iter().collect())
    }
}

impl IntoIterator for Spread {
    type Item = Duration;
    type IntoIter = std::vec::IntoIter<Duration>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The median and the two ends that matter, in milliseconds.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |percent| self.percentile(percent).as_secs_f64() * 1000.0;
        write!(
            f,
            "p50 {:.2} ms   p99 {:.2} ms   max {:.2} ms   (n = {})",
            ms(50),
            ms(99),
            ms(100),
            self.0.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let spread: Spread = (1..=200).rev().map(Duration::from_millis).collect();
        let ms = |percent| spread.percentile(percent).as_millis();
        assert_eq!((ms(0), ms(50), ms(99), ms(100)), (1, 100, 198, 200));
        assert_eq!(Spread::default().percentile(50), Duration::ZERO);
    }
}
