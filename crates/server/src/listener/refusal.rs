//! The refusals that the HTTP server makes by itself, of what it cannot read as a request: no service is asked, and it
//! has no hook for their body. They are recognised on their way out, where they are always the last thing said.

use chinwag_protocol::{ErrorBody, ErrorCode};

/// The longest head of such a refusal, with room to spare.
const HEAD_BYTES_MAX: usize = 512;
const BEGIN: &[u8] = b"HTTP/1.1 4";
const END: &[u8] = b"\r\n\r\n";
const LENGTH: &str = "\r\ncontent-length: 0\r\n";
/// There is no path that could be read: the server as a whole, as a request may name it (RFC 9112, section 3.2.4).
const INSTANCE: &str = "*";

/// What is to go out instead, if `bytes` end in a refusal that has no body.
///
/// No content can look like one: none of ours has a line end of its own behind a status line.
pub(super) fn with_body(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.ends_with(END) {
        return None;
    }
    let last = bytes.len().saturating_sub(HEAD_BYTES_MAX);
    let begin = last + bytes[last..].windows(BEGIN.len()).rposition(|piece| piece == BEGIN)?;
    let head = std::str::from_utf8(&bytes[begin..]).ok()?;
    if !head.contains("\r\nconnection: close\r\n") || head.contains("\r\ncontent-type:") {
        return None;
    }
    let (code, detail) = match head.get(9..12)? {
        "400" => (ErrorCode::BadRequest, "this is not a request of HTTP/1.1"),
        "414" => (ErrorCode::UriTooLong, "the request's address is too long"),
        "431" => (ErrorCode::HeadersTooLarge, "the request's headers are too large or too many"),
        _ => return None,
    };
    let body = serde_json::to_vec(&ErrorBody::new(code, detail, INSTANCE)).ok()?;
    let (before, after) = head.split_once(LENGTH)?;
    let head = format!(
        "{before}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n{after}",
        body.len()
    );
    Some([&bytes[..begin], head.as_bytes(), &body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: &str, headers: &str) -> Option<String> {
        let bytes = format!("HTTP/1.1 {status}\r\n{headers}content-length: 0\r\n\r\n");
        with_body(bytes.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_refusal_of_the_servers_own_gets_a_body() {
        for (status, code) in [("400", "BAD_REQUEST"), ("414", "URI_TOO_LONG"), ("431", "HEADERS_TOO_LARGE")]
        {
            let said = refused(status, "connection: close\r\n").unwrap();
            let (head, body) = said.split_once("\r\n\r\n").unwrap();
            assert!(
                head.starts_with(&format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: ")),
                "{head}"
            );
            assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
            let body: ErrorBody = serde_json::from_str(body).unwrap();
            assert_eq!(
                (body.code.as_str(), body.status.as_str(), body.instance.as_str()),
                (code, status, "*")
            );
        }
    }

    #[test]
    fn nothing_else_does() {
        assert_eq!(refused("400", ""), None, "the connection goes on");
        assert_eq!(refused("204", "connection: close\r\n"), None);
        assert_eq!(refused("404", "connection: close\r\n"), None);
        assert_eq!(refused("400", "connection: close\r\ncontent-type: text/plain\r\n"), None);
        assert_eq!(with_body(b"data: x\r\n\r\n"), None);
        assert_eq!(with_body(b""), None);
    }
}
