//! Who is calling: passwords, tokens and tickets, and how often one may try. Knows no HTTP and no SQL.

pub mod bucket;
pub mod jwt;
pub mod password;
pub mod secret;
pub mod tickets;

use std::net::{IpAddr, Ipv6Addr};

use chinwag_protocol::{AppId, SessionId, UserId};

/// A signed-in user of an app, as a valid token or ticket says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    pub user: UserId,
    pub username: String,
    pub app: AppId,
    pub session: SessionId,
}

/// The credential of an `Authorization: Bearer` header, its scheme in any case and however often repeated:
/// a published client sends `Bearer Bearer <JWT>` (protocol, section 1). `None` if the scheme is missing.
#[must_use]
pub fn bearer(header: &str) -> Option<&str> {
    let mut rest = strip_scheme(header.trim())?;
    while let Some(inner) = strip_scheme(rest) {
        rest = inner;
    }
    (!rest.is_empty()).then_some(rest)
}

/// A token that may, but need not, come with its scheme, as in `expiredJwt` (protocol, section 1).
#[must_use]
pub fn without_scheme(token: &str) -> &str {
    bearer(token).unwrap_or_else(|| token.trim())
}

fn strip_scheme(text: &str) -> Option<&str> {
    const SCHEME: &str = "bearer";
    let (scheme, rest) = text.split_at_checked(SCHEME.len())?;
    let spaced = rest.is_empty() || rest.starts_with([' ', '\t']);
    (scheme.eq_ignore_ascii_case(SCHEME) && spaced).then(|| rest.trim_start())
}

/// What counts as one client address: of IPv6 the first 64 bits, since one client owns all that follow them.
#[must_use]
pub fn client_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_scheme_is_stripped() {
        for header in
            ["Bearer x.y.z", "bearer x.y.z", "Bearer Bearer x.y.z", " BEARER  bearer Bearer\tx.y.z "]
        {
            assert_eq!(bearer(header), Some("x.y.z"), "{header:?}");
        }
        for header in
            ["", "Bearer", "Bearer ", "Bearer Bearer", "Basic x", "x.y.z", "Bearerx.y.z", "béarer x"]
        {
            assert_eq!(bearer(header), None, "{header:?}");
        }
        assert_eq!(without_scheme("x.y.z"), "x.y.z");
        assert_eq!(without_scheme("Bearer x.y.z"), "x.y.z");
    }

    #[test]
    fn a_client_is_one_address_of_ipv4_and_a_network_of_ipv6() {
        let of = |text: &str| client_address(text.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
