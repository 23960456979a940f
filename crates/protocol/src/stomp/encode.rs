//! Frames to bytes.

use std::io::Write as _;

use super::{Frame, Version};

/// The frame as bytes; see [`encode_into`].
#[must_use]
pub fn encode(frame: &Frame, version: Version) -> Vec<u8> {
    /// Room for the command, `content-length` and line ends; escapes may need more.
    const REST_BYTES: usize = 48;
    let headers = &frame.headers;
    let mut out = Vec::with_capacity(REST_BYTES + headers.text_len() + 2 * headers.len() + frame.body.len());
    encode_into(frame, version, &mut out);
    out
}

/// Appends the frame as bytes, up to and including its NUL. Lines end in LF.
///
/// `content-length` is ours to write: one comes last when there is a body, and any in the frame's headers is left
/// out. A body that the command may not have is left out too. For what headers cannot carry see [`escape_into`];
/// CONNECT, STOMP and CONNECTED are written as in 1.0 whatever the version.
pub fn encode_into(frame: &Frame, version: Version, out: &mut Vec<u8>) {
    let escaping = if frame.command.is_handshake() { Version::V10 } else { version };
    let body: &[u8] = if frame.command.has_body() { &frame.body } else { &[] };
    out.extend_from_slice(frame.command.as_str().as_bytes());
    out.push(b'\n');
    for (name, value) in frame.headers.iter().filter(|(name, _)| *name != "content-length") {
        escape_name_into(name, escaping, out);
        out.push(b':');
        escape_into(value, escaping, out);
        out.push(b'\n');
    }
    if !body.is_empty() {
        writeln!(out, "content-length:{}", body.len()).expect("a vector takes any bytes");
    }
    out.push(b'\n');
    out.extend_from_slice(body);
    out.push(0);
}

/// Appends the text as the value of a header of any frame but CONNECT, STOMP and CONNECTED.
///
/// 1.2 escapes LF, CR, colon and backslash; 1.1 the same without CR, which it carries as it is. 1.0 has no escapes:
/// LF and CR become spaces. NUL becomes a space in all of them. So no text can end its line or its frame.
pub fn escape_into(text: &str, version: Version, out: &mut Vec<u8>) {
    append_replacing(text, out, |byte| match (byte, version) {
        (0, _) | (b'\n' | b'\r', Version::V10) => Some(b" "),
        (_, Version::V10) => None,
        (b'\n', _) => Some(b"\\n"),
        (b':', _) => Some(b"\\c"),
        (b'\\', _) => Some(b"\\\\"),
        (b'\r', Version::V12) => Some(b"\\r"),
        _ => None,
    });
}

/// As values, but that a colon would end the name: where it cannot be escaped it becomes a space.
fn escape_name_into(name: &str, version: Version, out: &mut Vec<u8>) {
    match version {
        Version::V10 => append_replacing(name, out, |byte| {
            matches!(byte, 0 | b'\n' | b'\r' | b':').then_some(b" ".as_slice())
        }),
        Version::V11 | Version::V12 => escape_into(name, version, out),
    }
}

fn append_replacing(text: &str, out: &mut Vec<u8>, replacement: impl Fn(u8) -> Option<&'static [u8]>) {
    let mut rest = text.as_bytes();
    while let Some((at, new)) = rest.iter().enumerate().find_map(|(at, byte)| Some((at, replacement(*byte)?)))
    {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stomp::Command;

    fn escaped(text: &str, version: Version) -> String {
        let mut out = Vec::new();
        escape_into(text, version, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_text_can_end_its_line() {
        let text = "a:b\\c\r\nd\0e";
        assert_eq!(escaped(text, Version::V12), "a\\cb\\\\c\\r\\nd e");
        assert_eq!(escaped(text, Version::V11), "a\\cb\\\\c\r\\nd e");
        assert_eq!(escaped(text, Version::V10), "a:b\\c  d e");
    }

    #[test]
    fn a_body_brings_its_length() {
        let frame = Frame::new(Command::Message)
            .with("content-length", 999)
            .with("subscription", "s:0")
            .with_body("a\0b");
        let bytes = encode(&frame, Version::V12);
        assert_eq!(bytes, b"MESSAGE\nsubscription:s\\c0\ncontent-length:3\n\na\0b\0");
    }

    #[test]
    fn no_body_brings_none() {
        let frame = Frame::new(Command::Receipt).with("receipt-id", 77).with_body("not allowed");
        assert_eq!(encode(&frame, Version::V12), b"RECEIPT\nreceipt-id:77\n\n\0");
    }

    #[test]
    fn a_handshake_is_never_escaped_and_still_keeps_to_its_lines() {
        let frame = Frame::new(Command::Connected).with("se:rver", "a:b\\c\nadmin:true");
        assert_eq!(encode(&frame, Version::V12), b"CONNECTED\nse rver:a:b\\c admin:true\n\n\0");
    }
}
