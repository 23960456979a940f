//! What a hostile or broken peer can do, and that it costs nobody else anything. Each bound has a setting, made small here.

use serde_json::json;

use chinwag_testkit::{Connection, Frame, Opening, Person, Socket, send};

use crate::scene::{Tea, chinwag_with, tea_with};
use crate::wire::{Wire, frame, text};

/// The status and code with which a further connection is refused.
pub(crate) async fn refused(person: &Person) -> Option<(u16, String)> {
    let url = person.app.urls().chat() + "/api/wsConnect";
    let bearer = format!("Bearer {}", person.jwt());
    let (status, body) = Socket::open(&url, &["v12.stomp"], &[("authorization", &bearer)]).await.err()?;
    let body: serde_json::Value = serde_json::from_str(&body).expect("a problem");
    Some((status, body["code"].as_str().expect("a code").to_owned()))
}

/// Others notice nothing: what alice says is stored, and bob hears it.
async fn all_is_well(tea: &mut Tea) {
    tea.alice.says(&tea.chat, "still here").await;
    assert_eq!(tea.bob.expect("SEND_MSG").await["message"], "still here");
}

#[tokio::test]
async fn connections_of_one_user() {
    let mut tea = tea_with(&[("limits.connections_per_user", "2")]).await;
    let second = tea.alice.connects().await;
    let too_many = Some((429, "TOO_MANY_CONNECTIONS".to_owned()));
    assert_eq!(refused(&tea.alice).await, too_many, "by JWT");
    let ticket = tea.alice.ticket().await;
    let url = format!("{}/api/wsConnect?ticket={ticket}", tea.chinwag.urls.chat());
    assert_eq!(Socket::open(&url, &[], &[]).await.err().map(|(status, _)| status), Some(429), "by ticket");
    let events = tea.alice.get("/api/chat/events").await;
    events.is_refused(429, "TOO_MANY_CONNECTIONS");
    assert!(events.header("retry-after").is_some(), "{events:?}");
    let _ = tea.bob.connects().await;

    second.vanishes();
    while refused(&tea.alice).await.is_some() {}
    all_is_well(&mut tea).await;
}

