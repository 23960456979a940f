//! When a delivery that failed is tried again.

use chinwag_protocol::Timestamp;

const FIRST_MS: i64 = 1000;
const LONGEST_MS: i64 = 3_600_000;

/// After so many attempts without success: a second, and twice as long each time, up to an hour; later by up to a
/// quarter, as `dice` says, so that endpoints which failed together are not all tried at once.
pub(super) fn next_at(now: Timestamp, attempts: i64, dice: u8) -> Timestamp {
    let doublings = u32::try_from(attempts.clamp(1, 13) - 1).unwrap_or(0);
    let wait = (FIRST_MS << doublings).min(LONGEST_MS);
    Timestamp(now.0 + wait + wait * i64::from(dice) / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        let wait = |attempts, dice| next_at(Timestamp(5), attempts, dice).0 - 5;
        assert_eq!([1, 2, 3, 4].map(|attempts| wait(attempts, 0)), [1000, 2000, 4000, 8000]);
        assert_eq!([wait(0, 0), wait(-3, 0)], [1000, 1000]);
        assert_eq!([wait(13, 0), wait(i64::MAX, 0)], [LONGEST_MS, LONGEST_MS]);
        assert!((1000..=1250).contains(&wait(1, 255)));
    }
}
