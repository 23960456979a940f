//! `docs/benchmarks.md` and its pictures, made of the results alone.

mod bars;
mod settings;
mod tables;
mod targets;

use std::fmt::Write;
use std::path::Path;

use crate::failure::{Fallible, While};
use crate::results::Results;

/// Writes the report to `path`, and its pictures into the directory beside it that has its name.
pub(crate) fn write(results: &Results, path: &Path) -> Fallible<()> {
    let pictures = path.with_extension("");
    let name = pictures.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    std::fs::create_dir_all(&pictures).during(pictures.display())?;
    for (file, document) in bars::all(results) {
        std::fs::write(pictures.join(file), document)?;
    }
    std::fs::write(path, text(results, &name)).during(path.display())
}

/// The report; its pictures are in the directory `pictures`.
fn text(results: &Results, pictures: &str) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "# Benchmarks\n\nMade by `bench/run` on {}, with the sizes of `--plan {}`, in {} interleaved rounds. Do not edit: run it \
         again. What was done to get here is in [performance.md](performance.md).\n\nAbsolute times are of this machine \
         on this day. The targets are ratios within a round, and medians over the rounds; in brackets are the least and the \
         most of all rounds.\n",
        results.date, results.plan, results.rounds
    );
    if results.plan == "smoke" {
        out.push_str(
            "**Only to see whether all of it works: sizes are a fraction of what headings say, and these figures mean nothing.**\n\n",
        );
    }
    if results.plan != "smoke" {
        out.push_str("## Targets\n\n");
        targets::write(results, &mut out);
    }
    tables::write(results, pictures, &mut out);
    noise(results, &mut out);
    pairs("## Machine", &results.machine, &mut out);
    pairs("## Versions", &results.versions, &mut out);
    out.push_str(settings::TEXT);
    out
}

fn pairs(title: &str, rows: &[(String, String)], out: &mut String) {
    let _ = writeln!(out, "{title}\n\n| | |\n|---|---|");
    for (name, value) in rows {
        let _ = writeln!(out, "| {name} | {value} |");
    }
    out.push('\n');
}

/// How much of the machine was somebody else's.
fn noise(results: &Results, out: &mut String) {
    let mut others: Vec<f64> = results.records.iter().map(|record| record.others).collect();
    others.sort_by(f64::total_cmp);
    let at = |part: usize| others.get((others.len() * part / 10).min(others.len().saturating_sub(1)));
    let (Some(half), Some(most)) = (at(5), at(9)) else { return };
    let load = results.records.iter().map(|record| record.load_average);
    let (least, highest) =
        load.fold((f64::MAX, 0.0_f64), |(least, most), load| (least.min(load), most.max(load)));
    let _ = writeln!(
        out,
        "## Noise\n\nThe clients ran on the same cores as the servers. Beside both, other processes used {half:.2} of a core in \
         the median measurement and {most:.2} or more in one of ten; the load average was between {least:.1} and {highest:.1} \
         (the measuring itself is about 2). {}",
        if *most > 0.3 {
            "That is much: what is measured in time (latencies, rates) is worse than the software is, for all \
             servers, and for those with more threads or with a disk to wait for more than for `bare`, which has neither. What is \
             measured in processor time is less affected."
        } else {
            "That is little."
        }
    );
    if !results.failures.is_empty() {
        out.push_str("\nNot everything could be measured:\n\n");
        for failure in &results.failures {
            let line: String =
                failure.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
            let _ = writeln!(out, "- {line}");
        }
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Record;

    fn record(workload: &str, server: &str, figures: &[(&str, f64)]) -> Record {
        let (workload, server) = (workload.to_owned(), server.to_owned());
        let record = Record { workload, server, ..Record::default() };
        figures.iter().fold(record, |record, (name, figure)| record.with(name, *figure))
    }

    fn results(cpu: f64) -> Results {
        let records = vec![
            record("pairs", "chinwag", &[("cpu_per_delivery", cpu), ("delivered_per_second", 60_000.0)]),
            record("pairs", "bare", &[("cpu_per_delivery", 4.0)]),
            record("pairs", "ejabberd", &[("cpu_per_delivery", 150.0), ("delivered_per_second", 6_000.0)]),
            record("stored few", "chinwag", &[("history_cpu", 200.0)]),
            record("stored many", "chinwag", &[("history_cpu", 290.0), ("messages", 1e7)]),
        ];
        Results {
            rounds: 1,
            records,
            failures: vec!["round 1: \u{3}it died".to_owned()],
            ..Results::default()
        }
    }

    #[test]
    fn a_target_is_met_or_it_is_not() {
        let row = |results: &Results, what: &str| {
            let text = text(results, "benchmarks");
            text.lines()
                .find(|line| line.contains(what))
                .unwrap_or_else(|| panic!("{what}: {text}"))
                .to_owned()
        };
        assert!(
            row(&results(9.0), "at most 2.5").contains("| 2.25")
                && row(&results(9.0), "at most 2.5").ends_with("| met |")
        );
        assert!(row(&results(11.0), "at most 2.5").ends_with("| **not met** |"));
        assert!(row(&results(9.0), "5 times ejabberd's").contains("| 10.0"));
        assert!(row(&results(9.0), "5 times RabbitMQ's").ends_with("| | not measured |"));
        let page = row(&results(9.0), "a page of history: 10 million");
        assert!(page.contains("| 1.45") && page.ends_with("| **not met** |"), "{page}");
        assert!(row(&results(9.0), "it died").starts_with("- round 1:  it died"));
    }
}
