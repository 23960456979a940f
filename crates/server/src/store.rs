//! What is kept: every stored thing goes in and out through a method of `Store`, sized to a use.
//!
//! Promises that hold for every method:
//! - a write that returned `Ok` is on the disk and survives anything short of the disk's own loss;
//! - a write that returned `Err` changed nothing, unless the error is [`StoreError::Unavailable`], which can also
//!   mean that the answer was lost: what a nonce names may then be asked again;
//! - events are announced in the order in which they were committed, and only after that;
//! - dropping a method's future does not undo what it asked for.

pub mod sqlite;

pub use sqlite::{
    ACTIVE_KEYS_MAX, Account, AccountSession, ActError, Answer, App, AppChanges, ChatError, CreateAppError,
    DEMO_APPS_MAX, Done, Ended, Ending, Erasure, Key, KeyError, KeyHolder, ListedUser, Missed, NewAccount,
    NewKey, NewRefresh, NewUser, Page, Reach, Reader, RegisterAccountError, RegisterError, RenameError,
    Session, SignIn, Store, StoredMessage, Tx, User, UserSearch, WriterThread,
};

/// What can keep the store from doing what it was asked. Refusals by the rules of chat are not among it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the disk is full")]
    Full,
    /// The disk failed, or the store has stopped. The text is for the log, not for clients.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// Who has a data directory open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occupancy {
    /// This process only.
    Alone,
    /// Another process, too, most likely a server. What this one ends or deletes, that one closes and erases.
    Shared,
}

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("unable to use the data directory {0}; {1}")]
    Directory(std::path::PathBuf, std::io::Error),
    #[error("unable to open {0}; another chinwag is running on it")]
    InUse(std::path::PathBuf),
    #[error(
        "unable to open the database; it was written by a newer chinwag (schema {found}, this one knows {known}): \
         start that version, or restore a backup"
    )]
    Newer { found: i64, known: i64 },
    #[error(
        "unable to open the database; the server that runs on it is older (schema {found}, this one knows {known}): \
         use the same version for both"
    )]
    Older { found: i64, known: i64 },
    #[error("unable to open the database; {0}")]
    Database(String),
}
