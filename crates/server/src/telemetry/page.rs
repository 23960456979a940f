//! All metrics as text (<https://prometheus.io/docs/instrumenting/exposition_formats>, version 0.0.4).

use std::fmt::{Display, Write};

use rustix::process::{Resource, getrlimit};

use super::measure::{BOUNDS, Spread};
use super::requests::Told;
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
    BUILD = "chinwag_build_info", "gauge", "1, with the version and the commit as labels";
    CONNECTIONS = "chinwag_connections", "gauge", "Open realtime connections, by whatever carrier";
    USERS = "chinwag_connected_users", "gauge", "Distinct users who are connected";
    SOCKJS = "chinwag_sockjs_sessions", "gauge", "Open SockJS sessions over HTTP";
    ACTIONS = "chinwag_actions_total", "counter", "Actions by type and outcome";
    MALFORMED = "chinwag_actions_malformed_total", "counter", "Bodies that were no action, by any door";
    ACTION_TIME = "chinwag_action_seconds", "histogram", "From an action's arrival until it is on the disk";
    COMMIT_TIME = "chinwag_commit_seconds", "histogram", "Time of a commit, with its sync to the disk";
    COMMIT_JOBS = "chinwag_commit_jobs_total", "counter", "Jobs that were committed; divided by the commits, the batch size";
    COMMIT_FAILED = "chinwag_commit_failures_total", "counter", "Commits that failed";
    WRITER_QUEUE = "chinwag_writer_queue_jobs", "gauge", "Jobs waiting for the writer";
    DELIVERIES = "chinwag_deliveries_total", "counter", "Events handed to connections";
    DELIVERY_TIME = "chinwag_delivery_seconds", "histogram", "From an event's commit until a connection wrote it; of each write the event that waited longest";
    QUEUE_BYTES = "chinwag_queue_bytes", "gauge", "Bytes of events that wait for their receivers";
    DROPS_METRIC = "chinwag_connection_drops_total", "counter", "Connections that this side ended, by reason";
    REQUESTS = "chinwag_http_requests_total", "counter", "Requests by listener, method, route and status";
    REQUEST_TIME = "chinwag_http_request_seconds", "histogram", "From a request's head until its answer's, by listener, method and route";
    SPANS = "chinwag_trace_spans_total", "counter", "Spans of traces by outcome";
    STORE_UP = "chinwag_store_up", "gauge", "1 if a write just reached the disk";
    HEAD = "chinwag_store_position", "gauge", "Position of the newest event in the database";
    RESIDENT = "process_resident_memory_bytes", "gauge", "Memory that the process holds";
    FILES = "process_open_fds", "gauge", "Open files and sockets";
    FILES_MAX = "process_max_fds", "gauge", "Files and sockets that it may open";
    CPU = "process_cpu_seconds_total", "counter", "Processor time, of programs and of the system";
    THREADS = "process_threads", "gauge", "Threads";
    START = "process_start_time_seconds", "gauge", "When the process began, in seconds since 1970";
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
        self.spread(metric, &[], spread);
    }

    fn requests(&mut self, told: &[Told]) {
        self.family(&REQUESTS);
        for told in told {
            for (status, count) in &told.statuses {
                let status = status.to_string();
                self.row(REQUESTS.name, &[told.labels().as_slice(), &[("status", &status)]].concat(), count);
            }
        }
        self.family(&REQUEST_TIME);
        for told in told {
            self.spread(&REQUEST_TIME, &told.labels(), &told.time);
        }
    }

    fn spread(&mut self, metric: &Metric, labels: &[(&str, &str)], spread: &Spread) {
        let bucket = format!("{}_bucket", metric.name);
        let mut below = 0;
        for (index, within) in spread.buckets.iter().enumerate() {
            below += within;
            let bound = BOUNDS.get(index).map_or_else(|| "+Inf".to_owned(), |bound| seconds(*bound));
            self.row(&bucket, &[labels, &[("le", &bound)]].concat(), below);
        }
        self.row(&format!("{}_sum", metric.name), labels, seconds(spread.micros));
        self.row(&format!("{}_count", metric.name), labels, below);
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
    let telemetry = &app.telemetry;
    page.family(&BUILD);
    page.row(
        BUILD.name,
        &[("version", env!("CARGO_PKG_VERSION")), ("commit", telemetry.commit.get().unwrap_or(&"unknown"))],
        1,
    );
    page.one(&CONNECTIONS, app.presence.connections());
    page.one(&USERS, app.presence.all_users());
    page.one(&SOCKJS, app.sockjs.len());
    page.family(&ACTIONS);
    for (kind, row) in KINDS.iter().zip(&telemetry.actions) {
        for (outcome, word) in OUTCOMES {
            page.row(ACTIONS.name, &[("type", kind), ("outcome", word)], row[outcome as usize].get());
        }
    }
    page.one(&MALFORMED, telemetry.malformed.get());
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
    page.requests(&telemetry.requests.told());
    if let Some(tracer) = &telemetry.tracer {
        page.family(&SPANS);
        let outcomes =
            [("exported", &tracer.exported), ("dropped", &tracer.dropped), ("failed", &tracer.failed)];
        for (outcome, count) in outcomes {
            page.row(SPANS.name, &[("outcome", outcome)], count.get());
        }
    }
    page.one(&STORE_UP, u8::from(store_up));
    page.one(&HEAD, app.store.head());
    if let Some(process) = Process::read() {
        page.one(&RESIDENT, process.resident_bytes);
        page.one(&FILES, process.open_files);
        page.one(&FILES_MAX, process.open_files_max);
        page.one(&CPU, process.cpu_seconds);
        page.one(&THREADS, process.threads);
        page.one(&START, process.started);
    }
    page.0
}

/// What Linux says of this process (proc(5)).
struct Process {
    resident_bytes: u64,
    open_files: usize,
    open_files_max: u64,
    cpu_seconds: f64,
    threads: u64,
    /// In seconds since 1970.
    started: f64,
}

/// Of the times in /proc, on every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

impl Process {
    fn read() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = resident.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The name, in parentheses, may hold anything; what is numbered 3 comes after it.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let system = std::fs::read_to_string("/proc/stat").ok()?;
        let booted: u64 = system.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        Some(Self {
            resident_bytes: kib * 1024,
            open_files: std::fs::read_dir("/proc/self/fd").ok()?.count(),
            open_files_max: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
            cpu_seconds: (field(14)? + field(15)?) as f64 / TICKS_PER_SECOND,
            threads: field(20)?,
            started: booted as f64 + field(22)? as f64 / TICKS_PER_SECOND,
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
