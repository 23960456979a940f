//! STOMP over WebSocket: versions, receipts, transactions, heart-beats and goodbyes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use chinwag_testkit::{Connection, Frame, Incoming, Opening, Socket, send};

use crate::scene::{Tea, chinwag, tea};
use crate::wire::{Wire, frame, text};

/// What a busy machine may add to a heart-beat.
const MARGIN: Duration = Duration::from_secs(2);

/// A socket of alice's that has been through CONNECT, and the CONNECTED that came.
async fn connected(tea: &Tea, opening: &Opening) -> (Socket, Frame) {
    let mut socket = opening.open(&tea.alice).await;
    socket.send(opening.connect_frame(&tea.alice.jwt())).await;
    let connected = socket.next_frame().await;
    assert_eq!(connected.command, "CONNECTED", "{connected:?}");
    (socket, connected)
}

#[tokio::test]
async fn the_newest_common_version_is_spoken() {
    let tea = tea().await;
    for (subprotocols, offered, spoken) in [
        (vec!["v12.stomp"], Some("1.2"), "1.2"),
        (vec!["v11.stomp"], Some("1.1"), "1.1"),
        (vec!["v10.stomp"], Some("1.0"), "1.0"),
        (vec!["v12.stomp", "v11.stomp", "v10.stomp"], Some("1.0,1.1,1.2"), "1.2"),
        (vec!["v11.stomp", "v10.stomp"], Some("1.0,1.1"), "1.1"),
        (vec![], Some("1.2,1.1,1.0"), "1.2"),
        (vec![], Some("1.1,9.9"), "1.1"),
        (vec![], None, "1.0"),
    ] {
        let opening =
            Opening { subprotocols: subprotocols.clone(), accept_version: offered, ..Opening::default() };
        let (socket, frame) = connected(&tea, &opening).await;
        assert_eq!(frame.get("version").unwrap_or("1.0"), spoken, "{frame:?}");
        match &socket.subprotocol {
            Some(chosen) => assert_eq!(Some(&chosen.as_str()), subprotocols.first()),
            None => assert!(subprotocols.is_empty()),
        }
        let mut alice = opening.connect(&tea.alice).await;
        alice.sees_nothing().await;
    }
    let opening = Opening { accept_version: Some("2.0"), ..Opening::default() };
    let mut socket = opening.open(&tea.alice).await;
    socket.send(opening.connect_frame(&tea.alice.jwt())).await;
    let closing = socket.closed().await;
    closing.message();
    let versions = closing.error.as_ref().and_then(|error| error.get("version"));
    assert!(versions.is_some_and(|versions| versions.contains("1.2")), "{closing:?}");
}

#[tokio::test]
async fn the_frame_may_be_called_stomp() {
    let tea = tea().await;
    let opening = Opening::default();
    let mut socket = opening.open(&tea.alice).await;
    let connect = opening.connect_frame(&tea.alice.jwt());
    socket.send(Frame { command: "STOMP".to_owned(), ..connect }).await;
    assert_eq!(socket.next_frame().await.command, "CONNECTED");
}

#[tokio::test]
async fn every_frame_may_ask_for_a_receipt() {
    let mut tea = tea().await;
    let alice = &mut tea.alice;
    alice.subscribes("more", "/user/queue/messages", None).await;
    alice.sends_frame(Frame::new("UNSUBSCRIBE").with("id", "more")).await;
    for command in ["BEGIN", "ABORT", "BEGIN", "COMMIT"] {
        alice.sends_frame(Frame::new(command).with("transaction", "t")).await;
    }
    alice.does(json!({"type": "TYPING", "chatId": tea.chat})).await;

    // The id comes back as it was, escapes and all.
    for (version, id) in [("1.2", "a:b\\c\nd\re"), ("1.1", "a:b\\c\nd"), ("1.0", "a:b\\c")] {
        let opening = Opening { accept_version: Some(version), subprotocols: vec![], ..Opening::default() };
        let mut bob = opening.connect(&tea.bob).await;
        let subscribe = Frame::new("SUBSCRIBE").with("id", "x").with("destination", "/user/queue/messages");
        bob.socket.send(subscribe.with("receipt", id)).await;
        let receipt = bob.socket.next_frame().await;
        assert_eq!((receipt.command.as_str(), receipt.get("receipt-id")), ("RECEIPT", Some(id)));
    }
}

