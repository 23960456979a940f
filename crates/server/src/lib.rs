//! The Chinwag server: the chat, its store, and its doors.

pub mod chat;
pub mod clock;
pub mod config;
pub mod cursor;
pub mod hub;
pub mod listener;
pub mod sessions;
pub mod store;
