//! Where the server is.

use crate::BenchError;

/// `http` or `https`, a host, and a port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Address {
    pub(crate) is_secure: bool,
    /// Without its port, and an IPv6 address without its brackets.
    pub(crate) name: String,
    pub(crate) port: u16,
    /// As it is in a URL.
    pub(crate) authority: String,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, BenchError> {
        let refused = || BenchError::Url(url.to_owned());
        let (scheme, rest) = url.trim().split_once("://").ok_or_else(refused)?;
        let is_secure = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(refused()),
        };
        let authority = rest.trim_end_matches('/');
        if authority.is_empty() || authority.contains(['/', '@', '?', '#', ' ']) {
            return Err(refused());
        }
        let (name, port) = match authority.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, port.parse().map_err(|_| refused())?),
            _ => (authority, if is_secure { 443 } else { 80 }),
        };
        let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
        if name.is_empty() {
            return Err(refused());
        }
        Ok(Self { is_secure, name, port, authority: authority.to_owned() })
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", if self.is_secure { "https" } else { "http" }, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_perhaps_a_port() {
        for (url, is_secure, name, port) in [
            ("http://127.0.0.1:8080", false, "127.0.0.1", 8080),
            ("https://chat.example.com/", true, "chat.example.com", 443),
            ("http://chat.example.com", false, "chat.example.com", 80),
            ("https://[::1]:8443", true, "::1", 8443),
            ("http://[::1]", false, "::1", 80),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!((address.is_secure, &*address.name, address.port), (is_secure, name, port));
            assert_eq!(address.url(), url.trim_end_matches('/'));
        }
        for url in [
            "nowhere",
            "ws://a:1",
            "http://",
            "http://:1",
            "http://a:b",
            "http://a/b",
            "http://u@a",
            "http://a:70000",
        ] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
    }
}
