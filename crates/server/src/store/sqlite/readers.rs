//! A few connections that only read, each on its own snapshot.

use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::store::StoreError;

pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    /// As many permits as there are connections: whoever holds one finds one.
    permits: Semaphore,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let permits = Semaphore::new(connections.len());
        Self { idle: Mutex::new(connections), permits }
    }

    pub(super) async fn run<T, E>(
        self: &std::sync::Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let stopped = |why: &str| E::from(StoreError::Unavailable(why.to_owned()));
        let readers = std::sync::Arc::clone(self);
        let permit = self.permits.acquire().await.map_err(|_| stopped("the readers are closed"))?;
        let reading = tokio::task::spawn_blocking(move || {
            let Some(connection) = readers.take() else {
                return Err(E::from(StoreError::Unavailable("no reader is idle".to_owned())));
            };
            let result = in_snapshot(&connection, read);
            readers.give_back(connection);
            result
        });
        let result = reading.await.map_err(|error| stopped(&error.to_string()))?;
        drop(permit);
        result
    }

    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// All that `read` sees is of one moment, though it may ask several times.
fn in_snapshot<T, E: From<StoreError>>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    let snapshot = connection.unchecked_transaction().map_err(|error| E::from(error.into()))?;
    let result = read(&snapshot);
    snapshot.finish().map_err(|error| E::from(error.into()))?;
    result
}
