//! Connections that are there and say nothing.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::connection::{BEAT_EVERY, Connection};
use crate::deployment::Deployment;
use crate::report::{IdleReport, share};
use crate::{BenchError, Process};

const AT_ONCE: usize = 32;
/// Connections outlast the time that is measured, so that the measuring finds them there.
const MEASURING: Duration = Duration::from_secs(1);

/// What is held open.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Idle {
    pub connections: usize,
    /// Who they belong to, in turn: people cost a password hash to make.
    pub users: usize,
    pub duration: Duration,
}

impl Idle {
    /// Opens them all, subscribed and with heart-beats, and holds them.
    pub async fn run(
        &self,
        on: &Deployment,
        process: Option<Process>,
        progress: impl Fn(&str) + Send + Sync,
    ) -> Result<IdleReport, BenchError> {
        let people =
            on.people(self.users, |made| progress(&format!("{made} of {} users", self.users))).await?;
        let (memory, cpu) = (process.and_then(Process::memory), process.and_then(Process::cpu));
        let begun = Instant::now();
        let opened = std::sync::atomic::AtomicUsize::new(0);
        let (opened, progress) = (&opened, &progress);
        let connections: Vec<Connection> = stream::iter(people.iter().cycle().take(self.connections))
            .map(|user| async move {
                let connection = Connection::open(on, user, None).await?;
                let opened = opened.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                if opened.is_multiple_of(100) {
                    progress(&format!("{opened} of {} connections", self.connections));
                }
                Ok::<_, BenchError>(connection)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let opening = begun.elapsed();
        let cpu_opening = process.and_then(Process::cpu).zip(cpu).map(|(after, before)| after - before);
        let each = |total: f64| total / self.connections as f64;

        let (cpu, held) = (process.and_then(Process::cpu), Instant::now());
        let deadline = tokio::time::Instant::now() + self.duration + MEASURING;
        let holding: Vec<_> =
            connections.into_iter().map(|connection| tokio::spawn(hold(connection, deadline))).collect();
        while held.elapsed() < self.duration {
            let (so_far, of) = (held.elapsed().as_secs(), self.duration.as_secs());
            progress(&format!("{} connections held for {so_far} of {of} s", self.connections));
            tokio::time::sleep(self.duration.saturating_sub(held.elapsed()).min(Duration::from_secs(1)))
                .await;
        }
        let idle = process.and_then(Process::cpu).zip(cpu).map(|(after, before)| after - before);
        let grown = process.and_then(Process::memory).zip(memory);
        let idle_seconds = held.elapsed();
        let mut closed = 0;
        for held in holding {
            closed += u64::from(!matches!(held.await, Ok(true)));
        }
        Ok(IdleReport {
            connections: self.connections,
            opened_per_second: self.connections as f64 / opening.as_secs_f64(),
            cpu_per_opening: cpu_opening.map(|cpu| each(cpu.as_secs_f64() * 1e6)),
            bytes_per_connection: grown.map(|(after, before)| each(after.saturating_sub(before) as f64)),
            idle_cpu_share: share(idle, idle_seconds),
            idle_seconds: idle_seconds.as_secs_f64(),
            closed,
        })
    }
}

/// Keeps up the heart-beats. False if the server ended it.
async fn hold(mut connection: Connection, deadline: tokio::time::Instant) -> bool {
    let mut beats = tokio::time::interval_at(tokio::time::Instant::now() + BEAT_EVERY, BEAT_EVERY);
    loop {
        let going = tokio::select! {
            heard = connection.hear(|_| ()) => heard,
            _ = beats.tick() => connection.beat().await,
            () = tokio::time::sleep_until(deadline) => return true,
        };
        if going.is_err() {
            return false;
        }
    }
}
