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
