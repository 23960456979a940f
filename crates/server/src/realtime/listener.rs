//! One who listens: from where they stopped to the present, then live, without a hole and without a repeat.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chinwag_protocol::{ChatId, Notice, UserId};
use uuid::Uuid;

use crate::app::App;
use crate::cursor;
use crate::hub::{Delivery, Encoded, Hub, ListenerId, Outbox, Slow, Turn};
use crate::store::{Answer, Missed, Store, StoreError};

/// Events read from the store at once. The receiver takes them before more are read.
const EVENTS_PER_READ: usize = 200;

/// What a listener comes to hear.
#[derive(Debug)]
pub enum Heard {
    /// Every event that is committed from now on will be heard.
    Began,
    /// In order; at least one.
    Events(Vec<Delivery>),
}

/// Why a listener hears no more. It loses nothing: it may begin again where it stopped.
#[derive(Debug)]
pub enum Fault {
    Slow,
    Store(StoreError),
}

/// A subscription to all of a user's events. Dropping it ends it.
pub struct Listener {
    id: ListenerId,
    hub: Hub,
    store: Store,
    user: UserId,
    outbox: Arc<Outbox>,
    /// Where its client said it stopped. Only such a client is told how far it has come.
    since: Option<String>,
    /// Everything up to here has been heard, and nothing after it.
    position: u64,
    /// The client's cursor cannot be honoured, and it has not been told yet.
    lost: bool,
    phase: Phase,
}

enum Phase {
    /// The writer has not answered yet.
    Starting(Answer<u64, StoreError>),
    /// The client's cursor cannot be honoured: it is to be told.
    Lost,
    /// What is missing after `position` is to be read next.
    Behind,
    Reading(Pin<Box<dyn Future<Output = Result<Missed, StoreError>> + Send>>),
    Live,
}

impl Listener {
    /// Begins to listen, after what was queued for the writer before. With `since`, a cursor, everything that changed
    /// after it is heard first, then RESUMED; or RESYNC, if the cursor is of another database or ahead of this one.
    pub async fn begin(app: &App, user: UserId, since: Option<String>) -> Self {
        let id = app.hub.new_listener();
        let outbox = Outbox::new(Arc::clone(&app.budget), since.is_some());
        let (hub, store) = (app.hub.clone(), app.store.clone());
        // What is said before the deliveries begin must not take its client back, nor past what it missed.
        let head = store.head();
        let read = since.as_deref().map(|since| cursor::read(since, store.epoch(), store.horizon()..=head));
        let (position, lost) = (read.flatten().unwrap_or(head), read == Some(None));
        let answer = store.listen(user, id, Arc::clone(&outbox)).await;
        Self { id, hub, store, user, outbox, since, position, lost, phase: Phase::Starting(answer) }
    }

    /// Begins to listen to one chat, whoever its members are: everything that is committed from now on.
    pub async fn of_chat(app: &App, chat: ChatId) -> Self {
        let id = app.hub.new_listener();
        let outbox = Outbox::new(Arc::clone(&app.budget), false);
        let (hub, store) = (app.hub.clone(), app.store.clone());
        let answer = store.listen_to_chat(chat, id, Arc::clone(&outbox)).await;
        let (user, position) = (UserId(Uuid::nil()), store.head());
        let phase = Phase::Starting(answer);
        Self { id, hub, store, user, outbox, since: None, position, lost: false, phase }
    }

