//! What may not cost more as more is stored: a page of history, the list of chats, catching up, a send; and the start.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::dialect::{Beats, Heard, Kind, open_chinwag};
use crate::engine::Crowd;
use crate::failure::{Failure, Fallible, While};
use crate::fill::{CHATS_OF_GROUP, EVENTS_OF_GROUP, Filled, GROUP};
use crate::http::Http;
use crate::process::Watch;
use crate::results::Record;
use crate::seed::{self, chat_id, epoch};
use crate::servers::{Directory, Ground, Server};
use crate::stage::{Stage, none_ended};
use crate::talk::{histogram, micros, spread};

/// For a server that has just begun to come to rest before its memory is read.
const SETTLE: Duration = Duration::from_millis(500);

const PAGE: usize = 50;
const PATIENCE: Duration = Duration::from_secs(60);
/// Before anything is measured: prepared statements, caches.
const WARM_UP_PAGES: usize = 200;
const SENDS_IN_FLIGHT: usize = 4;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Amounts {
    pub(crate) pages: usize,
    pub(crate) lists: usize,
    pub(crate) catch_ups: usize,
    pub(crate) sends: Duration,
}

/// Starts a server on what is stored and asks for everything in turn.
pub(crate) async fn run(
    ground: &Ground,
    filled: &Filled,
    workload: &str,
    amounts: Amounts,
) -> Fallible<Record> {
    let pages = sample(filled, amounts.pages + WARM_UP_PAGES)?;
    let since = format!("{}.0", epoch(&filled.data)?);
    let server = ground.start(Kind::Chinwag, Directory::Kept(filled.data.clone()))?;
    let ready = server.ready;
    tokio::time::sleep(SETTLE).await;
    let (memory, resident) = (server.tree.memory(), server.tree.resident());
    let stage = Stage { server: Arc::new(server), cast: Arc::new(filled.cast.clone()) };
    let watch = Watch::start(stage.server.tree);
    let history = history(&stage, &pages).await.during("history")?;
    let lists = lists(&stage, amounts.lists).await.during("getChats")?;
    let catch_up = catch_up(&stage, amounts.catch_ups, &since).await.during("catching up")?;
    let send = sends(&stage, amounts.sends).await.during("sending")?;
    let mut record = stage
        .record(workload, &watch)
        .with("messages", filled.messages as f64)
        .with("ready", ready.as_secs_f64() * 1e6)
        .with("memory", memory as f64)
        .with("resident", resident as f64);
    for (name, figure) in history.into_iter().chain(lists).chain(catch_up).chain(send) {
        record = record.with(name, figure);
    }
    Ok(record)
}

/// The start of a server with nothing stored, for comparison.
pub(crate) async fn empty(ground: &Ground, template: &seed::Template) -> Fallible<Record> {
    let directory = template.with(ground, &mut crate::cast::Cast::default())?;
    let server = ground.start(Kind::Chinwag, directory)?;
    let ready = server.ready;
    tokio::time::sleep(SETTLE).await;
    let watch = Watch::start(server.tree);
    Ok(crate::stage::record(Kind::Chinwag, "stored nothing", &watch)
        .with("ready", ready.as_secs_f64() * 1e6)
        .with("memory", server.tree.memory() as f64)
        .with("resident", server.tree.resident() as f64))
}

