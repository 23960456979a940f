//! Who a request is from, if those it came through are to be believed. A header that a client could have written is
//! believed of nobody else: it is read from its end, and only as far as proxies that the operator named wrote it.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

use crate::config::{ForwardedBy, Network};

/// The proxies that are believed, and the header that they write.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    pub trusted: Vec<Network>,
    pub header: ForwardedBy,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl Proxies {
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    /// Whom the request is from: the peer, unless it is a trusted proxy; then the last address in its header that is none.
    /// What is not an address ends the search: the proxy that passed it on is then taken for the client.
    #[must_use]
    pub fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        let mut client = peer;
        if !self.trust(peer.ip()) {
            return client;
        }
        for hop in self.hops(headers).into_iter().rev() {
            let Some(address) = hop else { break };
            client = SocketAddr::new(address, 0);
            if !self.trust(address) {
                break;
            }
        }
        client
    }

    /// The addresses in the header, the nearest last; `None` for what is not one.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let name = match self.header {
            ForwardedBy::XForwardedFor => X_FORWARDED_FOR,
            ForwardedBy::Forwarded => header::FORWARDED,
        };
        let lines = headers.get_all(name).into_iter().map(|line| line.to_str().unwrap_or_default());
        let pieces = lines.flat_map(|line| line.split(','));
        match self.header {
            ForwardedBy::XForwardedFor => pieces.map(address).collect(),
            ForwardedBy::Forwarded => pieces.map(forwarded_for).collect(),
        }
    }
}

/// `for=` of one element (RFC 7239, section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then(|| address(value.trim().trim_matches('"')))
    })?
}

/// An address, with a port behind it or without (RFC 7239, section 6).
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(text, |(bare, _)| bare);
    let parsed =
        bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|both| both.ip()));
    parsed.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PROXY: &str = "10.0.0.1:4711";

    fn proxies(header: ForwardedBy) -> Proxies {
        Proxies { trusted: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()], header }
    }

    fn client(header: ForwardedBy, peer: &str, lines: &[(&'static str, &'static str)]) -> String {
        let headers = lines
            .iter()
            .map(|(name, line)| (HeaderName::from_static(name), HeaderValue::from_static(line)))
            .collect();
        proxies(header).client(peer.parse().unwrap(), &headers).ip().to_string()
    }

    #[test]
    fn a_peer_that_is_no_proxy_is_whom_it_is_from_whatever_it_says() {
        let spoofed = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.1")];
        for header in [ForwardedBy::XForwardedFor, ForwardedBy::Forwarded] {
            assert_eq!(client(header, "203.0.113.9:1", &spoofed), "203.0.113.9");
        }
        let nobody = Proxies::default();
        assert_eq!(nobody.client("10.0.0.1:1".parse().unwrap(), &HeaderMap::new()).to_string(), "10.0.0.1:1");
    }

    #[test]
    fn what_the_client_wrote_before_its_proxy_is_not_believed() {
        let of = |lines: &[(&'static str, &'static str)]| client(ForwardedBy::XForwardedFor, PROXY, lines);
        assert_eq!(of(&[("x-forwarded-for", "198.51.100.1, 203.0.113.9")]), "203.0.113.9");
        assert_eq!(of(&[("x-forwarded-for", "198.51.100.1, 203.0.113.9, 10.9.9.9")]), "203.0.113.9");
        assert_eq!(
            of(&[("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.9")]),
            "203.0.113.9"
        );
        assert_eq!(
            of(&[("forwarded", "for=198.51.100.1")]),
            "10.0.0.1",
            "it is not the header that is believed"
        );
    }

    #[test]
    fn what_is_no_address_ends_the_search() {
        let of = |line| client(ForwardedBy::XForwardedFor, PROXY, &[("x-forwarded-for", line)]);
        assert_eq!(of("198.51.100.1, unknown, 10.0.0.2"), "10.0.0.2");
        assert_eq!(of("nonsense"), "10.0.0.1");
        assert_eq!(of(""), "10.0.0.1");
        assert_eq!(of("10.0.0.3, 10.0.0.2"), "10.0.0.3", "all are trusted: the farthest");
    }

    #[test]
    fn every_form_of_an_address_is_read() {
        let of = |line| client(ForwardedBy::Forwarded, "[::1]:9", &[("forwarded", line)]);
        assert_eq!(of("for=192.0.2.43;proto=https, For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17");
        assert_eq!(of("proto=https;for=\"192.0.2.43:47011\""), "192.0.2.43");
        assert_eq!(of("for=_hidden"), "::1");
        let forwarded = |line| client(ForwardedBy::XForwardedFor, PROXY, &[("x-forwarded-for", line)]);
        assert_eq!(forwarded("2001:db8::1"), "2001:db8::1");
        assert_eq!(forwarded("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
