//! People who talk: each sends, at a rate or as fast as receipts come, and hears what its chats are told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chinwag_protocol::stomp::{Command, Frame};
use futures_util::{StreamExt, TryStreamExt, stream};
use hdrhistogram::Histogram;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::time::MissedTickBehavior;

use crate::connection::{BEAT_EVERY, Connection};
use crate::deployment::{Deployment, User};
use crate::frames::{self, Heard, field, number};
use crate::report::{Latency, TalkReport, share};
use crate::tally::Tally;
use crate::{BenchError, Process};

/// At once while connections are opened.
const AT_ONCE: usize = 32;
/// For what is still on its way when the sending is over.
const TAIL: Duration = Duration::from_secs(15);
/// Sends that a user may have unacknowledged when it keeps to a rate; then it falls behind, and the latencies say so.
const UNACKNOWLEDGED_MAX: usize = 256;
/// What a chat's first event is: its creation.
const FIRST_SEQ: u64 = 1;

/// How messages follow one another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// Each user has so many unacknowledged, always.
    InFlight(usize),
    /// So many per second, of all users together. Latency counts from when a message was due, so that a server that
    /// stalls is not spared.
    PerSecond(f64),
}

/// What is played.
#[derive(Clone, PartialEq, Debug)]
pub struct Talk {
    pub users: usize,
    pub chats: usize,
    /// Of each chat; users are in as many chats as that takes.
    pub members: usize,
    pub pace: Pace,
    pub payload_bytes: usize,
    /// Not measured.
    pub warm_up: Duration,
    pub duration: Duration,
}

struct Player {
    connection: Connection,
    chats: Vec<String>,
}

/// What became of one user.
struct Score {
    tally: Tally,
    acknowledgement: Histogram<u64>,
    delivery: Histogram<u64>,
    acknowledged: u64,
    delivered: u64,
    refused: u64,
    closed: bool,
    chats: Vec<String>,
}

/// Counts for whoever watches.
#[derive(Default)]
struct Live {
    acknowledged: AtomicU64,
    delivered: AtomicU64,
}

/// What all players share.
struct Stage {
    talk: Talk,
    /// What time is counted from: it travels in the messages.
    origin: Instant,
    start: Barrier,
    live: Live,
}

