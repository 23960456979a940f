//! `chinwag doctor`: looks at the machine, the services and the way in, and says what to change.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::Failure;
use crate::output;
use crate::settings::ServeFlags;

mod certificate;
mod disk;
mod door;
mod finding;
mod guest;
mod line;
mod machine;
mod proxies;
mod services;
mod visit;

use finding::{Finding, Level};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    flags: ServeFlags,
    /// How clients reach the chat API from outside, through the proxy [default: public_url of the settings]
    #[arg(long, value_name = "PUBLIC_URL")]
    url: Option<String>,
    /// An API key of an app there, where this is not the server's own machine. A user named doctor-... is registered
    /// and deleted again
    #[arg(long, env = "CHINWAG_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// A page's origin that must be able to call the API [default: that of the URL]
    #[arg(long)]
    origin: Option<String>,
    /// Seconds that a silent connection must live: more than the heart-beats of your clients. Server-sent events are
    /// never silent for more than 15
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3600))]
    idle: u32,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let findings = super::serve::runtime()?.block_on(examine(arguments))?;
    if arguments.json {
        output::json(&json!({"healthy": finding::worst(&findings) != Level::Fail, "findings": findings}))?;
    }
    match finding::worst(&findings) {
        Level::Fail => {
            let failed = findings.iter().filter(|finding| finding.level == Level::Fail).count();
            Err(Failure::new(format!("{failed} of {} checks failed", findings.len())))
        }
        Level::Ok | Level::Warn => Ok(()),
    }
}

/// Everything, told as it is found.
async fn examine(arguments: &Arguments) -> Result<Vec<Finding>, Failure> {
    let settings = arguments.flags.settings()?;
    let mut findings = Findings { all: Vec::new(), silent: arguments.json };
    let url = arguments.url.clone().or_else(|| settings.public_url.clone());
    let address = match &url {
        Some(url) => Some(line::Address::parse(url).map_err(Failure::new)?),
        None => None,
    };
    let is_here = disk::is_here(&settings);
    if is_here {
        findings.tell(disk::examine(&settings).await)?;
        findings.tell(machine::examine(&settings).await)?;
        findings.tell(services::examine(&settings).await)?;
    }
    let Some(address) = address else {
        if !is_here {
            return Err(Failure::new(format!(
                "there is nothing to examine: no data in {}, and no --url",
                settings.data_dir.display()
            )));
        }
        let change = "chinwag doctor --url https://chat.example.com, from here or from anywhere";
        findings.tell(vec![Finding::warn("way in", "not examined: no --url and no public_url", change)])?;
        return Ok(findings.all);
    };
    let seen = door::examine(&address, arguments.origin.as_deref()).await;
    let (is_open, proxy) = (seen.is_open, seen.proxy);
    findings.tell(seen.findings)?;
    if is_open {
        let idle = Duration::from_secs(arguments.idle.into());
        let key = arguments.api_key.as_deref();
        findings.tell(guest::examine(&arguments.flags.place, &address, key, is_here, idle, proxy).await)?;
    }
    Ok(findings.all)
}

struct Findings {
    all: Vec<Finding>,
    silent: bool,
}

impl Findings {
    fn tell(&mut self, found: Vec<Finding>) -> Result<(), Failure> {
        for finding in found {
            if !self.silent {
                output::text(&finding.to_string())?;
            }
            self.all.push(finding);
        }
        Ok(())
    }
}
