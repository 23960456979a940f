//! The chat: its verbs, and its rules as pure functions of what is asked and what is known.

mod event;
pub mod member;
pub mod message;
pub mod reaction;
mod refusal;

use std::sync::Arc;

use chinwag_protocol::{ChatId, Envelope, ErrorCode, MessageId, UserId};

use crate::clock::Clock;
use crate::problem::Problem;
use crate::sessions::bucket::{Buckets, Rate, RetryAfter};
use crate::store::{ActError, Answer, Done, Store};

pub use event::{ChatEvent, Published, Route};
pub use member::{Member, Membership};
pub use message::MessageFacts;
pub use reaction::ReactionFacts;
pub use refusal::Refusal;

/// What every door calls when a user does something in a chat.
pub struct Chat {
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

impl Chat {
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, actions_per_second: u32) -> Self {
        Self { store, clock, rates: Buckets::new(Rate::per_second(actions_per_second)) }
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
        actions: Vec<Envelope>,
    ) -> Result<Answer<Vec<Done>, ActError>, NotAccepted> {
        let count = u32::try_from(actions.len()).unwrap_or(u32::MAX);
        self.may_act(by, count).map_err(|wait| NotAccepted { index: 0, problem: wait.into() })?;
        if let Some(index) =
            actions.iter().position(|action| action.sender.is_some_and(|sender| sender != by))
        {
            let problem = Problem::new(ErrorCode::SenderMismatch, "senderId must be your own id");
            return Err(NotAccepted { index, problem });
        }
        Ok(self.store.act(by, actions).await)
    }

    /// Marks a message as read that its reader was just shown, as opening a chat's history does. It was shown all the
    /// same if this cannot be kept.
    pub async fn read_shown(&self, by: UserId, chat: ChatId, id: MessageId) {
        if let Err(error) = self.store.read_shown(by, chat, id).await {
            tracing::warn!(%error, "unable to keep a read pointer");
        }
    }
}
