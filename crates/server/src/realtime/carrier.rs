//! What carries a conversation: text in, text out. The session does not know which carrier it is on.

use std::io;
use std::task::{Context, Poll};
use std::time::Instant;

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// We close, saying why: a WebSocket close code (RFC 6455, section 7.4), and words.
    Close { code: u16, reason: &'static str },
    /// The peer closed, with this code; it is given back.
    Answer(Option<u16>),
    /// The carrier is of no more use.
    Gone,
}

impl Ending {
    pub const NORMAL: u16 = 1000;
    pub const GOING_AWAY: u16 = 1001;
    pub const TOO_BIG: u16 = 1009;

    /// In words, for a log.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::Close { reason: "", .. } => "done",
            Self::Close { reason, .. } => reason,
            Self::Answer(_) => "its peer closed it",
            Self::Gone => "it was lost",
        }
    }
}

/// One side of a connection. Polled by the one task that owns it.
pub trait Carrier {
    /// Gives what came, piece by piece, to `on_text`. Pieces need not be whole frames. Ready when something came,
    /// or with how it is the end.
    fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        on_text: &mut dyn FnMut(&[u8]),
    ) -> Poll<Result<(), Ending>>;

    /// Appends one message to what is to be sent: `write` appends exactly `len` bytes of text.
    fn send(&mut self, len: usize, write: impl FnOnce(&mut Vec<u8>));

    /// Bytes appended that the peer has not taken.
    fn waiting(&self) -> usize;

    /// Since when the peer has taken nothing, while something waits.
    fn stalled_since(&self) -> Option<Instant>;

    /// Sends what waits. Ready when nothing waits any more.
    fn poll_send(&mut self, context: &mut Context<'_>, now: Instant) -> Poll<io::Result<()>>;

    /// Ends it, after what waits was sent or the peer had its time to take it.
    fn close(&mut self, ending: Ending) -> impl Future<Output = ()> + Send;
}
