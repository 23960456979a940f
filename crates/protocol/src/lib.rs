//! What crosses Chinwag's wire, for the server and its clients alike. Nothing here does I/O or waits.
//!
//! *account*: a company that uses the service · *app*: one product of theirs · *user*: an end user of one app ·
//! *chat*, *member*, *message*, *reaction* · *action*: what a client asks for · *event*: what a client is told ·
//! *seq*: an event's place in its chat, from 1, without holes · *cursor*: an event's place in everything a user sees.

pub mod action;
pub mod error;
pub mod event;
pub mod ids;
pub mod limits;
pub mod model;
mod schema;
pub mod stomp;
pub mod text;
pub mod timestamp;
pub mod websocket;

pub use action::{Action, Envelope, MalformedAction};
pub use error::{ErrorBody, ErrorCode};
pub use event::{Event, EventKind, Notice};
pub use ids::*;
pub use text::{ChatName, Email, Emoji, InvalidText, MessageText, Nonce, Username};
pub use timestamp::Timestamp;
