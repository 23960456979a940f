//! Messages to bytes. A server's frames are not masked (RFC 6455, section 5.1); each message is one frame.

use super::{CONTROL_BYTES_MAX, Opcode, is_close_code};

/// The final-fragment bit of a frame's first byte.
const FIN: u8 = 0x80;

/// Bytes of the head of a frame with so long a payload: 2, 4 or 10.
#[must_use]
pub const fn frame_head_len(payload_len: usize) -> usize {
    match payload_len {
        0..=125 => 2,
        126..=0xFFFF => 4,
        _ => 10,
    }
}

/// Appends the head of an unfragmented frame; the payload goes right behind it.
pub fn frame_head(opcode: Opcode, payload_len: usize, out: &mut Vec<u8>) {
    let first = FIN | opcode as u8;
    let len_bytes = (payload_len as u64).to_be_bytes();
    match frame_head_len(payload_len) {
        2 => out.extend_from_slice(&[first, len_bytes[7]]),
        4 => out.extend_from_slice(&[first, 126, len_bytes[6], len_bytes[7]]),
        _ => {
            out.extend_from_slice(&[first, 127]);
            out.extend_from_slice(&len_bytes);
        }
    }
}

fn frame_into(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    debug_assert!(!opcode.is_control() || payload.len() <= CONTROL_BYTES_MAX, "RFC 6455, section 5.5");
    out.reserve(frame_head_len(payload.len()) + payload.len());
    frame_head(opcode, payload.len(), out);
    out.extend_from_slice(payload);
}

/// Appends a text message.
pub fn text_into(text: &str, out: &mut Vec<u8>) {
    frame_into(Opcode::Text, text.as_bytes(), out);
}

/// Appends a binary message.
pub fn binary_into(bytes: &[u8], out: &mut Vec<u8>) {
    frame_into(Opcode::Binary, bytes, out);
}

/// Appends a ping; its payload, at most [`CONTROL_BYTES_MAX`], comes back in the pong.
pub fn ping_into(payload: &[u8], out: &mut Vec<u8>) {
    frame_into(Opcode::Ping, payload, out);
}

/// Appends the answer to a ping, with that ping's payload (section 5.5.3).
pub fn pong_into(payload: &[u8], out: &mut Vec<u8>) {
    frame_into(Opcode::Pong, payload, out);
}

/// Appends a close frame. What of the reason does not fit behind the code is cut off between characters.
pub fn close_into(code: u16, reason: &str, out: &mut Vec<u8>) {
    debug_assert!(is_close_code(code), "{code} is not for the wire: RFC 6455, section 7.4");
    let reason = &reason.as_bytes()[..reason.floor_char_boundary(CONTROL_BYTES_MAX - 2)];
    frame_head(Opcode::Close, 2 + reason.len(), out);
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(reason);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_5_2_a_length_takes_as_few_bytes_as_it_can() {
        for (payload_len, head) in [
            (0, vec![0x82, 0]),
            (125, vec![0x82, 125]),
            (126, vec![0x82, 126, 0, 126]),
            (65_535, vec![0x82, 126, 0xFF, 0xFF]),
            (65_536, vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let mut out = Vec::new();
            frame_head(Opcode::Binary, payload_len, &mut out);
            assert_eq!(out, head, "{payload_len}");
            assert_eq!(out.len(), frame_head_len(payload_len));
        }
    }

    #[test]
    fn section_5_7_the_examples_of_the_standard() {
        let mut out = Vec::new();
        text_into("Hello", &mut out);
        ping_into(b"Hello", &mut out);
        pong_into(b"Hello", &mut out);
        assert_eq!(out, b"\x81\x05Hello\x89\x05Hello\x8a\x05Hello");
    }

    #[test]
    fn section_5_5_1_a_long_reason_is_cut_between_characters() {
        let mut out = Vec::new();
        close_into(1000, &"é".repeat(62), &mut out);
        assert_eq!(out[..4], [0x88, 124, 0x03, 0xE8]);
        assert_eq!(out[4..], *"é".repeat(61).as_bytes());
        let mut out = Vec::new();
        close_into(1001, "", &mut out);
        assert_eq!(out, [0x88, 2, 0x03, 0xE9]);
    }
}
