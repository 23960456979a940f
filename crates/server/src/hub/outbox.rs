//! What waits for one subscription: a queue bounded in bytes. Who does not keep up is named slow, and loses nothing,
//! because it can catch up from its cursor.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Encoded;

/// One event for one subscription.
pub type Delivery = Arc<Encoded>;

/// The receiver does not keep up: it is to be disconnected by this name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("slow consumer")]
pub struct Slow;

/// Bytes that all queues of this process may hold together, and one alone.
#[derive(Debug)]
pub struct Budget {
    used: AtomicUsize,
    total_max: usize,
    each_max: usize,
}

impl Budget {
    #[must_use]
    pub fn new(total_max: usize, each_max: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), total_max, each_max })
    }

    /// Bytes in all queues now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
pub struct Outbox {
    state: Mutex<State>,
    budget: Arc<Budget>,
}

#[derive(Debug)]
struct State {
    queue: VecDeque<Delivery>,
    bytes: usize,
    waker: Option<Waker>,
    /// Of a receiver that takes nothing now, and still must learn that it is too slow.
    slow_waker: Option<Waker>,
    mode: Mode,
    /// Nobody takes anything any more.
    closed: bool,
    /// Events up to here were sent from the store; those still on their way to this queue are not repeated.
    floor: u64,
}

#[derive(Debug)]
enum Mode {
    Live,
    /// Events wait behind those being read from the store. What the queue has no room for is left to be read too:
    /// everything up to `dropped`.
    CatchingUp {
        dropped: u64,
    },
    Slow,
}

/// Whether a subscription that caught up to a position goes on live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    Live,
    /// The queue overflowed meanwhile: read on.
    ReadOn,
}

impl Outbox {
    /// A queue that holds events back until [`Outbox::go_live`], or not.
    #[must_use]
    pub fn new(budget: Arc<Budget>, catching_up: bool) -> Arc<Self> {
        let mode = if catching_up { Mode::CatchingUp { dropped: 0 } } else { Mode::Live };
        let state = State {
            queue: VecDeque::new(),
            bytes: 0,
            waker: None,
            slow_waker: None,
            mode,
            closed: false,
            floor: 0,
        };
        Arc::new(Self { state: Mutex::new(state), budget })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an event in. `ephemeral` ones are not worth keeping for later.
    pub fn push(&self, delivery: &Delivery, ephemeral: bool) {
        let weight = delivery.weight();
        let mut state = self.lock();
        let unwanted = match state.mode {
            Mode::Slow => true,
            Mode::Live => !ephemeral && delivery.position <= state.floor,
            Mode::CatchingUp { .. } => ephemeral,
        };
        if unwanted || state.closed {
            return;
        }
        if !self.has_room(&state, weight) {
            self.clear(&mut state);
            match &mut state.mode {
                Mode::CatchingUp { dropped } => *dropped = delivery.position,
                mode => *mode = Mode::Slow,
            }
        } else {
            self.budget.used.fetch_add(weight, Ordering::Relaxed);
            state.bytes += weight;
            state.queue.push_back(Arc::clone(delivery));
        }
        let slow = if matches!(state.mode, Mode::Slow) { state.slow_waker.take() } else { None };
        let waker = if matches!(state.mode, Mode::CatchingUp { .. }) { None } else { state.waker.take() };
        drop(state);
        for waker in [waker, slow].into_iter().flatten() {
            waker.wake();
        }
    }

    /// Takes nothing more, and holds nothing.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.clear(&mut state);
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Ready once the receiver is too slow; for while nothing is taken.
    pub fn poll_slow(&self, context: &mut Context<'_>) -> Poll<Slow> {
        let mut state = self.lock();
        if matches!(state.mode, Mode::Slow) {
            return Poll::Ready(Slow);
        }
        state.slow_waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// One event always fits into an empty queue. Of the bytes for all queues, each may hold no more than are free: so
    /// who is far behind is named slow long before who keeps up (Choudhury and Hahne's dynamic thresholds).
    fn has_room(&self, state: &State, weight: usize) -> bool {
        let free = self.budget.total_max.saturating_sub(self.budget.used.load(Ordering::Relaxed));
        state.queue.is_empty() || state.bytes + weight <= self.budget.each_max.min(free)
    }

    fn clear(&self, state: &mut State) {
        self.budget.used.fetch_sub(state.bytes, Ordering::Relaxed);
        state.bytes = 0;
        state.queue = VecDeque::new();
    }

    /// Takes events that weigh about `bytes_max` together, at least one; pending while there are none, or while
    /// catching up.
    pub fn poll_take(
        &self,
        context: &mut Context<'_>,
        bytes_max: usize,
        into: &mut Vec<Delivery>,
    ) -> Poll<Result<(), Slow>> {
        let mut state = self.lock();
        match state.mode {
            Mode::Slow => return Poll::Ready(Err(Slow)),
            Mode::Live if !state.queue.is_empty() => {}
            _ => {
                if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                    state.waker = Some(context.waker().clone());
                }
                return Poll::Pending;
            }
        }
        let mut taken = 0;
        while taken < bytes_max
            && let Some(delivery) = state.queue.pop_front()
        {
            taken += delivery.weight();
            into.push(delivery);
        }
        state.bytes -= taken;
        self.budget.used.fetch_sub(taken, Ordering::Relaxed);
        if state.queue.is_empty() {
            // An idle connection keeps no buffer.
            state.queue = VecDeque::new();
        }
        Poll::Ready(Ok(()))
    }

    /// Whether all that was put in was taken. Not so if it was dropped: an empty queue may be a slow receiver's.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        let state = self.lock();
        matches!(state.mode, Mode::Live) && state.queue.is_empty()
    }

