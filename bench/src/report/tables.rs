//! What was measured, a table for each workload.

use std::fmt::Write;

use super::targets::idle_workload;
use crate::dialect::Kind;
use crate::results::{Results, Spread};

/// A column: its title, the figure's name, what it is divided by, its unit.
type Column = (&'static str, &'static str, f64, &'static str);

const KIB: f64 = 1024.0;
const MS: f64 = 1000.0;

/// The median, and in brackets the least and the most where there were several rounds.
pub(super) fn brief(figure: Spread, unit: &str) -> String {
    let space = if unit.is_empty() { "" } else { " " };
    let median = number(figure.median);
    if figure.least == figure.most {
        return format!("{median}{space}{unit}");
    }
    format!("{median}{space}{unit} ({} to {})", number(figure.least), number(figure.most))
}

/// Three digits, and thousands apart.
fn number(figure: f64) -> String {
    let size = figure.abs();
    if size < 10.0 {
        return format!("{figure:.2}");
    }
    if size < 100.0 {
        return format!("{figure:.1}");
    }
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(super) fn write(results: &Results, pictures: &str, out: &mut String) {
    let idle = idle_workload(results);
    let _ = writeln!(out, "## Idle connections\n\n![]({pictures}/memory.svg)\n");
    let mut sizes: Vec<u32> = results
        .records
        .iter()
        .filter_map(|record| record.workload.strip_prefix("idle ")?.parse().ok())
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    for size in sizes {
        let columns: [Column; 3] = [
            ("memory each", "memory_per_connection", KIB, "KiB"),
            ("CPU to open one", "cpu_per_opening", 1.0, "µs"),
            ("opened per second", "opened_per_second", 1.0, ""),
        ];
        table(results, &format!("{size} connections"), &format!("idle {size}"), &columns, out);
    }
    let held: [Column; 3] = [
        ("connections", "connections", 1.0, ""),
        ("seconds", "seconds", 1.0, ""),
        ("of a core", "cpu_share", 0.01, "%"),
    ];
    table(
        results,
        &format!("{} of them held, with heart-beats where there are any", &idle[5..]),
        "idle held",
        &held,
        out,
    );

    let talk: [Column; 6] = [
        ("CPU per delivery", "cpu_per_delivery", 1.0, "µs"),
        ("deliveries per second", "delivered_per_second", 1.0, ""),
        ("acknowledged per second", "acknowledged_per_second", 1.0, ""),
        ("acknowledgement p50", "acknowledgement_p50", MS, "ms"),
        ("delivery p50", "delivery_p50", MS, "ms"),
        ("delivery p99", "delivery_p99", MS, "ms"),
    ];
    let _ = writeln!(out, "## Talking\n\n![]({pictures}/cpu.svg)\n\n![]({pictures}/deliveries.svg)\n");
    table(results, "500 chats of 2, one send in flight each", "pairs", &talk, out);
    table(results, "10 chats of 100, one send in flight each", "groups", &talk, out);
    table(results, "500 chats of 2, at half the rate that Chinwag acknowledged", "half", &talk, out);
    let _ = writeln!(out, "![]({pictures}/crowd.svg)\n");
    let crowd: [Column; 3] = [
        ("until the last has it, p50", "last_p50", MS, "ms"),
        ("p99", "last_p99", MS, "ms"),
        ("CPU per delivery", "cpu_per_delivery", 1.0, "µs"),
    ];
    table(results, "One chat of 5,000, one message at a time", "crowd", &crowd, out);
    promises(results, out);
    storing(results, out);
}

fn storing(results: &Results, out: &mut String) {
    out.push_str("## Storing\n\n");
    let many: [Column; 3] = [
        ("acknowledged per second", "acknowledged_per_second", 1.0, ""),
        ("in one commit", "batch", 1.0, ""),
        ("acknowledgement p99", "acknowledgement_p99", MS, "ms"),
    ];
    table(results, "1,000 sends in flight", "durable many", &many, out);
    let one: [Column; 4] = [
        ("acknowledgement p50", "acknowledgement_p50", MS, "ms"),
        ("p99", "acknowledgement_p99", MS, "ms"),
        ("`fdatasync` then, p50", "sync_p50", MS, "ms"),
        ("p99", "sync_p99", MS, "ms"),
    ];
    table(results, "One send in flight", "durable one", &one, out);
    let storm: [Column; 6] = [
        ("CPU each", "cpu_per_client", 1.0, "µs"),
        ("wait p50", "wait_p50", MS, "ms"),
        ("longest wait", "wait_max", MS, "ms"),
        ("ideal", "ideal", MS, "ms"),
        ("others' p99 before", "others_before_p99", MS, "ms"),
        ("others' p99 meanwhile", "others_during_p99", MS, "ms"),
    ];
    table(results, "All come back at once, with what they missed", "storm", &storm, out);
    out.push_str("## With much stored\n\n");
    let start: [Column; 3] = [
        ("ready after", "ready", MS, "ms"),
        ("resident", "resident", KIB * KIB, "MiB"),
        ("PSS", "memory", KIB * KIB, "MiB"),
    ];
    let costs: [Column; 6] = [
        ("messages", "messages", 1.0, ""),
        ("a page of history", "history_cpu", 1.0, "µs"),
        ("the list of chats", "chats_cpu", 1.0, "µs"),
        ("catching up, per event", "catch_up_cpu", 1.0, "µs"),
        ("catching up, in all", "catch_up_took", MS, "ms"),
        ("a send", "send_cpu", 1.0, "µs"),
    ];
    for (what, workload) in [("Nothing", "stored nothing"), ("Few", "stored few"), ("Many", "stored many")] {
        table(results, &format!("{what} stored: the start"), workload, &start, out);
        table(results, &format!("{what} stored: server CPU of"), workload, &costs, out);
    }
    let sign_in: [Column; 3] =
        [("per second", "per_second", 1.0, ""), ("CPU each", "cpu", MS, "ms"), ("p50", "took_p50", MS, "ms")];
    table(results, "Signing in, four at once", "sign in", &sign_in, out);
}

/// A table of all servers that have at least one of the columns; nothing if none has.
fn table(results: &Results, title: &str, workload: &str, columns: &[Column], out: &mut String) {
    let servers = Kind::ALL.iter().map(|kind| kind.name()).chain(["reference"]);
    let rows: Vec<(&str, Vec<Option<String>>)> = servers
        .map(|server| {
            let cell = |&(_, name, by, unit): &Column| {
                Some(brief(results.over_rounds(workload, server, name)?.map(|figure| figure / by), unit))
            };
            (server, columns.iter().map(cell).collect())
        })
        .filter(|(_, cells): &(_, Vec<Option<String>>)| cells.iter().any(Option::is_some))
        .collect();
    if rows.is_empty() {
        return;
    }
    let titles: Vec<&str> = columns.iter().map(|(title, ..)| *title).collect();
    let _ = writeln!(out, "{title}:\n\n| | {} |\n|---|{}", titles.join(" | "), "---|".repeat(titles.len()));
    for (server, cells) in rows {
        let cells: Vec<String> = cells.into_iter().map(Option::unwrap_or_default).collect();
        let _ = writeln!(out, "| {server} | {} |", cells.join(" | "));
    }
    out.push('\n');
}

/// What was lost on the way, of all that was sent.
fn promises(results: &Results, out: &mut String) {
    let _ = writeln!(out, "Messages that a member was never told, twice, or late, in all of these:\n");
    out.push_str("| | missing | repeated | out of order |\n|---|---|---|---|\n");
    for kind in Kind::ALL {
        let all = results.records.iter().filter(|record| record.server == kind.name());
        let sum = |name| all.clone().filter_map(|record| record.figures.get(name)).sum::<f64>();
        let [missing, repeated, late] = ["missing", "repeated", "out_of_order"].map(sum);
        let _ = writeln!(out, "| {} | {missing:.0} | {repeated:.0} | {late:.0} |", kind.name());
    }
    out.push('\n');
}
