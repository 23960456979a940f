//! What this process counts and times: for operators (`/metrics`), and for the owners of apps (the console). Counting takes
//! no lock: a counter is an atomic, a histogram a row of them.

mod figures;
mod measure;
mod otlp;
mod page;
mod requests;
mod trace;
mod tracer;

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use chinwag_protocol::{Action, Envelope, Timestamp};

pub use figures::{AppFigures, Figures, LiveFigures, SAMPLE_INTERVAL, Watchers};
pub use measure::{Counter, Histogram};
pub use otlp::{Collector, export};
pub use page::{METRICS, Metric, render};
pub use requests::{Door, REQUEST_ID, Requests, observe};
pub use trace::{Delivered, Traced};
pub use tracer::{Spans, Tracer};

use crate::store::{ActError, Done};

/// How an action ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    Done,
    /// By the rules, the rate or the form: it changed nothing.
    Refused,
    /// The store failed.
    Failed,
    /// Its connection was gone before the answer; it may have been done.
    Unheard,
}

/// Why a connection was ended by this side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Drop {
    /// It did not take its events in time.
    Slow,
    /// It took nothing at all for too long.
    Stalled,
    /// Its session ended.
    SessionEnded,
    /// The store could not be read for it.
    StoreFailed,
    /// The server stops.
    ShuttingDown,
    /// What it said is not STOMP, or not WebSocket.
    Malformed,
}

const OUTCOMES: [(Outcome, &str); 4] = [
    (Outcome::Done, "done"),
    (Outcome::Refused, "refused"),
    (Outcome::Failed, "failed"),
    (Outcome::Unheard, "unheard"),
];
const DROPS: [(Drop, &str); 6] = [
    (Drop::Slow, "slow_consumer"),
    (Drop::Stalled, "stalled"),
    (Drop::SessionEnded, "session_ended"),
    (Drop::StoreFailed, "store_failed"),
    (Drop::ShuttingDown, "shutting_down"),
    (Drop::Malformed, "malformed"),
];
/// The action's types, as on the wire.
const KINDS: [&str; 8] =
    ["SEND_MSG", "EDIT_MSG", "DELETE_MSG", "REPLY", "TYPING", "REACT", "DELETE_REACT", "READ_MSG"];

fn kind_index(action: &Action) -> usize {
    match action {
        Action::Send { .. } => 0,
        Action::Edit { .. } => 1,
        Action::Delete { .. } => 2,
        Action::Reply { .. } => 3,
        Action::Typing { .. } => 4,
        Action::React { .. } => 5,
        Action::Unreact { .. } => 6,
        Action::Read { .. } => 7,
    }
}

/// Of the whole process.
#[derive(Default)]
pub struct Telemetry {
    actions: [[Counter; OUTCOMES.len()]; KINDS.len()],
    /// From the moment an action was understood until it was on the disk.
    action_time: Histogram,
    drops: [Counter; DROPS.len()],
    /// Bodies that were no action, by whatever door.
    pub malformed: Counter,
    pub figures: Figures,
    pub requests: Requests,
    /// What the program was built from.
    pub commit: OnceLock<&'static str>,
    /// If events are traced.
    pub tracer: Option<Arc<Tracer>>,
}

/// What the writer measures.
#[derive(Default, Debug)]
pub struct Commits {
    /// Of one group, from the first statement to the sync.
    pub time: Histogram,
    /// Jobs that shared a commit: their sum, as the commits are counted above.
    pub jobs: Counter,
    /// Groups that could not be committed.
    pub failed: Counter,
}

impl Telemetry {
    /// Tracing, or not.
    #[must_use]
    pub fn new(tracer: Option<Arc<Tracer>>) -> Self {
        Self { tracer, ..Self::default() }
    }

    pub fn dropped(&self, why: Drop) {
        self.drops[why as usize].add(1);
    }

    fn ended(&self, kinds: &[u8; KINDS.len()], outcome: Outcome) {
        for (kind, count) in kinds.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.actions[kind][outcome as usize].add(u64::from(*count));
        }
    }
}

/// Actions that were understood and whose end is to be counted. Dropped without one, nobody heard of it.
pub struct UnderWay {
    telemetry: Arc<Telemetry>,
    figures: Arc<AppFigures>,
    kinds: [u8; KINDS.len()],
    accepted: Timestamp,
    began: Instant,
    ended: bool,
}

impl UnderWay {
    #[must_use]
    pub fn new(
        telemetry: &Arc<Telemetry>,
        figures: &Arc<AppFigures>,
        actions: &[Envelope],
        accepted: Timestamp,
    ) -> Self {
        let mut kinds = [0_u8; KINDS.len()];
        for envelope in actions {
            let count = &mut kinds[kind_index(&envelope.action)];
            *count = count.saturating_add(1);
        }
        let (telemetry, figures) = (Arc::clone(telemetry), Arc::clone(figures));
        Self { telemetry, figures, kinds, accepted, began: Instant::now(), ended: false }
    }

    pub fn end(&mut self, result: &Result<Vec<Done>, ActError>) {
        let outcome = match result {
            Ok(done) => {
                self.telemetry.action_time.observe(self.began.elapsed());
                self.figures.done(done, self.accepted);
                if let Some(tracer) = &self.telemetry.tracer {
                    done.iter().for_each(|done| tracer.acted(&done.event, self.began));
                }
                Outcome::Done
            }
            Err(ActError::Refused { .. }) => Outcome::Refused,
            Err(ActError::Store(_)) => Outcome::Failed,
        };
        self.end_as(outcome);
    }

    /// Without having been asked of the store.
    pub fn end_as(&mut self, outcome: Outcome) {
        self.ended = true;
        self.telemetry.ended(&self.kinds, outcome);
        if matches!(outcome, Outcome::Refused | Outcome::Failed) {
            self.figures.errors.add(1);
        }
    }
}

impl std::ops::Drop for UnderWay {
    fn drop(&mut self) {
        if !self.ended {
            self.telemetry.ended(&self.kinds, Outcome::Unheard);
        }
    }
}
