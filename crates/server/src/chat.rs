//! The chat: its verbs, and its rules as pure functions of what is asked and what is known.

mod event;
pub mod member;
pub mod message;
pub mod reaction;
mod refusal;

pub use event::{ChatEvent, Published, Route};
pub use member::{Member, Membership};
pub use message::MessageFacts;
pub use reaction::ReactionFacts;
pub use refusal::Refusal;
