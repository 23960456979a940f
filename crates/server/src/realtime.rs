//! The realtime door: carriers bring text in and out, the STOMP session says what it means.

pub mod carrier;
pub mod connection;
mod deliver;
pub mod events;
pub mod listener;
pub mod presence;
pub mod session;
pub mod sockjs;
pub mod websocket;

pub use presence::Presence;

use std::time::Duration;

/// For the last words to somebody whose session is over: within a second their connection is closed.
const ENDED_PATIENCE: Duration = Duration::from_millis(500);
