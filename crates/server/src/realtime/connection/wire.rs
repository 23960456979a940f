//! The socket and the bytes that wait for it.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use chinwag_protocol::websocket::{self, Incoming};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::ending::Ending;
use crate::realtime::session::{Effect, Session};

/// Bytes read at once, into a buffer that all connections of a thread share: an idle one holds none.
const READ_BYTES: usize = 64 * 1024;

thread_local! {
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

pub(super) struct Wire<S> {
    pub(super) socket: S,
    /// WebSocket frames that wait for the socket; those before `written` are gone.
    pub(super) out: Vec<u8>,
    written: usize,
    /// Since when the socket has taken nothing, while something waits.
    stalled_since: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(socket: S) -> Self {
        Self { socket, out: Vec::new(), written: 0, stalled_since: None }
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.out.len() - self.written
    }

    pub(super) fn stalled_since(&self) -> Option<Instant> {
        self.stalled_since
    }

    /// Writes what waits, in one go; ready when all of it is gone: true if anything was.
    pub(super) fn poll_write(&mut self, context: &mut Context<'_>, now: Instant) -> Poll<io::Result<bool>> {
        if self.out.is_empty() {
            return Poll::Ready(Ok(false));
        }
        while self.written < self.out.len() {
            match Pin::new(&mut self.socket).poll_write(context, &self.out[self.written..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => {
                    self.written += count;
                    self.stalled_since = None;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.stalled_since.get_or_insert(now);
                    return Poll::Pending;
                }
            }
        }
        // Not cleared but given back: an idle connection holds no buffer.
        self.out = Vec::new();
        self.written = 0;
        self.stalled_since = None;
        Poll::Ready(Ok(true))
    }
}

/// Reads into the thread's buffer and lets `take` have it. Nothing at all means that the peer closed.
pub(super) fn with_read<S: AsyncRead + Unpin, T>(
    socket: &mut S,
    context: &mut Context<'_>,
    take: impl FnOnce(io::Result<&mut [u8]>) -> T,
) -> Poll<T> {
    READ_BUFFER.with_borrow_mut(|buffer| {
        let mut read = ReadBuf::new(buffer);
        let polled = ready!(Pin::new(socket).poll_read(context, &mut read));
        Poll::Ready(take(polled.map(|()| read.filled_mut())))
    })
}

/// Gives bytes from the socket to the session; tells why it is the end, if it is.
pub(super) fn take_in(
    bytes: &mut [u8],
    frames: &mut websocket::Decoder,
    session: &mut Session,
    effects: &mut Vec<Effect>,
    out: &mut Vec<u8>,
) -> Option<Ending> {
    let now = Instant::now();
    let mut ending = None;
    let fed = frames.feed(bytes, &mut |incoming| match incoming {
        Incoming::Text(text) => session.on_bytes(text.as_bytes(), now, effects),
        Incoming::Binary(bytes) => session.on_bytes(bytes, now, effects),
        Incoming::Ping(payload) => websocket::pong_into(payload, out),
        Incoming::Pong => {}
        Incoming::Close { code, .. } => ending = Some(Ending::Answer(code)),
    });
    match fed {
        Ok(()) => ending,
        Err(broken) => Some(Ending::Close { code: broken.code, reason: broken.reason }),
    }
}
