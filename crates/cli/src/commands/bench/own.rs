//! A server of this binary for one run, in a process of its own, so that what it uses can be told apart.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::commands::Failure;

pub(super) struct OwnServer {
    pub(super) url: String,
    pub(super) api_key: String,
    process: Child,
    /// Open for as long as the server writes to it.
    _output: Lines<BufReader<ChildStdout>>,
    /// Removed at the end.
    _data: TempDir,
}

impl OwnServer {
    /// With its data in a new directory within `directory`, or where temporary files are kept.
    pub(super) async fn start(directory: Option<&Path>) -> Result<Self, Failure> {
        let mut data = tempfile::Builder::new();
        let data = data.prefix("chinwag-bench-");
        let data = match directory {
            Some(directory) => data.tempdir_in(directory),
            None => data.tempdir(),
        };
        let data = data.map_err(|error| Failure::new(format!("no room for data: {error}")))?;
        let binary = std::env::current_exe()?;
        let mut process = Command::new(&binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0"])
            .arg("--data-dir")
            .arg(data.path())
            .env("CHINWAG_LIMITS__DEMO_CONCURRENT_USERS", "0")
            .env("CHINWAG_LIMITS__ACTIONS_PER_SECOND", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = process.stdout.take().ok_or_else(|| Failure::new("the server has no output"))?;
        let mut output = BufReader::new(stdout).lines();
        let first = output.next_line().await?.unwrap_or_default();
        let url = first.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.ok_or_else(|| Failure::new("the server did not start"))?.to_owned();
        let key = Command::new(&binary)
            .args(["key", "create", "--app", "bench", "--json", "--data-dir"])
            .arg(data.path())
            .output()
            .await?;
        let key: Value = serde_json::from_slice(&key.stdout)?;
        let api_key = key["token"].as_str().ok_or_else(|| Failure::new("no API key was made"))?.to_owned();
        Ok(Self { url, api_key, process, _output: output, _data: data })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id().unwrap_or_default()
    }

    /// Its data is thrown away, so it need not be asked.
    pub(super) async fn stop(mut self) {
        let _ = self.process.kill().await;
    }
}
