//! Figures of single apps, for their owners: counted as things happen, sampled every few seconds to tell rates of them.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chinwag_protocol::{AppId, EventKind, MessageId, Timestamp};

use tokio::sync::Semaphore;

use super::measure::{Counter, Histogram, Spread};
use super::trace::{Delivered, Ring, Traced, WATCH_SECONDS};
use crate::hub::Delivery;
use crate::store::Done;

/// How often the figures are sampled.
pub const SAMPLE_INTERVAL: Duration = Duration::from_secs(5);
/// Samples that are kept: rates are over this many intervals, a minute.
const SAMPLES: usize = 12;

/// What an app did since this process runs.
#[derive(Default, Debug)]
pub struct AppFigures {
    messages: Counter,
    deliveries: Counter,
    pub errors: Counter,
    delivery_time: Histogram,
    /// Until when deliveries are noted, in milliseconds since 1970; 0: not at all.
    watched_until: AtomicI64,
    ring: Mutex<Ring>,
    samples: Mutex<VecDeque<Sample>>,
    /// Room for those who watch it.
    pub watchers: Watchers,
}

/// So many streams of one app at once, so that no account takes the room of all.
#[derive(Clone, Debug)]
pub struct Watchers(pub Arc<Semaphore>);

const WATCHERS_PER_APP_MAX: usize = 16;

impl Default for Watchers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(WATCHERS_PER_APP_MAX)))
    }
}

#[derive(Clone, Copy, Default, Debug)]
struct Sample {
    messages: u64,
    deliveries: u64,
    errors: u64,
    delivery_time: Spread,
}

/// An app at one moment. Rates are over the last minute.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LiveFigures {
    pub messages: u64,
    pub messages_per_minute: u64,
    pub deliveries: u64,
    pub deliveries_per_minute: u64,
    pub errors: u64,
    pub errors_per_minute: u64,
    /// None if nothing was delivered in the last minute.
    pub delivery_p50_ms: Option<f64>,
    pub delivery_p99_ms: Option<f64>,
}

impl AppFigures {
    pub(super) fn done(&self, done: &[Done], accepted: Timestamp) {
        for done in done.iter().filter(|done| !done.event.replayed) {
            let (EventKind::MessageSent { message_id, .. } | EventKind::Replied { message_id, .. }) =
                &done.event.kind
            else {
                continue;
            };
            self.messages.add(1);
            if self.is_watched(accepted) {
                self.ring().accept(*message_id, accepted);
            }
        }
    }

    /// These were handed to a connection of a user of this app. Of each write, the first event's wait is kept, which is
    /// the longest: three atomic additions, and a lock only while the app is watched.
    pub fn delivered(&self, to: &Delivered<'_>, deliveries: &[Delivery], now: Instant) {
        let Some(announced) = deliveries.iter().find_map(|delivery| delivery.announced) else { return };
        let events = deliveries.iter().filter(|delivery| delivery.announced.is_some()).count();
        self.deliveries.add(events as u64);
        self.delivery_time.observe(now.saturating_duration_since(announced));
        if let Some(tracer) = to.tracer {
            tracer.delivered(to.user, deliveries, now);
        }
        if self.watched_until.load(Ordering::Relaxed) == 0 {
            return;
        }
        let now = to.clock.now();
        if self.is_watched(now) {
            let mut ring = self.ring();
            for delivery in deliveries.iter().filter(|delivery| delivery.is_stored) {
                ring.deliver(delivery.position, to.user, now);
            }
        } else {
            // Nobody has looked for long.
            self.watched_until.store(0, Ordering::Relaxed);
            *self.ring() = Ring::default();
        }
    }

    fn is_watched(&self, now: Timestamp) -> bool {
        now.0 < self.watched_until.load(Ordering::Relaxed)
    }

    fn ring(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes deliveries from now on, for a quarter of an hour. Whether they were noted already.
    pub fn watch(&self, now: Timestamp) -> bool {
        let before = self.watched_until.swap(now.plus_seconds(WATCH_SECONDS).0, Ordering::Relaxed);
        now.0 < before
    }

    /// What was noted of a message, whose event is at that position.
    #[must_use]
    pub fn traced(&self, message: MessageId, position: u64) -> Traced {
        self.ring().of(message, position)
    }

    fn sample(&self) -> Sample {
        Sample {
            messages: self.messages.get(),
            deliveries: self.deliveries.get(),
            errors: self.errors.get(),
            delivery_time: self.delivery_time.spread(),
        }
    }

    fn keep_sample(&self) {
        let sample = self.sample();
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() == SAMPLES {
            samples.pop_front();
        }
        samples.push_back(sample);
    }

    #[must_use]
    pub fn live(&self) -> LiveFigures {
        let now = self.sample();
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the first samples are a minute old, what is counted began within that minute.
        let before = if samples.len() < SAMPLES {
            Sample::default()
        } else {
            samples.front().copied().unwrap_or_default()
        };
        drop(samples);
        let spread = now.delivery_time.since(&before.delivery_time);
        LiveFigures {
            messages: now.messages,
            messages_per_minute: now.messages.saturating_sub(before.messages),
            deliveries: now.deliveries,
            deliveries_per_minute: now.deliveries.saturating_sub(before.deliveries),
            errors: now.errors,
            errors_per_minute: now.errors.saturating_sub(before.errors),
            delivery_p50_ms: spread.quantile_ms(0.5),
            delivery_p99_ms: spread.quantile_ms(0.99),
        }
    }
}

/// One entry for each app that did something since this process runs.
#[derive(Default)]
pub struct Figures(Mutex<HashMap<AppId, Arc<AppFigures>>>);

impl Figures {
    /// Takes a lock: to be asked once for a connection, not for an event.
    #[must_use]
    pub fn of(&self, app: AppId) -> Arc<AppFigures> {
        let mut apps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(apps.entry(app).or_default())
    }

    /// Deliveries of all apps, and how long they took.
    pub(super) fn deliveries(&self) -> (u64, Spread) {
        let apps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        apps.values().fold((0, Spread::default()), |(count, spread), app| {
            (count + app.deliveries.get(), spread.and(&app.delivery_time.spread()))
        })
    }

    /// Keeps a sample of each app: to be called every [`SAMPLE_INTERVAL`].
    pub fn keep_samples(&self) {
        let apps: Vec<Arc<AppFigures>> =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        apps.iter().for_each(|app| app.keep_sample());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_over_the_last_minute() {
        let figures = AppFigures::default();
        figures.messages.add(100);
        assert_eq!(figures.live().messages_per_minute, 100, "the process is younger than that");
        (0..SAMPLES).for_each(|_| figures.keep_sample());
        figures.messages.add(7);
        let live = figures.live();
        assert_eq!((live.messages, live.messages_per_minute), (107, 7));
        assert_eq!(live.delivery_p50_ms, None);
    }

    #[test]
    fn an_app_is_watched_for_a_while_after_somebody_looked() {
        let figures = AppFigures::default();
        assert!(!figures.is_watched(Timestamp(1)));
        assert!(!figures.watch(Timestamp(1)));
        assert!(figures.watch(Timestamp(2)));
        assert!(figures.is_watched(Timestamp(3)));
        assert!(!figures.is_watched(Timestamp(3).plus_seconds(WATCH_SECONDS)));
    }
}
