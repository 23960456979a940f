//! Starting, stopping and starting again: on the same data, on data that is too new, and with sockets open.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use chinwag_testkit::{Body, Chinwag, Incoming, Opening, Postgres};

use crate::scene::{BINARY, chinwag, tea};

#[tokio::test]
async fn it_says_that_it_is_well_and_where_to_find_it() {
    let mut chinwag = chinwag().await;
    for path in ["/readyz", "/healthz"] {
        let answer = chinwag.http.send("GET", &(chinwag.urls.chat() + path), &[], Body::Nothing).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    let urls = [chinwag.urls.chat(), chinwag.urls.management()];
    chinwag.interrupt().await;

    let printed = chinwag.stdout();
    let directory = chinwag.data_directory().display().to_string();
    for told in [&urls[0], &urls[1], &directory, "key"] {
        assert!(printed.contains(told), "{told}: {printed}");
    }
    assert!(printed.lines().count() <= 6, "and nothing else: {printed}");
    assert_eq!(chinwag.stderr(), "");
}

#[tokio::test]
async fn it_stops_with_sockets_open() {
    let mut tea = tea().await;
    let silent = Opening::default().open(&tea.alice).await; // never says CONNECT
    let host = tea.chinwag.urls.chat().replace("http://", "");
    let mut half = TcpStream::connect(&host).await.expect("a connection");
    half.write_all(b"POST /api/chat HTTP/1.1\r\nhost: x\r\ncontent-le").await.expect("room to send");

    let start = Instant::now();
    tea.chinwag.stop().await;
    assert!(start.elapsed() < Duration::from_secs(11), "at most ten seconds: {:?}", start.elapsed());

    for mut socket in [tea.bob.socket, silent] {
        loop {
            match socket.next().await {
                Incoming::Frame(frame) => assert_eq!(frame.command, "ERROR"),
                Incoming::HeartBeat => {}
                Incoming::Closed(_) => break,
            }
        }
    }
    assert!(TcpStream::connect(&host).await.is_err(), "nobody listens");
    assert_eq!(tea.chinwag.stderr(), "");
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let mut tea = tea().await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    tea.alice.reacts(&tea.chat, hello.id(), "👍").await;
    tea.alice.replies(&tea.chat, hello.id(), "there").await;
    let (chats, history) = (tea.bob.chats().await, tea.bob.history(&tea.chat, 50, Some(hello.id())).await);

    tea.chinwag.restart().await;

    assert_eq!(tea.bob.chats().await, chats, "the JWT holds, and the chat is as it was");
    assert_eq!(tea.bob.history(&tea.chat, 50, Some(hello.id())).await, history);
    let (mut alice, mut bob) = (tea.alice.connects().await, tea.bob.connects().await);
    assert_eq!(alice.says(&tea.chat, "again").await.seq(), 5);
    assert_eq!(bob.expect("SEND_MSG").await.seq(), 5);
    let _ = tea.app.user("carol").await; // the API key and the password hashes, too
    assert_eq!(tea.app.device_of("bob").await.texts(&tea.chat).await, ["hello", "there", "again"]);
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_crash() {
    let mut tea = tea().await;
    for round in 0..3 {
        let text = format!("round {round}");
        let mut alice = tea.alice.connects().await;
        assert_eq!(alice.says(&tea.chat, &text).await.seq(), 2 + round);
        tea.chinwag.kill().await;
        tea.chinwag.start_again().await;
    }
    let mut alice = tea.alice.connects().await;
    assert_eq!(tea.bob.texts(&tea.chat).await, ["round 0", "round 1", "round 2"]);
    assert_eq!(alice.expect("READ_MSG").await.seq(), 5);
}

#[tokio::test]
async fn data_of_a_newer_program_is_left_alone() {
    let mut chinwag = chinwag().await;
    chinwag.stop().await;
    if let Some(url) = chinwag.database_url().map(str::to_owned) {
        let _ = Postgres::shared().sql(&url, "UPDATE schema_version SET version = 1000000");
        let exit = chinwag.fails_to_start().await;
        assert!(exit.code.is_some_and(|code| code != 0) && exit.stderr.contains("newer"), "{exit:?}");
        return;
    }
    let files = std::fs::read_dir(chinwag.data_directory()).expect("the data directory");
    let database = files
        .filter_map(|file| Some(file.ok()?.path()))
        .find(|path| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0")))
        .expect("a database");
    let sqlite = rusqlite::Connection::open(&database).expect("SQLite");
    sqlite.pragma_update(None, "user_version", 1_000_000).expect("room to write");
    drop(sqlite);
    let before = std::fs::read(&database).expect("the database");

    let exit = chinwag.fails_to_start().await;

    assert!(exit.code.is_some_and(|code| code != 0), "{exit:?}");
    assert!(exit.stderr.contains("newer"), "{exit:?}");
    assert_eq!(exit.stderr.lines().count(), 1, "one plain sentence: {exit:?}");
    assert_eq!(std::fs::read(&database).expect("the database"), before);
}

#[tokio::test]
async fn a_wrong_setting_is_named() {
    for (name, value) in
        [("limits.message_bytes", "lots"), ("tokens.jwt_seconds", "0"), ("limits.unheard_of", "1")]
    {
        let exit = Chinwag::prepared(BINARY, &[(name, value)]).fails_to_start().await;
        assert!(exit.code.is_some_and(|code| code != 0), "{exit:?}");
        let named = exit.stderr.to_lowercase().replace("__", ".");
        assert!(named.contains(name), "{exit:?}");
    }
}

#[tokio::test]
async fn settings_reach_the_wire() {
    let settings = [("public_url", "https://chat.example.com"), ("tokens.jwt_seconds", "60")];
    let chinwag = Chinwag::start(BINARY, &settings).await;
    let company = chinwag.company("acme").await;
    let app = company.app("chat").await;
    let shown = company.sends("GET", &format!("/api/client/apps/{}", app.id), Body::Nothing).await.ok();
    assert_eq!(shown["clusterEndpoint"], json!("https://chat.example.com"));
}
