//! The store of many nodes: one PostgreSQL database that all of them share (docs/adr/0009).
//!
//! Everything that is an event goes through this node's one writer, in groups. What is none (accounts, apps, keys,
//! users, sessions) is written beside it, and all reads are, each on one snapshot.

mod accounts;
mod act;
mod applications;
mod apps;
mod batch;
mod chats;
mod decide;
mod erase;
mod facts;
mod feed;
mod flush;
mod group;
mod history;
mod hooks;
mod imports;
mod keys;
mod line;
mod lines;
mod list;
mod open;
mod people;
mod sessions;
mod survey;
mod sync;
mod trace;
mod upkeep;
mod users;
mod verbs;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chinwag_protocol::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::{Answer, Occupancy, OpenError, StoreError, WriterThread};
use crate::clock::{Clock, Ids};
use crate::hub::Announcements;
use crate::telemetry::Commits;
use lines::Lines;
pub use survey::Survey;
use verbs::{Verb, VerbJob};
use writer::Order;

/// Orders waiting for the writer. Full, it makes callers wait: that is the back-pressure of every door.
const WRITER_QUEUE_MAX: usize = 4096;

/// A handle to this node's way to the database; clones share it.
#[derive(Clone)]
pub(super) struct Postgres {
    orders: mpsc::Sender<Order>,
    lines: Arc<Lines>,
    head: Arc<AtomicU64>,
    epoch: Arc<str>,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    commits: Arc<Commits>,
}

impl Postgres {
    /// Connects, brings the database to the present schema, and starts this node's writer, which hands every event
    /// that it committed to `announcements`. With [`Occupancy::Alone`] another one like this is refused.
    pub(super) async fn connect(
        database_url: &str,
        occupancy: Occupancy,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
        announcements: Announcements,
    ) -> Result<(Self, WriterThread), OpenError> {
        let opened = open::open(database_url, &ids).await?;
        let (orders, queue) = mpsc::channel(WRITER_QUEUE_MAX);
        let head = Arc::new(AtomicU64::new(opened.head));
        let commits = Arc::new(Commits::default());
        let writer = writer::Writer::new(writer::Wiring {
            config: opened.config.clone(),
            occupancy,
            queue,
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            announcements,
            head: Arc::clone(&head),
            commits: Arc::clone(&commits),
        });
        let thread = writer.start().await?;
        let lines = Arc::new(Lines::new(opened.config));
        let store = Self { orders, lines, head, epoch: opened.epoch, clock, ids, commits };
        Ok((store, WriterThread { threads: vec![thread] }))
    }

    pub(super) async fn survey(database_url: &str) -> Result<Survey, OpenError> {
        survey::survey(database_url).await
    }

    pub(super) fn epoch(&self) -> &str {
        &self.epoch
    }

    pub(super) fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    pub(super) fn commits(&self) -> &Commits {
        &self.commits
    }

    pub(super) fn jobs_waiting(&self) -> usize {
        self.orders.max_capacity() - self.orders.capacity()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Does `work` to its end, though its caller may go.
    async fn detached<T, E>(&self, work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let done = tokio::spawn(work).await;
        done.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string()).into()))
    }

    /// Queues a verb, in the caller's order, and waits until it is on the disk.
    async fn verb(&self, verb: Verb) -> Result<verbs::Outcome, super::ChatError> {
        let (reply, answer) = oneshot::channel();
        let _ = self.orders.send(Order::Verb(VerbJob { verb, reply })).await;
        Answer(answer).await
    }
}

/// As PostgreSQL keeps it.
fn big(number: u64) -> i64 {
    number.cast_signed()
}

/// As it was kept.
fn natural(number: i64) -> u64 {
    number.cast_unsigned()
}

/// What people wrote, from the bytes it is kept as.
fn text(bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|_| StoreError::Unavailable("a stored text is not UTF-8".to_owned()))
}
