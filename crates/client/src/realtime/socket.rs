//! The carrier: WebSocket messages in and out. It knows no STOMP.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, Stream};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

/// How long a polite end may take.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) struct Socket {
    stream: WebSocketStream<TokioIo<Upgraded>>,
    /// Written by whoever waits for what comes next. Bounded by the outbox: of each chat one action is on its way.
    waiting: VecDeque<Message>,
    flushed: bool,
}

impl Socket {
    pub(super) async fn new(carrier: TokioIo<Upgraded>, message_bytes_max: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(16 * 1024)
            .write_buffer_size(4 * 1024)
            .max_message_size(Some(message_bytes_max))
            .max_frame_size(Some(message_bytes_max));
        let stream = WebSocketStream::from_raw_socket(carrier, Role::Client, Some(config)).await;
        Self { stream, waiting: VecDeque::new(), flushed: true }
    }

    pub(super) fn write(&mut self, bytes: Vec<u8>) {
        // STOMP is UTF-8 but for bodies, and ours are JSON.
        let message = match String::from_utf8(bytes) {
            Ok(text) => Message::text(text),
            Err(not_text) => Message::binary(not_text.into_bytes()),
        };
        self.waiting.push_back(message);
    }

    /// Writes what waits, and gives what comes next; an error says how it ended. May be dropped while it waits: nothing is
    /// lost.
    pub(super) async fn next(&mut self) -> Result<Bytes, String> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, String>> {
        if let Poll::Ready(Err(error)) = self.poll_write(context) {
            return Poll::Ready(Err(error.to_string()));
        }
        loop {
            let message = match Pin::new(&mut self.stream).poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error.to_string())),
                Poll::Ready(None) => return Poll::Ready(Err("the connection was closed".to_owned())),
            };
            match message {
                Message::Text(text) => return Poll::Ready(Ok(text.into())),
                Message::Binary(bytes) => return Poll::Ready(Ok(bytes)),
                Message::Close(close) => {
                    let why = close.map_or("the connection was closed".to_owned(), |close| {
                        format!("the connection was closed: {} {}", u16::from(close.code), close.reason)
                    });
                    return Poll::Ready(Err(why.trim_end().to_owned()));
                }
                // The library answers pings itself.
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), tokio_tungstenite::tungstenite::Error>> {
        while !self.waiting.is_empty() {
            std::task::ready!(Pin::new(&mut self.stream).poll_ready(context))?;
            if let Some(message) = self.waiting.pop_front() {
                self.flushed = false;
                Pin::new(&mut self.stream).start_send(message)?;
            }
        }
        if !self.flushed {
            std::task::ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what waits and closes, if that is quickly done.
    pub(super) async fn close(mut self) {
        let farewell = async {
            if std::future::poll_fn(|context| self.poll_write(context)).await.is_ok() {
                let _ = self.stream.close(None).await;
            }
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }
}
