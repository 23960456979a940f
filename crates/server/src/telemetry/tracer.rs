//! Traces from an action to its deliveries, for an OpenTelemetry collector: of one stored event in so many. Which ones,
//! and by what ids, follows from the event's position alone, so the door that took the action and the connections that
//! deliver the event agree without knowing of each other, on whatever node they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use chinwag_protocol::{EventKind, UserId};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::measure::Counter;
use crate::chat::ChatEvent;
use crate::clock::Clock;
use crate::hub::Delivery;

/// Spans that wait to be exported; more are dropped and counted.
const SPANS_MAX: usize = 4096;

/// A span as OpenTelemetry understands it
/// (<https://opentelemetry.io/docs/specs/otel/trace/api/#span>).
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Span {
    pub(super) trace: [u8; 16],
    pub(super) id: [u8; 8],
    pub(super) parent: Option<[u8; 8]>,
    pub(super) name: &'static str,
    /// In nanoseconds since 1970.
    pub(super) start: i128,
    pub(super) end: i128,
    pub(super) attributes: Vec<(&'static str, String)>,
}

/// What decides which events are traced, and takes their spans.
pub struct Tracer {
    spans: mpsc::Sender<Span>,
    one_in: u64,
    /// Names the database: the same position of another one is another trace.
    epoch: Box<str>,
    clock: Arc<dyn Clock>,
    next: AtomicU64,
    pub(super) dropped: Counter,
    pub(super) exported: Counter,
    pub(super) failed: Counter,
}

/// The spans of a [`Tracer`], to be exported.
pub struct Spans(pub(super) mpsc::Receiver<Span>);

impl Tracer {
    /// Traces one stored event in `one_in` of the database named `epoch`.
    #[must_use]
    pub fn new(one_in: u64, epoch: &str, clock: Arc<dyn Clock>) -> (Arc<Self>, Spans) {
        let (spans, queue) = mpsc::channel(SPANS_MAX);
        let tracer = Self {
            spans,
            one_in: one_in.max(1),
            epoch: epoch.into(),
            clock,
            next: AtomicU64::default(),
            dropped: Counter::default(),
            exported: Counter::default(),
            failed: Counter::default(),
        };
        (Arc::new(tracer), Spans(queue))
    }

    /// An action was done: from its arrival until its answer, when its event is on the disk.
    pub(super) fn acted(&self, event: &ChatEvent, began: Instant) {
        let Some(seq) = event.seq.filter(|_| !event.replayed && self.is_sampled(event.position)) else {
            return;
        };
        let (trace, id) = self.ids(event.position);
        let attributes = vec![
            ("chinwag.chat", event.chat.to_string()),
            ("chinwag.seq", seq.to_string()),
            ("chinwag.position", event.position.to_string()),
            ("enduser.id", event.sender.to_string()),
        ];
        let name = name(&event.kind);
        self.keep(Span {
            trace,
            id,
            parent: None,
            name,
            start: self.nanos(began),
            end: self.nanos(Instant::now()),
            attributes,
        });
    }

    /// These were written to a connection of this user: from their announcement until now.
    pub(super) fn delivered(&self, to: UserId, deliveries: &[Delivery], now: Instant) {
        for delivery in deliveries.iter().filter(|delivery| delivery.is_stored) {
            let Some(announced) = delivery.announced.filter(|_| self.is_sampled(delivery.position)) else {
                continue;
            };
            let (trace, parent) = self.ids(delivery.position);
            let attributes =
                vec![("enduser.id", to.to_string()), ("chinwag.position", delivery.position.to_string())];
            let (start, end) = (self.nanos(announced), self.nanos(now));
            let span = Span {
                trace,
                id: self.new_id(&trace),
                parent: Some(parent),
                name: "deliver",
                start,
                end,
                attributes,
            };
            self.keep(span);
        }
    }

    fn is_sampled(&self, position: u64) -> bool {
        position.is_multiple_of(self.one_in)
    }

    fn keep(&self, span: Span) {
        if self.spans.try_send(span).is_err() {
            self.dropped.add(1);
        }
    }

    /// Of the trace, and of its first span.
    fn ids(&self, position: u64) -> ([u8; 16], [u8; 8]) {
        let hash = Sha256::new().chain_update(self.epoch.as_bytes()).chain_update(position.to_be_bytes());
        let hash = hash.finalize();
        (std::array::from_fn(|at| hash[at]), std::array::from_fn(|at| hash[16 + at]))
    }

    fn new_id(&self, trace: &[u8; 16]) -> [u8; 8] {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let hash = Sha256::new().chain_update(trace).chain_update(n.to_be_bytes()).finalize();
        std::array::from_fn(|at| hash[at])
    }

    /// A moment of this process as time of day.
    fn nanos(&self, at: Instant) -> i128 {
        let ago = Instant::now().saturating_duration_since(at);
        i128::from(self.clock.now().0) * 1_000_000 - i128::try_from(ago.as_nanos()).unwrap_or(0)
    }
}

/// The action's, as on the wire.
fn name(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::MessageSent { .. } => "SEND_MSG",
        EventKind::MessageEdited { .. } => "EDIT_MSG",
        EventKind::MessageDeleted { .. } => "DELETE_MSG",
        EventKind::Replied { .. } => "REPLY",
        EventKind::ReactionAdded { .. } => "REACT",
        EventKind::ReactionRemoved { .. } => "DELETE_REACT",
        EventKind::MessageRead { .. } => "READ_MSG",
        _ => "event",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use chinwag_protocol::Timestamp;

    fn tracer(epoch: &str) -> Arc<Tracer> {
        Tracer::new(10, epoch, Arc::new(ManualClock::at(Timestamp(7)))).0
    }

    #[test]
    fn two_nodes_name_an_event_alike_and_two_databases_do_not() {
        assert_eq!(tracer("a").ids(20), tracer("a").ids(20));
        assert_ne!(tracer("a").ids(20), tracer("b").ids(20));
        assert_ne!(tracer("a").ids(20), tracer("a").ids(30));
        assert!(tracer("a").is_sampled(20) && !tracer("a").is_sampled(21));
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let (tracer, mut queue) = Tracer::new(1, "a", Arc::new(ManualClock::at(Timestamp(7))));
        let span = Span {
            trace: [1; 16],
            id: [2; 8],
            parent: None,
            name: "x",
            start: 0,
            end: 1,
            attributes: Vec::new(),
        };
        (0..=SPANS_MAX).for_each(|_| tracer.keep(span.clone()));
        assert_eq!(tracer.dropped.get(), 1);
        assert_eq!(queue.0.try_recv(), Ok(span));
    }
}