type Figures = Vec<(&'static str, f64)>;

/// A page to ask for: by whom, of which chat, before which message.
struct Page {
    person: usize,
    chat: Uuid,
    before: Uuid,
}

/// Pages from anywhere, each with a whole page of messages before it. The same in every run.
fn sample(filled: &Filled, count: usize) -> Fallible<Vec<Page>> {
    let chats: HashMap<Uuid, usize> = (0..filled.cast.chats.len()).map(|at| (chat_id(at), at)).collect();
    let connection = seed::open(&filled.data)?;
    let newest: u64 = connection.query_row("SELECT max(position) FROM messages", [], |row| row.get(0))?;
    let mut near = connection.prepare(
        "SELECT id, chat FROM messages WHERE position >= ?1 AND nth > ?2 ORDER BY position LIMIT 1",
    )?;
    let mut pages = Vec::new();
    let mut dice = Dice(1);
    while pages.len() < count {
        let found = near.query_row([dice.below(newest), PAGE as u64], |row| Ok((row.get(0)?, row.get(1)?)));
        let Ok((before, chat)) = found else { continue };
        let members = chats.get(&chat).map(|at| &filled.cast.chats[*at].members);
        let person = members.and_then(|members| members.get(pages.len() % GROUP));
        let person = *person.ok_or_else(|| Failure::new("a chat that is not in the cast"))?;
        pages.push(Page { person, chat, before });
    }
    Ok(pages)
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

async fn history(stage: &Stage, pages: &[Page]) -> Fallible<Figures> {
    let http = Http::new(stage.server.address.socket);
    let mut took = histogram();
    let (mut cpu, mut bytes) = (Duration::ZERO, 0);
    for (number, Page { person, chat, before }) in pages.iter().enumerate() {
        if number == WARM_UP_PAGES {
            cpu = stage.server.tree.cpu();
        }
        let began = Instant::now();
        let path = format!("/api/messages/getMessages/{chat}?size={PAGE}&lastMessage={before}");
        let answer = http.get(&path, &stage.person(*person).token).await?.succeeded()?;
        if number == 0 {
            let page = answer.json()?;
            let rows = page["messages"].as_array().map(Vec::len).unwrap_or_default();
            if rows != PAGE || !answer_has(&answer.body, "👍") || !answer_has(&answer.body, "\"replyTo\":{")
            {
                return Err(Failure::new(format!("a page of {rows}, or without reactions and replies")));
            }
        }
        if number >= WARM_UP_PAGES {
            took.saturating_record(micros(began.elapsed()));
            bytes += answer.body.len();
        }
    }
    let each = |total: f64| total / (pages.len() - WARM_UP_PAGES) as f64;
    let cpu = stage.server.tree.cpu().saturating_sub(cpu);
    Ok(vec![
        ("history_cpu", each(cpu.as_secs_f64() * 1e6)),
        ("history_p50", took.value_at_percentile(50.0) as f64),
        ("history_p99", took.value_at_percentile(99.0) as f64),
        ("history_bytes", each(bytes as f64)),
    ])
}

fn answer_has(body: &[u8], part: &str) -> bool {
    memchr::memmem::find(body, part.as_bytes()).is_some()
}

/// One person of each group in turn, from groups that lie apart.
fn people(stage: &Stage, count: usize) -> impl Iterator<Item = usize> {
    let all = stage.cast.people.len();
    let mut dice = Dice(2);
    (0..count).map(move |_| usize::try_from(dice.below(all as u64)).unwrap_or_default())
}

async fn lists(stage: &Stage, count: usize) -> Fallible<Figures> {
    let http = Http::new(stage.server.address.socket);
    let mut took = histogram();
    let cpu = stage.server.tree.cpu();
    for person in people(stage, count) {
        let began = Instant::now();
        let path = format!("/api/chat/getChats?page=0&size={CHATS_OF_GROUP}");
        http.get(&path, &stage.person(person).token).await?.succeeded()?;
        took.saturating_record(micros(began.elapsed()));
    }
    let cpu = stage.server.tree.cpu().saturating_sub(cpu);
    Ok(vec![
        ("chats_cpu", cpu.as_secs_f64() * 1e6 / count as f64),
        ("chats_p50", took.value_at_percentile(50.0) as f64),
    ])
}

/// From before everything: all that a group ever said, some 10,000 messages, and its reactions.
async fn catch_up(stage: &Stage, count: usize, since: &str) -> Fallible<Figures> {
    let mut events = 0_u64;
    let mut took = Duration::ZERO;
    let cpu = stage.server.tree.cpu();
    for person in people(stage, count) {
        let began = Instant::now();
        let mut opening =
            open_chinwag(&stage.server.address, stage.person(person), Some(since), Beats::Server).await?;
        let all = events + EVENTS_OF_GROUP as u64;
        opening
            .until(|payload| {
                events += u64::from(payload.starts_with(b"MESSAGE"));
                events == all
            })
            .await?;
        took += began.elapsed();
    }
    let cpu = stage.server.tree.cpu().saturating_sub(cpu);
    Ok(vec![
        ("catch_up_cpu", cpu.as_secs_f64() * 1e6 / events as f64),
        ("catch_up_events", events as f64 / count as f64),
        ("catch_up_took", took.as_secs_f64() * 1e6 / count as f64),
    ])
}

/// Five people, each in a group of its own where there are so many, who send to all their chats in turn.
async fn sends(stage: &Stage, lasting: Duration) -> Fallible<Figures> {
    let apart = (stage.cast.people.len() / GROUP).max(1);
    let senders: Vec<usize> = (0..GROUP).map(|nth| nth * apart).collect();
    let mut openings = Vec::new();
    for at in &senders {
        openings.push(open_chinwag(&stage.server.address, stage.person(*at), None, Beats::Server).await?);
    }
    let mut crowd = Crowd::of(openings)?;
    let mut sent = vec![0_usize; senders.len()];
    let mut send = |crowd: &mut Crowd, at: usize| {
        let chats = &stage.person(senders[at]).chats;
        let mut out = Vec::new();
        let chat = &stage.cast.chats[chats[sent[at] % chats.len()]];
        Kind::Chinwag.say(chat, &"x".repeat(100), sent[at] as u64, &mut out);
        sent[at] += 1;
        crowd.say(at, &out);
    };
    (0..GROUP * SENDS_IN_FLIGHT).for_each(|nth| send(&mut crowd, nth % GROUP));
    let (cpu, began) = (stage.server.tree.cpu(), Instant::now());
    let mut acknowledged = 0_u64;
    while began.elapsed() < lasting {
        let mut free = Vec::new();
        crowd.wait(began + lasting.min(PATIENCE), |at, payload| {
            if stage.heard(payload) == Heard::Acknowledged {
                free.push(at);
            }
        })?;
        acknowledged += free.len() as u64;
        free.into_iter().for_each(|at| send(&mut crowd, at));
        none_ended(Kind::Chinwag, &crowd.ended)?;
    }
    let cpu = stage.server.tree.cpu().saturating_sub(cpu);
    Ok(vec![
        ("send_cpu", cpu.as_secs_f64() * 1e6 / acknowledged.max(1) as f64),
        ("sends_per_second", acknowledged as f64 / began.elapsed().as_secs_f64()),
    ])
}

/// How long signing in takes, and what it costs: a password hash, above all.
pub(crate) async fn sign_in(ground: &Ground, template: &seed::Template, count: usize) -> Fallible<Record> {
    const AT_ONCE: usize = 4;
    let stage = Stage::set(ground, template, Kind::Chinwag, crate::cast::Cast::new(1, AT_ONCE)).await?;
    let (watch, cpu, began) = (Watch::start(stage.server.tree), stage.server.tree.cpu(), Instant::now());
    let mut signing = tokio::task::JoinSet::new();
    for at in 0..AT_ONCE {
        let (server, name): (Arc<Server>, _) = (Arc::clone(&stage.server), stage.person(at).name.clone());
        let key = template.api_key.clone();
        signing.spawn(async move {
            let body = serde_json::json!({"username": name, "password": seed::PASSWORD});
            let mut took = Vec::new();
            for _ in 0..count / AT_ONCE {
                let began = Instant::now();
                server.address.http.post("/api/user/signin", &key, &body).await?.succeeded()?;
                took.push(began.elapsed());
            }
            Ok::<_, std::io::Error>(took)
        });
    }
    let mut took = histogram();
    while let Some(some) = signing.join_next().await {
        some.during("signing in")??.into_iter().for_each(|each| took.saturating_record(micros(each)));
    }
    let lasted = began.elapsed().as_secs_f64();
    let cpu = stage.server.tree.cpu().saturating_sub(cpu).as_secs_f64() * 1e6;
    let record = stage
        .record("sign in", &watch)
        .with("per_second", took.len() as f64 / lasted)
        .with("cpu", cpu / took.len() as f64);
    Ok(spread(record, "took", &took))
}
