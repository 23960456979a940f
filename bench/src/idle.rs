//! Connections that are there and say nothing but heart-beats.

use std::time::{Duration, Instant};

use crate::cast::Cast;
use crate::dialect::{Beats, Kind};
use crate::engine::Crowd;
use crate::failure::Fallible;
use crate::process::Watch;
use crate::results::Record;
use crate::seed::Template;
use crate::servers::Ground;
use crate::stage::{Stage, none_ended};

const MEMBERS: usize = 100;
/// How often a client keeps its promise of a heart-beat in ten seconds.
const BEAT_EVERY: Duration = Duration::from_secs(8);
/// Between two looks at whether heart-beats are due.
const OPENED_AT_ONCE: usize = 500;
/// For a server to finish what opening left to do, before its memory is looked at.
const SETTLE: Duration = Duration::from_secs(2);

/// Opens connections up to each of `sizes` and looks at memory there; then holds all of them for `hold`.
pub(crate) async fn run(
    ground: &Ground,
    template: &Template,
    kind: Kind,
    sizes: &[usize],
    hold: Duration,
) -> Fallible<Vec<Record>> {
    let most = sizes.last().copied().unwrap_or_default();
    let stage = Stage::set(ground, template, kind, Cast::new(most.div_ceil(MEMBERS), MEMBERS)).await?;
    let mut crowd = Crowd::of(stage.open(0..1, Beats::Both).await?)?;
    tokio::time::sleep(SETTLE).await;
    let tree = stage.server.tree;
    let (memory, mut opening_cpu) = (tree.memory(), Duration::ZERO);
    let mut records = Vec::new();
    for &size in sizes {
        let (watch, cpu, already) = (Watch::start(tree), tree.cpu(), crowd.len());
        let took = open_up_to(&stage, &mut crowd, size).await?;
        opening_cpu += tree.cpu().saturating_sub(cpu);
        beat(kind, &mut crowd, SETTLE)?;
        let each = |total: f64| total / (size - 1) as f64;
        records.push(
            stage
                .record(&format!("idle {size}"), &watch)
                .with("memory_per_connection", each(tree.memory().saturating_sub(memory) as f64))
                .with("cpu_per_opening", each(opening_cpu.as_secs_f64() * 1e6))
                .with("opened_per_second", (size - already) as f64 / took.as_secs_f64()),
        );
    }
    let (watch, cpu, begun) = (Watch::start(tree), tree.cpu(), Instant::now());
    beat(kind, &mut crowd, hold)?;
    let spent = tree.cpu().saturating_sub(cpu);
    none_ended(kind, &crowd.ended)?;
    records.push(
        stage
            .record("idle held", &watch)
            .with("connections", most as f64)
            .with("seconds", begun.elapsed().as_secs_f64())
            .with("cpu_share", spent.as_secs_f64() / begun.elapsed().as_secs_f64()),
    );
    Ok(records)
}

/// Opens more, and keeps up the heart-beats of those that are open; how long the opening took.
async fn open_up_to(stage: &Stage, crowd: &mut Crowd, size: usize) -> Fallible<Duration> {
    let begun = Instant::now();
    let mut beaten = Instant::now();
    while crowd.len() < size {
        let from = crowd.len();
        crowd.add(stage.open(from..size.min(from + OPENED_AT_ONCE), Beats::Both).await?)?;
        if beaten.elapsed() > BEAT_EVERY / 2 {
            let mut out = Vec::new();
            stage.kind().beat(&mut out);
            (0..crowd.len()).for_each(|at| crowd.say(at, &out));
            beaten = Instant::now();
        }
    }
    Ok(begun.elapsed())
}

/// Everyone in turn, evenly over the time between two beats.
fn beat(kind: Kind, crowd: &mut Crowd, hold: Duration) -> Fallible<()> {
    let connections = crowd.len();
    let began = Instant::now();
    let mut beaten = 0;
    let mut out = Vec::new();
    kind.beat(&mut out);
    while began.elapsed() < hold {
        let due = began.elapsed().as_secs_f64() / BEAT_EVERY.as_secs_f64() * connections as f64;
        while !out.is_empty() && (beaten as f64) < due {
            crowd.say(beaten % connections, &out);
            beaten += 1;
        }
        crowd.wait(Instant::now() + Duration::from_millis(10), |_, _| ())?;
    }
    Ok(())
}
