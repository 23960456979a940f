//! Stories of programs that use the Rust SDK, against the real binary, with and without a bad network in between.

mod actions;
mod behind;
mod echo;
mod faults;
mod outbox;
mod scene;
mod session;
