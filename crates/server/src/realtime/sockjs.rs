//! SockJS 0.3.3 as a carrier: over WebSocket, and over HTTP for those whose proxies let nothing else through.
//!
//! Over HTTP a session outlives its requests. One request at a time receives; any number send. The session lives in
//! [`HttpSessions`] under the id that the client chose, and belongs to whoever opened it.
//!
//! SockJS's own heart-beat is sent when nothing else was for its time. Where STOMP's is on, something always was.

mod carrier;
pub mod frames;
mod receiver;
mod session;
mod table;
mod websocket;

use std::time::Duration;

use crate::config::Limits;

pub use carrier::HttpCarrier;
pub use receiver::{Given, Receiver};
pub use session::{HttpSession, NotTaken, Owner, Pass};
pub use table::{HttpSessions, NotOpened, Opened};
pub use websocket::SockJsWebSocket;

/// A payload may be this large however small messages are: clients gather what they say while a request is under way.
const PAYLOAD_BYTES_MIN: usize = 1024 * 1024;
/// JSON in JSON: every quote mark and every line end of a frame takes two bytes.
const JSON_BYTES_PER_BYTE: usize = 2;

/// What sessions are held to.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Sessions over HTTP at once, those included that have ended and still say so.
    pub sessions: usize,
    /// A session without a receiver for this long is over.
    pub disconnect_after: Duration,
    pub heartbeat_every: Duration,
    /// A streaming response ends behind this many bytes, since browsers keep all of it.
    pub response_bytes: usize,
    /// Of one request or WebSocket message from a client.
    pub payload_bytes: usize,
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Self {
            sessions: limits.sockjs_sessions,
            disconnect_after: Duration::from_millis(u64::from(limits.sockjs_disconnect_ms)),
            heartbeat_every: Duration::from_millis(u64::from(limits.sockjs_heartbeat_ms)),
            response_bytes: limits.sockjs_response_bytes,
            payload_bytes: limits.frame_bytes().saturating_mul(JSON_BYTES_PER_BYTE).max(PAYLOAD_BYTES_MIN),
        }
    }
}
