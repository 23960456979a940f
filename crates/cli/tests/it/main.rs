//! Stories of people who chat, against the real binary on real ports with a real data directory.
//!
//! One file per theme. What every story may rely on without saying so (fields, seq, recipients, frames) is checked
//! by the test kit for each frame that arrives.

mod app_users;
mod chats;
mod clients;
mod devices;
mod documented;
mod events;
mod handshake;
mod history;
mod http;
mod lifecycle;
mod limits;
mod live;
mod management;
mod members;
mod messages;
mod node;
mod nonce;
mod observed;
mod pages;
mod reactions;
mod readme;
mod reads;
mod refusals;
mod scene;
mod sockjs_client;
mod sockjs_protocol;
mod sockjs_sessions;
mod stomp;
mod stomp_frames;
mod tickets;
mod tokens;
mod typing;
mod unread;
mod users;
mod wire;
