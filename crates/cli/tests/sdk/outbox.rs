//! Actions that wait: while there is no connection, no server, and no process.

use chinwag_client::{ChatId, Client, Error, Event, OutboxState};
use chinwag_testkit::{Fault, in_time};

use crate::scene::{Scene, heard, next, scene, text, tokens};

#[tokio::test]
async fn what_is_said_while_the_server_is_dead_is_said_once_in_order_when_it_is_back() {
    let mut scene = scene().await;
    let mut tea = scene.tea().await;
    scene.chinwag.kill().await;
    while !matches!(next(&mut tea.alices).await, Event::Disconnected { will_reconnect: true, .. }) {}
    let realtime = tea.alice.realtime().clone();
    let words: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let calls =
        futures_util::future::try_join_all(words.iter().map(|word| realtime.send_message(tea.chat, word)));
    let mut calls = std::pin::pin!(calls);
    assert!(futures_util::poll!(calls.as_mut()).is_pending());
    assert!(realtime.outbox().iter().all(|entry| entry.state == OutboxState::Queued));
    assert_eq!(realtime.outbox().len(), 20);
    scene.chinwag.start_again().await;
    in_time("all of them", calls).await.expect("stored");
    for word in &words {
        assert_eq!(text(&heard(&mut tea.bobs).await), Some(word.as_str()));
    }
    assert!(realtime.outbox().is_empty());
}

#[tokio::test]
async fn each_step_of_an_action_is_shown() {
    let scene = scene().await;
    let mut tea = scene.tea().await;
    tea.alice.realtime().send_message(tea.chat, "hello").await.expect("stored");
    for expected in [OutboxState::Queued, OutboxState::Sent, OutboxState::Stored] {
        match next(&mut tea.alices).await {
            Event::Outbox(entry) => {
                assert_eq!((entry.state, entry.attempts > 0), (expected, expected != OutboxState::Queued))
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again() {
    let scene = scene().await;
    let (alice, mut alices) = scene.connected("alice").await;
    let chat = alice.create_chat("Diary", &["alice"]).await.expect("a chat").chat_id;
    heard(&mut alices).await;
    alice.realtime().disconnect().await;
    // The connection that brought the ticket becomes the WebSocket, and breaks before, in or after the echo.
    for bytes in (900..2_100).step_by(100) {
        scene.network.cuts();
        scene.network.faults(&[Fault::Ghost(bytes)]);
        in_time("the connection", alice.realtime().connect()).await.expect("connected");
        let word = format!("once {bytes}");
        let stored = in_time("an answer", alice.realtime().send_message(chat, &word)).await.expect("stored");
        let history = alice.messages(chat, 20, None).await.expect("a page");
        assert_eq!(history[0].content.message_id, stored.id);
        assert_eq!(history.iter().filter(|message| message.content.content == word).count(), 1);
        alice.realtime().disconnect().await;
    }
}

/// A process with an outbox's file: it says something while the server is away, and ends.
async fn ends_with_words_unsaid(scene: &Scene, client: Client, chat: ChatId) {
    in_time("the connection", client.realtime().connect()).await.expect("connected");
    let mut events = client.realtime().events();
    scene.network.faults(&[Fault::Refused; 1000]);
    scene.network.cuts();
    while !matches!(next(&mut events).await, Event::Disconnected { .. }) {}
    let words = (0..5).map(|n| client.realtime().send_message(chat, n.to_string()));
    let mut words = std::pin::pin!(futures_util::future::join_all(words));
    assert!(futures_util::poll!(words.as_mut()).is_pending());
    let (words, ()) = in_time("the end", async { tokio::join!(words, client.realtime().disconnect()) }).await;
    assert!(words.iter().all(|word| matches!(word, Err(Error::Disconnected))));
}

#[tokio::test]
async fn what_waits_in_a_file_is_sent_by_the_next_process() {
    let scene = scene().await;
    let alice = scene.app.user("alice").await;
    let chat: ChatId = alice.creates_chat_with(&[]).await.parse().expect("an id");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("outbox");
    let process = || scene.builder().tokens(tokens(&alice)).outbox_file(&path).build();
    ends_with_words_unsaid(&scene, process().expect("a client"), chat).await;

    scene.network.faults(&[]);
    let client = process().expect("a client");
    assert!(process().is_err(), "one process at a time");
    assert_eq!(client.realtime().outbox().len(), 5);
    let mut events = client.realtime().events();
    in_time("the connection", client.realtime().connect()).await.expect("connected");
    for n in 0..5 {
        assert_eq!(text(&heard(&mut events).await), Some(n.to_string().as_str()));
    }
    while !client.realtime().outbox().is_empty() {
        next(&mut events).await;
    }
    client.realtime().disconnect().await;
    drop(client);
    assert!(process().expect("a client").realtime().outbox().is_empty());
    assert_eq!(alice.texts(&chat.to_string()).await, ["0", "1", "2", "3", "4"]);
}
