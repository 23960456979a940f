//! The client of a Chinwag server: typed calls, actions that are acknowledged, and events that come in order, once, without
//! a gap, whatever the network does.
//!
//! ```no_run
//! use chinwag_client::{Client, Event, EventKind};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), chinwag_client::Error> {
//!     let client = Client::builder("http://127.0.0.1:8080").api_key("cwk_…").build()?;
//!     client.sign_in("alice", "correct horse").await?;
//!     let mut events = client.realtime().events();
//!     client.realtime().connect().await?;
//!     while let Some(event) = events.next().await {
//!         if let Event::Chat(event) = event
//!             && let EventKind::MessageSent { message, .. } = event.kind
//!         {
//!             println!("{}: {message}", event.sender_id);
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! - [`Client`]: users, sessions, chats and history over HTTP. An expired JWT is replaced by itself.
//! - [`Realtime`]: the connection, the eight actions, and the outbox in which they wait.
//! - [`Event`]: everything that is heard.
//!
//! It runs on tokio, with its time and I/O drivers enabled. What it decides is pure and stands in `realtime/{session, catch_up,
//! backoff, outbox, heartbeat}.rs`; one task owns the socket. Futures may be dropped at any time.

#![warn(missing_docs)]

mod auth;
mod builder;
mod client;
mod clock;
mod error;
mod event;
mod history;
mod http;
mod model;
mod realtime;

pub use auth::Tokens;
pub use builder::Builder;
pub use client::{Account, Client, NewUser};
pub use error::{Cause, Error, Refusal};
pub use event::{Event, Events};
pub use history::History;
pub use model::*;
pub use realtime::Realtime;
pub use realtime::action::Stored;
pub use realtime::outbox::{OutboxEntry, OutboxState};
