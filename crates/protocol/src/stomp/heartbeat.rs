//! How often each side promises to be heard (1.2, "Heart-beating").

use std::fmt;
use std::time::Duration;

/// One side's `heart-beat` header; as text, `send,receive`. A missing header is the default: no heart-beats.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct HeartBeat {
    /// Milliseconds between what this side can send; 0: it cannot promise any.
    pub send_ms: u32,
    /// Milliseconds between what this side would like to receive; 0: it does not care.
    pub receive_ms: u32,
}

/// The header is not two whole numbers of milliseconds with one comma between them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("heart-beat must be two numbers of milliseconds, such as 10000,10000")]
pub struct MalformedHeartBeat;

/// What the two sides make of it, seen from one of them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Negotiated {
    /// Send something at least this often; any bytes will do, an EOL if there is nothing else.
    pub send_every: Option<Duration>,
    /// The peer sends something at least this often, give or take the network: allow a margin.
    pub expect_every: Option<Duration>,
}

impl HeartBeat {
    pub fn parse(header: &str) -> Result<Self, MalformedHeartBeat> {
        let (send, receive) = header.split_once(',').ok_or(MalformedHeartBeat)?;
        Ok(Self { send_ms: milliseconds(send)?, receive_ms: milliseconds(receive)? })
    }

    /// Per direction the slower of what one side can and the other wants; none where either says 0.
    #[must_use]
    pub fn negotiate(ours: HeartBeat, theirs: HeartBeat) -> Negotiated {
        Negotiated {
            send_every: slower(ours.send_ms, theirs.receive_ms),
            expect_every: slower(theirs.send_ms, ours.receive_ms),
        }
    }
}

impl fmt::Display for HeartBeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.send_ms, self.receive_ms)
    }
}

fn milliseconds(digits: &str) -> Result<u32, MalformedHeartBeat> {
    // The standard parser alone would let a sign through.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MalformedHeartBeat);
    }
    digits.parse().map_err(|_| MalformedHeartBeat)
}

fn slower(can_ms: u32, wants_ms: u32) -> Option<Duration> {
    (can_ms != 0 && wants_ms != 0).then(|| Duration::from_millis(can_ms.max(wants_ms).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_two_numbers_and_a_comma() {
        assert_eq!(HeartBeat::parse("0,25000"), Ok(HeartBeat { send_ms: 0, receive_ms: 25_000 }));
        for header in
            ["", ",", "1", "1,", ",1", "1,2,3", "-1,0", "+1,0", "1, 2", "1.5,2", "4294967296,0", "a,b"]
        {
            assert_eq!(HeartBeat::parse(header), Err(MalformedHeartBeat), "{header:?}");
        }
    }

    #[test]
    fn a_header_reads_back_as_it_was_written() {
        let ours = HeartBeat { send_ms: 10_000, receive_ms: u32::MAX };
        assert_eq!(HeartBeat::parse(&ours.to_string()), Ok(ours));
    }

    #[test]
    fn each_direction_runs_at_the_slower_pace() {
        let ours = HeartBeat { send_ms: 25_000, receive_ms: 10_000 };
        let theirs = HeartBeat { send_ms: 4_000, receive_ms: 30_000 };
        let here = HeartBeat::negotiate(ours, theirs);
        assert_eq!(here.send_every, Some(Duration::from_secs(30)));
        assert_eq!(here.expect_every, Some(Duration::from_secs(10)));
        let there = HeartBeat::negotiate(theirs, ours);
        assert_eq!((there.send_every, there.expect_every), (here.expect_every, here.send_every));
    }

    #[test]
    fn nought_on_either_side_means_none() {
        let some = HeartBeat { send_ms: 1, receive_ms: 1 };
        let receives_only = HeartBeat { send_ms: 0, receive_ms: 1 };
        assert_eq!(HeartBeat::negotiate(some, HeartBeat::default()), Negotiated::default());
        assert_eq!(HeartBeat::negotiate(receives_only, some).send_every, None);
        assert_eq!(HeartBeat::negotiate(some, receives_only).expect_every, None);
        assert_eq!(HeartBeat::negotiate(some, receives_only).send_every, Some(Duration::from_millis(1)));
    }
}
