//! The embedded store: one SQLite file, one writer thread that commits in groups, several readers.

mod accounts;
mod act;
mod applications;
mod apps;
mod chats;
mod erase;
mod feed;
mod history;
mod hooks;
mod imports;
mod keys;
mod list;
mod open;
mod people;
mod readers;
mod rows;
mod sessions;
mod sync;
#[cfg(test)]
mod tests;
mod trace;
mod upkeep;
mod users;
mod work;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{Answer, Occupancy, OpenError, StoreError, WriterThread};
use crate::clock::{Clock, Ids};
use crate::hub::Announcements;
use crate::telemetry::Commits;

use work::{Guard, Job, Tx};

/// Jobs waiting for the writer. Full, it makes callers wait: that is the back-pressure of every door.
const WRITER_QUEUE_MAX: usize = 4096;

/// A handle to the one SQLite database of a data directory; clones share it.
#[derive(Clone)]
pub(super) struct Sqlite {
    jobs: mpsc::Sender<writer::Order>,
    readers: Arc<readers::Readers>,
    head: Arc<AtomicU64>,
    epoch: Arc<str>,
    commits: Arc<Commits>,
}

impl Sqlite {
    /// Opens or makes the database in `data_dir` and starts its writer, which hands every committed event to
    /// `announcements`. The directory is locked against other processes until the last handle and the writer are gone.
    pub(super) fn open(
        data_dir: &Path,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
        announcements: Announcements,
    ) -> Result<(Self, WriterThread), OpenError> {
        let opened = open::open(data_dir, &ids)?;
        Self::start(data_dir, opened, Occupancy::Alone, clock, ids, announcements)
    }

    /// Opens `data_dir` for a short while, for an administrator: as [`Sqlite::open`] does if nobody has it open, else
    /// beside the server that runs on it. Nothing is announced, and beside a server nothing may be written that is an
    /// event: such a write fails, since positions are the server's to give.
    pub(super) fn open_beside(
        data_dir: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Occupancy), OpenError> {
        let ids = Arc::new(Ids::new(Arc::clone(&clock)));
        let (opened, occupancy) = open::open_beside(data_dir, &ids)?;
        let (store, _) = Self::start(data_dir, opened, occupancy, clock, ids, Announcements::unheard())?;
        Ok((store, occupancy))
    }

    pub(super) fn version() -> &'static str {
        rusqlite::version()
    }

    /// Whether there is a database in `data_dir`.
    #[must_use]
    pub(super) fn is_in(data_dir: &Path) -> bool {
        open::is_there(data_dir)
    }

    fn start(
        data_dir: &Path,
        opened: open::Opened,
        occupancy: Occupancy,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
        announcements: Announcements,
    ) -> Result<(Self, WriterThread), OpenError> {
        let (jobs, queue) = mpsc::channel(WRITER_QUEUE_MAX);
        let head = Arc::new(AtomicU64::new(opened.head));
        let commits = Arc::new(Commits::default());
        let writer = writer::Writer {
            connection: opened.writer,
            queue,
            clock,
            ids,
            announcements,
            head: Arc::clone(&head),
            occupancy,
            commits: Arc::clone(&commits),
        };
        let lock = opened.lock;
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                writer.run();
                drop(lock);
            })
            .map_err(|error| OpenError::Directory(data_dir.to_owned(), error))?;
        let checkpointer = writer::start_checkpointer(opened.checkpointer, opened.wal, jobs.downgrade())
            .map_err(|error| OpenError::Directory(data_dir.to_owned(), error))?;
        let store = Self {
            jobs,
            readers: Arc::new(readers::Readers::new(opened.readers)),
            head,
            epoch: opened.epoch,
            commits,
        };
        Ok((store, WriterThread { threads: vec![thread, checkpointer] }))
    }

    /// Names this database: cursors of another one (or of an older life of this one, restored) are not honoured.
    #[must_use]
    pub(super) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// What the writer measures.
    #[must_use]
    pub(super) fn commits(&self) -> &Commits {
        &self.commits
    }

    /// Jobs waiting for the writer.
    #[must_use]
    pub(super) fn jobs_waiting(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }

    /// Position of the newest committed event.
    #[must_use]
    pub(super) fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// Runs `read` on a snapshot of the database, off the async threads.
    async fn read<T, E>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.readers.run(read).await
    }

    /// Like [`Sqlite::read`], for one statement that finds a row or two by their keys: it is run on the caller's thread.
    async fn look_up<T, E>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.readers.look_up(read).await
    }

    /// Runs `write` in the writer's current commit group and returns once that group is on the disk. An `Err` undoes
    /// what `write` did and nothing else. `write` may run a second time if its group could not be committed.
    async fn write<T, E>(
        &self,
        write: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.submit(write).await.await
    }

    /// Like [`Sqlite::write`], in two steps: awaiting the first queues the job (in the caller's order), awaiting its
    /// answer waits for the commit. The job runs even if the answer is dropped.
    async fn submit<T, E>(
        &self,
        write: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Answer<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.submit_guarded(Guard::Savepoint, write).await
    }

    async fn submit_guarded<T, E>(
        &self,
        guard: Guard<E>,
        write: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Answer<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let order = writer::Order::Job(Box::new(Job::new(guard, write, reply)));
        // A closed queue drops the job and with it `reply`, which the answer reports.
        let _ = self.jobs.send(order).await;
        Answer(answer)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full,
            _ => StoreError::Unavailable(error.to_string()),
        }
    }
}