    /// What is heard next: about `bytes_max` of events at once. After a fault there is nothing more.
    pub fn poll_hear(&mut self, context: &mut Context<'_>, bytes_max: usize) -> Poll<Result<Heard, Fault>> {
        loop {
            match &mut self.phase {
                Phase::Starting(answer) => {
                    let head = ready!(Pin::new(answer).poll(context)).map_err(Fault::Store)?;
                    self.start(head);
                    return Poll::Ready(Ok(Heard::Began));
                }
                Phase::Lost => {
                    // Said at once: if the queue overflowed meanwhile, it is from here that its client catches up.
                    self.lost = false;
                    let resync = Notice::Resync { cursor: self.cursor() };
                    let events = vec![self.notice(&resync)];
                    self.go_live();
                    return Poll::Ready(Ok(Heard::Events(events)));
                }
                Phase::Behind => {
                    let (store, user, position) = (self.store.clone(), self.user, self.position);
                    let reading = async move { store.missed(user, position, EVENTS_PER_READ).await };
                    self.phase = Phase::Reading(Box::pin(reading));
                }
                Phase::Reading(reading) => {
                    let missed = ready!(reading.as_mut().poll(context)).map_err(Fault::Store)?;
                    let events = self.caught_up(&missed);
                    if !events.is_empty() {
                        return Poll::Ready(Ok(Heard::Events(events)));
                    }
                }
                Phase::Live => {
                    let mut events = Vec::new();
                    ready!(self.outbox.poll_take(context, bytes_max, &mut events))
                        .map_err(|Slow| Fault::Slow)?;
                    self.position = events.last().map_or(self.position, |last: &Delivery| last.position);
                    return Poll::Ready(Ok(Heard::Events(events)));
                }
            }
        }
    }

    /// Ready once the receiver is too slow; for while nothing is heard, because nothing is taken.
    pub fn poll_slow(&self, context: &mut Context<'_>) -> Poll<Slow> {
        self.outbox.poll_slow(context)
    }

    /// Ends once the receiver is too slow, also while nobody listens to [`Listener::poll_hear`].
    pub fn slow(&self) -> impl Future<Output = Slow> + Send + 'static {
        let outbox = Arc::clone(&self.outbox);
        async move { std::future::poll_fn(|context| outbox.poll_slow(context)).await }
    }

    /// Deliveries have begun after the event at `head`.
    fn start(&mut self, head: u64) {
        self.position = head;
        let honoured = self.store.horizon()..=head;
        let since = self.since.as_deref();
        let since = since.map(|since| cursor::read(since, self.store.epoch(), honoured));
        self.lost = since == Some(None);
        self.phase = match since {
            None => Phase::Live,
            Some(None) => Phase::Lost,
            Some(Some(position)) => {
                self.position = position;
                Phase::Behind
            }
        };
    }

    fn caught_up(&mut self, missed: &Missed) -> Vec<Delivery> {
        let epoch = self.store.epoch();
        let mut events: Vec<Delivery> =
            missed.events.iter().map(|event| Encoded::event(event, epoch)).collect();
        self.position = missed.position;
        self.phase = Phase::Behind;
        if !missed.more && self.go_live() {
            events.push(self.notice(&Notice::Resumed { cursor: self.cursor() }));
        }
        events
    }

    /// Everything up to the position has been heard: what waits behind it is next. False if more is to be read first.
    fn go_live(&mut self) -> bool {
        let live = self.outbox.go_live(self.position) == Turn::Live;
        self.phase = if live { Phase::Live } else { Phase::Behind };
        live
    }

    fn cursor(&self) -> String {
        cursor::write(self.epoch(), self.position)
    }

    /// Of the cursors that are given out now. A client that is still to be told RESYNC must be told so again if its
    /// connection ends before it was.
    fn epoch(&self) -> &str {
        if self.lost { cursor::NO_EPOCH } else { self.store.epoch() }
    }

    /// A notice in the place that this listener has reached.
    #[must_use]
    pub fn notice(&self, notice: &Notice) -> Delivery {
        Encoded::notice(notice, self.position, self.epoch())
    }

    /// An event told again to its sender, in the place that this listener has reached.
    #[must_use]
    pub fn again(&self, event: &chinwag_protocol::Event) -> Delivery {
        Encoded::again(event, self.position, self.epoch())
    }

    /// How far it has come, if its client wants to know and has everything: so it would notice a loss even if nothing
    /// new happened.
    #[must_use]
    pub fn head(&self) -> Option<Delivery> {
        // Read before the queue is looked at: what was told by then is in the queue or was heard.
        let told = self.hub.told();
        let resumable = self.since.is_some() && matches!(self.phase, Phase::Live);
        (resumable && self.outbox.is_taken()).then(|| {
            let epoch = self.store.epoch();
            let position = told.max(self.position);
            Encoded::notice(&Notice::Head { cursor: cursor::write(epoch, position) }, position, epoch)
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Closed first: the fan-out may not know it yet.
        self.outbox.close();
        self.hub.silence(self.id);
    }
}
