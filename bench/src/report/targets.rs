//! The targets, and whether they are met.

use std::fmt::Write;

use super::tables::brief;
use crate::results::{Results, Spread};

/// One row.
struct Target {
    workload: String,
    target: String,
    measured: Option<Measured>,
}

struct Measured {
    figure: Spread,
    unit: &'static str,
    met: bool,
}

fn at_most(limit: f64, unit: &'static str, figure: Option<Spread>) -> Option<Measured> {
    figure.map(|figure| Measured { figure, unit, met: figure.median <= limit })
}

fn at_least(limit: f64, unit: &'static str, figure: Option<Spread>) -> Option<Measured> {
    figure.map(|figure| Measured { figure, unit, met: figure.median >= limit })
}

pub(super) fn write(results: &Results, out: &mut String) {
    out.push_str("| workload | target | measured | |\n|---|---|---|---|\n");
    let rows = [idle(results), talking(results), storing(results), returning(results), stored(results)];
    for Target { workload, target, measured } in rows.into_iter().flatten() {
        let _ = match measured {
            None => writeln!(out, "| {workload} | {target} | | not measured |"),
            Some(Measured { figure, unit, met }) => {
                let verdict = if met { "met" } else { "**not met**" };
                writeln!(out, "| {workload} | {target} | {} | {verdict} |", brief(figure, unit))
            }
        };
    }
    out.push('\n');
}

fn row(workload: &str, target: &str, measured: Option<Measured>) -> Target {
    Target { workload: workload.to_owned(), target: target.to_owned(), measured }
}

fn ratio([one, other]: [f64; 2]) -> f64 {
    one / other
}

/// The largest number of idle connections that was measured.
pub(super) fn idle_workload(results: &Results) -> String {
    let sizes = results.records.iter().filter(|record| record.server == "chinwag");
    let sizes = sizes.filter_map(|record| record.workload.strip_prefix("idle ")?.parse::<u32>().ok());
    sizes.max().map_or_else(|| "idle 15000".to_owned(), |most| format!("idle {most}"))
}

fn idle(results: &Results) -> Vec<Target> {
    let workload = idle_workload(results);
    let name = format!("{} connections, subscribed, with heart-beats", workload.replace("idle ", "idle: "));
    let memory = results.over_rounds(&workload, "chinwag", "memory_per_connection");
    let memory = memory.map(|memory| memory.map(|bytes| bytes / 1024.0));
    let opening = results.over_rounds(&workload, "chinwag", "cpu_per_opening");
    let held =
        results.records.iter().filter(|record| record.workload == "idle held" && record.server == "chinwag");
    let longest = held.max_by(|a, b| a.figures["seconds"].total_cmp(&b.figures["seconds"]));
    let share = longest.map(|record| record.figures["cpu_share"] * 100.0);
    let share = share.map(|share| Spread { least: share, median: share, most: share });
    let seconds = longest.map(|record| record.figures["seconds"]).unwrap_or_default();
    vec![
        row(&name, "at most 8 KiB of server memory (PSS) each", at_most(8.0, "KiB", memory)),
        row(&name, "4 KiB, if we can", at_most(4.0, "KiB", memory)),
        row(
            &name,
            "at most 200 µs of server CPU to open one, ticket and CONNECT included",
            at_most(200.0, "µs", opening),
        ),
        row(
            &format!("the same, held for {seconds:.0} s"),
            "under 2 % of a core (300 s)",
            at_most(2.0, "%", share),
        ),
    ]
}

fn talking(results: &Results) -> Vec<Target> {
    let against = |workload, server, name| {
        results.within_rounds([(workload, "chinwag", name), (workload, server, name)], ratio)
    };
    let pairs = "500 chats of 2, every send durable with receipt, closed loop";
    let groups = "10 chats of 100";
    let crowd = "one chat of 5,000, until the last member has it";
    let delivered = "delivered_per_second";
    vec![
        row(
            pairs,
            "CPU per delivery at most 2.5 times `bare`'s",
            at_most(2.5, "", against("pairs", "bare", "cpu_per_delivery")),
        ),
        row(
            pairs,
            "deliveries per second at least 5 times RabbitMQ's",
            at_least(5.0, "", against("pairs", "rabbitmq", delivered)),
        ),
        row(
            pairs,
            "deliveries per second at least 5 times ejabberd's",
            at_least(5.0, "", against("pairs", "ejabberd", delivered)),
        ),
        row(
            groups,
            "CPU per delivery at most 2 times `bare`'s",
            at_most(2.0, "", against("groups", "bare", "cpu_per_delivery")),
        ),
        row(
            groups,
            "deliveries per second at least 10 times RabbitMQ's",
            at_least(10.0, "", against("groups", "rabbitmq", delivered)),
        ),
        row(
            groups,
            "deliveries per second at least 10 times ejabberd's",
            at_least(10.0, "", against("groups", "ejabberd", delivered)),
        ),
        row(crowd, "p50 at most 1.7 times `bare`'s", at_most(1.7, "", against("crowd", "bare", "last_p50"))),
        row(crowd, "p99 at most 1.7 times `bare`'s", at_most(1.7, "", against("crowd", "bare", "last_p99"))),
    ]
}

