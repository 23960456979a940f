//! Rules for reactions: one of a kind per person and message, taken back only by the one who gave it.

use chinwag_protocol::limits::REACTIONS_PER_MEMBER_MAX;
use chinwag_protocol::{ChatId, MessageId, ReactionId, UserId};

use super::{Member, Refusal};

/// What the rules need to know of a reaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReactionFacts {
    pub id: ReactionId,
    pub chat: ChatId,
    pub message: MessageId,
    pub sender: UserId,
    /// Where it stands among all events.
    pub position: u64,
}

/// Anyone reacts, with so many different emoji to one message. `given`: how many of them are theirs already.
pub fn add(_by: &Member, given: u64) -> Result<(), Refusal> {
    if given < REACTIONS_PER_MEMBER_MAX { Ok(()) } else { Err(Refusal::TooManyReactions) }
}

/// Only the reactor removes a reaction.
pub fn remove(by: &Member, reaction: &ReactionFacts) -> Result<(), Refusal> {
    if reaction.sender == by.user() { Ok(()) } else { Err(Refusal::NotReactor) }
}
