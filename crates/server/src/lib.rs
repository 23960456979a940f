//! The Chinwag server: the chat, its store, and its doors.

pub mod api;
pub mod app;
pub mod chat;
pub mod clock;
pub mod config;
pub mod cursor;
pub mod hooks;
pub mod http;
pub mod hub;
pub mod listener;
pub mod management;
pub mod problem;
pub mod realtime;
pub mod sessions;
pub mod store;
pub mod telemetry;
pub mod upkeep;
pub mod web;

pub use app::{App, Server, StartError};
