//! Where an endpoint may be. Whoever may make webhooks must not reach by them what only this machine can reach: its own
//! ports, its private network, the metadata service of its cloud.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::Uri;

const URL_BYTES_MAX: usize = 2048;

/// A URL that deliveries may go to, as far as can be said before its name is looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HookUrl {
    pub text: String,
    pub is_tls: bool,
    /// A name or an address, an IPv6 one without its brackets.
    pub host: String,
    pub port: u16,
    /// With the query.
    pub path: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidUrl {
    #[error(
        "url must be like https://example.com/hook, without user or fragment, and of at most {URL_BYTES_MAX} bytes"
    )]
    NotAUrl,
    #[error("url must begin with https:// (the operator can allow others: webhooks.allow_private)")]
    NotTls,
    #[error(
        "url must not be in a private network or on this machine (the operator can allow it: webhooks.allow_private)"
    )]
    Private,
}

impl HookUrl {
    pub fn parse(text: &str, allow_private: bool) -> Result<Self, InvalidUrl> {
        let text = text.trim();
        let uri: Uri = text.parse().map_err(|_| InvalidUrl::NotAUrl)?;
        let authority = uri.authority().ok_or(InvalidUrl::NotAUrl)?;
        if text.len() > URL_BYTES_MAX || text.contains('#') || authority.as_str().contains('@') {
            return Err(InvalidUrl::NotAUrl);
        }
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if allow_private => false,
            Some("http") => return Err(InvalidUrl::NotTls),
            _ => return Err(InvalidUrl::NotAUrl),
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if host.is_empty() {
            return Err(InvalidUrl::NotAUrl);
        }
        let is_here = host == "localhost" || host.ends_with(".localhost");
        let is_private = host.parse::<IpAddr>().is_ok_and(|address| !is_public(address));
        if !allow_private && (is_here || is_private) {
            return Err(InvalidUrl::Private);
        }
        let port = match authority.port() {
            Some(port) => port.as_str().parse().map_err(|_| InvalidUrl::NotAUrl)?,
            None if is_tls => 443,
            None => 80,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { text: text.to_owned(), is_tls, host, port, path })
    }

    /// As the Host header has it.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.is_tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// Whether an address is of the public internet (the registries of RFC 6890, and what IPv6 carries of IPv4).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocols = a == 192 && b == 0 && c == 0;
    let benchmarks = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || a >= 240
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || shared
        || protocols
        || benchmarks)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, _, _, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b, c, d) {
        // NAT64 and 6to4 lead to an IPv4 address.
        (0x64, 0xff9b, 0, 0) => v4(g, h),
        (0x2002, high, low, _) => v4(high, low),
        // Teredo, documentation, and other special uses.
        (0x2001, 0..=0x1ff | 0xdb8, ..) | (0x3fff, 0..=0xfff, ..) => false,
        // All that is given to the public internet.
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        for text in ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "127.0.0.1",
            "127.8.9.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "192.0.2.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "2001:db8::1",
            "2001::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_url_says_where_to_go() {
        let url = HookUrl::parse("https://Example.com:8443/a/b?c=d", false).unwrap();
        assert_eq!((url.host.as_str(), url.port, url.path.as_str()), ("example.com", 8443, "/a/b?c=d"));
        assert_eq!(url.authority(), "example.com:8443");
        assert_eq!(HookUrl::parse("https://example.com", false).unwrap().path, "/");
        let v6 = HookUrl::parse("http://[::1]:80/x", true).unwrap();
        assert_eq!((v6.host.as_str(), v6.authority().as_str()), ("::1", "[::1]"));
    }

    #[test]
    fn what_leads_inside_is_refused() {
        let refused = |text: &str| HookUrl::parse(text, false).unwrap_err();
        for text in [
            "https://localhost/",
            "https://a.localhost/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.0.0.1/",
        ] {
            assert_eq!(refused(text), InvalidUrl::Private, "{text}");
        }
        assert_eq!(refused("http://example.com/"), InvalidUrl::NotTls);
        for text in [
            "",
            "example.com",
            "/x",
            "ftp://example.com/",
            "https://u:p@example.com/",
            "https://example.com/#x",
            "https:///x",
        ] {
            assert_eq!(refused(text), InvalidUrl::NotAUrl, "{text}");
        }
    }
}
