//! Opening a database: its schema, its name, and how every connection to it is set up.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::{Config, Error};
use uuid::Uuid;

use super::line::{Line, words};
use super::natural;
use crate::clock::Ids;
use crate::store::OpenError;

/// In the order in which they are run; `schema_version` counts those that were.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../migrations/postgres/0001_initial.sql"),
    include_str!("../../../migrations/postgres/0002_stays.sql"),
    include_str!("../../../migrations/postgres/0003_app_server.sql"),
];
/// Held by whoever brings the schema up to date.
const MIGRATION_LOCK: i64 = 0x6368_696e_7761_6701;
/// The oldest server that this is tested with.
const SERVER_VERSION_MIN: i32 = 150_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A peer that acknowledges nothing for so long is gone.
const PEER_TIMEOUT: Duration = Duration::from_secs(15);

/// A node that is paused in the midst of a transaction must not hold its locks for long; whoever waits for one waits
/// longer than that. Every statement of ours goes by a key: a plan made while a table was small must not read all of
/// it when it is large.
pub(super) const SESSION: &str = "SET synchronous_commit = on;
    SET idle_in_transaction_session_timeout = '5s';
    SET lock_timeout = '10s';
    SET statement_timeout = '30s';
    SET default_transaction_isolation = 'read committed';
    SET client_min_messages = 'warning';
    SET jit = off; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";

pub(super) struct Opened {
    pub(super) config: Config,
    pub(super) epoch: Arc<str>,
    pub(super) head: u64,
}

pub(super) async fn open(database_url: &str, ids: &Ids) -> Result<Opened, OpenError> {
    let config = configured(database_url)?;
    let line = Line::connect(&config).await.map_err(|error| database(&error))?;
    migrate(&line).await?;
    let (epoch, head) = named(&line, ids).await.map_err(|error| database(&error))?;
    Ok(Opened { config, epoch: epoch.into(), head })
}

pub(super) fn configured(database_url: &str) -> Result<Config, OpenError> {
    // What is wrong with it is not said: the text around it may be a password.
    let mut config: Config = database_url.parse().map_err(|_| {
        OpenError::Database("database_url must be like postgres://user:password@host/database".to_owned())
    })?;
    if config.get_application_name().is_none() {
        config.application_name("chinwag");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    config.tcp_user_timeout(PEER_TIMEOUT).keepalives_idle(PEER_TIMEOUT);
    Ok(config)
}

fn database(error: &Error) -> OpenError {
    OpenError::Database(words(error))
}

async fn migrate(line: &Line) -> Result<(), OpenError> {
    let failed = |error: Error| database(&error);
    let version = line.row("SELECT current_setting('server_version_num')::int", &[]).await.map_err(failed)?;
    if version.is_some_and(|row| row.get::<_, i32>(0) < SERVER_VERSION_MIN) {
        return Err(OpenError::Database("PostgreSQL 15 or newer is needed".to_owned()));
    }
    // However long it takes, here or on the node that is at it. An error ends this session, and with it the lock.
    line.batch("SET lock_timeout = 0; SET statement_timeout = 0").await.map_err(failed)?;
    line.execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK]).await.map_err(failed)?;
    migrate_alone(line).await?;
    line.execute("SELECT pg_advisory_unlock($1)", &[&MIGRATION_LOCK]).await.map_err(failed)?;
    Ok(())
}

async fn migrate_alone(line: &Line) -> Result<(), OpenError> {
    let failed = |error: Error| database(&error);
    let known = i64::try_from(MIGRATIONS.len()).expect("there are few migrations");
    line.batch(
        "CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL, only_row boolean PRIMARY KEY DEFAULT true);
         INSERT INTO schema_version (version) VALUES (0) ON CONFLICT DO NOTHING",
    )
    .await
    .map_err(failed)?;
    let row = line.row("SELECT version FROM schema_version", &[]).await.map_err(failed)?;
    let found: i64 = row.map_or(0, |row| row.get(0));
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    for (version, sql) in (1..).zip(MIGRATIONS).skip_while(|(version, _)| *version <= found) {
        let step = format!("BEGIN; {sql}; UPDATE schema_version SET version = {version}; COMMIT");
        line.batch(&step).await.map_err(failed)?;
    }
    Ok(())
}

/// The database's epoch, which is made when there is none, and the newest position.
async fn named(line: &Line, ids: &Ids) -> Result<(String, u64), Error> {
    let id: Uuid = ids.next();
    line.execute(
        "INSERT INTO meta (name, value) VALUES ('epoch', $1) ON CONFLICT DO NOTHING",
        &[&id.simple().to_string()],
    )
    .await?;
    let found = line.query("SELECT value, position FROM meta, head WHERE name = 'epoch'", &[]).await?;
    Ok(found.first().map_or_else(Default::default, |row| (row.get(0), natural(row.get(1)))))
}
