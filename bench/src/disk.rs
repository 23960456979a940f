//! The disk under the data: how long a sync takes, and how many rows a program stores that does nothing else.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::failure::{Failure, Fallible, While};
use crate::seed::chat_id;
use crate::talk::{histogram, micros};

const BLOCK: [u8; 4096] = [0x5a; 4096];
/// Between two syncs, so that they take little from what is measured beside them.
const SYNC_INTERVAL: Duration = Duration::from_millis(20);

/// Of `fdatasync` after 4 KiB appended, in microseconds.
pub(crate) struct Sync {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// Syncs now and then for as long as something else is measured: before and after it the disk may be another one.
pub(crate) struct Syncs {
    done: Arc<AtomicBool>,
    thread: JoinHandle<Fallible<Histogram<u64>>>,
}

impl Syncs {
    pub(crate) fn start(disk: &Path) -> Fallible<Self> {
        let path = disk.join("compare-sync");
        let file = File::create(&path).during(format!("unable to write to {}", disk.display()))?;
        let done = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let done = Arc::clone(&done);
            move || {
                let took = sync(file, &done);
                std::fs::remove_file(path)?;
                took
            }
        });
        Ok(Self { done, thread })
    }

    pub(crate) fn end(self) -> Fallible<Sync> {
        self.done.store(true, Ordering::Relaxed);
        let took = self.thread.join().map_err(|_| Failure::new("the disk could not be measured"))??;
        let at = |percentile: f64| took.value_at_percentile(percentile) as f64;
        Ok(Sync { p50: at(50.0), p99: at(99.0) })
    }
}

fn sync(mut file: File, done: &AtomicBool) -> Fallible<Histogram<u64>> {
    let mut took = histogram();
    while !done.load(Ordering::Relaxed) {
        file.write_all(&BLOCK)?;
        let began = Instant::now();
        file.sync_data()?;
        took.saturating_record(micros(began.elapsed()));
        std::thread::sleep(SYNC_INTERVAL);
    }
    Ok(took)
}

/// Rows a second of a program that only inserts them: the same rows as a sent message leaves, into the same tables,
/// so many in a transaction, each transaction synced, with the server's own settings of SQLite. `data` is a data
/// directory that no server has open, with chats numbered from 0.
pub(crate) fn insert(data: &Path, chats: usize, batch: usize, lasting: Duration) -> Fallible<f64> {
    let connection = Connection::open(data.join("chinwag.db"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 16_000)?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.set_prepared_statement_cache_capacity(16);
    let sender: Vec<u8> = connection.query_row("SELECT id FROM users LIMIT 1", [], |row| row.get(0))?;
    let text = "x".repeat(100);
    let began = Instant::now();
    let (mut rows, mut position) = (0_u64, 1_i64 << 40);
    while began.elapsed() < lasting {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..batch.max(1) {
            position += 1;
            let chat = chat_id(usize::try_from(rows).unwrap_or_default() % chats);
            let (seq, sent): (i64, i64) = connection
                .prepare_cached(
                    "UPDATE chats SET head_seq = head_seq + 1, head_position = ?2, active_position = ?2,
                            sent = sent + 1 WHERE id = ?1 RETURNING head_seq, sent",
                )?
                .query_row(params![chat, position], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let id = Uuid::from_u64_pair(0x0200_0000_0000_7000, 1 << 63 | rows);
            connection
                .prepare_cached(
                    "INSERT INTO messages (position, id, chat, seq, nth, sender, sent_at, changed_seq, text, sender_nth)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?4, ?8, ?5)",
                )?
                .execute(params![position, id, chat, seq, sent, sender, position, text])?;
            rows += 1;
        }
        connection.execute_batch("COMMIT")?;
    }
    Ok(rows as f64 / began.elapsed().as_secs_f64())
}
