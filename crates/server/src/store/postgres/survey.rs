//! What can be seen of a PostgreSQL server without changing anything in it.

use std::time::{Duration, Instant};

use chinwag_protocol::Timestamp;
use tokio_postgres::Error;

use super::line::{Line, words};
use super::open::configured;
use crate::store::OpenError;

/// A PostgreSQL server, as its operator wants to know it.
#[derive(Clone, Debug)]
pub struct Survey {
    pub version: String,
    /// Its clock.
    pub now: Timestamp,
    /// For one question and its answer.
    pub took: Duration,
    pub connections_max: u32,
    /// Settings that are off and without which a crash may lose what was acknowledged.
    pub unsafe_settings: Vec<String>,
}

const SURVEY: &str = "SELECT current_setting('server_version'), \
     (extract(epoch FROM clock_timestamp()) * 1000)::bigint, current_setting('max_connections')::int";
const UNSAFE: &str = "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name";

pub(super) async fn survey(database_url: &str) -> Result<Survey, OpenError> {
    let config = configured(database_url)?;
    let failed = |error: Error| OpenError::Database(words(&error));
    let line = Line::connect(&config).await.map_err(failed)?;
    let off = line.query(UNSAFE, &[]).await.map_err(failed)?;
    let began = Instant::now();
    let row = line.row(SURVEY, &[]).await.map_err(failed)?;
    let row = row.ok_or_else(|| OpenError::Database("it answered nothing".to_owned()))?;
    Ok(Survey {
        version: row.get(0),
        now: Timestamp(row.get(1)),
        took: began.elapsed(),
        connections_max: u32::try_from(row.get::<_, i32>(2)).unwrap_or_default(),
        unsafe_settings: off.iter().map(|row| row.get(0)).collect(),
    })
}
