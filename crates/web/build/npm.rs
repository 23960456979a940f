//! What Node does for us. Each says why, if it does not.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const NODE_MAJOR_MIN: u32 = 20;

/// Whether there is a Node that the pages can be built with.
pub(super) fn is_there() -> Result<(), String> {
    let wanted = format!("building it needs Node {NODE_MAJOR_MIN} or newer with npm");
    let version = Command::new("node").arg("--version").output().map_err(|_| wanted.clone())?;
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let major = version.strip_prefix('v').and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    match major {
        Some(major) if major >= NODE_MAJOR_MIN => Ok(()),
        _ => Err(format!("{wanted}, and node is {version}")),
    }
}

/// `npm ci`, if what is installed is older than what is wanted.
pub(super) fn install(web: &Path) -> Result<(), String> {
    let changed = |file: &str| fs::metadata(web.join(file)).and_then(|file| file.modified()).ok();
    let wanted = changed("package-lock.json");
    if wanted.is_some() && changed("node_modules/.package-lock.json") >= wanted {
        return Ok(());
    }
    run(web, &["ci", "--no-audit", "--no-fund", "--fetch-retries=1"])
}

pub(super) fn build(web: &Path) -> Result<(), String> {
    run(web, &["run", "build", "--silent"])
}

fn run(web: &Path, arguments: &[&str]) -> Result<(), String> {
    let command = format!("npm {}", arguments.join(" "));
    let output = Command::new("npm").args(arguments).current_dir(web).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{command} in web/ did not run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| line.contains("rror")).unwrap_or("it did not say why");
    Err(format!("{command} in web/ failed: {}", line.trim()))
}

/// Copies `from` to `to`, with a compressed copy beside each file that is worth it.
pub(super) fn compress(script: &Path, from: &Path, to: &Path) -> Result<(), String> {
    let done = Command::new("node").arg(script).arg(from).arg(to).stdin(Stdio::null()).output();
    match done {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}
