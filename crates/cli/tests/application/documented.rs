//! The examples of docs/app-api.md and docs/webhooks.md, pasted.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::json;

use chinwag_testkit::{Body, in_time};

use crate::scene::{BINARY, Backend, NEAR, backend, backend_with, id};

/// All blocks of that kind in a document.
fn blocks(document: &str, kind: &str) -> Vec<String> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let text = std::fs::read_to_string(docs.join(document)).expect("the document");
    let begin = format!("\n```{kind}\n");
    text.split(&begin).skip(1).map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn your_own_server_in_a_shell() {
    let backend = backend().await;
    let place = tempfile::tempdir().expect("a directory");
    std::os::unix::fs::symlink(BINARY, place.path().join("chinwag")).expect("a link");
    let script = format!("set -eu\n{}", blocks("app-api.md", "sh").join("\n"));
    let script = script.replace("http://127.0.0.1:8080", &backend.chinwag.urls.chat());
    let path = std::env::var("PATH").expect("a path");
    let mut shell = Command::new("sh");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHINWAG_")) {
        shell.env_remove(name);
    }
    shell
        .args(["-c", &script])
        .env("PATH", format!("{}:{path}", place.path().display()))
        .env("CHINWAG_DATA_DIR", backend.chinwag.data_directory())
        .envs(backend.chinwag.database_url().map(|url| ("CHINWAG_DATABASE_URL", url)));
    let output = tokio::task::spawn_blocking(move || shell.output()).await;
    let output = output.expect("a shell does not panic").expect("there is a shell");
    let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{shown}");
    for told in
        [r#""externalId":"customer-7""#, r#""refreshToken":"cwr_"#, "We are here from 9 to 5.", r#""seq":5"#]
    {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    assert!(!shown.contains(r#""code":""#), "nothing is refused: {shown}");
}

/// A program of a document, ended when it is dropped.
struct Program {
    child: Child,
    lines: Option<BufReader<ChildStdout>>,
    _file: tempfile::TempDir,
}

impl Program {
    fn start(block: usize, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let file = tempfile::tempdir().expect("a directory");
        let path: PathBuf = file.path().join("example.py");
        std::fs::write(&path, &blocks("webhooks.md", "python")[block]).expect("it is written");
        let mut command = Command::new("python3");
        command.arg(path).args(arguments).envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("python3");
        let lines = Some(BufReader::new(child.stdout.take().expect("piped")));
        Self { child, lines, _file: file }
    }

    /// The next line that it prints.
    async fn prints(&mut self) -> String {
        let mut lines = self.lines.take().expect("nobody else reads");
        let read = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            lines.read_line(&mut line).expect("it prints text");
            (lines, line)
        });
        let (lines, line) = in_time("a line", read).await.expect("reading does not panic");
        self.lines = Some(lines);
        line.trim_end().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn chat(backend: &Backend) -> (String, String) {
    let alice = backend.app.user("alice").await;
    let chat = alice.creates_chat_with(&[]).await;
    (alice.id, chat)
}

#[tokio::test]
async fn the_receiver_takes_what_is_signed() {
    let backend = backend_with(NEAR).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port().to_string();
    drop(free);
    let new = json!({"url": format!("http://127.0.0.1:{port}/"), "events": ["SEND_MSG"]});
    let hook = backend.manages("POST", "/webhooks", new).await.created();
    let mut receiver = Program::start(0, &[&port], &[("SECRET", &id(&hook, "secret"))]);
    let (alice, chat) = chat(&backend).await;
    let _ = backend.says(&alice, &chat, "Hello!").await;
    assert_eq!(receiver.prints().await, "SEND_MSG Hello!");
    let _ = backend
        .manages("POST", &format!("/webhooks/{}/replay", id(&hook, "id")), json!({"from": "beginning"}))
        .await
        .ok();
    let _ = backend.says(&alice, &chat, "Again").await;
    assert_eq!(receiver.prints().await, "SEND_MSG Again", "what it has done it does not do again");
}

#[tokio::test]
async fn the_bot_answers_once() {
    let backend = backend().await;
    let (alice, chat) = chat(&backend).await;
    let url = backend.chinwag.urls.chat();
    let mut bot = Program::start(1, &[], &[("CHAT", &url), ("KEY", &backend.key)]);
    assert_eq!(bot.prints().await, "listening");
    let asked = backend.says(&alice, &chat, "!ping").await;
    assert_eq!(bot.prints().await, "answered");
    let messages = backend.sends("GET", &format!("/api/app/chats/{chat}/messages"), Body::Nothing).await.ok();
    let answer = &messages["messages"][1];
    assert_eq!((&answer["content"], &answer["replyTo"]["messageId"]), (&json!("pong"), &asked["messageId"]));
}
