//! Bytes to messages.

use std::mem;

use super::{CONTROL_BYTES_MAX, CloseReason, Opcode, is_close_code};

/// What a client said. Messages are whole, whatever fragments they came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Incoming<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    /// To be answered by a pong with these bytes (RFC 6455, section 5.5.2).
    Ping(&'a [u8]),
    Pong,
    /// To be answered by a close frame, if none was sent; nothing comes after it. No code: the frame was empty.
    Close {
        code: Option<u16>,
        reason: &'a str,
    },
}

/// Turns a client's bytes, however cut, into what it said.
///
/// Holds the part of a message that has come so far, never more than the limit in bytes, and a control frame's up to
/// 125; between messages it holds no allocation. A message that lies whole in the bytes it is fed is not copied.
///
/// After an error or a close it is finished: an error is given again for whatever is fed, bytes after a close are
/// ignored (section 1.4).
pub struct Decoder {
    message_bytes_max: usize,
    phase: Phase,
    /// A frame's head as far as it has come.
    head: [u8; HEAD_BYTES_MAX],
    head_len: usize,
    /// The message in progress.
    message: Option<Fragments>,
    /// The incomplete control frame's payload.
    control: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Phase {
    Head,
    Payload(FrameHead),
    Closed,
    Failed(CloseReason),
}

const LENGTH_BITS: u8 = 0x7F;
/// Of the length bits: the length is in the next two bytes.
const LENGTH_IN_2_BYTES: u8 = 126;
/// Of the length bits: the length is in the next eight bytes.
const LENGTH_IN_8_BYTES: u8 = 127;

/// Two bytes, up to eight of length, four of masking key.
const HEAD_BYTES_MAX: usize = 14;

#[derive(Clone, Copy)]
struct FrameHead {
    opcode: Opcode,
    fin: bool,
    /// Payload bytes to come.
    remaining: usize,
    /// The masking key, turned so that its first byte is for the next byte of payload.
    key: [u8; 4],
}

/// What has come of a message that is not complete.
struct Fragments {
    is_text: bool,
    bytes: Vec<u8>,
    /// Of text: bytes that are known to be whole characters.
    valid: usize,
}

impl Decoder {
    /// `message_bytes_max` bounds a message's payload, all fragments together.
    #[must_use]
    pub fn new(message_bytes_max: usize) -> Self {
        Self {
            message_bytes_max,
            phase: Phase::Head,
            head: [0; HEAD_BYTES_MAX],
            head_len: 0,
            message: None,
            control: Vec::new(),
        }
    }

    /// Takes bytes as they came, unmasking them where they lie, and says what they complete, in order.
    ///
    /// An error is found at the first byte that shows it; what was said before it counts. Bad UTF-8 in a message does
    /// not wait for the message's end.
    pub fn feed(&mut self, bytes: &mut [u8], on: &mut impl FnMut(Incoming<'_>)) -> Result<(), CloseReason> {
        let fed = self.read_frames(bytes, on);
        if let Err(reason) = fed {
            self.finish(Phase::Failed(reason));
        }
        fed
    }

    /// Whether nothing more will come: after a close or an error.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Failed(_))
    }

    /// Bytes of payload held.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.control.len() + self.message.as_ref().map_or(0, |message| message.bytes.len())
    }

    fn finish(&mut self, phase: Phase) {
        *self = Self { phase, ..Self::new(self.message_bytes_max) };
    }

