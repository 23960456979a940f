//! Chinwag beside RabbitMQ with Web-STOMP, ejabberd, and the practical limit: the same workloads on one machine, in
//! interleaved rounds. Writes `docs/benchmarks.md` with its pictures. See `bench/run`.

mod bare;
mod cast;
mod crowd;
mod dialect;
mod disk;
mod durable;
mod engine;
mod failure;
mod fill;
mod http;
mod idle;
mod machine;
mod plan;
mod process;
mod report;
mod results;
mod run;
mod seed;
mod servers;
mod socket;
mod stage;
mod stored;
mod storm;
mod talk;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::dialect::Kind;
use crate::failure::{Failure, Fallible, While};
use crate::plan::Plan;
use crate::results::Results;
use crate::run::{Run, WORKLOADS};
use crate::servers::Ground;

#[derive(Parser)]
#[command(name = "chinwag-compare", about = "Measure Chinwag beside others, and write the report")]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure, and write the report
    Run(RunFlags),
    /// Write the report of what was measured before
    Report(ReportFlags),
    /// The practical limit, as a server of its own
    Bare {
        listen: SocketAddr,
        /// Bytes of each message that it passes on
        frame_bytes: usize,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Size {
    Full,
    Quick,
    Smoke,
}

#[derive(Args)]
struct RunFlags {
    /// How much: all that the targets are about, in under an hour; a rough picture in ten minutes; or only whether it works
    #[arg(long, value_enum, default_value = "full")]
    plan: Size,
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: Option<u32>,
    /// Only these workloads
    #[arg(long, value_delimiter = ',', value_parser = WORKLOADS)]
    only: Vec<String>,
    /// Only these servers
    #[arg(long, value_delimiter = ',', value_parser = ["chinwag", "rabbitmq", "ejabberd", "bare"])]
    servers: Vec<String>,
    /// The program that is measured: a release build
    #[arg(long, value_name = "FILE")]
    chinwag: PathBuf,
    /// Where data directories are made: the disk to measure on. 10 million messages take 6 GB
    #[arg(long, value_name = "DIR", default_value = "/tmp")]
    disk: PathBuf,
    /// What was measured is kept here
    #[arg(long, value_name = "FILE", default_value = "/tmp/chinwag-compare.json")]
    results: PathBuf,
    #[arg(long, value_name = "FILE", default_value = "docs/benchmarks.md")]
    report: PathBuf,
}

#[derive(Args)]
struct ReportFlags {
    results: PathBuf,
    #[arg(long, value_name = "FILE", default_value = "docs/benchmarks.md")]
    report: PathBuf,
}

fn main() -> ExitCode {
    let done = match Program::parse().command {
        Command::Run(flags) => measure(flags),
        Command::Report(flags) => {
            read(&flags.results).and_then(|results| report::write(&results, &flags.report))
        }
        Command::Bare { listen, frame_bytes } => bare::serve(listen, frame_bytes).map_err(Failure::from),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("chinwag-compare: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &std::path::Path) -> Fallible<Results> {
    let text = std::fs::read(path).during(format!("unable to read {}", path.display()))?;
    Ok(serde_json::from_slice(&text)?)
}

fn measure(flags: RunFlags) -> Fallible<()> {
    let mut plan = match flags.plan {
        Size::Full => Plan::full(),
        Size::Quick => Plan::quick(),
        Size::Smoke => Plan::smoke(),
    };
    plan.rounds = flags.rounds.map_or(plan.rounds, |rounds| rounds as usize);
    let is_asked =
        |kind: &Kind| flags.servers.is_empty() || flags.servers.iter().any(|name| name == kind.name());
    let servers: Vec<Kind> = Kind::ALL.into_iter().filter(is_asked).collect();
    if servers.iter().any(|kind| matches!(kind, Kind::RabbitMq | Kind::Ejabberd)) {
        servers::install()?;
    }
    if machine::is_in_memory(&flags.disk) {
        let why = format!(
            "{} is in memory, where syncing costs nothing: name a directory with --disk",
            flags.disk.display()
        );
        return Err(Failure::new(why));
    }
    let chinwag = flags.chinwag.canonicalize().during(format!("there is no {}", flags.chinwag.display()))?;
    let results = Results {
        date: machine::date(),
        plan: plan.name.to_owned(),
        machine: machine::described(&flags.disk),
        versions: machine::versions(&chinwag),
        ..Results::default()
    };
    let all = WORKLOADS.iter().map(|name| (*name).to_owned());
    let workloads = if flags.only.is_empty() { all.collect() } else { flags.only.into_iter().collect() };
    let ground = Ground { chinwag, disk: flags.disk, frame_bytes: 0 };
    let run = Run { plan, ground, servers, workloads, kept: flags.results.clone() };
    // Two threads while connections are opened; the measuring loops are one thread each.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let results = runtime.block_on(run.all(results))?;
    eprintln!("what was measured is in {}", flags.results.display());
    report::write(&results, &flags.report)
}
