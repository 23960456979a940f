//! The program as an administrator calls it, on a data directory.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_chinwag");

/// A data directory that does not exist yet, in a place of its own.
pub(crate) struct Place {
    _directory: TempDir,
    pub(crate) data_dir: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data_dir = directory.path().join("data");
        Self { _directory: directory, data_dir }
    }

    #[track_caller]
    pub(crate) fn chinwag(&self, command: &str) -> Done {
        chinwag(&self.data_dir, command)
    }

    /// The one JSON value that a command answers with.
    #[track_caller]
    pub(crate) fn json(&self, command: &str) -> Value {
        json(&self.data_dir, command)
    }
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `chinwag <command> --data-dir <data_dir>`, the words of `command` being separated by single spaces.
pub(crate) fn chinwag(data_dir: &Path, command: &str) -> Done {
    chinwag_told(data_dir, command, "")
}

/// The same with something on its standard input.
pub(crate) fn chinwag_told(data_dir: &Path, command: &str, stdin: &str) -> Done {
    let mut child = without_settings(BINARY)
        .args(command.split(' '))
        .arg("--data-dir")
        .arg(data_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    // One that reads nothing may have ended already.
    let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
    let output = child.wait_with_output().expect("the program is ours");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Done { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A command that inherits no setting of ours from the environment.
pub(crate) fn without_settings(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHINWAG_")) {
        command.env_remove(name);
    }
    command
}

#[track_caller]
pub(crate) fn json(data_dir: &Path, command: &str) -> Value {
    let done = chinwag(data_dir, &format!("{command} --json"));
    let stdout = done.ok();
    assert_eq!(stdout.lines().count(), 1, "one value on one line: {stdout}");
    serde_json::from_str(&stdout).expect("JSON")
}

impl Done {
    /// What it printed, if it did what it was asked.
    #[track_caller]
    pub(crate) fn ok(&self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout.clone()
    }

    /// Its lines, if it did what it was asked.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<String> {
        self.ok().lines().map(str::to_owned).collect()
    }

    /// That it failed, saying so in one line that has these words, and printed nothing.
    #[track_caller]
    pub(crate) fn fails_with(&self, words: &str) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(1), ""), "{self:?}");
        assert!(self.stderr.starts_with("chinwag: "), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert!(self.stderr.contains(words), "{self:?}");
    }
}

/// The text of a field.
#[track_caller]
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// The names of an object's fields, sorted.
pub(crate) fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
