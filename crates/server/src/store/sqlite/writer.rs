//! The one writer: it gathers what waits, does it in one transaction, makes that durable with one sync, and only
//! then answers and announces. A lone job is never held back to wait for company.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::work::{Tx, Work};
use crate::clock::{Clock, Ids};
use crate::hub::{Announcement, Announcements};
use crate::store::{Occupancy, StoreError};
use crate::telemetry::Commits;

/// Jobs in one commit: large enough to share a sync among many, small enough to keep the wait short.
const GROUP_MAX: usize = 512;
/// A write-ahead log of this size is copied into the database: 64 MiB, as 16,000 pages measured three times faster
/// than SQLite's 1,000.
const WAL_BYTES_MAX: u64 = 64 * 1024 * 1024;
const WAL_LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// What the writer is asked for.
pub(super) enum Order {
    Job(Box<dyn Work>),
    /// Finish copying the write-ahead log, so that the next commit begins it anew.
    StartNewLog,
}

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) queue: mpsc::Receiver<Order>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<Ids>,
    pub(super) announcements: Announcements,
    pub(super) head: Arc<AtomicU64>,
    /// Positions of events are given by one process only.
    pub(super) occupancy: Occupancy,
    pub(super) commits: Arc<Commits>,
}

impl Writer {
    pub(super) fn run(mut self) {
        let mut orders = Vec::new();
        let mut group = Vec::new();
        while self.queue.blocking_recv_many(&mut orders, GROUP_MAX) > 0 {
            let mut new_log = false;
            for order in orders.drain(..) {
                match order {
                    Order::Job(job) => group.push(job),
                    Order::StartNewLog => new_log = true,
                }
            }
            self.commit_group(&mut group);
            if new_log {
                checkpoint(&self.connection);
            }
        }
    }

    fn commit_group(&self, group: &mut Vec<Box<dyn Work>>) {
        if group.is_empty() {
            return;
        }
        let began = Instant::now();
        match self.commit(group) {
            Ok(announced) => {
                self.commits.time.observe(began.elapsed());
                self.commits.jobs.add(group.len() as u64);
                for job in group.drain(..) {
                    job.finish(Ok(()));
                }
                self.announce(announced);
            }
            Err(error) if group.len() == 1 => {
                self.commits.failed.add(1);
                tracing::error!(%error, "unable to commit");
                for job in group.drain(..) {
                    job.finish(Err(error.clone()));
                }
            }
            // One job may be what the disk has no room for: the others are not to suffer for it.
            Err(_) => {
                for job in std::mem::take(group) {
                    self.commit_group(&mut vec![job]);
                }
            }
        }
    }

    /// Runs every job in one transaction. On an error nothing has happened.
    fn commit(&self, group: &mut [Box<dyn Work>]) -> Result<Vec<Announcement>, StoreError> {
        let position = self.head.load(Ordering::Acquire);
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut tx = Tx::new(&self.connection, self.clock.now(), &self.ids, position);
        for job in group.iter_mut() {
            job.run(&mut tx);
            // A full disk has ended the transaction: the next job would commit on its own, and be done again.
            if self.connection.is_autocommit() || tx.is_spoiled() {
                break;
            }
        }
        let (after, announced) = match tx.into_announcements() {
            Ok(done) => done,
            Err(error) => {
                self.roll_back()?;
                return Err(error);
            }
        };
        if after != position && self.occupancy == Occupancy::Shared {
            self.connection.execute_batch("ROLLBACK")?;
            return Err(StoreError::Unavailable("events are written by the running server only".to_owned()));
        }
        if self.connection.is_autocommit() {
            return Err(StoreError::Full);
        }
        if let Err(error) = self.connection.execute_batch("COMMIT") {
            self.roll_back()?;
            return Err(error.into());
        }
        self.head.store(after, Ordering::Release);
        Ok(announced)
    }

    /// Unless SQLite has done so.
    fn roll_back(&self) -> Result<(), StoreError> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        Ok(())
    }

    fn announce(&self, announced: Vec<Announcement>) {
        if !announced.is_empty() {
            self.announcements.send(announced);
        }
    }
}

/// Copies the write-ahead log into the database when it has grown, beside the commits. The last pages, and the start
/// of a new log, are the writer's, since they need that no commit comes between.
pub(super) fn start_checkpointer(
    connection: Connection,
    wal: PathBuf,
    orders: mpsc::WeakSender<Order>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("checkpointer".to_owned()).spawn(move || {
        while let Some(orders) = orders.upgrade() {
            if std::fs::metadata(&wal).is_ok_and(|found| found.len() > wal_bytes_max(&wal)) {
                checkpoint(&connection);
                let _ = orders.blocking_send(Order::StartNewLog);
            }
            drop(orders);
            std::thread::sleep(WAL_LOOK_INTERVAL);
        }
        checkpoint(&connection);
    })
}

/// On a small disk the log must not take the room that the database needs to take in what is in the log.
fn wal_bytes_max(wal: &Path) -> u64 {
    let free = rustix::fs::statvfs(wal).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    WAL_BYTES_MAX.min(free / 2)
}

/// Passive: it waits for nobody, and leaves what somebody still reads for the next time.
fn checkpoint(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(%error, "unable to checkpoint; the write-ahead log goes on growing");
    }
}
