//! The server's side of WebSocket framing (RFC 6455, sections 5, 7 and 8.1): bytes to messages and back.
//! No I/O, no extensions; the opening handshake is HTTP's business.

mod decode;
mod encode;

pub use decode::{Decoder, Incoming};
pub use encode::{binary_into, close_into, frame_head, frame_head_len, ping_into, pong_into, text_into};

/// The most bytes a control frame carries (section 5.5).
pub const CONTROL_BYTES_MAX: usize = 125;

/// What a frame is (section 5.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

impl Opcode {
    const ALL: [Opcode; 6] =
        [Opcode::Continuation, Opcode::Text, Opcode::Binary, Opcode::Close, Opcode::Ping, Opcode::Pong];

    /// `None` for the ten that are reserved.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|opcode| *opcode as u8 == bits)
    }

    /// Whether frames of this kind may come between the fragments of a message (section 5.5).
    #[must_use]
    pub const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

/// Why this side ends the connection: what to put into the close frame (section 7.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{reason} ({code})")]
pub struct CloseReason {
    pub code: u16,
    /// For people; at most 123 bytes.
    pub reason: &'static str,
}

impl CloseReason {
    /// 1002: the peer broke the protocol.
    #[must_use]
    pub const fn protocol_error(reason: &'static str) -> Self {
        Self { code: 1002, reason }
    }

    /// 1007: text that is not UTF-8.
    pub const INVALID_TEXT: Self = Self { code: 1007, reason: "text must be UTF-8" };

    /// 1009: a message over the limit.
    pub const MESSAGE_TOO_BIG: Self = Self { code: 1009, reason: "message too big" };
}

/// Whether a peer may send this close code: one that is defined for the wire, or of the ranges for libraries and
/// applications (section 7.4, and IANA's registry for 1012 to 1014).
#[must_use]
pub const fn is_close_code(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
