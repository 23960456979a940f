//! The socket under the HTTP server. It gives up a peer that takes nothing, for which that server would wait without
//! end, and gives a body to the refusals that it makes by itself.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::refusal;

pub struct Wire<S> {
    socket: S,
    stall: Duration,
    /// Runs since the peer took nothing of what waits.
    stalled: Option<Pin<Box<Sleep>>>,
    /// What goes out in the place of a refusal without a body, and how much of it is gone.
    instead: Option<(Vec<u8>, usize)>,
}

/// The peer took nothing of what waits for it for as long as may be.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the peer takes nothing")]
struct Stalled;

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(socket: S, stall: Duration) -> Self {
        Self { socket, stall, stalled: None, instead: None }
    }

    /// The socket alone. Nothing is lost: what was not written is the HTTP server's still.
    pub fn into_inner(self) -> S {
        self.socket
    }

    /// What came of a write, or the end of patience.
    fn watched<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stall = self.stall;
        let timer = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(stall)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, Stalled)))
    }

    /// Writes the longer refusal; ready when all of it is gone.
    fn poll_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((bytes, gone)) = self.instead.take() {
            if gone == bytes.len() {
                break;
            }
            let polled = Pin::new(&mut self.socket).poll_write(context, &bytes[gone..]);
            let count = if let Poll::Ready(Ok(count)) = &polled { *count } else { 0 };
            self.instead = Some((bytes, gone + count));
            if ready!(self.watched(context, polled))? == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.instead.is_none() {
            self.instead = refusal::with_body(bytes).map(|longer| (longer, 0));
        }
        if self.instead.is_some() {
            ready!(self.poll_instead(context))?;
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.watched(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A refusal is in one piece, as nothing follows it.
        if let [only] = pieces {
            return self.poll_write(context, only);
        }
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, pieces);
        self.watched(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Under TLS this is where what was taken last goes out.
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        self.watched(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.socket).poll_shutdown(context);
        self.watched(context, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const SOON: Duration = Duration::from_millis(50);
    const NEVER: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (near, _far) = duplex(16);
        let mut wire = Wire::new(near, SOON);
        let written = tokio::time::timeout(SOON * 200, wire.write_all(&[b'x'; 17])).await;
        let error = written.expect("it waits no longer").unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::TimedOut, Stalled.to_string()));
    }

    #[tokio::test]
    async fn a_peer_that_takes_a_little_is_not() {
        let (near, mut far) = duplex(16);
        let mut wire = Wire::new(near, NEVER);
        let mut taken = [0; 16];
        let (written, read) = tokio::join!(wire.write_all(&[b'x'; 32]), far.read_exact(&mut taken));
        assert!(written.is_ok() && read.is_ok());
        assert!(wire.stalled.is_none(), "its time begins again");
    }

    /// However little the peer takes at once, and whatever stands before it.
    #[tokio::test]
    async fn a_refusal_goes_out_with_its_body() {
        let refused = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 400 Bad Request\r\n\
                        connection: close\r\ncontent-length: 0\r\n\r\n";
        let (near, mut far) = duplex(7);
        let mut wire = Wire::new(near, NEVER);
        let writing = tokio::spawn(async move {
            wire.write_all(refused).await.unwrap();
            wire.shutdown().await.unwrap();
        });
        let mut said = String::new();
        far.read_to_string(&mut said).await.unwrap();
        writing.await.unwrap();
        assert_eq!(said.as_bytes(), refusal::with_body(refused).unwrap());
        assert!(
            said.starts_with("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 400 ")
                && said.ends_with('}')
        );
    }
}
