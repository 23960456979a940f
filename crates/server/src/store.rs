//! What is kept: every stored thing goes in and out through a method of `Store`, sized to a use.
//!
//! Promises that hold for every method:
//! - a write that returned `Ok` is on the disk and survives anything short of the disk's own loss;
//! - a write that returned `Err` changed nothing, unless the error is [`StoreError::Unavailable`], which can also
//!   mean that the answer was lost: what a nonce names may then be asked again;
//! - events are announced in the order in which they were committed, and only after that;
//! - dropping a method's future does not undo what it asked for.

/// Calls the same method of whichever engine it is.
macro_rules! on_engine {
    ($store:expr, $engine:ident => $call:expr) => {
        match &$store.0 {
            $crate::store::Engine::Sqlite($engine) => $call,
            $crate::store::Engine::Postgres($engine) => $call,
        }
    };
}

mod accounts;
mod applications;
mod apps;
mod chats;
mod event;
mod feed;
mod hooks;
mod keys;
mod nonce;
mod people;
mod postgres;
mod sessions;
mod sqlite;
mod trace;
mod upkeep;
mod users;
mod window;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::clock::{Clock, Ids};
use crate::hub::Announcements;
use crate::telemetry::Commits;
use postgres::Postgres;
use sqlite::Sqlite;

pub use accounts::{Account, AccountSession, NewAccount, NewRefresh, RegisterAccountError};
pub use applications::{
    AppChat, AppUser, AppUserError, ExternalId, Imported, InvalidExternalId, NewAppUser, NewImport,
    OldMessage, Whom,
};
pub use apps::{App, AppChanges, CreateAppError, DEMO_APPS_MAX, Reach};
pub use chats::{ActError, ChatError, Done, Missed, Page};
pub use feed::{Fed, FedEvent, Stretch};
pub use hooks::{DeadLetter, HOOKS_MAX, Hook, HookChanges, HookError, HookSecret, NewHook, Parked, Progress};
pub use keys::{ACTIVE_KEYS_MAX, Key, KeyError, KeyHolder, NewKey};
pub use people::{ListedUser, UserSearch};
pub use postgres::Survey;
pub use sessions::{Ended, Ending, Session, SignIn};
pub use trace::{Reader, StoredMessage};
pub use upkeep::Erasure;
pub use users::{NewUser, RegisterError, RenameError, User};

/// A handle to the store; clones share it. Its callers do not know on which engine it is.
#[derive(Clone)]
pub struct Store(Engine);

#[derive(Clone)]
enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Opens or makes the embedded database in `data_dir` and starts its writer, which hands every committed event to
    /// `announcements`. The directory is locked against other processes until the last handle and the writer are gone.
    pub fn open(
        data_dir: &Path,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
        announcements: Announcements,
    ) -> Result<(Self, WriterThread), OpenError> {
        let (sqlite, writer) = Sqlite::open(data_dir, clock, ids, announcements)?;
        Ok((Self(Engine::Sqlite(sqlite)), writer))
    }

    /// Opens `data_dir` for a short while, for an administrator: as [`Store::open`] does if nobody has it open, else
    /// beside the server that runs on it. Nothing is announced, and beside a server nothing may be written that is an
    /// event: such a write fails, since positions are the server's to give.
    pub fn open_beside(data_dir: &Path, clock: Arc<dyn Clock>) -> Result<(Self, Occupancy), OpenError> {
        let (sqlite, occupancy) = Sqlite::open_beside(data_dir, clock)?;
        Ok((Self(Engine::Sqlite(sqlite)), occupancy))
    }

    /// Connects to the PostgreSQL database at `database_url`, brings it to the present schema and starts this node's
    /// writer, which hands every event that it committed to `announcements`. With [`Occupancy::Alone`] another such is
    /// refused for as long as this one is connected.
    pub async fn connect(
        database_url: &str,
        occupancy: Occupancy,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
        announcements: Announcements,
    ) -> Result<(Self, WriterThread), OpenError> {
        let (postgres, writer) =
            Postgres::connect(database_url, occupancy, clock, ids, announcements).await?;
        Ok((Self(Engine::Postgres(postgres)), writer))
    }

    /// Looks at the PostgreSQL at `database_url` and leaves it as it is.
    pub async fn survey(database_url: &str) -> Result<Survey, OpenError> {
        Postgres::survey(database_url).await
    }

    /// Of SQLite.
    #[must_use]
    pub fn embedded_version() -> &'static str {
        Sqlite::version()
    }

    /// Whether there is an embedded database in `data_dir`.
    #[must_use]
    pub fn is_in(data_dir: &Path) -> bool {
        Sqlite::is_in(data_dir)
    }

    /// Names this database: cursors of another one (or of an older life of this one, restored) are not honoured.
    #[must_use]
    pub fn epoch(&self) -> &str {
        on_engine!(self, store => store.epoch())
    }

    /// What the writer measures.
    #[must_use]
    pub fn commits(&self) -> &Commits {
        on_engine!(self, store => store.commits())
    }

    /// Jobs waiting for the writer.
    #[must_use]
    pub fn jobs_waiting(&self) -> usize {
        on_engine!(self, store => store.jobs_waiting())
    }

    /// Position of the newest event that this process knows to be committed.
    #[must_use]
    pub fn head(&self) -> u64 {
        on_engine!(self, store => store.head())
    }
}

/// What a submitted job will have returned. The job is done even if this is dropped.
pub struct Answer<T, E>(oneshot::Receiver<Result<T, E>>);

impl<T, E: From<StoreError>> std::future::Future for Answer<T, E> {
    type Output = Result<T, E>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context).map(|answer| {
            answer.unwrap_or_else(|_| Err(StoreError::Unavailable("the writer stopped".to_owned()).into()))
        })
    }
}

/// The store's threads. They end when every `Store` handle is gone and the queue is empty.
pub struct WriterThread {
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl WriterThread {
    /// Waits for the last commit. Blocks: call it after dropping the handles, off the async threads.
    pub fn join(self) {
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

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
    #[error(
        "unable to serve the database; another chinwag serves it, and this version runs one node on a database: stop \
         that one, or wait until its connections have ended"
    )]
    Served,
    #[error("unable to open the database; {0}")]
    Database(String),
}
