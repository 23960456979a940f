//! People who talk: everyone sends as soon as the last message is acknowledged, or all together keep to a rate.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::cast::Cast;
use crate::dialect::{Beats, Heard, Kind};
use crate::engine::Crowd;
use crate::failure::{Failure, Fallible};
use crate::process::Watch;
use crate::results::Record;
use crate::seed::Template;
use crate::servers::Ground;
use crate::stage::{Stage, none_ended};

/// For what is still on its way when the sending is over.
const TAIL: Duration = Duration::from_secs(20);
const PAYLOAD_BYTES: usize = 100;

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Pace {
    /// Each person has so many unacknowledged, always.
    InFlight(usize),
    /// So many a second, of all together.
    PerSecond(f64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk {
    pub(crate) workload: &'static str,
    pub(crate) chats: usize,
    pub(crate) members: usize,
    pub(crate) pace: Pace,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

impl Talk {
    pub(crate) async fn run(&self, ground: &Ground, template: &Template, kind: Kind) -> Fallible<Record> {
        let cast = Cast::new(self.chats, self.members);
        let stage = Stage::set(ground, template, kind, cast).await?;
        let openings = stage.open(0..stage.cast.people.len(), Beats::Server).await?;
        let mut play = Play::new(&stage, *self, Crowd::of(openings)?);
        play.all()
    }
}

struct Speaker {
    /// When each unacknowledged message was sent, oldest first.
    waiting: VecDeque<Instant>,
    sent: u64,
    /// Number of the last message heard of each member, by rank.
    last: Vec<u64>,
    /// Of those, the ones that were passed over.
    holes: BTreeSet<(usize, u64)>,
}

pub(crate) struct Play<'a> {
    stage: &'a Stage,
    talk: Talk,
    crowd: Crowd,
    speakers: Vec<Speaker>,
    origin: Instant,
    score: Score,
}

struct Score {
    acknowledgement: Histogram<u64>,
    delivery: Histogram<u64>,
    acknowledged: u64,
    delivered: u64,
    /// Of all messages, measured or not.
    heard: u64,
    bytes: u64,
    repeated: u64,
    late: u64,
    refused: Option<String>,
}

impl<'a> Play<'a> {
    pub(crate) fn new(stage: &'a Stage, talk: Talk, crowd: Crowd) -> Self {
        let speaker = |_| Speaker {
            waiting: VecDeque::new(),
            sent: 0,
            last: vec![0; talk.members],
            holes: BTreeSet::new(),
        };
        let score = Score {
            acknowledgement: histogram(),
            delivery: histogram(),
            acknowledged: 0,
            delivered: 0,
            heard: 0,
            bytes: 0,
            repeated: 0,
            late: 0,
            refused: None,
        };
        let speakers = (0..stage.cast.people.len()).map(speaker).collect();
        Self { stage, talk, crowd, speakers, origin: Instant::now(), score }
    }

    pub(crate) fn all(&mut self) -> Fallible<Record> {
        let began = Instant::now();
        let from = began + self.talk.warm_up;
        let until = from + self.talk.measured;
        let mut due = 0;
        let (mut cpu, mut watch) = (Duration::ZERO, None);
        if let Pace::InFlight(most) = self.talk.pace {
            for at in 0..self.speakers.len() {
                (0..most).for_each(|_| self.send(at));
            }
        }
        while Instant::now() < until {
            if watch.is_none() && Instant::now() >= from {
                watch = Some(Watch::start(self.stage.server.tree));
                cpu = self.stage.server.tree.cpu();
            }
            let next = self.send_what_is_due(began, &mut due).min(until);
            self.step(next, watch.is_some())?;
        }
        let spent = self.stage.server.tree.cpu().saturating_sub(cpu);
        let measured = from.elapsed();
        let watch = watch.ok_or_else(|| Failure::new("nothing was measured"))?;
        let mut record = self.stage.record(self.talk.workload, &watch);
        let (acknowledged, delivered) = (self.score.acknowledged, self.score.delivered);
        self.drain()?;
        let missing = self.missing();
        let micros = spent.as_secs_f64() * 1e6;
        for (name, figure) in [
            ("acknowledged_per_second", acknowledged as f64 / measured.as_secs_f64()),
            ("delivered_per_second", delivered as f64 / measured.as_secs_f64()),
            ("cpu_per_delivery", micros / delivered as f64),
            ("cpu_share", micros / 1e6 / measured.as_secs_f64()),
            ("frame_bytes", self.score.bytes as f64 / self.score.heard.max(1) as f64),
            ("missing", missing as f64),
            ("repeated", self.score.repeated as f64),
            ("out_of_order", self.score.late as f64),
        ] {
            record = record.with(name, figure);
        }
        let record = spread(record, "acknowledgement", &self.score.acknowledgement);
        Ok(spread(record, "delivery", &self.score.delivery))
    }

    /// Sends what a rate asks for by now; when the next is due.
    fn send_what_is_due(&mut self, began: Instant, sent: &mut u64) -> Instant {
        let Pace::PerSecond(rate) = self.talk.pace else { return began + Duration::from_secs(3600) };
        loop {
            let due = began + Duration::from_secs_f64(*sent as f64 / rate.max(0.1));
            if due > Instant::now() {
                return due;
            }
            // Neighbours are in one chat: a step that is prime to the number of people keeps them apart.
            let at = usize::try_from(*sent).unwrap_or_default().wrapping_mul(7919) % self.speakers.len();
            self.send(at);
            *sent += 1;
        }
    }

    fn send(&mut self, at: usize) {
        let person = self.stage.person(at);
        let speaker = &mut self.speakers[at];
        let chat = &self.stage.cast.chats[person.chats[0]];
        speaker.sent += 1;
        let now = Instant::now();
        let rank = at % self.talk.members;
        let nanos = now.duration_since(self.origin).as_nanos();
        let mut text = format!("{nanos} {rank} {} ", speaker.sent);
        text.extend(std::iter::repeat_n('x', PAYLOAD_BYTES.saturating_sub(text.len())));
        let mut out = Vec::with_capacity(512);
        self.stage.kind().say(chat, &text, speaker.sent, &mut out);
        speaker.waiting.push_back(now);
        self.crowd.say(at, &out);
    }

    /// Hears what comes until `until`, and answers as the pace asks.
    fn step(&mut self, until: Instant, measured: bool) -> Fallible<()> {
        let Self { stage, talk, crowd, speakers, origin, score } = self;
        let mut free = Vec::new();
        crowd.wait(until, |at, payload| {
            let now = Instant::now();
            let speaker = &mut speakers[at];
            let mut acknowledged = false;
            match stage.heard(payload) {
                Heard::Acknowledged => acknowledged = true,
                Heard::Said(text) => {
                    score.heard += 1;
                    score.bytes += payload.len() as u64;
                    let Some((nanos, rank, number)) = parsed(text) else { return };
                    score.note(speaker, rank, number);
                    if measured {
                        score.delivered += 1;
                        let sent = *origin + Duration::from_nanos(nanos);
                        score.delivery.saturating_record(micros(now.saturating_duration_since(sent)));
                    }
                    acknowledged = !stage.kind().acknowledges() && rank == at % talk.members;
                }
                Heard::Refused(why) => {
                    score.refused.get_or_insert_with(|| String::from_utf8_lossy(why).into_owned());
                }
                Heard::Nothing => {}
            }
            if acknowledged && let Some(sent) = speaker.waiting.pop_front() {
                if measured {
                    score.acknowledged += 1;
                    score.acknowledgement.saturating_record(micros(now - sent));
                }
                free.push(at);
            }
        })?;
        if matches!(self.talk.pace, Pace::InFlight(_))
            && !until.saturating_duration_since(Instant::now()).is_zero()
        {
            free.into_iter().for_each(|at| self.send(at));
        }
        none_ended(self.stage.kind(), &self.crowd.ended)?;
        match &self.score.refused {
            None => Ok(()),
            Some(why) => Err(Failure::new(format!("{} refused a send: {why}", self.stage.kind().name()))),
        }
    }

    /// Waits for what is on its way.
    fn drain(&mut self) -> Fallible<()> {
        self.talk.pace = Pace::PerSecond(0.0);
        let (end, sent) = (Instant::now() + TAIL, self.sent());
        while self.score.heard < sent * self.talk.members as u64 && Instant::now() < end {
            self.step(end.min(Instant::now() + Duration::from_millis(100)), false)?;
        }
        Ok(())
    }

    fn sent(&self) -> u64 {
        self.speakers.iter().map(|speaker| speaker.sent).sum()
    }

    /// Messages that a member of the chat was never told.
    fn missing(&self) -> u64 {
        let holes: usize = self.speakers.iter().map(|speaker| speaker.holes.len()).sum();
        let mut missing = holes as u64;
        for chat in &self.stage.cast.chats {
            for (rank, of) in chat.members.iter().enumerate() {
                let sent = self.speakers[*of].sent;
                missing +=
                    chat.members.iter().map(|at| sent - self.speakers[*at].last[rank].min(sent)).sum::<u64>();
            }
        }
        missing
    }
}

impl Score {
    /// Each sender numbers what it sends: a step back is a repeat or late, a step too far a hole.
    fn note(&mut self, speaker: &mut Speaker, rank: usize, number: u64) {
        let Some(last) = speaker.last.get_mut(rank) else { return };
        if number > *last {
            speaker.holes.extend((*last + 1..number).map(|hole| (rank, hole)));
            *last = number;
        } else if speaker.holes.remove(&(rank, number)) {
            self.late += 1;
        } else {
            self.repeated += 1;
        }
    }
}

/// Time, rank of the sender, number: what a text begins with.
fn parsed(text: &[u8]) -> Option<(u64, usize, u64)> {
    let mut words = text.splitn(4, |byte| *byte == b' ').map(chinwag_bench::number);
    let (nanos, rank, number) = (words.next()??, words.next()??, words.next()??);
    Some((nanos, usize::try_from(rank).ok()?, number))
}

/// Of microseconds, up to an hour, to three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("bounds that are in order")
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1)
}

/// The percentiles of a histogram.
pub(crate) fn spread(record: Record, name: &str, of: &Histogram<u64>) -> Record {
    let at = |percentile: f64| of.value_at_percentile(percentile) as f64;
    let percentiles = [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p999", 99.9), ("max", 100.0)];
    percentiles
        .iter()
        .fold(record, |record, (label, percentile)| record.with(&format!("{name}_{label}"), at(*percentile)))
}
