//! Many connected users who send at a steady rate. Says how many sends were acknowledged, how fast, and whether every
//! member of every chat was told of every message once and in order, and what the server used.
//!
//! `cargo run --release -p chinwag-testkit --example load -- target/release/chinwag [USERS] [SENDS_PER_SECOND]
//! [MEMBERS_PER_CHAT] [SECONDS]`. Registering and signing in cost a password hash each, so that takes a while.

use std::collections::VecDeque;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_testkit::{App, Chinwag, Frame, Incoming, Person, Socket, Spread};
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::sync::Barrier;
use tokio::time::MissedTickBehavior;

/// Requests at once while the users are made.
const AT_ONCE: usize = 16;
/// A user waits for receipts when so many are missing.
const UNACKNOWLEDGED_MAX: usize = 64;
/// For what is still on its way when the sending is over.
const TAIL: Duration = Duration::from_secs(10);
/// Of `utime` and `stime` in /proc, on every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Clone, Copy)]
struct Plan {
    users: usize,
    per_second: usize,
    members: usize,
    duration: Duration,
}

/// One user's part.
struct Player {
    socket: Socket,
    chat: String,
    offset: Duration,
}

/// What became of it.
#[derive(Default)]
struct Score {
    sent: usize,
    acknowledged: Spread,
    /// Newest seq heard. The first message of a chat has 2.
    heard: u64,
    repeated: usize,
    out_of_order: usize,
    refused: usize,
    closed: bool,
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let binary = arguments.next().expect("the path of the chinwag binary");
    let mut number =
        |default: usize| arguments.next().map_or(default, |text| text.parse().expect("a number"));
    let (users, per_second, members) = (number(1000), number(5000), number(5));
    let plan = Plan { users, per_second, members, duration: Duration::from_secs(number(20) as u64) };

    let chinwag = Chinwag::start(&binary, &[("limits.demo_concurrent_users", "0")]).await;
    let before = Instant::now();
    let players = players(&chinwag.app().await, plan).await;
    println!("{users} users connected, {members} to a chat, after {:.0} s", before.elapsed().as_secs_f64());

    let barrier = Arc::new(Barrier::new(users + 1));
    let playing: Vec<_> =
        players.into_iter().map(|player| tokio::spawn(play(player, plan, Arc::clone(&barrier)))).collect();
    barrier.wait().await;
    let (cpu, begun) = (cpu_seconds(chinwag.pid()), Instant::now());
    tokio::time::sleep(plan.duration).await;
    let (cpu, wall) = (cpu_seconds(chinwag.pid()) - cpu, begun.elapsed().as_secs_f64());
    let mut scores = Vec::new();
    for player in playing {
        scores.push(player.await.expect("playing does not panic"));
    }
    report(&scores, plan);
    println!(
        "server CPU       {:.0} % of one core, peak memory {} MiB",
        cpu / wall * 100.0,
        chinwag.memory_peak_kib() / 1024
    );
    println!("load average     {}", fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
}

/// Makes the users, puts them into chats, and connects them.
async fn players(app: &App, plan: Plan) -> Vec<Player> {
    let names = (0..plan.users).map(|n| format!("user{n}"));
    let people: Vec<Person> = stream::iter(names)
        .map(|name| async move { app.user(&name).await })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let apart = Duration::from_secs_f64(1.0 / plan.per_second as f64);
    let mut players = Vec::new();
    for people in people.chunks(plan.members) {
        let (host, others) = people.split_first().expect("chunks are not empty");
        let names: Vec<&str> = others.iter().map(|person| person.name.as_str()).collect();
        let chat = host.creates_chat_with(&names).await;
        for person in people {
            let offset = apart * u32::try_from(players.len()).expect("not that many users");
            players.push(Player { socket: person.connects().await.socket, chat: chat.clone(), offset });
        }
    }
    players
}

/// Sends at its pace and listens, then listens until it has heard of all it sent.
async fn play(mut player: Player, plan: Plan, barrier: Arc<Barrier>) -> Score {
    let mut score = Score { heard: 1, ..Score::default() };
    let mut waiting = VecDeque::new();
    let pace = Duration::from_secs_f64(plan.users as f64 / plan.per_second as f64);
    barrier.wait().await;
    let start = tokio::time::Instant::now();
    let mut turns = tokio::time::interval_at(start + player.offset, pace);
    turns.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let end = start + plan.duration;
    loop {
        tokio::select! {
            _ = turns.tick(), if waiting.len() < UNACKNOWLEDGED_MAX && start.elapsed() < plan.duration => {
                let action = json!({"type": "SEND_MSG", "chatId": player.chat, "message": "What shall we have for tea?"});
                waiting.push_back(Instant::now());
                score.sent += 1;
                player.socket.send(chinwag_testkit::send(&action).with("receipt", score.sent)).await;
            }
            incoming = player.socket.next_whenever() => match incoming {
                Incoming::Frame(frame) => score.hears(&frame, &mut waiting),
                Incoming::HeartBeat => {}
                Incoming::Closed(_) => {
                    score.closed = true;
                    return score;
                }
            },
            // What the others sent last may come after one's own receipts.
            () = tokio::time::sleep_until(end + TAIL) => return score,
        }
    }
}

impl Score {
    fn hears(&mut self, frame: &Frame, waiting: &mut VecDeque<Instant>) {
        if frame.command == "RECEIPT" {
            self.acknowledged.extend(waiting.pop_front().map(|since| since.elapsed()));
        } else if let Some(seq) = seq(&frame.body) {
            self.repeated += usize::from(seq <= self.heard);
            self.out_of_order += usize::from(seq > self.heard + 1);
            self.heard = self.heard.max(seq);
        } else {
            self.refused += 1;
        }
    }
}

/// Cheaper than reading the JSON, which would make this program the slower one of the two.
fn seq(body: &str) -> Option<u64> {
    let digits = &body[body.rfind("\"seq\":")? + "\"seq\":".len()..];
    digits.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

fn report(scores: &[Score], plan: Plan) {
    let sum = |of: fn(&Score) -> usize| scores.iter().map(of).sum::<usize>();
    let acknowledged: Spread = scores.iter().flat_map(|score| score.acknowledged.clone()).collect();
    let count = acknowledged.clone().into_iter().count();
    let missing: u64 = scores
        .chunks(plan.members)
        .map(|chat| {
            let last = 1 + chat.iter().map(|score| score.sent as u64).sum::<u64>();
            chat.iter().map(|score| last.saturating_sub(score.heard)).sum::<u64>()
        })
        .sum();
    println!(
        "acknowledged     {count} of {} sent, {:.0} per second",
        sum(|score| score.sent),
        count as f64 / plan.duration.as_secs_f64()
    );
    println!("SEND to RECEIPT  {acknowledged}");
    println!(
        "told             missing {missing}, repeated {}, out of order {}, refused {}, closed {}",
        sum(|score| score.repeated),
        sum(|score| score.out_of_order),
        sum(|score| score.refused),
        sum(|score| usize::from(score.closed)),
    );
}

/// What a process has used so far (proc(5), /proc/pid/stat, fields 14 and 15).
fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("Linux, and the process runs");
    let after_name = stat.rsplit_once(") ").expect("a name in brackets").1;
    let ticks = after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / TICKS_PER_SECOND
}
