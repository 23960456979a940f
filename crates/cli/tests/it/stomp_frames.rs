//! Frames that are wrong: each gets its ERROR with a message and the end of the connection, and changes nothing.

use serde_json::json;

use chinwag_testkit::{Frame, Opening, Person, Socket, send};

use crate::scene::{NOBODY, tea};

/// A socket of that person's that has been through CONNECT.
async fn connected(person: &Person) -> Socket {
    let opening = Opening::default();
    let mut socket = opening.open(person).await;
    socket.send(opening.connect_frame(&person.jwt())).await;
    assert_eq!(socket.next_frame().await.command, "CONNECTED");
    socket
}

async fn ends_with_an_error(mut socket: Socket, what: &str) {
    let closing = socket.closed().await;
    assert!(closing.error.is_some(), "{what}: {closing:?}");
    closing.message();
    assert_ne!(closing.code, None, "{what}: a close frame follows");
}

#[tokio::test]
async fn malformed_frames() {
    let mut tea = tea().await;
    let head = "SEND\ndestination:/api/chat\n";
    let body = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "hi"}).to_string();
    for wire in [
        "\0".to_owned(),
        "DANCE\n\n\0".to_owned(),
        "send\ndestination:/api/chat\n\n{}\0".to_owned(),
        "MESSAGE\ndestination:/api/chat\n\n{}\0".to_owned(),
        format!("{head}no colon\n\n{body}\0"),
        format!("{head}:no name\n\n{body}\0").replace(":no name", "a\\tb:tab"),
        format!("{head}receipt:a\\xb\n\n{body}\0"),
        format!("{head}content-length:-1\n\n{body}\0"),
        format!("{head}content-length:many\n\n{body}\0"),
        format!("{head}content-length:{}\n\n{body}\0", body.len() - 1),
        format!("{head}content-length:99999999999999999999\n\n{body}\0"),
        format!("{head}content-length:1000000000\n\n{body}\0"),
        format!("BEGIN\ntransaction:t\n\n{body}\0"),
    ] {
        let mut socket = connected(&tea.bob).await;
        socket.send_text(&wire).await;
        ends_with_an_error(socket, &wire).await;
    }
    let mut socket = connected(&tea.bob).await;
    let bytes = [head.as_bytes(), b"x:\xff\xfe\n\n", body.as_bytes(), b"\0"].concat();
    socket.send_binary(&bytes).await;
    ends_with_an_error(socket, "headers that are not UTF-8").await;

    tea.alice.sees_nothing().await;
    assert_eq!(tea.alice.says(&tea.chat, "unmoved").await.seq(), 2);
}

#[tokio::test]
async fn frames_out_of_place() {
    let mut tea = tea().await;
    let action = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "hi"});
    let others = format!("/user/{}/queue/messages", tea.alice.id);
    let subscribe =
        |destination: &str| Frame::new("SUBSCRIBE").with("id", "0").with("destination", destination);
    for frame in [
        subscribe(&others),
        subscribe(&format!("/user/{NOBODY}/queue/messages")),
        subscribe("/topic/everything"),
        subscribe(""),
        Frame::new("SUBSCRIBE").with("id", "0"),
        Frame::new("SUBSCRIBE").with("destination", "/user/queue/messages"),
        Frame::new("UNSUBSCRIBE"),
        Frame::new("SEND").with("destination", "/api/chats").body(&action),
        Frame::new("SEND").with("destination", "/user/queue/messages").body(&action),
        Frame::new("SEND").body(&action),
        Frame::new("BEGIN"),
        Frame::new("COMMIT").with("transaction", "unknown"),
        Frame::new("ABORT").with("transaction", "unknown"),
        send(&action).with("transaction", "unknown"),
        Opening::default().connect_frame(&tea.bob.jwt()),
        Frame::new("SEND").with("destination", "/api/chat"),
        Frame::new("SEND").with("destination", "/api/chat").body("hello"),
        Frame::new("SEND").with("destination", "/api/chat").body("[]"),
        Frame::new("SEND").with("destination", "/api/chat").body("{\"type\":"),
    ] {
        let mut socket = connected(&tea.bob).await;
        socket.send(frame.clone()).await;
        ends_with_an_error(socket, &format!("{frame:?}")).await;
    }
    let twice = [Frame::new("BEGIN").with("transaction", "t"), Frame::new("BEGIN").with("transaction", "t")];
    let mut socket = connected(&tea.bob).await;
    socket.send_all(twice).await;
    ends_with_an_error(socket, "a transaction begun twice").await;
    let twice = [subscribe("/user/queue/messages"), subscribe("/user/queue/messages")];
    let mut socket = connected(&tea.bob).await;
    socket.send_all(twice).await;
    ends_with_an_error(socket, "a subscription id used twice").await;

    tea.alice.sees_nothing().await;
    assert_eq!(tea.alice.says(&tea.chat, "unmoved").await.seq(), 2);
}

#[tokio::test]
async fn nothing_before_connect() {
    let mut tea = tea().await;
    let action = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "hi"});
    for frame in [
        send(&action),
        Frame::new("SUBSCRIBE").with("id", "0").with("destination", "/user/queue/messages"),
        Frame::new("CONNECTED").with("version", "1.2"),
        Frame::new("CONNECT")
            .with("accept-version", "1.2")
            .with("host", "x")
            .with("Authorization", "Bearer x"),
        Opening { heart_beat: "soon,later", ..Opening::default() }.connect_frame(&tea.bob.jwt()),
    ] {
        let mut socket = Opening::default().open(&tea.bob).await;
        socket.send(frame.clone()).await;
        ends_with_an_error(socket, &format!("{frame:?}")).await;
    }
    assert_eq!(tea.alice.says(&tea.chat, "unmoved").await.seq(), 2);
}

#[tokio::test]
async fn an_error_names_the_receipt_it_is_about() {
    let tea = tea().await;
    let mut socket = connected(&tea.bob).await;
    socket.send(Frame::new("SEND").with("destination", "/nowhere").with("receipt", "r-1").body("{}")).await;
    let closing = socket.closed().await;
    let error = closing.error.as_ref().expect("an ERROR frame");
    assert_eq!(error.get("receipt-id"), Some("r-1"));
}

#[tokio::test]
async fn frames_over_their_limit() {
    let mut tea = tea().await;
    let action = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "x".repeat(4 << 20)});
    let mut socket = connected(&tea.bob).await;
    socket.send(send(&action)).await;
    socket.closed().await; // the ERROR may be lost with what was still being sent

    let mut socket = connected(&tea.bob).await;
    let long_header = send(&json!({})).with("x", "y".repeat(100_000));
    socket.send(long_header).await;
    ends_with_an_error(socket, "a header of 100,000 bytes").await;

    let mut socket = connected(&tea.bob).await;
    let many = (0..5000).fold(send(&json!({})), |frame, i| frame.with(&format!("h{i}"), i));
    socket.send(many).await;
    ends_with_an_error(socket, "5,000 headers").await;
    assert_eq!(tea.alice.says(&tea.chat, "unmoved").await.seq(), 2);
}
