//! The instrument behind `chinwag bench`: users who really register, sign in, connect and send, and a count of what
//! they were told. It speaks the published protocol only, so it measures any deployment; given the server's process it
//! also says what that used.

mod address;
mod connection;
mod deployment;
mod frames;
mod idle;
mod plot;
mod process;
mod report;
mod stream;
mod talk;
mod tally;
mod tls;

use std::time::Duration;

pub use deployment::Deployment;
pub use frames::{field, number, take_message, write_text};
pub use idle::Idle;
pub use plot::svg;
pub use process::Process;
pub use report::{IdleReport, Latency, TalkReport};
pub use talk::{Pace, Talk};

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error("{0}: {1}")]
    Http(String, String),
    #[error("{what} was answered {status}: {body}")]
    Refused { what: String, status: u16, body: String },
    #[error("unable to connect to {0}: {1}")]
    Connect(String, std::io::Error),
    #[error("the server said {0}")]
    Protocol(String),
    #[error("{0} is not an address of the form http://host:port or https://host")]
    Url(String),
    #[error("unable to draw: {0}")]
    Plot(String),
}

/// For one step of opening a connection.
const PATIENCE: Duration = Duration::from_secs(60);
