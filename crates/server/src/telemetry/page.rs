//! All metrics as text (<https://prometheus.io/docs/instrumenting/exposition_formats>, version 0.0.4).

use std::fmt::{Display, Write};

use super::measure::{BOUNDS, Spread};
use super::{DROPS, KINDS, OUTCOMES};
use crate::app::App;

/// One metric, as it is documented in docs/metrics.md.
#[derive(Debug)]
pub struct Metric {
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident = $name:literal, $kind:literal, $help:literal;)+) => {
        $(const $constant: Metric = Metric { name: $name, kind: $kind, help: $help };)+
        /// Every metric there is.
        pub const METRICS: &[Metric] = &[$($constant,)+];
    };
}

metrics! {
    BUILD = "chinwag_build_info", "gauge", "1, with the version as a label";
    CONNECTIONS = "chinwag_connections", "gauge", "Open realtime connections, by whatever carrier";
    USERS = "chinwag_connected_users", "gauge", "Distinct users who are connected";
    SOCKJS = "chinwag_sockjs_sessions", "gauge", "Open SockJS sessions over HTTP";
    ACTIONS = "chinwag_actions_total", "counter", "Actions by type and outcome";
    ACTION_TIME = "chinwag_action_seconds", "histogram", "From an action's arrival until it is on the disk";
    COMMIT_TIME = "chinwag_commit_seconds", "histogram", "Time of a commit, with its sync to the disk";
    COMMIT_JOBS = "chinwag_commit_jobs_total", "counter", "Jobs that were committed; divided by the commits, the batch size";
    COMMIT_FAILED = "chinwag_commit_failures_total", "counter", "Commits that failed";
    WRITER_QUEUE = "chinwag_writer_queue_jobs", "gauge", "Jobs waiting for the writer";
    DELIVERIES = "chinwag_deliveries_total", "counter", "Events handed to connections";
    DELIVERY_TIME = "chinwag_delivery_seconds", "histogram", "From an event's commit until a connection wrote it; of each write the event that waited longest";
    QUEUE_BYTES = "chinwag_queue_bytes", "gauge", "Bytes of events that wait for their receivers";
    DROPS_METRIC = "chinwag_connection_drops_total", "counter", "Connections that this side ended, by reason";
    STORE_UP = "chinwag_store_up", "gauge", "1 if a write just reached the disk";
    HEAD = "chinwag_store_position", "gauge", "Position of the newest event in the database";
    RESIDENT = "process_resident_memory_bytes", "gauge", "Memory that the process holds";
    FILES = "process_open_fds", "gauge", "Open files and sockets";
}

struct Page(String);

impl Page {
    fn family(&mut self, metric: &Metric) {
        let _ = writeln!(
            self.0,
            "# HELP {} {}\n# TYPE {} {}",
            metric.name, metric.help, metric.name, metric.kind
        );
    }

    fn row(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, metric: &Metric, value: impl Display) {
        self.family(metric);
        self.row(metric.name, &[], value);
    }

    fn histogram(&mut self, metric: &Metric, spread: &Spread) {
        self.family(metric);
        let bucket = format!("{}_bucket", metric.name);
        let mut below = 0;
        for (index, within) in spread.buckets.iter().enumerate() {
            below += within;
            let bound = BOUNDS.get(index).map_or_else(|| "+Inf".to_owned(), |bound| seconds(*bound));
            self.row(&bucket, &[("le", &bound)], below);
        }
        self.row(&format!("{}_sum", metric.name), &[], seconds(spread.micros));
        self.row(&format!("{}_count", metric.name), &[], below);
    }
}

/// Microseconds as seconds, exactly.
fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// Everything, now. `store_up`: whether a write just reached the disk.
#[must_use]
pub fn render(app: &App, store_up: bool) -> String {
    let mut page = Page(String::with_capacity(8 * 1024));
    page.family(&BUILD);
    page.row(BUILD.name, &[("version", env!("CARGO_PKG_VERSION"))], 1);
    page.one(&CONNECTIONS, app.presence.connections());
    page.one(&USERS, app.presence.all_users());
    page.one(&SOCKJS, app.sockjs.len());
    let telemetry = &app.telemetry;
    page.family(&ACTIONS);
    for (kind, row) in KINDS.iter().zip(&telemetry.actions) {
        for (outcome, word) in OUTCOMES {
            page.row(ACTIONS.name, &[("type", kind), ("outcome", word)], row[outcome as usize].get());
        }
    }
    page.histogram(&ACTION_TIME, &telemetry.action_time.spread());
    let commits = app.store.commits();
    page.histogram(&COMMIT_TIME, &commits.time.spread());
    page.one(&COMMIT_JOBS, commits.jobs.get());
    page.one(&COMMIT_FAILED, commits.failed.get());
    page.one(&WRITER_QUEUE, app.store.jobs_waiting());
    let (deliveries, delivery_time) = telemetry.figures.deliveries();
    page.one(&DELIVERIES, deliveries);
    page.histogram(&DELIVERY_TIME, &delivery_time);
    page.one(&QUEUE_BYTES, app.budget.used());
    page.family(&DROPS_METRIC);
    for (why, word) in DROPS {
        page.row(DROPS_METRIC.name, &[("reason", word)], telemetry.drops[why as usize].get());
    }
    page.one(&STORE_UP, u8::from(store_up));
    page.one(&HEAD, app.store.head());
    if let Some(process) = Process::read() {
        page.one(&RESIDENT, process.resident_bytes);
        page.one(&FILES, process.open_files);
    }
    page.0
}

/// What Linux says of this process (proc(5)).
struct Process {
    resident_bytes: u64,
    open_files: usize,
}

impl Process {
    fn read() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = resident.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(Self {
            resident_bytes: kib * 1024,
            open_files: std::fs::read_dir("/proc/self/fd").ok()?.count(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_exact() {
        assert_eq!(seconds(100), "0.000100");
        assert_eq!(seconds(12_500_000), "12.500000");
    }

    #[test]
    fn a_histogram_counts_up_to_everything() {
        let mut page = Page(String::new());
        let mut spread = Spread { micros: 300, ..Spread::default() };
        (spread.buckets[0], spread.buckets[BOUNDS.len()]) = (2, 1);
        page.histogram(&ACTION_TIME, &spread);
        for row in [
            "_bucket{le=\"0.000100\"} 2",
            "_bucket{le=\"10.000000\"} 2",
            "_bucket{le=\"+Inf\"} 3",
            "_count 3",
        ] {
            assert!(page.0.contains(&format!("chinwag_action_seconds{row}\n")), "{row}\n{}", page.0);
        }
    }
}