impl Talk {
    /// Makes the people and the chats, connects everyone, and plays. `progress` is told a line now and then.
    pub async fn run(
        &self,
        on: &Deployment,
        process: Option<Process>,
        progress: impl Fn(&str) + Send + Sync,
    ) -> Result<TalkReport, BenchError> {
        let people =
            on.people(self.users, |made| progress(&format!("{made} of {} users", self.users))).await?;
        let chats = self.make_chats(on, &people, &progress).await?;
        let before = process.and_then(Process::memory);
        let players: Vec<Player> = stream::iter(people.iter().zip(chats))
            .map(|(user, chats)| async move {
                Ok::<_, BenchError>(Player { connection: Connection::open(on, user, None).await?, chats })
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let memory = process.and_then(Process::memory).zip(before);
        let mut report = self.play(players, process, &progress).await;
        report.bytes_per_connection =
            memory.map(|(after, before)| after.saturating_sub(before) as f64 / self.users as f64);
        Ok(report)
    }

    /// The ids of each user's chats.
    async fn make_chats(
        &self,
        on: &Deployment,
        people: &[User],
        progress: &(impl Fn(&str) + Sync),
    ) -> Result<Vec<Vec<String>>, BenchError> {
        let mut of_user = vec![Vec::new(); people.len()];
        let members = self.members.min(people.len());
        for n in 0..self.chats {
            let who: Vec<usize> = (0..members).map(|m| (n * members + m) % people.len()).collect();
            let chat = on.chat(&who.iter().map(|member| &people[*member]).collect::<Vec<_>>()).await?;
            for member in who {
                of_user[member].push(chat.clone());
            }
            progress(&format!("{} of {} chats", n + 1, self.chats));
        }
        Ok(of_user)
    }

    async fn play(
        &self,
        players: Vec<Player>,
        process: Option<Process>,
        progress: &impl Fn(&str),
    ) -> TalkReport {
        let stage = Arc::new(Stage {
            talk: self.clone(),
            origin: Instant::now(),
            start: Barrier::new(players.len() + 1),
            live: Live::default(),
        });
        let playing: Vec<_> = players
            .into_iter()
            .enumerate()
            .map(|(n, player)| tokio::spawn(play(Arc::clone(&stage), n, player)))
            .collect();
        stage.start.wait().await;
        tokio::time::sleep(self.warm_up).await;
        let (cpu, begun) = (process.and_then(Process::cpu), Instant::now());
        while begun.elapsed() < self.duration {
            tokio::time::sleep(self.duration.saturating_sub(begun.elapsed()).min(Duration::from_secs(1)))
                .await;
            let live = [&stage.live.acknowledged, &stage.live.delivered].map(|n| n.load(Ordering::Relaxed));
            progress(&format!("{} acknowledged, {} delivered", live[0], live[1]));
        }
        let delivered = stage.live.delivered.load(Ordering::Relaxed);
        let cpu = process.and_then(Process::cpu).zip(cpu).map(|(after, before)| after - before);
        let measured = begun.elapsed();
        let mut scores = Vec::new();
        for player in playing {
            scores.extend(player.await);
        }
        let mut report = self.report(&scores, measured);
        report.cpu_share = share(cpu, measured);
        report.cpu_per_delivery = cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / delivered.max(1) as f64);
        report
    }

    fn report(&self, scores: &[Score], measured: Duration) -> TalkReport {
        let mut acknowledgement = histogram();
        let mut delivery = histogram();
        let mut newest = std::collections::HashMap::new();
        for score in scores {
            let _ = acknowledgement.add(&score.acknowledgement);
            let _ = delivery.add(&score.delivery);
            for chat in &score.chats {
                let known: &mut u64 = newest.entry(chat).or_default();
                *known = (*known).max(score.tally.newest(chat));
            }
        }
        let sum = |what: fn(&Score) -> u64| scores.iter().map(what).sum::<u64>();
        let missing = |score: &Score| {
            score.chats.iter().map(|chat| score.tally.missing(chat, newest[chat])).sum::<u64>()
        };
        let (acknowledged, delivered) = (sum(|score| score.acknowledged), sum(|score| score.delivered));
        TalkReport {
            users: self.users,
            chats: self.chats,
            members: self.members,
            payload_bytes: self.payload_bytes,
            seconds: measured.as_secs_f64(),
            acknowledged,
            acknowledged_per_second: acknowledged as f64 / measured.as_secs_f64(),
            delivered,
            delivered_per_second: delivered as f64 / measured.as_secs_f64(),
            acknowledgement: Latency::of(&acknowledgement),
            delivery: Latency::of(&delivery),
            refused: sum(|score| score.refused),
            missing: scores.iter().map(missing).sum(),
            repeated: sum(|score| score.tally.repeated),
            out_of_order: sum(|score| score.tally.out_of_order),
            closed: sum(|score| u64::from(score.closed)),
            ..TalkReport::default()
        }
    }
}

/// Of microseconds, up to an hour, to three digits.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("bounds that are in order")
}

/// One user's part.
struct Part {
    stage: Arc<Stage>,
    score: Score,
    /// When each unacknowledged message was due, oldest first.
    waiting: VecDeque<Instant>,
    sent: usize,
    measured: (Instant, Instant),
}

