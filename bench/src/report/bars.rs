//! Pictures: bars beside one another, on a logarithmic scale, since the servers are that far apart.

use std::fmt::Write;

use super::targets::idle_workload;
use crate::dialect::Kind;
use crate::results::Results;

const WIDTH: f64 = 820.0;
const BAR: f64 = 22.0;
const LEFT: f64 = 210.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 44.0;

/// A bar: what it is of, whose it is, how long.
type Bar = (String, &'static str, f64);

/// Names of files, and what is in them. Pictures of what was not measured are left out.
pub(super) fn all(results: &Results) -> Vec<(&'static str, String)> {
    let idle = idle_workload(results);
    let of = |parts: &[(&str, &str, &str)], by: f64| -> Vec<Bar> {
        let each = |(title, workload, name): &(&str, &str, &str)| {
            let servers = Kind::ALL.into_iter().filter_map(|kind| {
                let figure = results.over_rounds(workload, kind.name(), name)?.median / by;
                Some((format!("{title}, {}", kind.name()), kind.name(), figure))
            });
            servers.collect::<Vec<Bar>>()
        };
        parts.iter().flat_map(each).filter(|(_, _, figure)| *figure > 0.0).collect()
    };
    let cpu = "cpu_per_delivery";
    let rate = "delivered_per_second";
    [
        (
            "memory.svg",
            "Memory of an idle connection, KiB",
            of(&[("idle", &idle, "memory_per_connection")], 1024.0),
        ),
        (
            "cpu.svg",
            "Server CPU per delivery, µs",
            of(&[("chats of 2", "pairs", cpu), ("chats of 100", "groups", cpu)], 1.0),
        ),
        (
            "deliveries.svg",
            "Deliveries per second",
            of(&[("chats of 2", "pairs", rate), ("chats of 100", "groups", rate)], 1.0),
        ),
        (
            "crowd.svg",
            "One chat of thousands: until the last member has a message, ms",
            of(&[("p50", "crowd", "last_p50"), ("p99", "crowd", "last_p99")], 1000.0),
        ),
    ]
    .into_iter()
    .map(|(file, title, bars)| (file, draw(title, &bars)))
    .collect()
}

fn color(server: &str) -> &'static str {
    match server {
        "chinwag" => "#2563eb",
        "bare" => "#9ca3af",
        "rabbitmq" => "#ea580c",
        _ => "#16a34a",
    }
}

fn draw(title: &str, bars: &[Bar]) -> String {
    let least = bars.iter().map(|bar| bar.2).fold(f64::MAX, f64::min) / 2.0;
    let most = bars.iter().map(|bar| bar.2).fold(least, f64::max);
    let span = (most / least).ln().max(f64::EPSILON);
    let height = TOP + BAR * 1.4 * bars.len() as f64 + 10.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height:.0}\" font-family=\"sans-serif\" \
         font-size=\"13\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><text x=\"12\" y=\"24\" font-size=\"15\" \
         font-weight=\"bold\">{title} (logarithmic)</text>\n"
    );
    for (at, (name, server, figure)) in bars.iter().enumerate() {
        let y = TOP + BAR * 1.4 * at as f64;
        let width = (figure / least).ln() / span * (WIDTH - LEFT - RIGHT);
        let figure = if *figure < 100.0 { format!("{figure:.1}") } else { format!("{figure:.0}") };
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text><rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{BAR}\" fill=\"{}\"/><text x=\"{:.1}\" y=\"{:.1}\">{figure}</text>",
            LEFT - 10.0,
            y + 16.0,
            color(server),
            LEFT + width + 6.0,
            y + 16.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}
