//! Where an application's calls and the task that owns the connection meet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::backoff::Backoff;
use super::desk::{Desk, Place};
use super::queue::Queue;
use crate::auth::Auth;
use crate::error::Error;
use crate::event::Event;

/// How the connection stands, and which it is, counted from `connect` to `connect`.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) run: u64,
    pub(super) phase: Phase,
}

#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// Not live, but trying.
    Connecting,
    Live,
    /// There is none, and why.
    Over(Error),
}

pub(super) struct Shared {
    pub(super) auth: Arc<Auth>,
    pub(super) backoff: Backoff,
    desk: Mutex<Desk>,
    listeners: Mutex<Vec<Arc<Queue>>>,
    stage: watch::Sender<Stage>,
    /// Something is on the desk for the task, or there is room in a queue again.
    pub(super) poke: Arc<Notify>,
}

impl Shared {
    pub(super) fn new(auth: Arc<Auth>, desk: Desk, backoff: Backoff) -> Self {
        Self {
            auth,
            backoff,
            desk: Mutex::new(desk),
            listeners: Mutex::default(),
            stage: watch::Sender::new(Stage { run: 0, phase: Phase::Over(Error::NotConnected) }),
            poke: Arc::default(),
        }
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Arc<Queue>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stage(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    pub(super) fn turn(&self, phase: Phase) {
        self.stage.send_modify(|stage| stage.phase = phase);
    }

    /// Takes what a task needs to run, if there is none.
    pub(super) fn begin(&self) -> Option<Place> {
        let mut desk = self.desk();
        if desk.running {
            return None;
        }
        desk.running = true;
        self.stage.send_modify(|stage| *stage = Stage { run: stage.run + 1, phase: Phase::Connecting });
        Some(desk.place.take().unwrap_or_default())
    }

    /// The task is gone. All of it is said before another may begin.
    pub(super) fn end(&self, place: Place, why: Error) {
        let mut desk = self.desk();
        desk.ended(&why);
        desk.place = Some(place);
        for event in desk.settle() {
            self.tell(event, None);
        }
        self.tell(Event::Disconnected { reason: why.to_string(), will_reconnect: false }, None);
        self.hang_up();
        self.turn(Phase::Over(why));
    }

    pub(super) fn wake(&self) {
        self.poke.notify_one();
    }

    /// The last handle is gone.
    pub(super) fn abandon(&self) {
        if !self.leave() {
            self.hang_up();
        }
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.desk().leaving
    }

    /// Asks the task to end; false if there is none.
    pub(super) fn leave(&self) -> bool {
        let running = {
            let mut desk = self.desk();
            desk.leaving = desk.running;
            desk.running
        };
        self.wake();
        running
    }

    /// Does something at the desk, and tells what came of it.
    pub(super) fn act<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> T {
        let done = self.act_quietly(work);
        self.wake();
        done
    }

    /// The same, by the task itself, which need not be woken.
    pub(super) fn act_quietly<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desk = self.desk();
        let done = work(&mut desk);
        // Told under the lock, so that what became of an action is told in its order.
        for event in desk.settle() {
            self.tell(event, None);
        }
        done
    }

    pub(super) fn listen(&self) -> Arc<Queue> {
        let queue = Arc::new(Queue::new(Arc::clone(&self.poke)));
        self.listeners().push(Arc::clone(&queue));
        queue
    }

    pub(super) fn tell(&self, event: Event, cursor: Option<&str>) {
        let mut listeners = self.listeners();
        listeners.retain(|queue| !queue.is_abandoned());
        for queue in listeners.iter() {
            queue.push((event.clone(), cursor.map(str::to_owned)));
        }
    }

    /// Everything has been told.
    fn hang_up(&self) {
        for queue in self.listeners().drain(..) {
            queue.close();
        }
    }

    /// Whether somebody cannot take more.
    pub(super) fn is_full(&self) -> bool {
        self.listeners().iter().any(|queue| queue.is_full())
    }

    pub(super) fn has_room(&self) -> bool {
        self.listeners().iter().all(|queue| queue.has_room())
    }
}
