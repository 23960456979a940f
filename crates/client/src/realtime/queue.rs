//! Events on their way to the application: a queue with a bound, and what happens at the bound.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use crate::event::Event;

/// Events that wait for an application that is busy with others. Past that nothing is lost: what comes is asked for again,
/// once there is room.
const EVENTS_MAX: usize = 1_024;

/// An event, and how far its hearer has come with it.
pub(crate) type Told = (Event, Option<String>);

/// Between the task that hears and one [`Events`](crate::Events).
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Told when there is room again.
    room: Arc<Notify>,
}

#[derive(Default)]
struct State {
    events: VecDeque<Told>,
    waker: Option<Waker>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(room: Arc<Notify>) -> Self {
        Self { state: Mutex::default(), room }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody takes from it any more, so it must not hold up the others.
    pub(crate) fn abandon(&self) {
        *self.state() = State { closed: true, ..State::default() };
        self.room.notify_one();
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        let state = self.state();
        state.closed && state.events.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.state().events.len() >= EVENTS_MAX
    }

    /// Empty enough to begin again. Half, so that it is not begun for every single event.
    pub(crate) fn has_room(&self) -> bool {
        self.state().events.len() <= EVENTS_MAX / 2
    }

    /// Adds an event. What a chat says is only put here while there is room. News of the outbox are dropped when it
    /// is half full, and at the bound only those of the connection are kept that say how things stand.
    pub(crate) fn push(&self, told: Told) {
        let mut state = self.state();
        if state.closed {
            return;
        }
        // Never so many that they leave no room for what is said.
        if matches!(told.0, Event::Outbox(_)) && state.events.len() >= EVENTS_MAX / 2 {
            return;
        }
        if state.events.len() >= EVENTS_MAX {
            let resync =
                state.events.iter().skip(EVENTS_MAX).any(|(event, _)| matches!(event, Event::Resync));
            state.events.truncate(EVENTS_MAX);
            if resync && !matches!(told.0, Event::Resync) {
                state.events.push_back((Event::Resync, None));
            }
        }
        state.events.push_back(told);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// What is in it is still taken; then it ends.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    pub(crate) fn poll_pop(&self, context: &mut Context<'_>) -> Poll<Option<Told>> {
        let mut state = self.state();
        match state.events.pop_front() {
            Some(told) => {
                if state.events.len() == EVENTS_MAX / 2 {
                    self.room.notify_one();
                }
                Poll::Ready(Some(told))
            }
            None if state.closed => Poll::Ready(None),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(queue: &Queue) -> Vec<String> {
        let mut context = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| match queue.poll_pop(&mut context) {
            Poll::Ready(told) => told.map(|(event, _)| format!("{event:?}")),
            Poll::Pending => None,
        })
        .collect()
    }

    fn lost() -> Event {
        Event::Disconnected { reason: "lost".to_owned(), will_reconnect: true }
    }

    fn full() -> Queue {
        let queue = Queue::new(Arc::default());
        for _ in 0..EVENTS_MAX {
            queue.push((Event::Connected, None));
        }
        assert!(queue.is_full() && !queue.has_room());
        queue
    }

    #[test]
    fn at_its_bound_it_keeps_how_things_stand() {
        let queue = full();
        for attempt in 1..100 {
            queue.push((lost(), None));
            queue.push((Event::Reconnecting { attempt, reason: String::new() }, None));
        }
        queue.push((Event::Resync, None));
        queue.push((lost(), None));
        queue.push((Event::Resumed, None));
        assert_eq!(all(&queue)[EVENTS_MAX..], ["Resync", "Resumed"]);
    }

    #[tokio::test]
    async fn says_when_there_is_room() {
        let room = Arc::new(Notify::new());
        let queue = Queue { room: room.clone(), ..full() };
        all(&queue);
        room.notified().await;
        assert!(queue.has_room());
    }

    #[test]
    fn ends_after_what_was_in_it() {
        let queue = Queue::new(Arc::default());
        queue.push((lost(), None));
        queue.close();
        queue.push((Event::Connected, None));
        assert_eq!(all(&queue), [format!("{:?}", lost())]);
        assert!(matches!(queue.poll_pop(&mut Context::from_waker(Waker::noop())), Poll::Ready(None)));
    }
}
