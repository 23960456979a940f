//! `chinwag dev` as it runs, and what it printed, pasted into a shell.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};

use chinwag_testkit::PATIENCE;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::program::{BINARY, without_settings};

const LAST_LINE: &str = "Ctrl-C stops it; what was said stays.";
/// Lines that wait to be looked at.
const LINES_MAX: usize = 1000;

/// The process, and all that it printed.
pub(crate) struct Dev {
    child: Child,
    pub(crate) printed: Vec<String>,
}

impl Dev {
    /// Starts it on free ports and waits until it has said everything.
    pub(crate) fn start(data_dir: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = without_settings(BINARY);
        command.args(["dev", "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(data_dir).envs(settings.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program");
        let lines = lines_of(child.stdout.take().expect("piped"));
        let mut dev = Self { child, printed: Vec::new() };
        while dev.printed.last().is_none_or(|line| line != LAST_LINE) {
            let line = lines.recv_timeout(PATIENCE);
            dev.printed.push(line.unwrap_or_else(|_| panic!("it said no more than {:?}", dev.printed)));
        }
        dev
    }

    /// What stands beside a word in the first column.
    #[track_caller]
    pub(crate) fn told(&self, name: &str) -> &str {
        let line = self.printed.iter().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {:?}", self.printed)).trim()
    }

    /// The lines to paste under the title that begins so.
    #[track_caller]
    pub(crate) fn lines_under(&self, title: &str) -> String {
        let mut lines = self.printed.iter().skip_while(|line| !line.starts_with(title)).skip(2).peekable();
        assert!(lines.peek().is_some(), "no {title} in {:?}", self.printed);
        lines.take_while(|line| line.starts_with("  ")).map(|line| format!("{line}\n")).collect()
    }

    /// Stops it as Ctrl-C does.
    pub(crate) fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("the process is ours");
        assert_eq!(self.child.wait().expect("the process is ours").code(), Some(0));
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A shell, with what it runs, that goes on until dropped.
pub(crate) struct Shell {
    child: Child,
    lines: Receiver<String>,
}

impl Shell {
    pub(crate) fn pastes(lines: &str) -> Self {
        let mut command = shell(lines);
        // A group of its own, so that what it runs ends with it.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().expect("a shell");
        let lines = lines_of(child.stdout.take().expect("piped"));
        Self { child, lines }
    }

    /// The next of the server-sent events it prints that happened in a chat.
    #[track_caller]
    pub(crate) fn event(&self) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("a line in time");
            let event =
                line.strip_prefix("data: ").map(|body| serde_json::from_str::<Value>(body).expect("JSON"));
            if let Some(event) = event.filter(|event| event["chatId"].is_string()) {
                return event;
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// What a shell printed that has done these lines.
#[track_caller]
pub(crate) fn pasted(lines: &str) -> Vec<String> {
    let output = shell(lines).output().expect("a shell");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

fn shell(lines: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", lines]).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

fn lines_of(stdout: ChildStdout) -> Receiver<String> {
    let (tell, lines) = sync_channel(LINES_MAX);
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
