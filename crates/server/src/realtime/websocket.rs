//! WebSocket as a carrier: the socket, and the frames that wait for it. No buffer is held while nothing moves.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chinwag_protocol::websocket::{Decoder, Incoming, Opcode, close_into, frame_head, pong_into};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::carrier::{Carrier, Ending};

/// Bytes read at once, into a buffer that all connections of a thread share: an idle one holds none.
const READ_BYTES: usize = 64 * 1024;
/// Bytes that are gone and still held, while others wait behind them.
const WRITTEN_BYTES_MAX: usize = 64 * 1024;
/// For the peer to take what was still to be said: a slow one is told that it was.
const LAST_WORDS: Duration = Duration::from_secs(30);
/// For the peer to close its side. Closing ours at once could discard what it has not read yet.
const LINGER: Duration = Duration::from_secs(2);

thread_local! {
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

pub struct WebSocket<S> {
    socket: S,
    frames: Decoder,
    /// What came with the upgrade request, until it is taken.
    read: Bytes,
    /// Frames that wait for the socket; those before `written` are gone.
    out: Vec<u8>,
    written: usize,
    stalled_since: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> WebSocket<S> {
    /// `read` is what was read beyond the upgrade request. A message may have `message_bytes_max` bytes.
    #[must_use]
    pub fn new(socket: S, read: Bytes, message_bytes_max: usize) -> Self {
        let frames = Decoder::new(message_bytes_max);
        Self { socket, frames, read, out: Vec::new(), written: 0, stalled_since: None }
    }

    /// Reads into the thread's buffer and lets `take` have it. Nothing at all means that the peer closed.
    fn poll_read<T>(
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
}

/// Gives the text of complete messages to `on_text`, and answers pings.
fn take_in(
    bytes: &mut [u8],
    frames: &mut Decoder,
    out: &mut Vec<u8>,
    on_text: &mut dyn FnMut(&[u8]),
) -> Result<(), Ending> {
    let mut closed = Ok(());
    frames
        .feed(bytes, &mut |incoming| match incoming {
            Incoming::Text(text) => on_text(text.as_bytes()),
            Incoming::Binary(bytes) => on_text(bytes),
            Incoming::Ping(payload) => pong_into(payload, out),
            Incoming::Pong => {}
            Incoming::Close { code, .. } => closed = Err(Ending::Answer(code)),
        })
        .map_err(|broken| Ending::Close { code: broken.code, reason: broken.reason })?;
    closed
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Carrier for WebSocket<S> {
    fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        on_text: &mut dyn FnMut(&[u8]),
    ) -> Poll<Result<(), Ending>> {
        let Self { socket, frames, out, read, .. } = self;
        if !read.is_empty() {
            let mut first = std::mem::take(read).to_vec();
            return Poll::Ready(take_in(&mut first, frames, out, on_text));
        }
        Self::poll_read(socket, context, |read| match read {
            Ok(bytes) if !bytes.is_empty() => take_in(bytes, frames, out, on_text),
            Ok(_) | Err(_) => Err(Ending::Gone),
        })
    }

    fn send(&mut self, len: usize, write: impl FnOnce(&mut Vec<u8>)) {
        frame_head(Opcode::Text, len, &mut self.out);
        let before = self.out.len();
        write(&mut self.out);
        debug_assert_eq!(self.out.len() - before, len, "a frame is as long as its head says");
    }

    fn waiting(&self) -> usize {
        self.out.len() - self.written
    }

    fn stalled_since(&self) -> Option<Instant> {
        self.stalled_since
    }

    fn poll_send(&mut self, context: &mut Context<'_>, now: Instant) -> Poll<io::Result<()>> {
        if self.out.is_empty() {
            return Poll::Ready(Ok(()));
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
                    // A peer that is always a little behind never takes all of it.
                    if self.written >= WRITTEN_BYTES_MAX {
                        self.out.drain(..self.written);
                        self.written = 0;
                    }
                    return Poll::Pending;
                }
            }
        }
        // Not cleared but given back: an idle connection holds no buffer.
        self.out = Vec::new();
        self.written = 0;
        self.stalled_since = None;
        Poll::Ready(Ok(()))
    }

    async fn close(&mut self, ending: Ending) {
        match ending {
            Ending::Gone => return,
            Ending::Close { code, reason } => close_into(code, reason, &mut self.out),
            Ending::Answer(code) => close_into(code.unwrap_or(Ending::NORMAL), "", &mut self.out),
        }
        let said = tokio::time::timeout(LAST_WORDS, async {
            poll_fn(|context| self.poll_send(context, Instant::now())).await?;
            self.socket.shutdown().await
        });
        if !matches!(said.await, Ok(Ok(()))) {
            return;
        }
        let closed = poll_fn(|context| {
            while let Poll::Ready(more) =
                Self::poll_read(&mut self.socket, context, |read| read.is_ok_and(|bytes| !bytes.is_empty()))
            {
                if !more {
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        });
        let _ = tokio::time::timeout(LINGER, closed).await;
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_peer_that_is_always_a_little_behind_costs_no_more_than_that() {
        let (near, mut far) = duplex(16 * 1024);
        let mut carrier = WebSocket::new(near, Bytes::new(), 1024);
        let mut taken = vec![0; 4 * 1024];
        for _ in 0..16 {
            carrier.send(4096, |out| out.resize(out.len() + 4096, b'x'));
        }
        for _ in 0..2000 {
            carrier.send(4096, |out| out.resize(out.len() + 4096, b'x'));
            let mut context = Context::from_waker(Waker::noop());
            assert!(carrier.poll_send(&mut context, Instant::now()).is_pending());
            far.read_exact(&mut taken).await.unwrap();
        }
        assert!(carrier.out.capacity() < 512 * 1024, "{} bytes are held", carrier.out.capacity());
    }
}
