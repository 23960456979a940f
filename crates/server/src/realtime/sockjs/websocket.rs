//! SockJS framing on a WebSocket. The session is as long as the socket; its id means nothing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;

use super::frames::{self, BadPayload, Batch};
use crate::realtime::carrier::{Carrier, Ending};
use crate::realtime::websocket::WebSocket;

/// The peer does not keep to the protocol (RFC 6455, section 7.4.1).
const PROTOCOL_ERROR: u16 = 1002;

pub struct SockJsWebSocket<S> {
    socket: WebSocket<S>,
    /// Messages that are not in a frame yet: what is written at one wake-up goes out as one.
    staged: Batch,
    heartbeat: Pin<Box<Sleep>>,
    heartbeat_every: Duration,
    /// When the last frame was begun.
    spoke: Instant,
    broken: Option<BadPayload>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> SockJsWebSocket<S> {
    #[must_use]
    pub fn new(socket: WebSocket<S>, heartbeat_every: Duration) -> Self {
        let mut opened = Self {
            socket,
            staged: Batch::default(),
            heartbeat: Box::pin(tokio::time::sleep(heartbeat_every)),
            heartbeat_every,
            spoke: Instant::now(),
            broken: None,
        };
        opened.frame(frames::OPEN);
        opened
    }

    fn frame(&mut self, frame: &[u8]) {
        self.socket.send(frame.len(), |out| out.extend_from_slice(frame));
    }

    fn frame_staged(&mut self) -> bool {
        let frame = self.staged.take_frame();
        frame.inspect(|frame| self.frame(frame)).is_some()
    }

    /// Whether nothing was said for too long. If so it counts as said from here on.
    fn heartbeat_is_due(&mut self, context: &mut Context<'_>) -> bool {
        let mut is_due = false;
        while self.heartbeat.as_mut().poll(context).is_ready() {
            // Something may have been said since the timer was set: it is not moved for each.
            if self.spoke.elapsed() >= self.heartbeat_every {
                self.spoke = Instant::now();
                is_due = true;
            }
            self.heartbeat.as_mut().reset((self.spoke + self.heartbeat_every).into());
        }
        is_due
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Carrier for SockJsWebSocket<S> {
    fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        on_text: &mut dyn FnMut(&[u8]),
    ) -> Poll<Result<(), Ending>> {
        let Self { socket, broken, .. } = self;
        let received = socket.poll_receive(context, &mut |message| {
            if broken.is_some() {
                return;
            }
            match frames::messages_of_websocket(message) {
                Ok(messages) => messages.iter().for_each(|message| on_text(message.as_bytes())),
                Err(bad) => *broken = Some(bad),
            }
        });
        match broken {
            Some(_) => {
                Poll::Ready(Err(Ending::Close { code: PROTOCOL_ERROR, reason: "broken JSON encoding" }))
            }
            None => received,
        }
    }

    fn send(&mut self, len: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let mut text = Vec::with_capacity(len);
        write(&mut text);
        self.staged.push(&text);
    }

    fn waiting(&self) -> usize {
        self.staged.len() + self.socket.waiting()
    }

    fn stalled_since(&self) -> Option<Instant> {
        self.socket.stalled_since()
    }

    fn poll_send(&mut self, context: &mut Context<'_>, now: Instant) -> Poll<io::Result<()>> {
        if self.frame_staged() {
            self.spoke = now;
        }
        if self.heartbeat_is_due(context) {
            self.frame(frames::HEARTBEAT);
        }
        self.socket.poll_send(context, now)
    }

    async fn close(&mut self, ending: Ending) {
        self.frame_staged();
        // Who cannot be understood is not told in its own words (protocol tests, test_broken_json).
        if let (Ending::Close { code, reason }, None) = (ending, self.broken) {
            self.frame(&frames::close(code, reason));
        }
        self.socket.close(ending).await;
    }
}
