//! The two things that this crate asks of the machine: the time of day, and chance.

use chinwag_protocol::Timestamp;
use uuid::Builder;

/// What time it is here. Only ever compared with what this machine said before.
#[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time of day")]
pub(crate) fn now() -> Timestamp {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since_1970.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

/// A name that nothing had before.
pub(crate) fn unique() -> String {
    Builder::from_random_bytes(random()).into_uuid().to_string()
}

/// At least 0, less than 1.
pub(crate) fn chance() -> f64 {
    f64::from(u32::from_le_bytes(random())) / (f64::from(u32::MAX) + 1.0)
}

/// What the key of a WebSocket handshake is made of (RFC 6455, section 4.1).
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}
