//! The client's side of WebSocket and STOMP, as little of it as measuring needs: parsing all that is told would cost
//! more than the server spends on telling it.

use chinwag_protocol::stomp::{Frame, Version, encode_into};
use memchr::memmem;

const FIN_TEXT: u8 = 0x81;
const MASKED: u8 = 0x80;
const PAYLOAD_16_BIT: u8 = 126;
const PAYLOAD_64_BIT: u8 = 127;

/// What the server sent, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Heard<'a> {
    Connected,
    Receipt(&'a [u8]),
    /// Body of a MESSAGE.
    Event(&'a [u8]),
    /// ERROR, or the server's close.
    End(&'a [u8]),
    /// A heart-beat, or a frame of no interest.
    Nothing,
}

/// Appends a STOMP frame as one WebSocket message. The mask is zero, which is as good as any against a server.
pub(crate) fn write(frame: &Frame, out: &mut Vec<u8>) {
    let mut payload = Vec::with_capacity(256);
    encode_into(frame, Version::V12, &mut payload);
    write_text(&payload, out);
}

/// Appends one WebSocket message of text.
pub fn write_text(payload: &[u8], out: &mut Vec<u8>) {
    out.push(FIN_TEXT);
    match u16::try_from(payload.len()) {
        Ok(short) if short < u16::from(PAYLOAD_16_BIT) => out.push(MASKED | payload.len() as u8),
        Ok(short) => {
            out.push(MASKED | PAYLOAD_16_BIT);
            out.extend_from_slice(&short.to_be_bytes());
        }
        Err(_) => {
            out.push(MASKED | PAYLOAD_64_BIT);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// Takes the first whole WebSocket frame off `bytes`, of a server that does not mask: its opcode and payload. None if it
/// is not there yet.
pub fn take_message<'a>(bytes: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match second {
        PAYLOAD_16_BIT => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        PAYLOAD_64_BIT => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX), rest)
        }
        short => (usize::from(short), rest),
    };
    let (payload, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some((first & 0x0f, payload))
}

/// The same, and what it means in a conversation of STOMP.
pub(crate) fn take<'a>(bytes: &mut &'a [u8]) -> Option<Heard<'a>> {
    take_message(bytes).map(|(opcode, payload)| match opcode {
        0x1 => stomp(payload),
        0x8 => Heard::End(payload.get(2..).unwrap_or_default()),
        _ => Heard::Nothing,
    })
}

fn stomp(payload: &[u8]) -> Heard<'_> {
    let body = || memmem::find(payload, b"\n\n").map_or(&[][..], |at| trimmed(&payload[at + 2..]));
    match payload {
        [b'M', b'E', ..] => Heard::Event(body()),
        [b'R', ..] => Heard::Receipt(field(payload, b"receipt-id:", b'\n').unwrap_or_default()),
        [b'C', ..] => Heard::Connected,
        [b'E', ..] => Heard::End(field(payload, b"message:", b'\n').unwrap_or_default()),
        _ => Heard::Nothing,
    }
}

fn trimmed(body: &[u8]) -> &[u8] {
    body.strip_suffix(b"\0").unwrap_or(body)
}

/// What follows `name` up to `end`. Names in JSON include their quotes, which text cannot hold unescaped.
pub fn field<'a>(bytes: &'a [u8], name: &[u8], end: u8) -> Option<&'a [u8]> {
    let value = &bytes[memmem::find(bytes, name)? + name.len()..];
    Some(&value[..memchr::memchr(end, value)?])
}

/// The digits that `bytes` begins with.
pub fn number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chinwag_protocol::stomp::Command;

    fn unmasked(payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![FIN_TEXT];
        if payload.len() < 126 {
            bytes.push(payload.len() as u8);
        } else {
            bytes.push(PAYLOAD_16_BIT);
            bytes.extend_from_slice(&(payload.len() as u16).to_be_bytes());
        }
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn frames_are_taken_whole_and_in_order() {
        let body = format!(r#"{{"type":"SEND_MSG","message":"17 {}","seq":5}}"#, "x".repeat(200));
        let mut sent = unmasked(b"RECEIPT\nreceipt-id:12\n\n\0");
        sent.extend(unmasked(b"\n"));
        sent.extend(unmasked(format!("MESSAGE\nsubscription:0\n\n{body}\0").as_bytes()));
        for cut in 0..sent.len() {
            let mut part = &sent[..cut];
            while take(&mut part).is_some() {}
            assert!(
                !part.is_empty() || cut == 0 || cut == 26 || cut == 29,
                "nothing is taken too early: {cut}"
            );
        }
        let mut rest = &sent[..];
        assert_eq!(take(&mut rest), Some(Heard::Receipt(b"12")));
        assert_eq!(take(&mut rest), Some(Heard::Nothing));
        assert_eq!(take(&mut rest), Some(Heard::Event(body.as_bytes())));
        assert_eq!(take(&mut rest), None);
        assert_eq!(field(body.as_bytes(), b"\"message\":\"", b'"').and_then(number), Some(17));
        assert_eq!(field(body.as_bytes(), b"\"seq\":", b'}').and_then(number), Some(5));
    }

    #[test]
    fn what_is_written_is_what_the_server_reads() {
        let frame = Frame::new(Command::Send).with("receipt", 1).with_body(vec![b'x'; 70_000]);
        for body in [0, 10, 200, 70_000] {
            let frame = Frame { body: frame.body[..body].to_vec(), ..frame.clone() };
            let mut bytes = Vec::new();
            write(&frame, &mut bytes);
            let mut told = Vec::new();
            let mut decoder = chinwag_protocol::websocket::Decoder::new(100_000);
            decoder
                .feed(&mut bytes, &mut |incoming| {
                    if let chinwag_protocol::websocket::Incoming::Text(text) = incoming {
                        told.push(text.as_bytes().to_vec());
                    }
                })
                .unwrap();
            let mut expected = Vec::new();
            encode_into(&frame, Version::V12, &mut expected);
            assert_eq!(told, [expected]);
        }
    }
}
