//! How a connection ends (RFC 6455, section 7).

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use chinwag_protocol::websocket::close_into;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::wire::{Wire, with_read};

/// For the peer to take what was still to be said: a slow one is told that it was.
const LAST_WORDS: Duration = Duration::from_secs(30);
/// For the peer to close its side. Closing ours at once could discard what it has not read yet.
const LINGER: Duration = Duration::from_secs(2);

pub(super) const NORMAL: u16 = 1000;
pub(super) const GOING_AWAY: u16 = 1001;

#[derive(Debug)]
pub(super) enum Ending {
    /// We close, saying why.
    Close { code: u16, reason: &'static str },
    /// The peer closed, with this code; it is given back.
    Answer(Option<u16>),
    /// The socket is of no more use.
    Gone,
}

impl Ending {
    pub(super) async fn carry_out<S: AsyncRead + AsyncWrite + Unpin>(self, wire: &mut Wire<S>) {
        match self {
            Ending::Gone => return,
            Ending::Close { code, reason } => close_into(code, reason, &mut wire.out),
            Ending::Answer(code) => close_into(code.unwrap_or(NORMAL), "", &mut wire.out),
        }
        let said = tokio::time::timeout(LAST_WORDS, async {
            poll_fn(|context| wire.poll_write(context, Instant::now())).await?;
            wire.socket.shutdown().await
        });
        if !matches!(said.await, Ok(Ok(()))) {
            return;
        }
        let closed = poll_fn(|context| {
            while let Poll::Ready(more) =
                with_read(&mut wire.socket, context, |read| read.is_ok_and(|bytes| !bytes.is_empty()))
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
