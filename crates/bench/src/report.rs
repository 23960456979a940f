//! What was measured. Times in milliseconds, memory in bytes.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// How latencies are spread.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    pub count: u64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    /// Points of the curve: percentile, milliseconds.
    #[serde(skip)]
    pub curve: Vec<(f64, f64)>,
}

/// Percentiles of which a curve is made.
const CURVE: [f64; 14] = [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 99.0, 99.9, 100.0];

impl Latency {
    /// Of a histogram of microseconds.
    #[must_use]
    pub(crate) fn of(spread: &Histogram<u64>) -> Self {
        let ms = |percentile| spread.value_at_percentile(percentile) as f64 / 1000.0;
        Self {
            count: spread.len(),
            p50: ms(50.0),
            p90: ms(90.0),
            p99: ms(99.0),
            p999: ms(99.9),
            max: spread.max() as f64 / 1000.0,
            curve: CURVE.iter().map(|percentile| (*percentile, ms(*percentile))).collect(),
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p50 {:.2}   p90 {:.2}   p99 {:.2}   p99.9 {:.2}   max {:.2} ms",
            self.p50, self.p90, self.p99, self.p999, self.max
        )
    }
}

/// Of people who talk.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TalkReport {
    pub users: usize,
    pub chats: usize,
    pub members: usize,
    pub payload_bytes: usize,
    pub seconds: f64,
    pub acknowledged: u64,
    pub acknowledged_per_second: f64,
    pub delivered: u64,
    pub delivered_per_second: f64,
    /// From SEND to RECEIPT.
    pub acknowledgement: Latency,
    /// From SEND to MESSAGE, of every member, the sender included.
    pub delivery: Latency,
    /// Sends that were answered with ERROR.
    pub refused: u64,
    /// Events that a member was never told, twice, or late. Each is a broken promise.
    pub missing: u64,
    pub repeated: u64,
    pub out_of_order: u64,
    /// Connections that ended before the measuring did.
    pub closed: u64,
    /// Processor time of the server per MESSAGE, in microseconds; null where it cannot be seen.
    pub cpu_per_delivery: Option<f64>,
    /// Of one core.
    pub cpu_share: Option<f64>,
    /// Memory that each connection added while it was idle.
    pub bytes_per_connection: Option<f64>,
}

impl TalkReport {
    /// Whether everyone was told everything, once and in order.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missing + self.repeated + self.out_of_order + self.closed == 0
    }
}

impl fmt::Display for TalkReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { users, chats, members, payload_bytes, seconds, .. } = self;
        writeln!(
            f,
            "{users} users, {chats} chats of {members}, {payload_bytes} bytes a message, {seconds:.0} s\n"
        )?;
        let rows = [
            ("acknowledged", self.acknowledged, self.acknowledged_per_second),
            ("delivered", self.delivered, self.delivered_per_second),
        ];
        for (name, count, per_second) in rows {
            writeln!(f, "{name:<18}{count:>12}   {per_second:>10.0} per second")?;
        }
        writeln!(f, "acknowledgement   {}", self.acknowledgement)?;
        writeln!(f, "delivery          {}", self.delivery)?;
        writeln!(
            f,
            "missing {}   repeated {}   out of order {}   refused {}   connections lost {}",
            self.missing, self.repeated, self.out_of_order, self.refused, self.closed
        )?;
        if let (Some(each), Some(share)) = (self.cpu_per_delivery, self.cpu_share) {
            writeln!(f, "server CPU        {each:.1} us per delivery, {:.0} % of one core", share * 100.0)?;
        }
        if let Some(bytes) = self.bytes_per_connection {
            writeln!(f, "server memory     {:.1} KiB per idle connection", bytes / 1024.0)?;
        }
        Ok(())
    }
}

/// Of connections that do nothing.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdleReport {
    pub connections: usize,
    pub opened_per_second: f64,
    /// Processor time of the server to open one, ticket and CONNECT included, in microseconds.
    pub cpu_per_opening: Option<f64>,
    pub bytes_per_connection: Option<f64>,
    /// Of one core, while nothing but heart-beats happened.
    pub idle_cpu_share: Option<f64>,
    pub idle_seconds: f64,
    pub closed: u64,
}

impl fmt::Display for IdleReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} connections, {:.0} opened per second", self.connections, self.opened_per_second)?;
        if let Some(cpu) = self.cpu_per_opening {
            writeln!(f, "server CPU        {cpu:.0} us to open one, ticket and CONNECT included")?;
        }
        if let Some(bytes) = self.bytes_per_connection {
            writeln!(f, "server memory     {:.2} KiB per connection", bytes / 1024.0)?;
        }
        if let Some(share) = self.idle_cpu_share {
            writeln!(
                f,
                "idle              {:.2} % of one core over {:.0} s",
                share * 100.0,
                self.idle_seconds
            )?;
        }
        writeln!(f, "connections lost  {}", self.closed)
    }
}

/// A share of one core.
pub(crate) fn share(cpu: Option<Duration>, of: Duration) -> Option<f64> {
    cpu.map(|cpu| cpu.as_secs_f64() / of.as_secs_f64().max(f64::EPSILON))
}