    /// Everything up to `position` has been sent from the store: drops what is thereby repeated and goes live, unless
    /// the queue overflowed meanwhile.
    pub fn go_live(&self, position: u64) -> Turn {
        let mut state = self.lock();
        if let Mode::CatchingUp { dropped } = state.mode
            && dropped > position
        {
            return Turn::ReadOn;
        }
        while let Some(first) = state.queue.front()
            && first.position <= position
        {
            let weight = first.weight();
            state.bytes -= weight;
            self.budget.used.fetch_sub(weight, Ordering::Relaxed);
            state.queue.pop_front();
        }
        state.floor = position;
        state.mode = Mode::Live;
        Turn::Live
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let mut state = self.lock();
        self.clear(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chinwag_protocol::Notice;

    fn event(position: u64) -> Delivery {
        Encoded::notice(&Notice::Head { cursor: "x".repeat(100) }, position, "e")
    }

    fn taken(outbox: &Outbox) -> Poll<Result<Vec<u64>, Slow>> {
        let mut into = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        outbox
            .poll_take(&mut context, usize::MAX, &mut into)
            .map_ok(|()| into.iter().map(|delivery| delivery.position).collect())
    }

    #[test]
    fn a_receiver_that_does_not_keep_up_is_named_slow_and_costs_nothing_more() {
        let budget = Budget::new(usize::MAX, 3 * event(1).weight());
        let outbox = Outbox::new(Arc::clone(&budget), false);
        (1..=3).for_each(|position| outbox.push(&event(position), false));
        assert_eq!(budget.used(), 3 * event(1).weight());
        outbox.push(&event(4), false);
        assert!(!outbox.is_taken(), "HEAD must not say that it has everything");
        assert_eq!(taken(&outbox), Poll::Ready(Err(Slow)));
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_receiver_that_takes_nothing_learns_it_too() {
        let outbox = Outbox::new(Budget::new(usize::MAX, event(1).weight()), false);
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(outbox.poll_slow(&mut context), Poll::Pending);
        outbox.push(&event(1), false);
        assert_eq!(outbox.poll_slow(&mut context), Poll::Pending);
        outbox.push(&event(2), false);
        assert_eq!(outbox.poll_slow(&mut context), Poll::Ready(Slow));
    }

    #[test]
    fn all_queues_together_are_bounded_too() {
        let budget = Budget::new(2 * event(1).weight(), usize::MAX);
        let [one, two] = [(); 2].map(|()| Outbox::new(Arc::clone(&budget), false));
        one.push(&event(1), false);
        two.push(&event(1), false);
        two.push(&event(2), false);
        assert_eq!(taken(&one), Poll::Ready(Ok(vec![1])));
        assert_eq!(taken(&two), Poll::Ready(Err(Slow)));
        drop((one, two));
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn who_keeps_up_is_not_named_for_what_others_leave_behind() {
        let budget = Budget::new(12 * event(1).weight(), usize::MAX);
        let [slow, slower, quick] = [(); 3].map(|()| Outbox::new(Arc::clone(&budget), false));
        for position in 1..=100 {
            for outbox in [&slow, &slower, &quick] {
                outbox.push(&event(position), false);
            }
            if position % 2 == 0 {
                assert_eq!(taken(&quick), Poll::Ready(Ok(vec![position - 1, position])));
            }
        }
        assert_eq!([taken(&slow), taken(&slower)], [Poll::Ready(Err(Slow)), Poll::Ready(Err(Slow))]);
    }

    #[test]
    fn what_was_read_from_the_store_is_not_repeated() {
        let outbox = Outbox::new(Budget::new(usize::MAX, usize::MAX), true);
        (5..=8).for_each(|position| outbox.push(&event(position), false));
        assert_eq!(taken(&outbox), Poll::Pending);
        assert_eq!(outbox.go_live(6), Turn::Live);
        assert_eq!(taken(&outbox), Poll::Ready(Ok(vec![7, 8])));
    }

    /// The store may be read before the fan-out has told of what is in it.
    #[test]
    fn nor_is_what_was_read_before_it_was_told() {
        let outbox = Outbox::new(Budget::new(usize::MAX, usize::MAX), true);
        assert_eq!(outbox.go_live(6), Turn::Live);
        (5..=7).for_each(|position| outbox.push(&event(position), false));
        assert_eq!(taken(&outbox), Poll::Ready(Ok(vec![7])));
    }

    #[test]
    fn catching_up_reads_on_when_the_queue_overflowed() {
        let outbox = Outbox::new(Budget::new(usize::MAX, 2 * event(1).weight()), true);
        (5..=8).for_each(|position| outbox.push(&event(position), false));
        assert_eq!(outbox.go_live(6), Turn::ReadOn);
        assert_eq!(outbox.go_live(7), Turn::Live);
        assert_eq!(taken(&outbox), Poll::Ready(Ok(vec![8])));
    }
}
