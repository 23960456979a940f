//! An application's own server: its key, its users, its voice, history that it brings, and what it is told, pushed to a real
//! HTTP server and pulled.

mod imports;
mod pull;
mod push;
mod receiver;
mod scene;
mod users;
mod voice;
