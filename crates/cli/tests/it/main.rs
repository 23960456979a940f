//! Stories of people who chat, against the real binary on real ports with a real data directory.
//!
//! One file per theme. What every story may rely on without saying so (fields, seq, recipients, frames) is checked
//! by the test kit for each frame that arrives.

mod chats;
mod devices;
mod events;
mod history;
mod http;
mod lifecycle;
mod management;
mod members;
mod messages;
mod nonce;
mod reactions;
mod readme;
mod reads;
mod refusals;
mod scene;
mod stomp;
mod stomp_frames;
mod stompjs;
mod tickets;
mod tokens;
mod typing;
mod users;
