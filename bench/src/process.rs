//! What a server used, with all the processes it started, and what else the machine did meanwhile (Linux, proc(5)).

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

/// Of `utime` and `stime`, on every Linux there is.
const TICK: Duration = Duration::from_millis(10);

/// A process and its descendants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tree(pub(crate) u32);

struct Stat {
    parent: u32,
    ticks: u32,
}

fn stat(pid: u32) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let user: u32 = fields.nth(9)?.parse().ok()?;
    Some(Stat { parent, ticks: user + fields.next()?.parse::<u32>().ok()? })
}

impl Tree {
    pub(crate) fn of_this_process() -> Self {
        Self(std::process::id())
    }

    /// The ids that live now, the root's first.
    pub(crate) fn pids(self) -> Vec<u32> {
        let listed = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = listed.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let parents: HashMap<u32, u32> = pids.filter_map(|pid| Some((pid, stat(pid)?.parent))).collect();
        let mut found = vec![self.0];
        let mut next = 0;
        while let Some(&parent) = found.get(next) {
            found.extend(parents.iter().filter(|(_, of)| **of == parent).map(|(pid, _)| *pid));
            next += 1;
        }
        found
    }

    /// Processor time of those that live, in steps of 10 ms.
    pub(crate) fn cpu(self) -> Duration {
        self.pids().into_iter().filter_map(stat).map(|stat| TICK * stat.ticks).sum()
    }

    /// Bytes of memory, what is shared with others in part (PSS).
    pub(crate) fn memory(self) -> u64 {
        let pss = |pid| {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
        };
        self.pids().into_iter().filter_map(pss).sum::<u64>() * 1024
    }

    /// Bytes of the root process alone that are in memory (RSS).
    pub(crate) fn resident(self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    }
}

/// The machine's processors over a while: how much of them others took, which is the noise in a measurement.
pub(crate) struct Watch {
    began: Instant,
    busy: Duration,
    ours: Duration,
    server: Tree,
}

impl Watch {
    pub(crate) fn start(server: Tree) -> Self {
        let ours = Tree::of_this_process().own() + server.cpu();
        Self { began: Instant::now(), busy: busy(), ours, server }
    }

    /// Cores that neither the server nor this program used, on average since the start.
    pub(crate) fn others(&self) -> f64 {
        let ours = Tree::of_this_process().own() + self.server.cpu();
        let others = (busy().saturating_sub(self.busy)).saturating_sub(ours.saturating_sub(self.ours));
        others.as_secs_f64() / self.began.elapsed().as_secs_f64().max(f64::EPSILON)
    }
}

impl Tree {
    /// Processor time of the root alone: the servers are children of this program.
    pub(crate) fn own(self) -> Duration {
        stat(self.0).map(|stat| TICK * stat.ticks).unwrap_or_default()
    }
}

/// Processor time of the whole machine that was not idle, waiting or stolen.
fn busy() -> Duration {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks: Vec<u32> = fields.filter_map(|field| field.parse().ok()).collect();
    let of = |field: usize| ticks.get(field).copied().unwrap_or_default();
    // user, nice, system, irq, softirq
    TICK * (of(0) + of(1) + of(2) + of(5) + of(6))
}

/// Over the last minute.
pub(crate) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default()
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_its_branches_and_what_they_use() {
        let mut child = std::process::Command::new("sh")
            .args(["-c", "sleep 60 & sleep 60; wait"])
            .spawn()
            .expect("a shell");
        let tree = Tree(child.id());
        while tree.pids().len() < 3 {
            std::thread::yield_now();
        }
        assert!(tree.memory() > 0 && tree.resident() > 0);
        assert!(Tree::of_this_process().pids().len() >= 4);
        for pid in tree.pids() {
            let _ = std::process::Command::new("kill").arg(pid.to_string()).status();
        }
        let _ = child.wait();
        assert_eq!(tree.memory(), 0, "those that ended have none");
    }
}