async fn play(stage: Arc<Stage>, number: usize, Player { mut connection, chats }: Player) -> Score {
    let talk = stage.talk.clone();
    stage.start.wait().await;
    let start = tokio::time::Instant::now();
    let from = start + talk.warm_up;
    let until = from + talk.duration;
    let mut part = Part::new(stage, chats, (from.into(), until.into()));
    let mut beats = tokio::time::interval_at(start + BEAT_EVERY, BEAT_EVERY);
    let (apart, in_flight) = match talk.pace {
        Pace::InFlight(most) => (talk.duration, most),
        Pace::PerSecond(rate) => {
            (Duration::from_secs_f64(talk.users as f64 / rate.max(0.001)), UNACKNOWLEDGED_MAX)
        }
    };
    let offset = apart.mul_f64(number as f64 / talk.users as f64);
    let mut turns = tokio::time::interval_at(start + offset, apart);
    turns.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let closed = matches!(talk.pace, Pace::InFlight(_));
    let mut out = Vec::new();
    loop {
        let sending = tokio::time::Instant::now() < until && part.waiting.len() < in_flight;
        if sending && closed && !part.score.chats.is_empty() {
            part.send(Instant::now(), &mut out);
            if part.waiting.len() < in_flight {
                continue;
            }
        }
        if !out.is_empty() && connection.say(&std::mem::take(&mut out)).await.is_err() {
            part.score.closed = true;
            return part.score;
        }
        let heard = tokio::select! {
            heard = connection.hear(|heard| part.hear(heard)) => heard,
            due = turns.tick(), if sending && !closed && !part.score.chats.is_empty() => {
                part.send(due.into(), &mut out);
                Ok(())
            }
            _ = beats.tick() => connection.beat().await,
            () = tokio::time::sleep_until(until + TAIL) => return part.score,
        };
        if heard.is_err() {
            part.score.closed = true;
            return part.score;
        }
    }
}

impl Part {
    fn new(stage: Arc<Stage>, chats: Vec<String>, measured: (Instant, Instant)) -> Self {
        let mut tally = Tally::default();
        chats.iter().for_each(|chat| tally.expect(chat, FIRST_SEQ));
        let score = Score {
            tally,
            acknowledgement: histogram(),
            delivery: histogram(),
            acknowledged: 0,
            delivered: 0,
            refused: 0,
            closed: false,
            chats,
        };
        Self { stage, score, waiting: VecDeque::new(), sent: 0, measured }
    }

    fn send(&mut self, due: Instant, out: &mut Vec<u8>) {
        let chat = &self.score.chats[self.sent % self.score.chats.len()];
        let since = (due - self.stage.origin).as_nanos();
        let mut text = format!("{since} ");
        text.extend(std::iter::repeat_n('x', self.stage.talk.payload_bytes.saturating_sub(text.len())));
        let action = json!({"type": "SEND_MSG", "chatId": chat, "message": text});
        let frame = Frame::new(Command::Send)
            .with("destination", "/api/chat")
            .with("receipt", self.sent)
            .with_body(action.to_string());
        frames::write(&frame, out);
        self.sent += 1;
        self.waiting.push_back(due);
    }

    fn is_measured(&self, now: Instant) -> bool {
        (self.measured.0..self.measured.1).contains(&now)
    }

    fn hear(&mut self, heard: Heard<'_>) {
        let now = Instant::now();
        match heard {
            Heard::Receipt(_) => {
                let due = self.waiting.pop_front();
                if let Some(due) = due.filter(|_| self.is_measured(now)) {
                    self.score.acknowledgement.saturating_record(micros(now - due));
                    self.score.acknowledged += 1;
                    self.stage.live.acknowledged.fetch_add(1, Ordering::Relaxed);
                }
            }
            Heard::Event(body) => self.told(body, now),
            Heard::Connected | Heard::End(_) | Heard::Nothing => {}
        }
    }

    fn told(&mut self, body: &[u8], now: Instant) {
        if !body.starts_with(br#"{"type":"SEND_MSG""#) {
            if body.starts_with(br#"{"type":"ERROR""#) {
                self.score.refused += 1;
                self.waiting.pop_front();
            }
            return;
        }
        let chat = field(body, br#""chatId":""#, b'"');
        let seq = memchr::memmem::find(body, br#""seq":"#).and_then(|at| number(&body[at + 6..]));
        if let (Some(chat), Some(seq)) = (chat, seq) {
            self.score.tally.told(chat, seq);
        }
        let since = field(body, br#""message":""#, b' ').and_then(number);
        if let Some(since) = since.filter(|_| self.is_measured(now)) {
            let due = self.stage.origin + Duration::from_nanos(since);
            self.score.delivery.saturating_record(micros(now.saturating_duration_since(due)));
            self.score.delivered += 1;
            self.stage.live.delivered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1)
}
