//! What people and scripts do from the command line: sign in, list, send, listen, sign out.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};

use chinwag_testkit::{App, Chinwag, PASSWORD, PATIENCE};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{BINARY, Done, without_settings};

/// Lines that wait to be looked at.
const LINES_MAX: usize = 1000;

/// A server with alice and bob, and a session file for each.
struct Table {
    chinwag: Chinwag,
    app: App,
    directory: TempDir,
    chat: String,
}

async fn table() -> Table {
    let chinwag = Chinwag::start(BINARY, &[]).await;
    let app = chinwag.app().await;
    let (alice, _bob) = (app.user("alice").await, app.user("bob").await);
    let chat = alice.creates_chat_with(&["bob"]).await;
    Table { chinwag, app, directory: tempfile::tempdir().expect("a directory"), chat }
}

impl Table {
    fn session(&self, name: &str) -> PathBuf {
        self.directory.path().join("sessions").join(name)
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = without_settings(BINARY);
        command.args(arguments).env("CHINWAG_SESSION", self.session(name));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end, with that on its standard input.
    async fn told(&self, name: &str, arguments: &[&str], stdin: &str) -> Done {
        let (mut command, stdin) = (self.command(name, arguments), stdin.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().expect("the program");
            // It may not want to hear it.
            let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
            child.wait_with_output().expect("the program")
        });
        let output = done.await.expect("it does not panic");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Done { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    fn done(done: Done) -> String {
        assert_eq!(done.code, Some(0), "{done:?}");
        done.stdout.trim_end().to_owned()
    }

    async fn does(&self, name: &str, arguments: &[&str]) -> String {
        Self::done(self.told(name, arguments, "").await)
    }

    async fn signs_in(&self, name: &str) {
        let url = self.chinwag.urls.chat();
        let arguments = ["login", &url, "--key", &self.app.key, "--user", name, "--password-stdin"];
        let said = Self::done(self.told(name, &arguments, &format!("{PASSWORD}\n")).await);
        assert!(said.starts_with("signed in  ") && said.ends_with(name), "{said}");
    }
}

/// A command that goes on, line by line.
struct Tail {
    child: Child,
    lines: Receiver<String>,
}

impl Tail {
    /// From when it listens.
    fn listening(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the program");
        let mut stderr = BufReader::new(child.stderr.take().expect("piped")).lines();
        let first = stderr.next().expect("it says that it listens").expect("text");
        assert_eq!(first, "listening");
        std::thread::spawn(move || stderr.for_each(drop));
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (tell, lines) = sync_channel(LINES_MAX);
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { child, lines }
    }

    #[track_caller]
    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line in time")
    }

    fn stops(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("the process is ours");
        assert_eq!(self.child.wait().expect("the process is ours").code(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_sends_another_hears() {
    let table = table().await;
    table.signs_in("alice").await;
    table.signs_in("bob").await;
    let chats = table.does("bob", &["chats"]).await;
    assert!(
        chats.lines().nth(1).is_some_and(|line| line.starts_with(&table.chat) && line.contains("Tea")),
        "{chats}"
    );

    let people = Tail::listening(table.command("bob", &["tail"]));
    let script = Tail::listening(table.command("bob", &["tail", "--json", "--chat", &table.chat]));
    let id = table.does("alice", &["send", "--chat", &table.chat, "Tea?"]).await;
    assert_eq!(people.line(), format!("{}  alice: Tea?", table.chat));
    let heard: Value = serde_json::from_str(&script.line()).expect("JSON");
    assert_eq!((heard["messageId"].as_str(), heard["message"].as_str()), (Some(id.as_str()), Some("Tea?")));

    let said = Table::done(
        table.told("bob", &["send", "--chat", &table.chat, "--json", "-"], "two\nlines\u{1b}[2J\n").await,
    );
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said["seq"], 3);
    assert_eq!(people.line(), format!("{}  bob: two", table.chat));
    assert_eq!(people.line(), "    lines\u{fffd}[2J", "what people write is no command to a terminal");
    people.stops();
    script.stops();

    let cursor = heard["cursor"].as_str().expect("a cursor");
    let mut command = table.command("bob", &["tail", "--json", "--since", cursor]);
    let later: Value = {
        let mut child = command.spawn().expect("the program");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let line = lines.next().expect("what was missed").expect("text");
        child.kill().expect("the process is ours");
        child.wait().expect("the process is ours");
        serde_json::from_str(&line).expect("JSON")
    };
    assert_eq!(later["messageId"], said["messageId"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_its_owners_and_ends() {
    let table = table().await;
    let chat = ["send", "--chat", &table.chat, "hello"];
    let nobody = table.told("alice", &chat, "").await;
    assert_eq!((nobody.code, nobody.stdout.as_str()), (Some(1), ""));
    assert!(nobody.stderr.contains("chinwag login URL"), "{nobody:?}");

    table.signs_in("alice").await;
    let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&table.session("alice")), 0o600);
    table.does("alice", &chat).await;
    let nowhere = ["send", "--chat", "01890a5d-ac96-774b-bcce-b302099a8057", "hello"];
    let refused = table.told("alice", &nowhere, "").await;
    assert!(refused.code == Some(1) && refused.stderr.contains("no such chat"), "{refused:?}");

    assert!(table.does("alice", &["logout"]).await.starts_with("signed out"));
    assert!(!table.session("alice").exists());
    let wrong =
        ["login", &table.chinwag.urls.chat(), "--key", &table.app.key, "--user", "alice", "--password-stdin"];
    let refused = table.told("alice", &wrong, "wrong\n").await;
    assert!(refused.code == Some(1) && refused.stderr.contains("password"), "{refused:?}");
    assert!(!table.session("alice").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_was_ended_elsewhere_says_so() {
    let table = table().await;
    table.signs_in("alice").await;
    let tail = Tail::listening(table.command("alice", &["tail"]));
    let alice = table.app.device_of("alice").await;
    alice.post("/api/auth/logoutAll", serde_json::json!({})).await.done();
    let Tail { mut child, .. } = tail;
    let ended = tokio::task::spawn_blocking(move || child.wait());
    let status = chinwag_testkit::in_time("the end", ended).await.expect("no panic").expect("it ends");
    assert_eq!(status.code(), Some(1));
    assert!(!table.session("alice").exists());
}

#[test]
fn chat_needs_a_terminal() {
    let output = without_settings(BINARY).arg("chat").stdin(Stdio::null()).output().expect("the program");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("send and tail"));
}
