//! The one request that receives for a session.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep};

use super::frames;
use super::session::HttpSession;

/// What a receiver is given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Given {
    Frame(Vec<u8>),
    /// The session is over; nothing follows.
    Last(Vec<u8>),
}

/// A request that receives. Dropped without [`Receiver::leave`] it was cut off, which ends the session.
pub struct Receiver {
    session: Option<Arc<HttpSession>>,
    heartbeat: Pin<Box<Sleep>>,
}

impl Receiver {
    pub(super) fn new(session: Arc<HttpSession>) -> Self {
        let heartbeat = Box::pin(tokio::time::sleep(session.bounds.heartbeat_every));
        Self { session: Some(session), heartbeat }
    }

    /// The next frame: a heart-beat if there was none for its time.
    pub fn poll_give(&mut self, context: &mut Context<'_>) -> Poll<Given> {
        let Some(session) = &self.session else { return Poll::Pending };
        let given = match session.poll_give(context) {
            Poll::Ready(given) => given,
            Poll::Pending => {
                std::task::ready!(self.heartbeat.as_mut().poll(context));
                Given::Frame(frames::HEARTBEAT.to_vec())
            }
        };
        self.heartbeat.as_mut().reset(Instant::now() + session.bounds.heartbeat_every);
        Poll::Ready(given)
    }

    /// The response is whole. Another receiver may come.
    pub fn leave(&mut self) {
        if let Some(session) = self.session.take() {
            session.detach();
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            session.interrupt();
        }
    }
}
