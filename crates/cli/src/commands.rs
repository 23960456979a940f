//! One file per command.

pub(crate) mod api;
pub(crate) mod app;
pub(crate) mod bench;
pub(crate) mod chat;
pub(crate) mod chats;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod hook;
pub(crate) mod key;
pub(crate) mod login;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod shell;
pub(crate) mod tail;
pub(crate) mod user;

/// Why a command was not done, for the person who asked.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
