//! Who is calling: passwords, tokens and tickets, and how often one may try. Knows no HTTP and no SQL.

mod access;
pub mod accounts;
pub mod app;
pub mod bucket;
mod error;
pub mod jwt;
pub mod password;
pub mod secret;
pub mod sign_in;
pub mod tickets;
mod verified;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use chinwag_protocol::{AppId, KeyId, SessionId, Timestamp, UserId};

use crate::clock::Clock;
use crate::config::{Settings, Tokens};
use crate::store::{NewRefresh, Session, Store};
use bucket::{Buckets, Rate};
use jwt::Jwt;
use password::Passwords;
use secret::{Token, TokenKind};
use tickets::Tickets;
use verified::Verified;

pub use error::SessionError;

/// A signed-in user of an app, as a valid token or ticket says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    pub user: UserId,
    pub username: String,
    pub app: AppId,
    pub session: SessionId,
}

impl From<Session> for Identity {
    fn from(session: Session) -> Self {
        Self { user: session.user, username: session.username, app: session.app, session: session.id }
    }
}

/// Everything that decides who may come in. The verbs are in the files beside this one.
pub struct Sessions {
    store: Store,
    clock: Arc<dyn Clock>,
    jwt: Jwt,
    verified: Verified,
    passwords: Passwords,
    tickets: Tickets,
    sign_ins: Buckets<IpAddr>,
    registrations: Buckets<KeyId>,
    account_sign_ins: Buckets<IpAddr>,
    server_calls: Buckets<KeyId>,
    tokens: Tokens,
    demo_users_max: usize,
}

impl Sessions {
    /// `cores` is how many the process may use: it decides how many passwords are checked at once.
    #[must_use]
    pub fn new(settings: &Settings, store: Store, clock: Arc<dyn Clock>, jwt: Jwt, cores: usize) -> Self {
        let limits = &settings.limits;
        Self {
            store,
            clock,
            jwt,
            verified: Verified::default(),
            passwords: Passwords::new(cores),
            tickets: Tickets::new(settings.tokens.ticket_seconds, limits.tickets_per_user),
            sign_ins: Buckets::new(Rate::per_minute(limits.sign_ins_per_minute)),
            registrations: Buckets::new(Rate::per_minute(limits.registrations_per_minute)),
            account_sign_ins: Buckets::new(Rate::per_minute(limits.sign_ins_per_minute)),
            server_calls: Buckets::new(Rate::per_second(limits.server_calls_per_second)),
            tokens: settings.tokens.clone(),
            demo_users_max: usize::try_from(limits.demo_concurrent_users).unwrap_or(usize::MAX),
        }
    }

    /// The public key that our tokens can be checked with, as a JWK set.
    #[must_use]
    pub fn jwks(&self) -> jwt::KeySet {
        self.jwt.jwks()
    }

    /// How long an unused refresh token lives, for cookies that carry one.
    #[must_use]
    pub fn refresh_seconds(&self) -> u64 {
        u64::from(self.tokens.refresh_days) * 86_400
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn new_refresh(&self) -> (Token, NewRefresh) {
        let token = Token::generate(TokenKind::Refresh);
        let refresh = NewRefresh { hash: token.hash(), life_days: self.tokens.refresh_days };
        (token, refresh)
    }
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
