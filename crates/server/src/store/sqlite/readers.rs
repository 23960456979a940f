//! A few connections that only read, each on its own snapshot.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::store::StoreError;

pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    /// As many permits as there are connections: whoever holds one finds one.
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let permits = Arc::new(Semaphore::new(connections.len()));
        Self { idle: Mutex::new(connections), permits }
    }

    pub(super) async fn run<T, E>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let stopped = |why: &str| E::from(StoreError::Unavailable(why.to_owned()));
        let readers = Arc::clone(self);
        let permit =
            Arc::clone(&self.permits).acquire_owned().await.map_err(|_| stopped("the readers are closed"))?;
        let reading = tokio::task::spawn_blocking(move || {
            let Some(connection) = readers.take() else {
                return Err(E::from(StoreError::Unavailable("no reader is idle".to_owned())));
            };
            let result = in_snapshot(&connection, read);
            readers.give_back(connection);
            // Not when the caller is done: it may have gone while this still had the connection.
            drop(permit);
            result
        });
        reading.await.map_err(|error| stopped(&error.to_string()))?
    }

    /// For a read of a row or two by their keys: done at once on the caller's thread if a reader is idle, since a
    /// change of threads costs several times as much.
    pub(super) async fn look_up<T, E>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if let Ok(_permit) = self.permits.try_acquire()
            && let Some(connection) = self.take()
        {
            let result = read(&connection);
            self.give_back(connection);
            return result;
        }
        self.run(read).await
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::mpsc::sync_channel;
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn a_reader_whose_caller_has_gone_is_not_lent_twice() {
        let connection = Connection::open_in_memory().unwrap();
        let readers = Arc::new(Readers::new(vec![connection]));
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (go_on, may_go_on) = sync_channel::<()>(1);
        let abandoned = tokio::spawn({
            let readers = Arc::clone(&readers);
            async move {
                let read = move |_: &Connection| -> Result<(), StoreError> {
                    begun.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    Ok(())
                };
                readers.run(read).await
            }
        });
        has_begun.await.unwrap();
        abandoned.abort();
        assert!(abandoned.await.unwrap_err().is_cancelled());

        let mut next = Box::pin(readers.run(|_| Ok::<_, StoreError>("read")));
        let waits = poll_fn(|context| Poll::Ready(next.as_mut().poll(context).is_pending())).await;
        assert!(waits, "the only reader is busy");
        go_on.send(()).unwrap();
        assert_eq!(next.await, Ok("read"));
    }
}
