//! One SockJS session over HTTP: what its requests and its connection share.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use chinwag_protocol::SessionId;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Bounds;
use super::frames::{self, Batch};
use super::receiver::{Given, Receiver};
use crate::listener::Line;
use crate::sessions::secret::TokenHash;

/// Bytes that clients sent and the connection has not taken; a send waits while it would make more. One always fits.
const INBOX_BYTES_MAX: usize = 64 * 1024;
/// For the connection to take what was sent before.
const INBOX_PATIENCE: Duration = Duration::from_secs(20);

/// Codes of the SockJS protocol.
const INTERRUPTED: Ended = Ended { code: 1002, reason: "Connection interrupted" };
const ABANDONED: Ended = Ended { code: 1002, reason: "Connection abandoned" };
const SECOND_RECEIVER: Ended = Ended { code: 2010, reason: "Another connection still open" };

/// Whose session it is: requests of anyone else find none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner {
    /// As [`crate::sessions::client_address`] has it.
    pub address: IpAddr,
    pub pass: Pass,
}

/// What opened it. Every request shows it again: session ids are short, and all clients behind a proxy are one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pass {
    /// By hash, so that comparing tells nothing.
    Ticket(TokenHash),
    /// A JWT of this sign-in session.
    Session(SessionId),
}

/// Why what a client sent was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotTaken {
    /// The session is over.
    Over,
    /// What was sent before is still not done.
    Busy,
}

/// How a session ended: its client is told so whenever it asks, until the session is forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ended {
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

impl Ended {
    fn frame(self) -> Vec<u8> {
        frames::close(self.code, self.reason)
    }
}

pub struct HttpSession {
    pub owner: Owner,
    pub(super) bounds: Bounds,
    state: Mutex<State>,
    /// The inbox has room again, or never will.
    room: Notify,
    /// A receiver left.
    left: Notify,
}

pub(super) struct State {
    /// Whether the client was told that the session is open.
    opened: bool,
    inbox: VecDeque<String>,
    inbox_bytes: usize,
    pub(super) out: Batch,
    /// Since when `out` waits without being taken.
    pub(super) stalled_since: Option<Instant>,
    attached: bool,
    /// What the last receiver came on.
    line: Line,
    /// Since when nobody receives; none while somebody does.
    pub(super) alone_since: Option<Instant>,
    pub(super) ended: Option<Ended>,
    pub(super) carrier: Option<Waker>,
    receiver: Option<Waker>,
}

/// What it costs to keep a message, so that empty ones have a bound as well.
fn weight(message: &str) -> usize {
    message.len() + size_of::<String>()
}

