//! The lines of this node that are not the writer's: lent for one use, and lent again only if that ended well.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Config;

use super::line::Line;
use crate::store::StoreError;

/// How many are lent at once; with the writer's own, what a node asks of the server's `max_connections`.
const LINES_MAX: usize = 12;

pub(super) struct Lines {
    config: Config,
    idle: Arc<Mutex<Vec<Line>>>,
    permits: Arc<Semaphore>,
}

impl Lines {
    pub(super) fn new(config: Config) -> Self {
        Self { config, idle: Arc::default(), permits: Arc::new(Semaphore::new(LINES_MAX)) }
    }

    /// A line that was not closed a moment ago; waits while all are lent.
    pub(super) async fn lend(&self) -> Result<Lent, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Unavailable("the lines are closed".to_owned()))?;
        let known = loop {
            let popped = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match popped {
                Some(line) if line.is_closed() => {}
                popped => break popped,
            }
        };
        let line = match known {
            Some(line) => line,
            None => Line::connect(&self.config).await?,
        };
        let idle = Arc::clone(&self.idle);
        Ok(Lent { line: Some(line), in_transaction: false, idle, _permit: permit })
    }

    /// A line of one's own, closed when it is dropped. It is not counted.
    pub(super) async fn open(&self) -> Result<Line, StoreError> {
        Ok(Line::connect(&self.config).await?)
    }
}

/// A line on loan. Dropped in the midst of a transaction it is closed, which takes the transaction back.
pub(super) struct Lent {
    line: Option<Line>,
    in_transaction: bool,
    idle: Arc<Mutex<Vec<Line>>>,
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    pub(super) async fn begin(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.in_transaction = true;
        Ok(self.execute(sql, &[]).await.map(drop)?)
    }

    /// Once this is `Ok` what was done is on the disk.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.execute("COMMIT", &[]).await?;
        self.in_transaction = false;
        Ok(())
    }

    pub(super) async fn roll_back(mut self) -> Result<(), StoreError> {
        self.execute("ROLLBACK", &[]).await?;
        self.in_transaction = false;
        Ok(())
    }
}

impl Deref for Lent {
    type Target = Line;

    fn deref(&self) -> &Line {
        self.line.as_ref().expect("it is taken only when dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(line) = self.line.take()
            && !self.in_transaction
            && !line.is_closed()
        {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }
}
