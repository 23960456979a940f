//! Where the server is.

use std::fmt;

use hyper::Uri;

use crate::error::Error;

/// `http` or `https`, a host, perhaps a port and a path; no slash at its end.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl {
    text: String,
    host: String,
}

impl BaseUrl {
    pub(crate) fn parse(given: &str) -> Result<Self, Error> {
        let invalid = |why| Error::InvalidBaseUrl { given: given.to_owned(), why };
        let text = given.trim().trim_end_matches('/');
        if !text.contains("://") {
            return Err(invalid("it has no scheme"));
        }
        let uri: Uri = text.parse().map_err(|_| invalid("it is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(invalid("its scheme is neither http nor https"));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(invalid("it has a query or a fragment"));
        }
        let authority = uri.authority().ok_or_else(|| invalid("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("it has a user name in it"));
        }
        Ok(Self { host: authority.as_str().to_owned(), text: text.to_owned() })
    }

    /// `path` from its slash on.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    /// With its port, if it has one.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A value for a query or a path (RFC 3986, section 2.3).
pub(crate) fn escaped(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(byte.into()),
            _ => text += &format!("%{byte:02X}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_a_scheme_a_host_and_perhaps_a_path() {
        let base = BaseUrl::parse("https://chat.example.com:8443/eu/").unwrap();
        assert_eq!(base.join("/api/chat"), "https://chat.example.com:8443/eu/api/chat");
        assert_eq!(base.host(), "chat.example.com:8443");
        for given in [
            "",
            "chat.example.com",
            "localhost:8080",
            "ftp://a",
            "http://",
            "http://a?b=c",
            "http://u:p@a",
            "http://a b",
        ] {
            assert!(BaseUrl::parse(given).is_err(), "{given:?}");
        }
    }

    #[test]
    fn a_value_stays_one_value() {
        assert_eq!(escaped("cwt_a-b.~"), "cwt_a-b.~");
        assert_eq!(escaped("a&b=é/"), "a%26b%3D%C3%A9%2F");
    }
}