impl HttpSession {
    pub(super) fn new(owner: Owner, bounds: Bounds) -> Arc<Self> {
        let state = State {
            opened: false,
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            out: Batch::default(),
            stalled_since: None,
            attached: false,
            line: Line::default(),
            alone_since: Some(Instant::now()),
            ended: None,
            carrier: None,
            receiver: None,
        };
        Arc::new(Self { owner, bounds, state: Mutex::new(state), room: Notify::new(), left: Notify::new() })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to receive. If that cannot be, the one frame that says why.
    pub fn attach(self: &Arc<Self>, line: Line) -> Result<Receiver, Vec<u8>> {
        let mut state = self.lock();
        match (state.attached, state.ended) {
            (true, Some(ended)) => return Err(ended.frame()),
            (true, None) => return Err(SECOND_RECEIVER.frame()),
            (false, _) => {}
        }
        state.attached = true;
        state.line = line;
        state.alone_since = None;
        drop(state);
        Ok(Receiver::new(Arc::clone(self)))
    }

    /// Gives the connection what a client sent, in order, once it has room.
    ///
    /// Cancel-safe: either all of it is taken or nothing.
    pub async fn take(&self, messages: Vec<String>) -> Result<(), NotTaken> {
        tokio::time::timeout(INBOX_PATIENCE, self.take_whenever(messages))
            .await
            .unwrap_or(Err(NotTaken::Busy))
    }

    async fn take_whenever(&self, messages: Vec<String>) -> Result<(), NotTaken> {
        let bytes = messages.iter().map(|message| weight(message)).sum::<usize>();
        loop {
            // Made before the look, so that room made after it is noticed.
            let room = self.room.notified();
            {
                let mut state = self.lock();
                if state.ended.is_some() {
                    return Err(NotTaken::Over);
                }
                if state.inbox.is_empty() || state.inbox_bytes + bytes <= INBOX_BYTES_MAX {
                    state.inbox_bytes += bytes;
                    state.inbox.extend(messages);
                    state.wake_carrier();
                    return Ok(());
                }
            }
            room.await;
        }
    }

    /// The next message that a client sent, even after the end.
    pub(super) fn next_message(&self) -> Option<String> {
        let mut state = self.lock();
        let message = state.inbox.pop_front()?;
        state.inbox_bytes -= weight(&message);
        if state.inbox.is_empty() {
            state.inbox = VecDeque::new();
        }
        drop(state);
        self.room.notify_waiters();
        Some(message)
    }

    /// The next frame for the receiver.
    pub(super) fn poll_give(&self, context: &mut Context<'_>) -> Poll<Given> {
        let mut state = self.lock();
        if !state.opened {
            state.opened = true;
            return Poll::Ready(Given::Frame(frames::OPEN.to_vec()));
        }
        if let Some(frame) = state.out.take_frame() {
            state.stalled_since = None;
            state.wake_carrier();
            return Poll::Ready(Given::Frame(frame));
        }
        if let Some(ended) = state.ended {
            return Poll::Ready(Given::Last(ended.frame()));
        }
        state.receiver = Some(context.waker().clone());
        Poll::Pending
    }

    /// The receiver's response ended as it should; the client comes again.
    pub(super) fn detach(&self) {
        self.lock().leave();
        self.left.notify_waiters();
    }

    /// The receiver's response broke off: what was in it may be lost, so the session cannot go on.
    pub(super) fn interrupt(&self) {
        let mut state = self.lock();
        state.end(INTERRUPTED);
        state.out.clear();
        state.leave();
        drop(state);
        self.left.notify_waiters();
        self.room.notify_waiters();
    }

    /// Tells the client why it is over, behind what waits for it. The first end counts.
    pub(super) fn end(&self, ended: Ended) {
        self.lock().end(ended);
        self.room.notify_waiters();
    }

    /// Ends it and drops what waits: nobody takes it.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.end(ABANDONED);
        state.out.clear();
        drop(state);
        self.room.notify_waiters();
    }

    /// Whether nobody has received for as long as may be.
    pub(super) fn is_abandoned(&self) -> bool {
        let alone_since = self.lock().alone_since;
        alone_since.is_some_and(|since| since.elapsed() >= self.bounds.disconnect_after)
    }

    /// Adds to what waits for the receiver.
    pub(super) fn put(&self, staged: &mut Batch, now: Instant) {
        let mut state = self.lock();
        if state.ended.is_some() {
            staged.clear();
            return;
        }
        state.stalled_since.get_or_insert(now);
        state.out.append(staged);
        state.wake_receiver();
    }

    /// Waits until nobody receives. Who has not taken the end after `patience` is cut off.
    pub async fn dismissed(&self, patience: Duration) {
        let left = async {
            loop {
                // Made before the look, so that one who leaves after it is noticed.
                let left = self.left.notified();
                if !self.lock().attached {
                    return;
                }
                left.await;
            }
        };
        if tokio::time::timeout(patience, left).await.is_err() {
            tracing::debug!("a SockJS response is cut: its client does not take it");
            self.lock().line.cut();
        }
    }

    /// Waits as long as a session that has ended is to be remembered, or until the server stops.
    pub async fn remembered(&self, stop: &CancellationToken) {
        let ended = self.lock().ended;
        if ended != Some(ABANDONED) {
            let _ = tokio::time::timeout(self.bounds.disconnect_after, stop.cancelled()).await;
        }
    }
}

impl State {
    fn end(&mut self, ended: Ended) {
        self.ended.get_or_insert(ended);
        self.wake_carrier();
        self.wake_receiver();
    }

    fn leave(&mut self) {
        self.attached = false;
        self.alone_since = Some(Instant::now());
        self.wake_carrier();
    }

    fn wake_carrier(&mut self) {
        if let Some(carrier) = self.carrier.take() {
            carrier.wake();
        }
    }

    fn wake_receiver(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            receiver.wake();
        }
    }
}

#[cfg(test)]
mod tests;
