//! Identity against a real database file: what is kept of accounts, apps, keys and users, and who is let in.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod accounts;
mod apps;
mod beside;
mod users;
mod verbs;
mod world;
