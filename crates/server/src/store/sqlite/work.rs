//! One job of the writer, and the transaction it runs in.

use std::ops::Deref;

use chinwag_protocol::Timestamp;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::chat::Published;
use crate::clock::Ids;
use crate::hub::Announcement;
use crate::store::StoreError;

/// The writer's open transaction, as one job sees it: a connection, the time, and what will be announced.
pub(super) struct Tx<'a> {
    connection: &'a Connection,
    pub(super) now: Timestamp,
    pub(super) ids: &'a Ids,
    position: u64,
    announcements: Vec<Announcement>,
    /// Something was half done, and nothing takes that back but the end of the transaction.
    spoiled: Option<StoreError>,
}

/// What takes back what a job did before it failed.
pub(super) enum Guard<E> {
    Savepoint,
    /// Nothing, because a job of this kind writes nothing before it refuses. If the store fails, which this tells from
    /// a refusal, the whole transaction is given up.
    RefusesFirst(fn(&E) -> Option<&StoreError>),
}

/// How far a transaction had come, to go back to.
#[derive(Clone, Copy)]
struct Mark {
    position: u64,
    announcements: usize,
}

impl<'a> Tx<'a> {
    pub(super) fn new(connection: &'a Connection, now: Timestamp, ids: &'a Ids, position: u64) -> Self {
        Self { connection, now, ids, position, announcements: Vec::new(), spoiled: None }
    }

    /// Position of the newest event, this transaction's included.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn ids(&self) -> &Ids {
        self.ids
    }

    /// The next event's position.
    pub(super) fn advance(&mut self) -> u64 {
        self.position += 1;
        self.position
    }

    /// To be announced once this transaction is on the disk.
    pub(super) fn publish(&mut self, published: Published) {
        self.announcements.push(Announcement::Event(Box::new(published)));
    }

    pub(super) fn announce(&mut self, announcement: Announcement) {
        self.announcements.push(announcement);
    }

    /// The newest position and what is to be announced, unless the transaction is to be given up.
    pub(super) fn into_announcements(self) -> Result<(u64, Vec<Announcement>), StoreError> {
        self.spoiled.map_or(Ok((self.position, self.announcements)), Err)
    }

    pub(super) fn is_spoiled(&self) -> bool {
        self.spoiled.is_some()
    }

    /// Runs `step`, which changes nothing if it refuses.
    fn unguarded<T, E>(
        &mut self,
        store_error: fn(&E) -> Option<&StoreError>,
        step: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.position;
        let result = step(self);
        if let Err(error) = &result {
            self.spoiled = match store_error(error) {
                Some(error) => Some(error.clone()),
                None if self.position != before => {
                    Some(StoreError::Unavailable("an action refused after it had written".to_owned()))
                }
                None => None,
            };
        }
        result
    }

    /// Runs `step`; an `Err` takes back what it did.
    pub(super) fn all_or_nothing<T, E: From<StoreError>>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let mark = Mark { position: self.position, announcements: self.announcements.len() };
        self.command("SAVEPOINT job")?;
        let result = step(self);
        if result.is_err() {
            self.position = mark.position;
            self.announcements.truncate(mark.announcements);
            // A full disk has rolled back everything already; the writer sees that for itself.
            if self.connection.is_autocommit() {
                return result;
            }
            self.command("ROLLBACK TO job")?;
        }
        self.command("RELEASE job")?;
        result
    }

    fn command(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

/// What waits in the writer's queue.
pub(super) trait Work: Send {
    /// Does the job within `tx` and keeps what came of it. May be called again for a new attempt.
    fn run(&mut self, tx: &mut Tx<'_>);

    /// Tells the caller, once it is known whether the transaction reached the disk.
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

pub(super) struct Job<F, T, E> {
    write: F,
    guard: Guard<E>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job<F, T, E> {
    pub(super) fn new(guard: Guard<E>, write: F, reply: oneshot::Sender<Result<T, E>>) -> Self {
        Self { write, guard, result: None, reply }
    }
}

impl<F, T, E> Work for Job<F, T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) {
        let write = &mut self.write;
        self.result = Some(match self.guard {
            Guard::Savepoint => tx.all_or_nothing(write),
            Guard::RefusesFirst(store_error) => tx.unguarded(store_error, write),
        });
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            // What was refused changed nothing, so the failed commit does not change the answer.
            (Err(_), Some(Err(refused))) => Err(refused),
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(StoreError::Unavailable("the job was not run".to_owned()).into()),
        };
        // Whoever asked may have gone; the work is done all the same.
        let _ = self.reply.send(result);
    }
}
