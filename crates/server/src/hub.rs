//! Who in this process listens to what, and the one place that fans out.
//!
//! One thread owns the routes, so telling a thousand members takes no lock but each receiver's own queue. It gets
//! committed events and new listeners in commit order, so a listener's first live event is the first after the
//! position at which it began to listen: no hole, no repeat.

mod encode;
mod outbox;
mod routes;
mod typing;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use chinwag_protocol::{ChatId, UserId};

use crate::chat::Published;
use crate::clock::Clock;

pub use encode::{Encoded, Mailing};
pub use outbox::{Budget, Delivery, Outbox, Slow, Turn};
use routes::Routes;

/// Committed groups waiting to be fanned out. Full, it holds the writer back.
const GROUPS_WAITING_MAX: usize = 64;

/// What the fan-out is told, in commit order.
#[derive(Debug)]
pub enum Announcement {
    Event(Box<Published>),
    Listen(Listen),
}

/// A new listener: it gets every event of `chats`, and of those its user joins later.
#[derive(Debug)]
pub struct Listen {
    pub listener: ListenerId,
    pub user: UserId,
    pub chats: Vec<ChatId>,
    pub outbox: Arc<Outbox>,
}

/// One subscription of one connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ListenerId(u64);

/// The way in to the fan-out.
#[derive(Clone)]
pub struct Announcements(SyncSender<Vec<Announcement>>);

impl Announcements {
    /// Of a process in which nobody listens.
    #[must_use]
    pub fn unheard() -> Self {
        Self(sync_channel(GROUPS_WAITING_MAX).0)
    }

    /// Waits while the fan-out is far behind. Without one (it has stopped) nobody listens, and nothing is lost.
    pub fn send(&self, announced: Vec<Announcement>) {
        let _ = self.0.send(announced);
    }
}

/// A handle to the fan-out, for connections.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    announcements: Announcements,
    next_listener: AtomicU64,
    /// Position of the newest event that is in every listener's queue.
    told: AtomicU64,
    /// Listeners that are gone, to be taken off the routes. At most one entry per connection there was.
    silent: Mutex<Vec<ListenerId>>,
}

impl Hub {
    /// A hub, and its fan-out before it runs.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> (Self, Fanout) {
        let (sender, groups) = sync_channel(GROUPS_WAITING_MAX);
        let inner = Arc::new(Inner {
            announcements: Announcements(sender),
            next_listener: AtomicU64::new(1),
            told: AtomicU64::new(0),
            silent: Mutex::new(Vec::new()),
        });
        (Self { inner }, Fanout { groups, clock })
    }

    #[must_use]
    pub fn announcements(&self) -> Announcements {
        self.inner.announcements.clone()
    }

    #[must_use]
    pub fn new_listener(&self) -> ListenerId {
        ListenerId(self.inner.next_listener.fetch_add(1, Ordering::Relaxed))
    }

    /// Position of the newest event that every listener has been sent or has in its queue.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.inner.told.load(Ordering::Acquire)
    }

    /// Takes a listener off the routes, soon. Never blocks.
    pub fn silence(&self, listener: ListenerId) {
        self.inner.silent.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
        // Only to wake the thread: if it is busy it will look anyway.
        let _ = self.inner.announcements.0.try_send(Vec::new());
    }
}

/// The fan-out before it runs: the store must be open first, since it knows the epoch and the head.
pub struct Fanout {
    groups: Receiver<Vec<Announcement>>,
    clock: Arc<dyn Clock>,
}

impl Fanout {
    /// Runs until the last sender is gone. `epoch` goes into every cursor; events up to `head` are told already.
    pub fn run(self, hub: &Hub, epoch: Arc<str>, head: u64) -> std::io::Result<JoinHandle<()>> {
        hub.inner.told.store(head, Ordering::Release);
        // Weak, or the thread would keep alive the sender whose end is to end it.
        let inner = Arc::downgrade(&hub.inner);
        std::thread::Builder::new().name("fan-out".to_owned()).spawn(move || {
            let mut routes = Routes::new(epoch, self.clock);
            while let Ok(announced) = self.groups.recv() {
                let Some(inner) = inner.upgrade() else { return };
                let silent =
                    std::mem::take(&mut *inner.silent.lock().unwrap_or_else(PoisonError::into_inner));
                for listener in silent {
                    routes.remove(listener);
                }
                for announcement in announced {
                    if let Some(position) = routes.announce(announcement) {
                        inner.told.store(position, Ordering::Release);
                    }
                }
            }
        })
    }
}
