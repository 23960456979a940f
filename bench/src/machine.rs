//! What it was measured on, and what was measured.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::cores;
use crate::servers;

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Of today.
pub(crate) fn date() -> String {
    output("date", &["+%Y-%m-%d"]).unwrap_or_default()
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

pub(crate) fn described(disk: &Path) -> Vec<(String, String)> {
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_default();
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let gib = memory.trim_end_matches("kB").trim().parse::<f64>().unwrap_or_default() / 1024.0 / 1024.0;
    let kernel = output("uname", &["-sr"]).unwrap_or_default();
    let disk = filesystem(disk).join(" on ");
    [
        ("processor", format!("{} cores of {processor}", cores())),
        ("memory", format!("{gib:.0} GiB")),
        ("system", kernel),
        ("disk of the data", disk),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Its type, and what it is on.
fn filesystem(of: &Path) -> Vec<String> {
    let table = output("df", &["--output=fstype,source", &of.display().to_string()]).unwrap_or_default();
    table.lines().nth(1).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

pub(crate) fn is_in_memory(directory: &Path) -> bool {
    filesystem(directory).first().is_some_and(|kind| kind == "tmpfs" || kind == "ramfs")
}

pub(crate) fn versions(chinwag: &Path) -> Vec<(String, String)> {
    let version = output(&chinwag.display().to_string(), &["--version"]).unwrap_or_default();
    let commit = output("git", &["rev-parse", "--short", "HEAD"]);
    let commit = commit.map(|commit| format!(" at {commit}")).unwrap_or_default();
    let mut versions =
        vec![("Chinwag".to_owned(), format!("{}{commit}", version.trim_start_matches("chinwag ")))];
    versions.extend(servers::versions());
    versions
}
