//! The Chinwag server: the chat, its store, and its doors.

pub mod clock;
pub mod config;
pub mod listener;
pub mod sessions;
