//! One HTTP exchange, byte for byte as it came: what a library would smooth over is what we look for.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// For one exchange, TLS included.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Of an answer's head and of its body.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Where the API is said to be.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) is_secure: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// Before every path, without a slash at its end.
    pub(super) prefix: String,
}

impl Address {
    /// Of `http://host[:port][/path]`, or https, ws, wss.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let wrong = || format!("{url} is not a URL like https://chat.example.com");
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let is_secure = match scheme {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return Err(wrong()),
        };
        let rest = rest.trim_end_matches('/');
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let bracket = authority.rfind(']').unwrap_or(0);
        let (host, port) = match authority[bracket..].rfind(':') {
            Some(colon) => (&authority[..bracket + colon], &authority[bracket + colon + 1..]),
            None => (authority, if is_secure { "443" } else { "80" }),
        };
        let port = port.parse().map_err(|_| wrong())?;
        if host.is_empty() || host.contains(['@', ' ', '?', '#']) {
            return Err(wrong());
        }
        Ok(Self { is_secure, host: host.to_owned(), port, prefix: path.to_owned() })
    }

    /// As a browser names a page's origin.
    pub(super) fn origin(&self) -> String {
        let default = if self.is_secure { 443 } else { 80 };
        let scheme = if self.is_secure { "https" } else { "http" };
        let port = if self.port == default { String::new() } else { format!(":{}", self.port) };
        format!("{scheme}://{}{port}", self.host)
    }

    pub(super) fn is_loopback(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    }

    /// A connection, TLS and all; the certificate that the peer showed, as DER.
    pub(super) async fn dial(&self) -> io::Result<(Line, Option<Vec<u8>>)> {
        let opening = async {
            let host = self.host.trim_matches(['[', ']']);
            let socket = TcpStream::connect((host, self.port)).await?;
            socket.set_nodelay(true)?;
            if !self.is_secure {
                return Ok((Box::new(socket) as Line, None));
            }
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            let stream = TlsConnector::from(trusting_the_system()?).connect(name, socket).await?;
            let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let shown = shown.map(|certificate| certificate.as_ref().to_vec());
            Ok((Box::new(stream) as Line, shown))
        };
        tokio::time::timeout(PATIENCE, opening).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// One request, on a connection of its own. `headers` are whole lines without their ends.
    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[String],
        body: &str,
    ) -> io::Result<Answer> {
        let (mut line, _) = self.dial().await?;
        let asking = async {
            let upgrades = headers.iter().any(|header| header.starts_with("Upgrade:"));
            line.write_all(self.request(method, path, headers, body, !upgrades).as_bytes()).await?;
            Answer::read(&mut line, !upgrades).await
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    pub(super) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[String],
        body: &str,
        closing: bool,
    ) -> String {
        let host = self.origin();
        let host = host.split_once("://").map_or("", |(_, host)| host);
        let mut request = format!("{method} {}{path} HTTP/1.1\r\nHost: {host}\r\n", self.prefix);
        if closing {
            request += "Connection: close\r\n";
        }
        if !body.is_empty() {
            request += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        for header in headers {
            request += header;
            request += "\r\n";
        }
        request + "\r\n" + body
    }
}

/// Bytes both ways.
pub(super) type Line = Box<dyn Stream>;

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The system's certificates, or those of SSL_CERT_FILE.
fn trusting_the_system() -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(io::Error::other("this machine trusts no certificates: install ca-certificates"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// As it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    pub(super) async fn read(line: &mut Line, whole: bool) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            if line.read_buf(&mut bytes).await? == 0 || bytes.len() > ANSWER_BYTES_MAX {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the answer is not HTTP"));
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|first| first.split(' ').nth(1)?.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("the answer is not HTTP"))?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        // To its end, however it is framed: whoever asks closes.
        while whole && bytes.len() < ANSWER_BYTES_MAX {
            match line.read_buf(&mut bytes).await {
                Ok(0) => break,
                Ok(_) => {}
                // Not every peer ends TLS as it should.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error),
            }
        }
        let body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
        Ok(Self { status, headers, body })
    }

    /// The first of this name, in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn headers_named(&self, name: &str) -> usize {
        self.headers.iter().filter(|(known, _)| known == name).count()
    }

    /// The JSON object in the body, chunked or not; null if there is none.
    pub(super) fn json(&self) -> Value {
        let (Some(start), Some(end)) = (self.body.find('{'), self.body.rfind('}')) else {
            return Value::Null;
        };
        serde_json::from_str(self.body.get(start..=end).unwrap_or_default()).unwrap_or_default()
    }

    pub(super) fn text(&self) -> &str {
        &self.body
    }

    /// Our code of an error.
    pub(super) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_apart() {
        let address = Address::parse("https://chat.example.com/talk/").unwrap();
        assert_eq!((address.port, address.prefix.as_str(), address.is_secure), (443, "/talk", true));
        assert_eq!(address.origin(), "https://chat.example.com");
        let address = Address::parse("http://[::1]:8080").unwrap();
        assert_eq!((address.host.as_str(), address.port), ("[::1]", 8080));
        assert!(address.is_loopback());
        assert_eq!(address.origin(), "http://[::1]:8080");
        for wrong in ["chat.example.com", "ftp://x", "http://", "http://host:port", "https://a b"] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }
}
