//! A subscription's way from where its client stopped to the present.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use chinwag_protocol::UserId;

use crate::hub::{ListenerId, Outbox};
use crate::realtime::session::SubscriptionKey;
use crate::store::{Missed, Store, StoreError};

/// Events read at once. The socket takes them before more are read.
const EVENTS_PER_READ: usize = 200;

/// What a read of missed events came to.
pub(super) type Step = Result<Missed, StoreError>;

/// A subscription that gets events.
pub(super) struct Listener {
    pub(super) key: SubscriptionKey,
    pub(super) id: ListenerId,
    pub(super) outbox: Arc<Outbox>,
    /// Where its client said it stopped. Only such a client is told how far it has come.
    pub(super) since: Option<String>,
    /// Everything up to here has been written, and nothing after it.
    pub(super) position: u64,
    pub(super) phase: Phase,
}

pub(super) enum Phase {
    /// The writer has not answered yet.
    Starting,
    /// What is missing after `position` is to be read next.
    Behind,
    Reading(Pin<Box<dyn Future<Output = Step> + Send>>),
    Live,
}

impl Listener {
    /// Reads the next part of what was missed; pending if nothing is missing.
    pub(super) fn poll_catch_up(
        &mut self,
        context: &mut Context<'_>,
        store: &Store,
        user: UserId,
    ) -> Poll<Step> {
        if matches!(self.phase, Phase::Behind) {
            let (store, position) = (store.clone(), self.position);
            let reading = async move { store.missed(user, position, EVENTS_PER_READ).await };
            self.phase = Phase::Reading(Box::pin(reading));
        }
        match &mut self.phase {
            Phase::Reading(reading) => reading.as_mut().poll(context),
            Phase::Starting | Phase::Behind | Phase::Live => Poll::Pending,
        }
    }
}