#[tokio::test]
async fn connections_of_one_address() {
    let chinwag = chinwag_with(&[("limits.connections_per_address", "2")]).await;
    let ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let (mut first, mut second) = (Wire::open(&chinwag).await, Wire::open(&chinwag).await);
    for wire in [&mut first, &mut second] {
        wire.writes(ask).await;
        assert!(wire.reads_to("}").await.starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(Wire::open(&chinwag).await.says().await, "", "closed at once");
    drop(first);
    loop {
        let mut next = Wire::open(&chinwag).await;
        next.writes(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        if next.says().await.starts_with("HTTP/1.1 200 ") {
            break;
        }
    }
}

#[tokio::test]
async fn time_to_connect() {
    let mut tea = tea_with(&[("limits.connect_seconds", "1")]).await;
    let silent = Opening::default().open(&tea.alice).await;
    let mut half = Opening::default().open(&tea.alice).await;
    half.send_text("CONNECT\naccept-version:1.2\n").await;
    for mut socket in [silent, half] {
        assert_eq!(socket.closed().await.message(), "no CONNECT came in time");
    }
    all_is_well(&mut tea).await;
}

/// A socket of that person's that has been through CONNECT.
async fn connected(person: &Person) -> Socket {
    let mut socket = Opening::default().open(person).await;
    socket.send(Opening::default().connect_frame(&person.jwt())).await;
    assert_eq!(socket.next_frame().await.command, "CONNECTED");
    socket
}

#[tokio::test]
async fn bytes_of_headers() {
    let mut tea = tea_with(&[("limits.header_bytes", "8192")]).await;
    let begin = |bytes: usize| Frame::new("BEGIN").with("transaction", "x".repeat(bytes));
    let mut socket = connected(&tea.alice).await;
    socket.send(begin(8000).with("receipt", "r")).await;
    assert_eq!(socket.next_frame().await.command, "RECEIPT");
    socket.send(begin(8192)).await;
    assert_eq!(socket.closed().await.message(), "headers too large");

    for (bytes, status) in [(7000, "HTTP/1.1 200 "), (9000, "HTTP/1.1 431 ")] {
        let mut wire = Wire::open(&tea.chinwag).await;
        let x = "x".repeat(bytes);
        let request = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: {x}\r\n\r\n");
        wire.writes(request.as_bytes()).await;
        let said = wire.says().await;
        assert!(said.starts_with(status), "{bytes}: {said}");
        assert!(status != "HTTP/1.1 431 " || said.contains(r#""code":"HEADERS_TOO_LARGE""#), "{said}");
    }
    all_is_well(&mut tea).await;
}

/// With messages of 1,000 bytes a frame may have 128 KiB, the least there is.
#[tokio::test]
async fn bytes_of_a_frame() {
    let mut tea = tea_with(&[("limits.message_bytes", "1000")]).await;
    let piece = "x".repeat(60 << 10);
    let mut socket = connected(&tea.alice).await;
    socket.send_text("SEND\ndestination:/api/chat\n\n").await;
    for _ in 0..3 {
        socket.send_text(&piece).await;
    }
    assert_eq!(socket.closed().await.message(), "frame too large", "though every message was small");

    let mut wire = Wire::connected(&tea.chinwag, &tea.alice).await;
    wire.writes(&frame(0x01, piece.as_bytes())).await;
    wire.writes(&frame(0x00, piece.as_bytes())).await;
    // Of the third fragment the head is enough.
    wire.writes(&frame(0x00, piece.as_bytes())[..8]).await;
    assert!(wire.reads_all().await.ends_with(b"\x03\xF1message too big"));

    let mut carol = tea.app.connected("carol").await;
    let chat = carol.creates_chat_with(&[]).await;
    carol.expect("NEW_CHAT").await;
    carol.socket.send(send(&json!({"type": "SEND_MSG", "chatId": chat, "message": "x".repeat(1001)}))).await;
    assert_eq!(carol.expect("ERROR").await["code"], "MESSAGE_TOO_LONG");
    carol.says(&chat, &"x".repeat(1000)).await;
    all_is_well(&mut tea).await;
}

#[tokio::test]
async fn subscriptions_of_one_connection() {
    let mut tea = tea_with(&[("limits.subscriptions_per_connection", "2")]).await;
    let subscribe =
        |id: u32| Frame::new("SUBSCRIBE").with("id", id).with("destination", "/user/queue/messages");
    let mut socket = connected(&tea.alice).await;
    socket.send_all((0..3).map(subscribe)).await;
    assert_eq!(socket.closed().await.message(), "at most 2 subscriptions");
    all_is_well(&mut tea).await;
}

#[tokio::test]
async fn time_of_a_request() {
    let mut tea = tea_with(&[("limits.request_seconds", "1")]).await;
    let mut silent = Wire::open(&tea.chinwag).await;
    let mut head = Wire::open(&tea.chinwag).await;
    head.writes(b"GET /healthz HTTP/1.1\r\nHo").await;
    let mut kept = Wire::open(&tea.chinwag).await;
    kept.writes(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(kept.reads_to("}").await.starts_with("HTTP/1.1 200 "));
    let mut body = Wire::open(&tea.chinwag).await;
    let request = format!(
        "POST /api/chat HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\nAuthorization: Bearer {}\r\n\r\n{{",
        tea.alice.jwt()
    );
    body.writes(request.as_bytes()).await;

    let said = body.says().await;
    assert!(said.starts_with("HTTP/1.1 400 ") && said.contains("the body did not arrive in time"), "{said}");
    for wire in [&mut silent, &mut kept] {
        assert_eq!(wire.says().await, "");
    }
    let said = head.says().await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 408 "), "{said}");
    all_is_well(&mut tea).await;
}

#[tokio::test]
async fn tickets_of_one_user() {
    let mut tea = tea_with(&[("limits.tickets_per_user", "3")]).await;
    let mut tickets = Vec::new();
    for _ in 0..3 {
        tickets.push(tea.alice.ticket().await);
    }
    for _ in 0..50 {
        let refused = tea.alice.get("/api/auth/getTicket").await;
        refused.is_refused(429, "RATE_LIMITED");
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
    }
    let _ = tea.bob.ticket().await;
    let url = format!("{}/api/wsConnect?ticket={}", tea.chinwag.urls.chat(), tickets[0]);
    assert!(Socket::open(&url, &[], &[]).await.is_ok(), "those there are stay good");
    let _ = tea.alice.ticket().await;
    all_is_well(&mut tea).await;
}

#[tokio::test]
async fn a_flood_of_pings_by_one_who_listens() {
    const PINGS: usize = 20_000;
    let mut tea = tea_with(&[]).await;
    let mut wire = Wire::connected(&tea.chinwag, &tea.alice).await;
    for _ in 0..10 {
        wire.writes(&frame(0x89, b"ping").repeat(PINGS / 10)).await;
        assert_eq!(wire.reads(6 * PINGS / 10).await, b"\x8A\x04ping".repeat(PINGS / 10));
    }
    all_is_well(&mut tea).await;
}

#[tokio::test]
async fn a_flood_of_tiny_frames() {
    let mut tea = tea_with(&[]).await;
    let mut wire = Wire::connected(&tea.chinwag, &tea.alice).await;
    wire.writes(&text("\n").repeat(20_000)).await;
    wire.writes(&text("").repeat(20_000)).await;
    wire.writes(&frame(0x01, b"BEGIN\n")).await;
    wire.writes(&frame(0x00, b"").repeat(20_000)).await;
    wire.writes(&frame(0x8A, b"").repeat(20_000)).await;
    for byte in b"transaction:t\nreceipt:r\n\n" {
        wire.writes(&frame(0x00, &[*byte])).await;
    }
    wire.writes(&frame(0x80, b"\0")).await;
    assert!(wire.reads_to("\0").await.ends_with("RECEIPT\nreceipt-id:r\n\n\0"));
    all_is_well(&mut tea).await;
}

/// Each wants an answer to everything and takes none. The server stops reading, and then stops waiting.
#[tokio::test]
async fn peers_that_never_read() {
    let mut tea = tea_with(&[("limits.stall_seconds", "1"), ("limits.actions_per_second", "0")]).await;
    let abort = "BEGIN\ntransaction:t\nreceipt:r\n\n\0ABORT\ntransaction:t\nreceipt:r\n\n\0".repeat(100);
    let typing = json!({"type": "TYPING", "chatId": tea.chat}).to_string();
    let act = format!("SEND\ndestination:/api/chat\nreceipt:r\n\n{typing}\0").repeat(100);
    for flood in [frame(0x89, &[b'x'; 125]).repeat(100), text(&abort), text(&act)] {
        let mut wire = Wire::connected(&tea.chinwag, &tea.alice).await;
        wire.writes_until_closed(&flood).await;
    }
    let mut wire = Wire::open(&tea.chinwag).await;
    wire.writes_until_closed(&b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100)).await;
    all_is_well_but_typing(&mut tea).await;
}

/// Bob may have been told that alice typed.
async fn all_is_well_but_typing(tea: &mut Tea) {
    tea.alice.says(&tea.chat, "still here").await;
    let bob: &mut Connection = &mut tea.bob;
    while bob.next_event().await.kind() == "TYPING" {}
}

/// The HTTP server refuses these by itself, before any of our code is asked.
#[tokio::test]
async fn what_is_no_request_is_told_so_in_a_body() {
    let chinwag = chinwag_with(&[("limits.header_bytes", "1048576")]).await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(65_535));
    let many = format!("GET /healthz HTTP/1.1\r\n{}\r\n", "X: x\r\n".repeat(101));
    let after_one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz\r\n\r\n";
    let refusals = [
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}", 400, "BAD_REQUEST"),
        ("hello\r\n\r\n", 400, "BAD_REQUEST"),
        ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 400, "BAD_REQUEST"),
        ("GET / HTTP/1.1\r\nHost x\r\n\r\n", 400, "BAD_REQUEST"),
        ("GET / HTTP/1.1\r\nHost: \0\r\n\r\n", 400, "BAD_REQUEST"),
        ("POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Length: some\r\n\r\n", 400, "BAD_REQUEST"),
        ("POST /api/chat HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "BAD_REQUEST"),
        ("POST /api/chat HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "BAD_REQUEST"),
        (after_one, 400, "BAD_REQUEST"),
        ("CONNECT x:1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, "NOT_FOUND"),
        (&long, 414, "URI_TOO_LONG"),
        (&many, 431, "HEADERS_TOO_LARGE"),
    ];
    for (request, status, code) in refusals {
        let mut wire = Wire::open(&chinwag).await;
        wire.writes(request.as_bytes()).await;
        let said = wire.says().await;
        let begin = said.rfind("HTTP/1.1 ").unwrap_or_else(|| panic!("{request:.100}: {said}"));
        let (head, body) = said[begin..].split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.100}: {said}");
        assert!(head.contains("content-type: application/problem+json"), "{said}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{said}");
        let body: serde_json::Value = serde_json::from_str(body).expect("a problem");
        assert_eq!((&body["code"], &body["status"]), (&code.into(), &status.to_string().into()));
        assert_eq!((&body["instance"], &body["message"]), (&"*".into(), &body["detail"]));
    }
}
