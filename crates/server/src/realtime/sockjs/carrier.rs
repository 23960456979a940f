//! The connection's side of a session over HTTP.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

use super::frames::Batch;
use super::session::{Ended, HttpSession};
use crate::realtime::carrier::{Carrier, Ending};

pub struct HttpCarrier {
    session: Arc<HttpSession>,
    /// Messages of this wake-up: the receiver gets them as one frame.
    staged: Batch,
    /// When the session is over if still nobody receives.
    alone_until: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl HttpCarrier {
    #[must_use]
    pub fn new(session: Arc<HttpSession>) -> Self {
        let timer = Box::pin(tokio::time::sleep(Duration::ZERO));
        Self { session, staged: Batch::default(), alone_until: None, timer }
    }

    /// Ready when nobody received for too long.
    fn poll_alone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let alone_since = self.session.lock().alone_since;
        let until = alone_since.map(|since| since + self.session.bounds.disconnect_after);
        let Some(at) = until else { return Poll::Pending };
        if self.alone_until != until {
            self.alone_until = until;
            self.timer.as_mut().reset(at.into());
        }
        self.timer.as_mut().poll(context)
    }
}

impl Carrier for HttpCarrier {
    fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        on_text: &mut dyn FnMut(&[u8]),
    ) -> Poll<Result<(), Ending>> {
        // What was accepted before the end is done all the same.
        if let Some(message) = self.session.next_message() {
            on_text(message.as_bytes());
            return Poll::Ready(Ok(()));
        }
        let mut state = self.session.lock();
        if state.ended.is_some() {
            return Poll::Ready(Err(Ending::Gone));
        }
        state.carrier = Some(context.waker().clone());
        Poll::Pending
    }

    fn send(&mut self, len: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let mut text = Vec::with_capacity(len);
        write(&mut text);
        self.staged.push(&text);
    }

    fn waiting(&self) -> usize {
        self.staged.len() + self.session.lock().out.len()
    }

    fn stalled_since(&self) -> Option<Instant> {
        self.session.lock().stalled_since
    }

    fn poll_send(&mut self, context: &mut Context<'_>, now: Instant) -> Poll<io::Result<()>> {
        if !self.staged.is_empty() {
            self.session.put(&mut self.staged, now);
        }
        {
            // Known before the timer is looked at, so that whoever comes or leaves meanwhile wakes us.
            let mut state = self.session.lock();
            state.carrier = Some(context.waker().clone());
            if state.out.is_empty() {
                state.stalled_since = None;
            }
        }
        if self.poll_alone(context).is_ready() && self.session.is_abandoned() {
            self.session.abandon();
        }
        if self.session.lock().out.is_empty() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    async fn close(&mut self, ending: Ending) {
        if !self.staged.is_empty() {
            self.session.put(&mut self.staged, Instant::now());
        }
        match ending {
            Ending::Close { code, reason } => self.session.end(Ended { code, reason }),
            Ending::Answer(code) => {
                self.session.end(Ended { code: code.unwrap_or(Ending::NORMAL), reason: "" });
            }
            Ending::Gone => self.session.abandon(),
        }
    }
}

/// A receiver must not wait for a connection that is no more, however it went.
impl Drop for HttpCarrier {
    fn drop(&mut self) {
        self.session.end(Ended { code: Ending::NORMAL, reason: "" });
    }
}
