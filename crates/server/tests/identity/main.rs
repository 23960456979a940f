//! Identity against a real database file: what is kept of accounts, apps, keys and users, and who is let in.

mod accounts;
mod apps;
mod users;
mod verbs;
mod world;
