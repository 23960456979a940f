//! Opening a data directory: the lock, the database file, its migrations and its connections.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use crate::clock::Ids;
use crate::store::{Occupancy, OpenError};

const DATABASE_FILE: &str = "chinwag.db";
const LOCK_FILE: &str = "lock";
/// How long to wait for whoever holds the lock: a command holds it for a moment, a server for as long as it runs.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// How many reads run at once; more would only share the same two or four cores.
const READERS: usize = 4;
/// Statements kept prepared per connection: all of ours.
const STATEMENTS_MAX: usize = 128;

/// In the order in which they are run; `user_version` counts those that were.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/sqlite/0001_initial.sql"),
    include_str!("../../../migrations/sqlite/0002_stays.sql"),
    include_str!("../../../migrations/sqlite/0003_app_server.sql"),
];

pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) checkpointer: Connection,
    pub(super) readers: Vec<Connection>,
    pub(super) wal: PathBuf,
    pub(super) epoch: Arc<str>,
    pub(super) head: u64,
    /// Held as long as this process writes; not held beside another one.
    pub(super) lock: File,
}

/// Opens the directory for this process alone, and brings the database to the present schema.
pub(super) fn open(data_dir: &Path, ids: &Ids) -> Result<Opened, OpenError> {
    let lock = lock_file(data_dir)?;
    let end = Instant::now() + LOCK_PATIENCE;
    while !try_lock(&lock, data_dir)? {
        if Instant::now() >= end {
            return Err(OpenError::InUse(data_dir.to_owned()));
        }
        std::thread::sleep(LOCK_LOOK_INTERVAL);
    }
    alone(data_dir, ids, lock)
}

/// Opens the directory as [`open`] does if no other process has it, and else beside that process.
pub(super) fn open_beside(data_dir: &Path, ids: &Ids) -> Result<(Opened, Occupancy), OpenError> {
    let lock = lock_file(data_dir)?;
    let end = Instant::now() + LOCK_PATIENCE;
    loop {
        if try_lock(&lock, data_dir)? {
            return Ok((alone(data_dir, ids, lock)?, Occupancy::Alone));
        }
        match beside(data_dir) {
            Ok((writer, epoch)) => return Ok((opened(data_dir, writer, epoch, lock)?, Occupancy::Shared)),
            // Perhaps it is only just making the database, or migrating it.
            Err(OpenError::Older { .. }) if Instant::now() < end => std::thread::sleep(LOCK_LOOK_INTERVAL),
            Err(error) => return Err(error),
        }
    }
}

/// Whether the directory holds a database, which need not be whole.
pub(super) fn is_there(data_dir: &Path) -> bool {
    data_dir.join(DATABASE_FILE).exists()
}

fn alone(data_dir: &Path, ids: &Ids, lock: File) -> Result<Opened, OpenError> {
    let mut writer = connect(&data_dir.join(DATABASE_FILE)).map_err(database)?;
    migrate(&mut writer)?;
    if let Some(newest) = newest_id(&writer).map_err(database)? {
        ids.go_on_after(newest);
    }
    let epoch = epoch(&writer, ids).map_err(database)?;
    opened(data_dir, writer, epoch, lock)
}

/// A connection to the database as another process made it: nothing is migrated under its feet.
fn beside(data_dir: &Path) -> Result<(Connection, Arc<str>), OpenError> {
    let known = schema_known();
    if !is_there(data_dir) {
        return Err(OpenError::Older { found: 0, known });
    }
    let writer = connect(&data_dir.join(DATABASE_FILE)).map_err(database)?;
    let found = schema_of(&writer)?;
    let epoch = match found {
        _ if found > known => return Err(OpenError::Newer { found, known }),
        _ if found < known => None,
        _ => known_epoch(&writer).map_err(database)?,
    };
    match epoch {
        Some(epoch) => Ok((writer, epoch.into())),
        None => Err(OpenError::Older { found, known }),
    }
}

fn opened(data_dir: &Path, writer: Connection, epoch: Arc<str>, lock: File) -> Result<Opened, OpenError> {
    let path = data_dir.join(DATABASE_FILE);
    let head = head(&writer).map_err(database)?;
    let reader = || -> rusqlite::Result<Connection> {
        let connection = connect(&path)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    Ok(Opened {
        checkpointer: connect(&path).map_err(database)?,
        readers: (0..READERS).map(|_| reader()).collect::<Result<_, _>>().map_err(database)?,
        wal: data_dir.join(format!("{DATABASE_FILE}-wal")),
        writer,
        epoch,
        head,
        lock,
    })
}

fn database(error: rusqlite::Error) -> OpenError {
    OpenError::Database(error.to_string())
}

/// Makes the directory, for its owner only, and the file in it that is locked.
fn lock_file(data_dir: &Path) -> Result<File, OpenError> {
    let directory = |error| OpenError::Directory(data_dir.to_owned(), error);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(data_dir).map_err(directory)?;
    File::options().create(true).truncate(false).write(true).open(data_dir.join(LOCK_FILE)).map_err(directory)
}

/// Whether the lock is ours now. The system releases it when the process ends.
fn try_lock(lock: &File, data_dir: &Path) -> Result<bool, OpenError> {
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(OpenError::Directory(data_dir.to_owned(), error)),
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Plans do not depend on bound values: statements are compiled once, not at every other binding.
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Every commit is synced to the disk before it is acknowledged.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Checkpoints are the checkpointer's: no commit waits for one.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "secure_delete", "FAST")?;
    Ok(connection)
}

fn schema_known() -> i64 {
    i64::try_from(MIGRATIONS.len()).expect("there are few migrations")
}

fn schema_of(connection: &Connection) -> Result<i64, OpenError> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(database)
}

fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let (found, known) = (schema_of(connection)?, schema_known());
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    for (version, sql) in (1..).zip(MIGRATIONS).skip_while(|(version, _)| *version <= found) {
        let step = connection.transaction().map_err(database)?;
        step.execute_batch(sql).map_err(database)?;
        step.pragma_update(None, "user_version", version).map_err(database)?;
        step.commit().map_err(database)?;
    }
    Ok(())
}

fn epoch(connection: &Connection, ids: &Ids) -> rusqlite::Result<Arc<str>> {
    if let Some(epoch) = known_epoch(connection)? {
        return Ok(epoch.into());
    }
    let id: Uuid = ids.next();
    let epoch = id.simple().to_string();
    connection.execute("INSERT INTO meta (name, value) VALUES ('epoch', ?1)", [&epoch])?;
    Ok(epoch.into())
}

fn known_epoch(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT value FROM meta WHERE name = 'epoch'", [], |row| row.get(0)).optional()
}

/// The newest message's id, among those that are there and those that were deleted last.
fn newest_id(connection: &Connection) -> rusqlite::Result<Option<Uuid>> {
    connection.query_row(
        "SELECT max(id) FROM (SELECT max(id) AS id FROM messages
            UNION ALL SELECT subject FROM (SELECT kind, subject FROM changes ORDER BY position DESC LIMIT 10000)
            WHERE kind = 'DELETE_MSG')",
        [],
        |row| row.get(0),
    )
}

/// The newest position ever given: what replaces or removes a row always stands later than that row.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row(
        "SELECT max(ifnull((SELECT max(position) FROM messages), 0),
                    ifnull((SELECT max(position) FROM changes), 0))",
        [],
        |row| row.get(0),
    )
}
