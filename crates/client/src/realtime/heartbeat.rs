//! Keeping a connection alive, and noticing that it is dead (STOMP 1.2, "Heart-beating"). Pure: the caller brings the clock.

use std::time::Duration;

use chinwag_protocol::stomp::{HeartBeat, Negotiated};
use tokio::time::Instant;

/// Both ways. The server asks for as much.
pub(super) const OFFER: HeartBeat = HeartBeat { send_ms: 10_000, receive_ms: 10_000 };

pub(super) struct Pulse {
    agreed: Negotiated,
    spoke: Instant,
    heard: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Due {
    Nothing,
    /// Say something.
    Beat,
    /// The peer broke its promise twice over.
    Dead,
}

impl Pulse {
    pub(super) fn new(now: Instant) -> Self {
        Self { agreed: Negotiated::default(), spoke: now, heard: now }
    }

    /// What CONNECTED said. A header that is none is taken for silence.
    pub(super) fn agree(&mut self, theirs: Option<&str>) {
        let theirs = theirs.and_then(|header| HeartBeat::parse(header).ok()).unwrap_or_default();
        self.agreed = HeartBeat::negotiate(OFFER, theirs);
    }

    pub(super) fn spoke(&mut self, now: Instant) {
        self.spoke = now;
    }

    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    pub(super) fn check(&self, now: Instant) -> Due {
        if self.dead_at().is_some_and(|at| now >= at) {
            Due::Dead
        } else if self.beat_at().is_some_and(|at| now >= at) {
            Due::Beat
        } else {
            Due::Nothing
        }
    }

    /// When to check again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.beat_at().into_iter().chain(self.dead_at()).min()
    }

    fn beat_at(&self) -> Option<Instant> {
        self.agreed.send_every.map(|every| self.spoke + every / 2)
    }

    fn dead_at(&self) -> Option<Instant> {
        self.agreed.expect_every.map(|every: Duration| self.heard + every * 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_in_time_and_notices_silence() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pulse = Pulse::new(start);
        assert_eq!((pulse.due(), pulse.check(at(1_000))), (None, Due::Nothing), "nothing is agreed");
        pulse.agree(Some("1000,1000"));
        assert_eq!((pulse.due(), pulse.check(at(4))), (Some(at(5)), Due::Nothing));
        assert_eq!(pulse.check(at(5)), Due::Beat);
        pulse.spoke(at(19));
        assert_eq!(pulse.due(), Some(at(20)));
        assert_eq!(pulse.check(at(20)), Due::Dead);
        pulse.heard(at(20));
        assert_eq!(pulse.check(at(20)), Due::Nothing);
    }

    #[test]
    fn a_header_that_is_none_promises_nothing() {
        let mut pulse = Pulse::new(Instant::now());
        pulse.agree(Some("soon,later"));
        assert_eq!(pulse.due(), None);
    }
}