fn storing(results: &Results) -> Vec<Target> {
    let rate = "acknowledged_per_second";
    let many = results
        .within_rounds([("durable many", "chinwag", rate), ("durable many", "reference", rate)], ratio);
    let one = results.within_rounds(
        [("durable one", "chinwag", "acknowledgement_p50"), ("durable one", "chinwag", "sync_p50")],
        ratio,
    );
    let half = results.within_rounds(
        [
            ("half", "chinwag", "delivery_p99"),
            ("half", "bare", "delivery_p99"),
            ("durable one", "chinwag", "sync_p99"),
        ],
        |[ours, bare, sync]| ours / (3.0 * bare + 5.0 * sync),
    );
    vec![
        row(
            "durable sends, many in flight",
            "at least 60 % of what a program stores that only inserts the same rows in batches of the same size",
            at_least(60.0, "%", many.map(|ratio| ratio.map(|ratio| ratio * 100.0))),
        ),
        row("durable sends, one in flight", "p50 at most 3 times `fdatasync`'s", at_most(3.0, "", one)),
        row(
            "half of the maximum load",
            "delivery p99 at most 3 times `bare`'s at the same rate and 5 times `fdatasync`'s p99 (as a part of that: at most 1)",
            at_most(1.0, "", half),
        ),
    ]
}

fn returning(results: &Results) -> Vec<Target> {
    let storm = "5,000 come back at once, 20 missed messages each";
    let of = |name| ("storm", "chinwag", name);
    let wait = results.within_rounds([of("wait_max"), of("ideal")], ratio);
    let others = results.within_rounds([of("others_during_p99"), of("others_before_p99")], ratio);
    let cpu = results.over_rounds("storm", "chinwag", "cpu_per_client");
    vec![
        row(storm, "at most 300 µs of server CPU each", at_most(300.0, "µs", cpu)),
        row(
            storm,
            "nobody waits more than 3 times the storm's ideal time (what server and clients computed, on all cores)",
            at_most(3.0, "", wait),
        ),
        row(storm, "p99 of others' deliveries at most doubles", at_most(2.0, "", others)),
    ]
}

/// As the targets call it.
fn amount(messages: f64) -> String {
    match messages {
        messages if messages >= 1e6 => format!("{:.0} million", messages / 1e6),
        messages => format!("{:.0} thousand", messages / 1e3),
    }
}

fn stored(results: &Results) -> Vec<Target> {
    let of = |workload, name| results.over_rounds(workload, "chinwag", name);
    let messages = of("stored many", "messages").map_or(1e7, |messages| messages.median);
    let many = amount(messages);
    let few = amount(of("stored few", "messages").map_or(1e4, |messages| messages.median));
    let against = |other, name| {
        results.within_rounds([("stored many", "chinwag", name), (other, "chinwag", name)], ratio)
    };
    let page = format!("a page of 50 with reactions and replies, {many} messages stored");
    let start = format!("start with {many} messages");
    let ready = of("stored many", "ready").map(|ready| ready.map(|micros| micros / 1e3));
    let mut rows = vec![
        row(&page, "at most 300 µs of server CPU", at_most(300.0, "µs", of("stored many", "history_cpu"))),
        row(&start, "ready within 300 ms", at_most(300.0, "ms", ready)),
        row(
            &start,
            "resident memory within 20 % of an empty server's",
            at_most(1.2, "", against("stored nothing", "resident")),
        ),
    ];
    for (what, name) in [
        ("a page of history", "history_cpu"),
        ("the list of chats", "chats_cpu"),
        ("catching up, per event", "catch_up_cpu"),
        ("a send", "send_cpu"),
    ] {
        let what = format!("{what}: {many} messages stored against {few}");
        rows.push(row(&what, "CPU at most 1.3 times", at_most(1.3, "", against("stored few", name))));
    }
    rows
}
