//! One chat of thousands, one message at a time: how long until the last member has it.

use std::time::{Duration, Instant};

use crate::cast::Cast;
use crate::dialect::{Beats, Heard, Kind};
use crate::engine::Crowd;
use crate::failure::{Failure, Fallible};
use crate::process::Watch;
use crate::results::Record;
use crate::seed::Template;
use crate::servers::Ground;
use crate::stage::{Stage, none_ended};
use crate::talk::{histogram, micros, spread};

/// For one message to reach everybody.
const PATIENCE: Duration = Duration::from_secs(60);
/// Not measured.
const WARM_UP: usize = 3;

pub(crate) async fn run(
    ground: &Ground,
    template: &Template,
    kind: Kind,
    members: usize,
    messages: usize,
) -> Fallible<Record> {
    let stage = Stage::set(ground, template, kind, Cast::new(1, members)).await?;
    let openings = stage.open(0..members, Beats::Server).await?;
    let mut crowd = Crowd::of(openings)?;
    let mut last = histogram();
    let mut watch = Watch::start(stage.server.tree);
    let mut cpu = stage.server.tree.cpu();
    for message in 0..WARM_UP + messages {
        if message == WARM_UP {
            watch = Watch::start(stage.server.tree);
            cpu = stage.server.tree.cpu();
        }
        let took = tell_all(&stage, &mut crowd, message as u64, members)?;
        if message >= WARM_UP {
            last.saturating_record(micros(took));
        }
    }
    let spent = stage.server.tree.cpu().saturating_sub(cpu).as_secs_f64() * 1e6;
    let record = stage.record("crowd", &watch).with("cpu_per_delivery", spent / (messages * members) as f64);
    Ok(spread(record, "last", &last))
}

fn tell_all(stage: &Stage, crowd: &mut Crowd, message: u64, members: usize) -> Fallible<Duration> {
    let began = Instant::now();
    let mut out = Vec::new();
    let text = format!("{message} {}", "x".repeat(100));
    stage.kind().say(&stage.cast.chats[0], &text, message, &mut out);
    crowd.say(0, &out);
    let mut told = 0;
    // With its acknowledgement, or the next message would begin before this one has ended.
    let mut acknowledged = !stage.kind().acknowledges();
    while told < members || !acknowledged {
        if began.elapsed() > PATIENCE {
            let why = format!("{}: {told} of {members} were told in time", stage.kind().name());
            return Err(Failure::new(why));
        }
        crowd.wait(began + PATIENCE, |_, payload| match stage.heard(payload) {
            Heard::Said(text) if chinwag_bench::number(text) == Some(message) => told += 1,
            Heard::Acknowledged => acknowledged = true,
            _ => {}
        })?;
        none_ended(stage.kind(), &crowd.ended)?;
    }
    Ok(began.elapsed())
}
