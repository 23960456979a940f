//! Thousands drop at once, miss some messages, and come back at once with a cursor, while others go on talking.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::cast::Cast;
use crate::dialect::{Beats, Heard, Kind, open_chinwag};
use crate::engine::Crowd;
use crate::failure::{Failure, Fallible, While};
use crate::process::{Tree, Watch, cores};
use crate::results::Record;
use crate::seed::{Template, epoch};
use crate::servers::Ground;
use crate::stage::{Stage, none_ended};
use crate::talk::{histogram, micros, spread};

/// In a chat of those who drop; one more, who stays, sends what they miss.
const MEMBERS: usize = 100;
const MISSED: usize = 20;
/// Chats of two who go on talking, and how many messages a second that is.
const TALKING: usize = 20;
const TALK_RATE: f64 = 200.0;
/// Clients that are on their way in at once. The rest of the storm waits at the door, and its wait counts.
const AT_ONCE: usize = 1000;
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn run(
    ground: &Ground,
    template: &Template,
    clients: usize,
    calm: Duration,
) -> Fallible<Record> {
    let chats = clients / MEMBERS;
    // Of each chat the first stays.
    let cast = Cast::new(chats, MEMBERS + 1).and(Cast::new(TALKING, 2));
    let stage = Stage::set(ground, template, Kind::Chinwag, cast).await?;
    let all = chats * (MEMBERS + 1);
    let openings = stage.open(0..all + 2 * TALKING, Beats::Server).await?;
    let mut rest: Vec<_> = openings.into_iter().map(Some).collect();
    let talkers = rest.drain(all..).flatten().collect();
    let senders = rest.iter_mut().step_by(MEMBERS + 1).filter_map(Option::take).collect();
    drop(rest);
    let mut senders = Crowd::of(senders)?;
    let cursor = miss(&stage, &mut senders)?;
    let storming = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicBool::new(false));
    let observers = {
        let (cast, storming, done) = (Arc::clone(&stage.cast), Arc::clone(&storming), Arc::clone(&done));
        let first = all;
        std::thread::spawn(move || observe(Crowd::of(talkers)?, &cast, first, &storming, &done))
    };
    let tree = stage.server.tree;
    let (quiet, began) = (tree.cpu(), Instant::now());
    tokio::time::sleep(calm).await;
    let background = tree.cpu().saturating_sub(quiet).as_secs_f64() / began.elapsed().as_secs_f64();
    let watch = Watch::start(tree);
    let (cpu, own, began) = (tree.cpu(), Tree::of_this_process().own(), Instant::now());
    storming.store(true, Ordering::Relaxed);
    let waits = come_back(&stage, chats, &cursor, began).await;
    let lasted = began.elapsed();
    let spent = tree.cpu().saturating_sub(cpu);
    let own = Tree::of_this_process().own().saturating_sub(own);
    done.store(true, Ordering::Relaxed);
    let observed = observers.join().map_err(|_| Failure::new("the observers failed"))?;
    let (before, during) = observed?;
    let waits = waits?;
    let returned = (chats * MEMBERS) as f64;
    let server = (spent.as_secs_f64() - background * lasted.as_secs_f64()).max(0.0);
    let ideal = (spent + own).as_secs_f64() / cores() as f64;
    let record = stage
        .record("storm", &watch)
        .with("clients", returned)
        .with("cpu_per_client", server * 1e6 / returned)
        .with("lasted", lasted.as_secs_f64() * 1e6)
        .with("ideal", ideal * 1e6);
    let record = spread(record, "wait", &waits);
    Ok(spread(spread(record, "others_before", &before), "others_during", &during))
}