#[tokio::test]
async fn a_goodbye_is_answered_before_the_end() {
    let tea = tea().await;
    let mut bob = tea.bob;
    bob.socket.send(Frame::new("DISCONNECT").with("receipt", "bye")).await;
    let receipt = bob.socket.next_frame().await;
    assert_eq!((receipt.command.as_str(), receipt.get("receipt-id")), ("RECEIPT", Some("bye")));
    assert_eq!(bob.closed().await.error, None);

    let mut alice = tea.alice;
    alice.socket.send(Frame::new("DISCONNECT")).await;
    assert_eq!(alice.closed().await.error, None);
}

#[tokio::test]
async fn what_was_sent_before_a_goodbye_is_stored() {
    let mut tea = tea().await;
    let say = |i: u32| send(&json!({"type": "SEND_MSG", "chatId": tea.chat, "message": format!("{i}")}));
    let frames = (0..20).map(say).chain([Frame::new("DISCONNECT").with("receipt", "bye")]);
    tea.bob.socket.send_all(frames.collect::<Vec<_>>()).await;
    while tea.bob.socket.next_frame().await.command != "RECEIPT" {}
    assert_eq!(tea.alice.texts(&tea.chat).await.len(), 20);
}

fn begin(transaction: &str) -> Frame {
    Frame::new("BEGIN").with("transaction", transaction)
}

fn say(chat: &str, text: &str, transaction: &str) -> Frame {
    send(&json!({"type": "SEND_MSG", "chatId": chat, "message": text})).with("transaction", transaction)
}

#[tokio::test]
async fn what_was_sent_before_a_connection_was_lost_is_stored() {
    let mut tea = tea().await;
    let mut wire = Wire::connected(&tea.chinwag, &tea.alice).await;
    let action = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "gone already"});
    wire.writes(&text(&format!("SEND\ndestination:/api/chat\nreceipt:r\n\n{action}\0"))).await;
    drop(wire);
    assert_eq!(tea.bob.expect("SEND_MSG").await["message"], "gone already");
}

#[tokio::test]
async fn a_transaction_takes_effect_as_a_whole() {
    let mut tea = tea().await;
    let chat = tea.chat.clone();
    tea.alice.sends_frame(begin("t")).await;
    tea.alice.socket.send_all([say(&chat, "one", "t"), say(&chat, "two", "t")]).await;
    tea.alice.says(&tea.chat, "zero, outside of it").await;
    tea.alice.sees_nothing().await;
    tea.bob.expect("SEND_MSG").await;
    tea.bob.sees_nothing().await;

    tea.alice.sends_frame(Frame::new("COMMIT").with("transaction", "t")).await;
    for person in [&mut tea.alice, &mut tea.bob] {
        for text in ["one", "two"] {
            assert_eq!(person.expect("SEND_MSG").await["message"], text);
        }
    }
    tea.alice.sends_frame(begin("t")).await;
    tea.alice.socket.send(say(&chat, "never", "t")).await;
    tea.alice.sends_frame(Frame::new("ABORT").with("transaction", "t")).await;
    tea.bob.sees_nothing().await;

    let mut second = tea.alice.connects().await;
    second.sends_frame(begin("t")).await;
    second.socket.send(say(&chat, "nor this", "t")).await;
    second.sends_frame(begin("u")).await;
    second.vanishes();
    tea.bob.sees_nothing().await;
    assert_eq!(tea.alice.says(&tea.chat, "next").await.seq(), 5);
}

