//! The realtime connection, the events it brings, and the actions.

pub(crate) mod action;
mod actions;
pub(crate) mod backoff;
mod catch_up;
mod connection;
mod desk;
mod heartbeat;
pub(crate) mod keeping;
pub(crate) mod outbox;
pub(crate) mod queue;
mod said;
mod session;
mod shared;
mod socket;

use std::sync::Arc;

use crate::auth::Auth;
use crate::error::Error;
use crate::event::Events;
use backoff::Backoff;
use desk::Desk;
use keeping::OutboxFile;
use outbox::OutboxEntry;
use shared::{Phase, Shared};

/// The realtime side of a [`Client`](crate::Client). Clones share the one connection.
///
/// ```no_run
/// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
/// let realtime = client.realtime().clone();
/// let mut events = realtime.events();
/// realtime.connect().await?;
/// println!("{:?}", events.next().await);
/// realtime.disconnect().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Realtime {
    shared: Arc<Shared>,
    /// Ends the task when the last handle is dropped.
    _alive: Arc<Alive>,
}

struct Alive(Arc<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Realtime {
    pub(crate) fn new(
        auth: Arc<Auth>,
        file: Option<OutboxFile>,
        since: Option<String>,
        backoff: Backoff,
    ) -> Self {
        let shared = Arc::new(Shared::new(auth, Desk::new(file, since), backoff));
        Self { _alive: Arc::new(Alive(Arc::clone(&shared))), shared }
    }

    /// Returns when what was missed has been told, or waits to be taken, and events are live. Calls at the same time share
    /// one connection, and on a live one it returns at once.
    ///
    /// It goes on trying, now and after every loss, until [`disconnect`](Realtime::disconnect), or until all handles are
    /// dropped; dropping its future does not stop it. It fails only if nobody is signed in, the session is over, or
    /// `disconnect` comes first. To give up earlier, put a time limit around it and disconnect.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// client.realtime().connect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(&self) -> Result<(), Error> {
        loop {
            self.shared.auth.signed_in()?;
            if self.shared.is_leaving() {
                self.disconnect().await;
            }
            connection::start(&self.shared);
            let mut stage = self.shared.stage();
            let run = stage.borrow().run;
            let settled =
                stage.wait_for(|now| now.run != run || !matches!(now.phase, Phase::Connecting)).await;
            let Ok(settled) = settled.map(|settled| settled.clone()) else { return Err(Error::Disconnected) };
            match settled.phase {
                // It ended, and somebody connected again before we looked.
                _ if settled.run != run => {}
                Phase::Over(why) => return Err(why),
                Phase::Live | Phase::Connecting => return Ok(()),
            }
        }
    }

    /// Ends the connection, and returns when it has ended. What waits in the outbox stays there; what happens meanwhile is
    /// told after the next `connect`.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) {
    /// client.realtime().disconnect().await;
    /// # }
    /// ```
    pub async fn disconnect(&self) {
        let mut stage = self.shared.stage();
        let run = stage.borrow().run;
        if self.shared.leave() {
            let _ = stage.wait_for(|now| now.run != run || matches!(now.phase, Phase::Over(_))).await;
        }
    }

    /// Whether events are live.
    ///
    /// ```
    /// # let client = chinwag_client::Client::builder("http://127.0.0.1:8080").build()?;
    /// assert!(!client.realtime().is_connected());
    /// # Ok::<(), chinwag_client::Error>(())
    /// ```
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(self.shared.stage().borrow().phase, Phase::Live)
    }

    /// Hears everything from here on. Call it before `connect` to miss nothing; each call makes another stream of the same
    /// events. One that is not read holds up the others, so drop what is not needed.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// let mut events = client.realtime().events();
    /// client.realtime().connect().await?;
    /// while let Some(event) = events.next().await {
    ///     println!("{event:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn events(&self) -> Events {
        Events::of(self.shared.listen())
    }

    /// What waits, is on its way, or was refused; in the order in which it is sent. Of a client with an outbox's file this
    /// includes what earlier processes left.
    ///
    /// ```
    /// # let client = chinwag_client::Client::builder("http://127.0.0.1:8080").build()?;
    /// assert!(client.realtime().outbox().is_empty());
    /// # Ok::<(), chinwag_client::Error>(())
    /// ```
    #[must_use]
    pub fn outbox(&self) -> Vec<OutboxEntry> {
        self.shared.desk().outbox.entries()
    }

    /// Queues a refused action again; false if there is none of that name. What becomes of it is told by
    /// [`Event::Outbox`](crate::Event::Outbox).
    ///
    /// ```
    /// # let client = chinwag_client::Client::builder("http://127.0.0.1:8080").build()?;
    /// for entry in client.realtime().outbox() {
    ///     client.realtime().retry(&entry.nonce);
    /// }
    /// # Ok::<(), chinwag_client::Error>(())
    /// ```
    pub fn retry(&self, nonce: &str) -> bool {
        self.shared.act(|desk| desk.outbox.retry(nonce, crate::clock::now()))
    }

    /// Takes an action out of the outbox; false if there is none of that name, or it is on its way and cannot be called back.
    /// Who waits for it gets [`Error::Discarded`].
    ///
    /// ```
    /// # let client = chinwag_client::Client::builder("http://127.0.0.1:8080").build()?;
    /// assert!(!client.realtime().discard("no such nonce"));
    /// # Ok::<(), chinwag_client::Error>(())
    /// ```
    pub fn discard(&self, nonce: &str) -> bool {
        self.shared.act(|desk| desk.outbox.discard(nonce))
    }

    /// Who is signed in may have changed.
    pub(crate) fn wake(&self) {
        self.shared.wake();
    }
}
