//! STOMP 1.0, 1.1 and 1.2, for servers and clients alike: bytes to frames and back. No I/O, no clock.
//!
//! Section numbers are those of the titles of the specification's pages at stomp.github.io.

mod decode;
mod encode;
mod frame;
mod heartbeat;

pub use decode::{DecodeError, Decoder, FrameLimits};
pub use encode::{encode, encode_into, escape_into};
pub use frame::{Command, Frame, Headers};
pub use heartbeat::{HeartBeat, MalformedHeartBeat, Negotiated};

/// A version of the protocol; the later, the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Version {
    V10,
    V11,
    V12,
}

/// The two sides have no version in common. The answer is an ERROR with [`Version::SUPPORTED`] in its
/// `version` header, then close (1.2, "Protocol Negotiation").
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("supported protocol versions are {}", Version::SUPPORTED)]
pub struct UnsupportedVersion;

impl Version {
    /// From the newest: the order in which a server prefers them.
    pub const ALL: [Version; 3] = [Version::V12, Version::V11, Version::V10];

    /// All of them as `accept-version` and `version` headers list them.
    pub const SUPPORTED: &'static str = "1.2,1.1,1.0";

    /// The highest version that both sides speak. A missing header means 1.0; versions unknown to us are ignored.
    pub fn negotiate(accept_version: Option<&str>) -> Result<Self, UnsupportedVersion> {
        let Some(accepted) = accept_version else { return Ok(Version::V10) };
        accepted
            .split(',')
            .filter_map(|name| Self::ALL.into_iter().find(|version| version.as_str() == name.trim()))
            .max()
            .ok_or(UnsupportedVersion)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Version::V10 => "1.0",
            Version::V11 => "1.1",
            Version::V12 => "1.2",
        }
    }

    /// Its name in `Sec-WebSocket-Protocol`.
    #[must_use]
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Version::V10 => "v10.stomp",
            Version::V11 => "v11.stomp",
            Version::V12 => "v12.stomp",
        }
    }

    #[must_use]
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.subprotocol() == name)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_common_version_is_spoken() {
        for (accept_version, spoken) in [
            (None, Ok(Version::V10)),
            (Some("1.0"), Ok(Version::V10)),
            (Some("1.0,1.1,1.2"), Ok(Version::V12)),
            (Some("1.1, 1.0"), Ok(Version::V11)),
            (Some("1.1,2.0"), Ok(Version::V11)),
            (Some("2.0"), Err(UnsupportedVersion)),
            (Some("1.20"), Err(UnsupportedVersion)),
            (Some(""), Err(UnsupportedVersion)),
        ] {
            assert_eq!(Version::negotiate(accept_version), spoken, "{accept_version:?}");
        }
    }

    #[test]
    fn every_version_has_a_subprotocol() {
        for version in Version::ALL {
            assert_eq!(Version::from_subprotocol(version.subprotocol()), Some(version));
        }
        assert_eq!(Version::from_subprotocol("V12.STOMP"), None);
        assert_eq!(Version::from_subprotocol("mqtt"), None);
    }

    #[test]
    fn the_list_of_versions_names_them_all() {
        assert_eq!(Version::ALL.map(Version::as_str).join(","), Version::SUPPORTED);
        assert!(UnsupportedVersion.to_string().contains("1.2"));
    }
}