#[tokio::test]
async fn a_receipt_inside_a_transaction_waits_for_the_commit() {
    let mut tea = tea().await;
    tea.alice.sends_frame(begin("t")).await;
    tea.alice.socket.send(say(&tea.chat, "one", "t").with("receipt", "stored")).await;
    tea.alice.sees_nothing().await;
    tea.alice.sends_frame(Frame::new("COMMIT").with("transaction", "t")).await;
    tea.alice.receipt("stored").await;
    assert_eq!(tea.bob.expect("SEND_MSG").await["message"], "one");
}

#[tokio::test]
async fn one_refusal_undoes_a_transaction() {
    let mut tea = tea().await;
    let chat = tea.chat.clone();
    tea.alice.sends_frame(begin("t")).await;
    let frames = [
        say(&chat, "fine", "t"),
        say(&chat, " ", "t").with("receipt", "refused"),
        say(&chat, "fine, too", "t"),
        Frame::new("COMMIT").with("transaction", "t"),
    ];
    tea.alice.socket.send_all(frames).await;
    let refusal = tea.alice.expect("ERROR").await;
    assert_eq!((&refusal["code"], &refusal["receipt"]), (&json!("VALIDATION_FAILED"), &json!("refused")));
    tea.alice.sees_nothing().await;

    tea.bob.sends_frame(begin("t")).await;
    tea.bob.socket.send(say(&chat, "fine", "t")).await;
    let edit = json!({"type": "EDIT_MSG", "chatId": chat, "messageId": crate::scene::NOBODY, "message": "x"});
    tea.bob.socket.send(send(&edit).with("transaction", "t")).await;
    tea.bob.socket.send(Frame::new("COMMIT").with("transaction", "t")).await;
    assert_eq!(tea.bob.expect("ERROR").await["code"], "MESSAGE_NOT_FOUND");
    tea.bob.sees_nothing().await;
    tea.alice.sees_nothing().await;
    assert_eq!(tea.alice.says(&chat, "first").await.seq(), 2);
}

/// The two numbers of a `heart-beat` header.
fn heart_beat(connected: &Frame) -> (u64, u64) {
    let header = connected.get("heart-beat").unwrap_or_else(|| panic!("no heart-beat: {connected:?}"));
    let (sends, expects) = header.split_once(',').expect("two numbers");
    (sends.parse().expect("a number"), expects.parse().expect("a number"))
}

#[tokio::test]
async fn heart_beats_are_kept_both_ways() {
    let mut tea = tea().await;
    let none = Opening { heart_beat: "0,0", ..Opening::default() };
    let mut indifferent = none.connect(&tea.bob).await;
    let (mut silent, frame) = connected(&tea, &Opening { heart_beat: "500,0", ..Opening::default() }).await;
    let (sends, expects) = heart_beat(&frame);
    assert!(sends > 0 && expects > 0, "it can both: {frame:?}");
    let (every, promised) = (Duration::from_millis(sends.max(500)), Duration::from_millis(expects.max(500)));
    let (mut lively, _) = connected(&tea, &Opening { heart_beat: "500,500", ..Opening::default() }).await;

    let start = Instant::now();
    let mut last = start;
    let closed = loop {
        tokio::select! {
            end = silent.next_whenever() => match end {
                Incoming::Frame(frame) => assert_eq!(frame.command, "ERROR"),
                Incoming::HeartBeat => panic!("it asked for none"),
                Incoming::Closed(_) => break start.elapsed(),
            },
            beat = lively.next_whenever() => {
                assert!(matches!(beat, Incoming::HeartBeat), "{beat:?}");
                assert!(last.elapsed() < every + MARGIN, "{:?} instead of {every:?}", last.elapsed());
                last = Instant::now();
                lively.send_text("\n").await; // the answer is the heart-beat of this side
            }
        }
    };
    assert!(closed >= promised, "before the promise was broken: {closed:?} of {promised:?}");
    assert!(closed < promised * 2 + MARGIN, "{closed:?} of {promised:?}");
    assert_ne!(last, start, "the server's own heart-beat came");
    lively.send(Frame::new("DISCONNECT").with("receipt", "bye")).await;
    assert_eq!(lively.next_frame().await.command, "RECEIPT", "who kept the promise is still there");
    indifferent.sees_nothing().await;
    tea.bob.sees_nothing().await;
}

