//! What an application hears.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;

use crate::model::ChatEvent;
use crate::realtime::outbox::OutboxEntry;
use crate::realtime::queue::Queue;

/// Everything that the realtime connection tells, in the order in which it happened.
///
/// ```
/// use chinwag_client::{Event, EventKind};
///
/// fn line(event: Event) -> Option<String> {
///     match event {
///         Event::Chat(event) => match event.kind {
///             EventKind::MessageSent { message, .. } => Some(format!("{}: {message}", event.sender_id)),
///             _ => None,
///         },
///         Event::Disconnected { reason, .. } => Some(format!("({reason})")),
///         _ => None,
///     }
/// }
/// assert_eq!(line(Event::Connected), None);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Something happened in a chat. Each is told once, in the order of its chat.
    Chat(Box<ChatEvent>),
    /// Events are live, for the first time since `connect`.
    Connected,
    /// The connection is gone.
    Disconnected {
        /// For people.
        reason: String,
        /// Whether it comes back by itself. If not, this is the last event.
        will_reconnect: bool,
    },
    /// It did not come to be, or was lost. It waits a while, and tries again.
    Reconnecting {
        /// Counts from 1 after each loss.
        attempt: u32,
        /// Why there is none, for people.
        reason: String,
    },
    /// Events are live again. What was missed has been told before this.
    Resumed,
    /// Events are live again, but the server cannot say what was missed: load again what is shown. It happens when its
    /// database was put back from a backup.
    Resync,
    /// An action in the outbox is new, or is further than it was. An application that is very far behind may not be told;
    /// [`outbox`](crate::Realtime::outbox) is always true.
    Outbox(Box<OutboxEntry>),
}

/// The events from where [`Realtime::events`](crate::Realtime::events) was called on. A stream without errors: it ends when
/// the connection does so for good.
///
/// Taking an event and dropping the future that waits for one lose nothing. Where nobody takes them, 1,024 wait here; from
/// there on the server keeps them until there is room.
///
/// ```no_run
/// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
/// use chinwag_client::Event;
/// use futures_util::StreamExt;
///
/// let mut events = client.realtime().events();
/// client.realtime().connect().await?;
/// while let Some(event) = events.next().await {
///     if let Event::Chat(event) = event {
///         println!("{event:?}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "events wait in it until they are taken"]
pub struct Events {
    queue: Arc<Queue>,
    cursor: Option<String>,
}

impl Events {
    pub(crate) fn of(queue: Arc<Queue>) -> Self {
        Self { queue, cursor: None }
    }

    /// The next event; none when the connection has ended for good. May be dropped while it waits.
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
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// How far one has come with the event that was taken last: keep it, and a later process goes on behind that event by
    /// [`Builder::since`](crate::Builder::since). None before the first event that has one.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) {
    /// let mut events = client.realtime().events();
    /// while let Some(_event) = events.next().await {
    ///     println!("go on from {:?}", events.cursor());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.queue.poll_pop(context).map(|told| {
            let (event, cursor) = told?;
            if cursor.is_some() {
                self.cursor = cursor;
            }
            Some(event)
        })
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll(context)
    }
}

impl Drop for Events {
    /// Nobody takes from it any more, so it must not hold the others up.
    fn drop(&mut self) {
        self.queue.abandon();
    }
}
