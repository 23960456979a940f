//! For tests only: the real server as a process on free ports with a real data directory, and the people who use it.
//!
//! It knows the wire protocol from its document alone: STOMP framing, events and error bodies are written and read
//! here a second time, so that a mistake in the server's own types cannot hide itself. Whatever a connection
//! receives is checked against the promises that hold for every frame (see [`Connection`]).
//!
//! Answers and events are also held against the documents of the API (see [`contract`]).
//!
//! Nothing here sleeps. Waits have one deadline, [`PATIENCE`], and its passing is a failure that says what came.

mod app;
mod connection;
mod contract;
mod device;
mod dice;
mod event;
mod http;
mod invariants;
mod management;
mod model;
mod network;
mod opening;
mod person;
mod postgres;
mod replica;
mod server;
mod socket;
mod sockjs;
mod spread;
mod stomp;
mod view;

use std::time::Duration;

pub use app::{App, PASSWORD};
pub use connection::{Connection, send};
pub use device::{Device, Told};
pub use dice::Dice;
pub use event::Event;
pub use http::{Answer, Body, Http};
pub use management::Company;
pub use model::{Act, Given, Model, Refused};
pub use network::{Fault, Network};
pub use opening::Opening;
pub use person::Person;
pub use postgres::Postgres;
pub use replica::{Reload, Replica};
pub use server::{Chinwag, Exit, Urls};
pub use socket::{Closing, Incoming, Socket};
pub use sockjs::{SockJs, Streaming, stomp_frames};
pub use spread::Spread;
pub use stomp::Frame;
pub use view::{ChatView, MessageView, View};

/// How long any one thing may take before the test fails: far more than it ever should.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for `what`, or fails saying that it did not come.
///
/// # Panics
/// After [`PATIENCE`].
pub async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} for {what}"),
    }
}
