//! `chinwag bench`: measures a server, this machine's or one that runs elsewhere.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chinwag_bench::{Deployment, Idle, Pace, Process, Talk};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::Failure;
use crate::output;

mod own;

use own::OwnServer;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    workload: Workload,
}

#[derive(Subcommand)]
enum Workload {
    /// People who talk: acknowledged sends, deliveries, latencies, and whether anything was lost
    Talk(TalkFlags),
    /// Connections that do nothing: memory and processor time of each
    Idle(IdleFlags),
}

#[derive(Args)]
struct Target {
    /// The chat listener of a running server, http://host:port, or https://host of the proxy before it; without it a server of
    /// this binary is started for the run, with its data in a temporary directory
    #[arg(long, requires = "api_key")]
    url: Option<String>,
    /// An API key of an app there. The run leaves users named bench-... and their chats in it
    #[arg(long, env = "CHINWAG_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// Process id of the server, to tell what it uses; by default that of whoever listens at --url, if it is on this
    /// machine and speaks no TLS
    #[arg(long, requires = "url")]
    pid: Option<u32>,
    /// Where the server that is started keeps its data: measure on the disk that it will use
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    directory: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct TalkFlags {
    #[command(flatten)]
    target: Target,
    /// Users, each with one connection
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    users: u32,
    /// Chats, filled with the users in turn; by default as many as that takes once
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    chats: Option<u32>,
    /// Members of each chat
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    members: u32,
    /// Messages per second of all users together; without it everyone sends as soon as a receipt has come
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    rate: Option<f64>,
    /// Unacknowledged messages of each user, without --rate
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    in_flight: u32,
    /// Bytes of text in a message
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=16_000))]
    payload: u32,
    /// Seconds that are measured
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    duration: u32,
    /// Seconds before that, which are not
    #[arg(long, default_value_t = 3)]
    warm_up: u32,
    /// Write the latency curves as a picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Args)]
struct IdleFlags {
    #[command(flatten)]
    target: Target,
    /// Connections held open, subscribed, with heart-beats
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Users they belong to, in turn
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    users: u32,
    /// Seconds that they are held
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    duration: u32,
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number > 0.0 && number.is_finite() { Ok(number) } else { Err("must be more than 0".to_owned()) }
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.workload {
            Workload::Talk(flags) => talk(flags).await,
            Workload::Idle(flags) => idle(flags).await,
        }
    })
}

async fn talk(flags: TalkFlags) -> Result<(), Failure> {
    let workload = Talk {
        users: flags.users as usize,
        chats: flags.chats.unwrap_or_else(|| flags.users.div_ceil(flags.members)) as usize,
        members: flags.members as usize,
        pace: flags.rate.map_or(Pace::InFlight(flags.in_flight as usize), Pace::PerSecond),
        payload_bytes: flags.payload as usize,
        warm_up: Duration::from_secs(flags.warm_up.into()),
        duration: Duration::from_secs(flags.duration.into()),
    };
    let ground = Ground::of(&flags.target).await?;
    let report = workload.run(&ground.deployment, ground.process, progress()).await;
    ground.leave().await;
    let report = report?;
    if let Some(path) = &flags.svg {
        let lines = [("acknowledgement", &report.acknowledgement), ("delivery", &report.delivery)];
        write(path, &chinwag_bench::svg(&lines)?)?;
    }
    tell(&report, flags.target.json)?;
    if report.is_whole() { Ok(()) } else { Err(Failure::new("not everyone was told everything")) }
}

async fn idle(flags: IdleFlags) -> Result<(), Failure> {
    let workload = Idle {
        connections: flags.connections as usize,
        users: flags.users as usize,
        duration: Duration::from_secs(flags.duration.into()),
    };
    let ground = Ground::of(&flags.target).await?;
    let report = workload.run(&ground.deployment, ground.process, progress()).await;
    ground.leave().await;
    let report = report?;
    tell(&report, flags.target.json)?;
    if report.closed == 0 { Ok(()) } else { Err(Failure::new("connections were lost")) }
}

/// What is measured: a server that was named, or one of our own.
struct Ground {
    deployment: Deployment,
    process: Option<Process>,
    own: Option<OwnServer>,
}

impl Ground {
    async fn of(target: &Target) -> Result<Self, Failure> {
        match (&target.url, &target.api_key) {
            (Some(url), Some(key)) => {
                let deployment = Deployment::new(url, key)?;
                let process = target.pid.map(Process).or_else(|| deployment.process());
                Ok(Self { deployment, process, own: None })
            }
            _ => {
                let own = OwnServer::start(target.directory.as_deref()).await?;
                let deployment = Deployment::new(&own.url, &own.api_key)?;
                Ok(Self { deployment, process: Some(Process(own.pid())), own: Some(own) })
            }
        }
    }

    async fn leave(self) {
        if let Some(own) = self.own {
            own.stop().await;
        }
    }
}

/// Between two lines, where nobody watches and they are kept.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Tells on standard error how it goes: in one line if somebody watches, else in a line every now and then.
fn progress() -> impl Fn(&str) + Send + Sync {
    let watched = std::io::stderr().is_terminal();
    let told = Mutex::new(Instant::now());
    move |line| {
        if watched {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K{line}\r");
            return;
        }
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= LINE_INTERVAL {
            *told = Instant::now();
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }
    }
}

fn tell<R: Serialize + std::fmt::Display>(report: &R, json: bool) -> Result<(), Failure> {
    if json { output::json(report) } else { output::text(report.to_string().trim_end()) }
}

fn write(path: &Path, document: &str) -> Result<(), Failure> {
    std::fs::write(path, document).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}