/// While everybody is away, one in each chat sends what they miss. The cursor at which they left.
fn miss(stage: &Stage, senders: &mut Crowd) -> Fallible<String> {
    let chats = senders.len();
    // As far as nothing was said: the chats' creation is the last that happened.
    let cursor = format!("{}.{}", epoch(stage.server.data())?, stage.cast.chats.len());
    let mut acknowledged = 0;
    for number in 0..MISSED {
        for at in 0..chats {
            let mut out = Vec::new();
            let text = format!("{number} missed {}", "x".repeat(100));
            stage.kind().say(&stage.cast.chats[at], &text, number as u64, &mut out);
            senders.say(at, &out);
        }
        let end = Instant::now() + PATIENCE;
        while acknowledged < (number + 1) * chats {
            if Instant::now() > end {
                return Err(Failure::new("what should be missed was not acknowledged"));
            }
            senders.wait(end, |_, payload| {
                acknowledged += usize::from(stage.heard(payload) == Heard::Acknowledged);
            })?;
        }
    }
    none_ended(stage.kind(), &senders.ended)?;
    Ok(cursor)
}

/// Everybody comes back; how long each waited from the beginning of the storm until it had all it missed.
async fn come_back(stage: &Stage, chats: usize, cursor: &str, began: Instant) -> Fallible<Histogram<u64>> {
    let doors = Arc::new(Semaphore::new(AT_ONCE));
    let cursor: Arc<str> = cursor.into();
    let mut coming = JoinSet::new();
    for at in (0..chats * (MEMBERS + 1)).filter(|at| at % (MEMBERS + 1) != 0) {
        let (server, cast) = (Arc::clone(&stage.server), Arc::clone(&stage.cast));
        let (doors, cursor) = (Arc::clone(&doors), Arc::clone(&cursor));
        coming.spawn(async move {
            let _in = doors.acquire().await;
            let mut opening =
                open_chinwag(&server.address, &cast.people[at], Some(&cursor), Beats::Server).await?;
            let mut missed = 0;
            let all = |payload: &[u8]| {
                missed += usize::from(matches!(server.kind.heard(payload), Heard::Said(_)));
                missed == MISSED
            };
            opening.until(all).await?;
            Ok::<_, std::io::Error>((began.elapsed(), opening))
        });
    }
    let mut waits = histogram();
    let mut back = Vec::new();
    while let Some(one) = coming.join_next().await {
        let (wait, opening) = one.during("the storm")?.during("unable to come back")?;
        waits.saturating_record(micros(wait));
        back.push(opening);
    }
    Ok(waits)
}

/// Those who talk on, and how long their messages took before the storm and in it.
fn observe(
    mut crowd: Crowd,
    cast: &Cast,
    first: usize,
    storming: &AtomicBool,
    done: &AtomicBool,
) -> Fallible<(Histogram<u64>, Histogram<u64>)> {
    let (origin, mut sent) = (Instant::now(), 0_u64);
    let (mut before, mut during) = (histogram(), histogram());
    while !done.load(Ordering::Relaxed) {
        let due = origin + Duration::from_secs_f64(sent as f64 / TALK_RATE);
        if due <= Instant::now() {
            let at = usize::try_from(sent).unwrap_or_default() % crowd.len();
            let chat = &cast.chats[cast.people[first + at].chats[0]];
            let mut out = Vec::new();
            let text = format!("{} {}", origin.elapsed().as_nanos(), "x".repeat(100));
            Kind::Chinwag.say(chat, &text, sent, &mut out);
            crowd.say(at, &out);
            sent += 1;
            continue;
        }
        let spread = if storming.load(Ordering::Relaxed) { &mut during } else { &mut before };
        crowd.wait(due, |_, payload| {
            if let Heard::Said(text) = Kind::Chinwag.heard(payload)
                && let Some(nanos) = chinwag_bench::number(text)
            {
                let due = origin + Duration::from_nanos(nanos);
                spread.saturating_record(micros(Instant::now().saturating_duration_since(due)));
            }
        })?;
        none_ended(Kind::Chinwag, &crowd.ended)?;
    }
    Ok((before, during))
}
