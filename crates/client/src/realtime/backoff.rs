//! How long to wait before trying again. Pure: chance is passed in.

use std::time::Duration;

/// The bounds of a wait.
#[derive(Clone, Copy)]
pub(crate) struct Backoff {
    /// The shortest.
    pub(crate) min: Duration,
    /// The longest, unless the server asks for more.
    pub(crate) max: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { min: Duration::from_secs(1), max: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// The wait before attempt `attempt` (from 1); `chance` is in 0..1.
    ///
    /// It lies anywhere between the shortest wait and a ceiling that doubles, so that clients which lost the same server do
    /// not come back at the same moment. What the server asked for counts as the shortest.
    pub(super) fn delay(self, attempt: u32, chance: f64, retry_after: Option<Duration>) -> Duration {
        let ceiling = self.min.saturating_mul(1 << attempt.min(16)).min(self.max);
        let spread = ceiling.saturating_sub(self.min).mul_f64(chance);
        retry_after.map_or(self.min, |asked| asked.max(self.min)) + spread
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn waits_as_long_as_the_vectors_say() {
        let vectors: Value = serde_json::from_str(include_str!("../../testdata/backoff.json")).unwrap();
        assert_eq!((vectors["min"].as_u64(), vectors["max"].as_u64()), (Some(1_000), Some(30_000)));
        for case in vectors["cases"].as_array().unwrap() {
            let attempt = u32::try_from(case["attempt"].as_u64().unwrap()).unwrap();
            let retry_after = case["retryAfter"].as_u64().map(Duration::from_millis);
            let waited = Backoff::default().delay(attempt, case["chance"].as_f64().unwrap(), retry_after);
            assert_eq!(waited.as_millis(), u128::from(case["delay"].as_u64().unwrap()), "{case}");
        }
    }
}