/// Section "Heart-beating": any new data is a sign of life, also what is no part of a frame yet.
#[tokio::test]
async fn a_ping_or_a_part_of_a_message_stands_in_for_a_heart_beat() {
    let tea = tea().await;
    let mut signs = [frame(0x89, b""), frame(0x00, b"")].map(|sign| (Vec::new(), sign));
    signs[1].0 = frame(0x01, b"");
    for (first, sign) in signs {
        let mut wire = Wire::connected_with("1000,1000", &tea.chinwag, &tea.alice).await;
        wire.writes(&first).await;
        // The server's beats are the clock. Without a sign it would close after two seconds.
        for _ in 0..4 {
            assert!(wire.reads_to("\n").await.ends_with("\u{1}\n"));
            wire.writes(&sign).await;
        }
        let (opcode, receipt) =
            (if first.is_empty() { 0x81 } else { 0x80 }, b"BEGIN\ntransaction:t\nreceipt:r\n\n\0");
        wire.writes(&frame(opcode, receipt)).await;
        // A pong holds a NUL as well.
        assert!(wire.reads_to("\n\n\0").await.ends_with("RECEIPT\nreceipt-id:r\n\n\0"));
    }
}

#[tokio::test]
async fn frames_may_be_cut_and_joined_anyhow() {
    let mut tea = tea().await;
    let frame = |i: u32| -> String {
        let action: Value = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": format!("{i}")});
        send(&action).to_wire("1.2")
    };
    let bob: &mut Connection = &mut tea.bob;
    bob.socket.send_text(&format!("{}\n\n\n{}", frame(0), frame(1))).await;
    let (head, tail) = (&frame(2)[..30], &frame(2)[30..]);
    bob.socket.send_text(head).await;
    bob.socket.send_text(tail).await;
    bob.socket.send_binary(frame(3).as_bytes()).await;
    bob.socket.send_text("\n").await;
    bob.socket.send_text("\r\n").await;
    bob.socket.send_text(&frame(4).replacen('\n', "\r\n", 4)).await;
    for i in 0..5 {
        assert_eq!(tea.alice.expect("SEND_MSG").await["message"], format!("{i}"));
    }
    let body = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "\u{1F44B}"}).to_string();
    let long =
        Frame::new("SEND").with("destination", "/api/chat").with("content-length", body.len()).body(body);
    tea.bob.socket.send(long).await;
    tea.alice.expect("SEND_MSG").await;
}

#[tokio::test]
async fn no_one_is_told_before_subscribing() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let alice = app.user("alice").await;
    let opening = Opening::default();
    let mut socket = opening.open(&alice).await;
    socket.send(opening.connect_frame(&alice.jwt())).await;
    assert_eq!(socket.next_frame().await.command, "CONNECTED");
    let chat = alice.creates_chat_with(&[]).await;
    let action = json!({"type": "SEND_MSG", "chatId": chat, "message": "quiet"});
    socket.send(send(&action).with("receipt", "r")).await;
    assert_eq!(socket.next_frame().await.command, "RECEIPT");
    let subscribe = Frame::new("SUBSCRIBE").with("id", "0").with("destination", "/user/queue/messages");
    socket.send_all([subscribe, send(&action)]).await;
    let message = socket.next_frame().await;
    assert_eq!((message.command.as_str(), message.get("subscription")), ("MESSAGE", Some("0")));
    let event: Value = serde_json::from_str(&message.body).expect("JSON");
    assert_eq!(event["seq"], 3);
}