    fn read_frames(
        &mut self,
        mut bytes: &mut [u8],
        on: &mut impl FnMut(Incoming<'_>),
    ) -> Result<(), CloseReason> {
        loop {
            match self.phase {
                Phase::Closed => return Ok(()),
                Phase::Failed(reason) => return Err(reason),
                Phase::Head => {
                    let (taken, head) = self.read_head(bytes)?;
                    bytes = &mut bytes[taken..];
                    let Some(head) = head else { return Ok(()) };
                    self.phase = Phase::Payload(head);
                }
                Phase::Payload(mut head) => {
                    if bytes.is_empty() && head.remaining > 0 {
                        return Ok(());
                    }
                    let (payload, rest) = bytes.split_at_mut(bytes.len().min(head.remaining));
                    bytes = rest;
                    unmask(payload, head.key);
                    head.key.rotate_left(payload.len() % 4);
                    head.remaining -= payload.len();
                    self.phase = if head.remaining > 0 { Phase::Payload(head) } else { Phase::Head };
                    if head.opcode.is_control() {
                        self.read_control(head, payload, on)?;
                    } else {
                        self.read_data(head, payload, on)?;
                    }
                }
            }
        }
    }

    /// How many bytes belong to the head, and the head once it is complete.
    fn read_head(&mut self, bytes: &[u8]) -> Result<(usize, Option<FrameHead>), CloseReason> {
        let mut taken = self.fill_head(bytes, 2);
        if self.head_len < 2 {
            return Ok((taken, None));
        }
        let (opcode, fin) = self.checked_opcode()?;
        let length_bytes = match self.head[1] & LENGTH_BITS {
            LENGTH_IN_2_BYTES => 2,
            LENGTH_IN_8_BYTES => 8,
            _ => 0,
        };
        taken += self.fill_head(&bytes[taken..], 2 + length_bytes + 4);
        if self.head_len < 2 + length_bytes + 4 {
            return Ok((taken, None));
        }
        let (length, key) = self.head[2..self.head_len].split_at(length_bytes);
        let key = [key[0], key[1], key[2], key[3]];
        let length = match length {
            [] => u64::from(self.head[1] & LENGTH_BITS),
            _ => length.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        let remaining = self.checked_length(opcode, length, length_bytes)?;
        self.head_len = 0;
        Ok((taken, Some(FrameHead { opcode, fin, remaining, key })))
    }

    /// Copies into the head until it has so many bytes, and says how many that took.
    fn fill_head(&mut self, bytes: &[u8], head_bytes: usize) -> usize {
        let taken = head_bytes.saturating_sub(self.head_len).min(bytes.len());
        self.head[self.head_len..self.head_len + taken].copy_from_slice(&bytes[..taken]);
        self.head_len += taken;
        taken
    }

    /// The opcode and the final-fragment bit, if the head's first two bytes keep the rules.
    fn checked_opcode(&self) -> Result<(Opcode, bool), CloseReason> {
        let (first, second) = (self.head[0], self.head[1]);
        let fin = first & 0x80 != 0;
        if first & 0x70 != 0 {
            return Err(CloseReason::protocol_error("reserved bits are set"));
        }
        let opcode = Opcode::from_bits(first & 0x0F).ok_or(CloseReason::protocol_error("reserved opcode"))?;
        if second & 0x80 == 0 {
            return Err(CloseReason::protocol_error("frame is not masked"));
        }
        match opcode {
            Opcode::Close | Opcode::Ping | Opcode::Pong if !fin => {
                Err(CloseReason::protocol_error("fragmented control frame"))
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong
                if usize::from(second & LENGTH_BITS) > CONTROL_BYTES_MAX =>
            {
                Err(CloseReason::protocol_error("control frame too long"))
            }
            Opcode::Continuation if self.message.is_none() => {
                Err(CloseReason::protocol_error("continuation of no message"))
            }
            Opcode::Text | Opcode::Binary if self.message.is_some() => {
                Err(CloseReason::protocol_error("message inside a message"))
            }
            _ => Ok((opcode, fin)),
        }
    }

    /// The payload's length, if it was written in as few bytes as possible and there is room for it.
    fn checked_length(&self, opcode: Opcode, length: u64, length_bytes: usize) -> Result<usize, CloseReason> {
        match length_bytes {
            2 if length < 126 => return Err(CloseReason::protocol_error("length is not minimal")),
            8 if length <= 0xFFFF => return Err(CloseReason::protocol_error("length is not minimal")),
            8 if length >> 63 != 0 => return Err(CloseReason::protocol_error("length is not a length")),
            _ => {}
        }
        let held = self.message.as_ref().map_or(0, |message| message.bytes.len());
        let room = if opcode.is_control() { CONTROL_BYTES_MAX } else { self.message_bytes_max - held };
        usize::try_from(length).ok().filter(|length| *length <= room).ok_or(CloseReason::MESSAGE_TOO_BIG)
    }

    fn read_control(
        &mut self,
        head: FrameHead,
        payload: &[u8],
        on: &mut impl FnMut(Incoming<'_>),
    ) -> Result<(), CloseReason> {
        if head.remaining > 0 {
            self.control.extend_from_slice(payload);
            return Ok(());
        }
        let mut held = mem::take(&mut self.control);
        let payload = if held.is_empty() {
            payload
        } else {
            held.extend_from_slice(payload);
            &held
        };
        match head.opcode {
            Opcode::Ping => on(Incoming::Ping(payload)),
            Opcode::Close => {
                let close = read_close(payload)?;
                self.finish(Phase::Closed);
                on(close);
            }
            _ => on(Incoming::Pong),
        }
        Ok(())
    }

    fn read_data(
        &mut self,
        head: FrameHead,
        payload: &[u8],
        on: &mut impl FnMut(Incoming<'_>),
    ) -> Result<(), CloseReason> {
        let complete = head.fin && head.remaining == 0;
        let is_text = head.opcode == Opcode::Text;
        if self.message.is_none() && complete {
            on(message(is_text, payload)?);
            return Ok(());
        }
        let fragments =
            self.message.get_or_insert_with(|| Fragments { is_text, bytes: Vec::new(), valid: 0 });
        fragments.push(payload)?;
        if complete && let Some(fragments) = self.message.take() {
            on(message(fragments.is_text, &fragments.bytes)?);
        }
        Ok(())
    }
}

impl Fragments {
    fn push(&mut self, payload: &[u8]) -> Result<(), CloseReason> {
        self.bytes.extend_from_slice(payload);
        if self.is_text {
            match str::from_utf8(&self.bytes[self.valid..]) {
                Ok(_) => self.valid = self.bytes.len(),
                // A character that is cut off, and may yet be whole.
                Err(error) if error.error_len().is_none() => self.valid += error.valid_up_to(),
                Err(_) => return Err(CloseReason::INVALID_TEXT),
            }
        }
        Ok(())
    }
}

fn message(is_text: bool, payload: &[u8]) -> Result<Incoming<'_>, CloseReason> {
    if !is_text {
        return Ok(Incoming::Binary(payload));
    }
    str::from_utf8(payload).map(Incoming::Text).map_err(|_| CloseReason::INVALID_TEXT)
}

/// Section 7.1.5 and 7.1.6.
fn read_close(payload: &[u8]) -> Result<Incoming<'_>, CloseReason> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => Ok(Incoming::Close { code: None, reason: "" }),
            _ => Err(CloseReason::protocol_error("close frame of one byte")),
        };
    };
    let code = u16::from_be_bytes(*code);
    if !is_close_code(code) {
        return Err(CloseReason::protocol_error("close code is not for the wire"));
    }
    let reason = str::from_utf8(reason).map_err(|_| CloseReason::INVALID_TEXT)?;
    Ok(Incoming::Close { code: Some(code), reason })
}

/// Section 5.3. The key begins with the byte that is for the payload's first.
fn unmask(payload: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let key_twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ key_twice).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        frame
    }

    #[test]
    fn between_messages_no_memory_is_held() {
        let mut decoder = Decoder::new(1000);
        let mut said = 0;
        for frame in [masked(0x01, b"hel"), masked(0x89, b"ping"), masked(0x80, b"lo")] {
            for byte in frame {
                decoder.feed(&mut [byte], &mut |_| said += 1).unwrap();
            }
        }
        assert_eq!(said, 2);
        assert!(decoder.message.is_none());
        assert_eq!((decoder.control.capacity(), decoder.buffered()), (0, 0));
    }

    #[test]
    fn text_is_checked_once_however_slowly_it_comes() {
        let mut fragments = Fragments { is_text: true, bytes: Vec::new(), valid: 0 };
        for (byte, valid) in "aé😀".bytes().zip([1, 1, 3, 3, 3, 3, 7]) {
            fragments.push(&[byte]).unwrap();
            assert_eq!(fragments.valid, valid);
        }
        fragments.push(b"abc\xe2\x82").unwrap();
        assert_eq!(fragments.valid, 10);
    }

    #[test]
    fn once_finished_no_memory_is_held() {
        let mut decoder = Decoder::new(1000);
        decoder.feed(&mut masked(0x01, b"hel"), &mut |_| {}).unwrap();
        assert_eq!(decoder.buffered(), 3);
        decoder.feed(&mut masked(0x88, b""), &mut |_| {}).unwrap();
        assert!(decoder.is_finished());
        assert_eq!(decoder.buffered(), 0);
    }
}
