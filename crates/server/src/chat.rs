//! The chat: its verbs, and its rules as pure functions of what is asked and what is known.

mod event;
pub mod member;
pub mod message;
pub mod reaction;
mod refusal;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use chinwag_protocol::{ChatId, Envelope, ErrorCode, MessageId, UserId};

use crate::clock::Clock;
use crate::problem::Problem;
use crate::sessions::bucket::{Buckets, Rate, RetryAfter};
use crate::store::{ActError, Answer, Done, Store};
use crate::telemetry::{AppFigures, Outcome, Telemetry, UnderWay};

pub use event::{ChatEvent, Published, Route};
pub use member::{Member, Membership};
pub use message::MessageFacts;
pub use reaction::ReactionFacts;
pub use refusal::Refusal;

/// What every door calls when a user does something in a chat.
pub struct Chat {
    telemetry: Arc<Telemetry>,
    store: Store,
    clock: Arc<dyn Clock>,
    rates: Buckets<UserId>,
}

/// Actions that were not even queued; `index` is the one at fault.
#[derive(Clone, PartialEq, Debug)]
pub struct NotAccepted {
    pub index: usize,
    pub problem: Problem,
}

impl From<NotAccepted> for Problem {
    fn from(not_accepted: NotAccepted) -> Self {
        not_accepted.problem
    }
}

/// What queued actions will have done.
pub struct Doing {
    answer: Answer<Vec<Done>, ActError>,
    under_way: UnderWay,
}

impl Future for Doing {
    type Output = Result<Vec<Done>, ActError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = std::task::ready!(Pin::new(&mut self.answer).poll(context));
        self.under_way.end(&result);
        Poll::Ready(result)
    }
}

impl Chat {
    #[must_use]
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        actions_per_second: u32,
        telemetry: Arc<Telemetry>,
    ) -> Self {
        Self { telemetry, store, clock, rates: Buckets::new(Rate::per_second(actions_per_second)) }
    }

    /// Takes `n` from what the user may do this second.
    pub fn may_act(&self, by: UserId, n: u32) -> Result<(), RetryAfter> {
        self.rates.take(by, self.clock.now(), n)
    }

    /// Does `actions` in order, all or none. Returns when they are queued, in the caller's order; the answer comes when
    /// they are on the disk. From then on they are told to the members.
    pub async fn act(
        &self,
        by: UserId,
        app: &Arc<AppFigures>,
        actions: Vec<Envelope>,
    ) -> Result<Doing, NotAccepted> {
        let mut under_way = UnderWay::new(&self.telemetry, app, &actions, self.clock.now());
        if let Err(refused) = self.may_do(by, &actions) {
            under_way.end_as(Outcome::Refused);
            return Err(refused);
        }
        Ok(Doing { answer: self.store.act(by, actions).await, under_way })
    }

    fn may_do(&self, by: UserId, actions: &[Envelope]) -> Result<(), NotAccepted> {
        let count = u32::try_from(actions.len()).unwrap_or(u32::MAX);
        self.may_act(by, count).map_err(|wait| NotAccepted { index: 0, problem: wait.into() })?;
        if let Some(index) =
            actions.iter().position(|action| action.sender.is_some_and(|sender| sender != by))
        {
            let problem = Problem::new(ErrorCode::SenderMismatch, "senderId must be your own id");
            return Err(NotAccepted { index, problem });
        }
        Ok(())
    }

    /// Marks a message as read that its reader was just shown, as opening a chat's history does. It was shown all the
    /// same if this cannot be kept.
    pub async fn read_shown(&self, by: UserId, chat: ChatId, id: MessageId) {
        if let Err(error) = self.store.read_shown(by, chat, id).await {
            tracing::warn!(%error, "unable to keep a read pointer");
        }
    }
}
