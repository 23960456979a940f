//! SockJS sessions over HTTP as Chinwag has them: whose they are, how many there may be, and how they end.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use chinwag_testkit::{Body, Frame, Person, SockJs, send, stomp_frames};
use serde_json::{Value, json};

use crate::scene::{chinwag, chinwag_with, tea, tea_with};

/// The events in frames that are all MESSAGEs.
#[track_caller]
fn events(frames: &[Frame]) -> Vec<Value> {
    let event = |frame: &Frame| {
        assert_eq!(frame.command, "MESSAGE", "{frame:?}");
        serde_json::from_str(&frame.body).expect("an event")
    };
    frames.iter().map(event).collect()
}

async fn connected(person: &Person) -> SockJs {
    let session = SockJs::of(person).await;
    session.connects(person).await;
    session
}

#[tokio::test]
async fn a_conversation_without_a_socket() {
    let mut tea = tea().await;
    let carol = tea.app.user("carol").await;
    tea.alice.adds(&tea.chat, "carol").await.done();
    let session = connected(&carol).await;

    tea.bob.expect("USER_JOIN").await;
    for text in ["one", "two"] {
        tea.bob.says(&tea.chat, text).await;
    }
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.extend(events(&session.hears_frames().await));
    }
    assert_eq!([&heard[0]["message"], &heard[1]["message"]], ["one", "two"]);

    let action = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "three </script> \u{2028} 100%"});
    session.says(&send(&action).with("receipt", "stored")).await;
    let mut came = Vec::new();
    while came.len() < 2 {
        came.extend(session.hears_frames().await);
    }
    let receipt = came.iter().position(|frame| frame.command == "RECEIPT").expect("a receipt");
    assert_eq!(came.remove(receipt).get("receipt-id"), Some("stored"));
    assert_eq!(events(&came)[0]["message"], action["message"]);
    assert_eq!(tea.bob.expect("SEND_MSG").await["message"], action["message"]);
}

#[tokio::test]
async fn every_transport_hears_what_was_said_between_its_requests() {
    let mut tea = tea().await;
    let transports = [("POST", "xhr_streaming", "]\n"), ("GET", "eventsource", "]\r\n\r\n")];
    for (method, transport, end) in transports {
        let session = connected(&tea.bob).await;
        tea.alice.says(&tea.chat, "while nobody listens").await;
        let mut stream = session.streams(method, transport).await;
        let text = stream.until(end).await;
        let at = text.find("a[").expect("messages");
        assert_eq!(events(&stomp_frames(text[at..].trim_end()))[0]["message"], "while nobody listens");
        tea.alice.says(&tea.chat, "while somebody does").await;
        assert!(stream.until(end).await.contains("while somebody does"));
        breaks_off(&session, stream).await;
    }
}

/// A stream that is cut takes its session with it.
async fn breaks_off(session: &SockJs, stream: chinwag_testkit::Streaming) {
    drop(stream);
    while session.polls().await.text.contains("2010") {}
    assert_eq!(session.hears().await, "c[1002,\"Connection interrupted\"]\n");
}

#[tokio::test]
async fn the_ticket_is_spent_when_the_session_opens() {
    let chinwag = chinwag().await;
    let alice = chinwag.app().await.user("alice").await;
    let session = SockJs::of(&alice).await;
    let info = format!("{}/api/wsConnect/info?{}", chinwag.urls.chat(), session.query);
    let _ = chinwag.http.send("GET", &info, &[], Body::Nothing).await.ok();
    session.connects(&alice).await;

    let spent = session.at("/000/another");
    let transports = [
        ("POST", "xhr"),
        ("POST", "xhr_streaming"),
        ("GET", "eventsource"),
        ("GET", "htmlfile?c=x"),
        ("GET", "jsonp?c=x"),
    ];
    for (method, transport) in transports {
        for query in [spent.query.as_str(), "ticket=nonsense", "ticket=", ""] {
            let session = spent.with_query(query);
            let answer =
                session.asks(method, transport, &[("origin", "https://app.example")], Body::Nothing).await;
            answer.is_refused(401, "AUTH_INVALID_TICKET");
            assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
        }
    }
    assert!(
        chinwag_testkit::Socket::open(&spent.url("websocket"), &[], &[])
            .await
            .is_err_and(|(status, _)| status == 401)
    );
}

#[tokio::test]
async fn a_jwt_stands_in_for_the_ticket() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let (alice, eve) = (app.user("alice").await, app.user("eve").await);
    let session = SockJs::of(&alice).await.with_query("");
    let bearer = |person: &Person| format!("Bearer {}", person.jwt());
    let asks = async |person: &Person, transport, body: &str| {
        let authorization = bearer(person);
        session
            .asks("POST", transport, &[("authorization", &authorization)], Body::Raw(None, body.into()))
            .await
    };
    assert_eq!(asks(&alice, "xhr", "").await.text, "o\n");
    assert_eq!(asks(&alice, "xhr_send", "[\"\\n\"]").await.status, 204);
    asks(&eve, "xhr_send", "[\"\\n\"]").await.is_refused(404, "NOT_FOUND");
    asks(&alice.another_device().await, "xhr", "").await.is_refused(404, "NOT_FOUND");
    session.posts("[\"\\n\"]").await.is_refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_guessed_id_is_of_no_use() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let (alice, eve) = (app.user("alice").await, app.user("eve").await);
    let session = connected(&alice).await;
    let elsewhere = session.from_address(Ipv4Addr::new(127, 0, 0, 2));
    let others = session.with_query(&SockJs::of(&eve).await.query);
    let without = session.with_query("");
    for guess in [&elsewhere, &others, &without] {
        guess.posts("[\"x\"]").await.is_refused(404, "NOT_FOUND");
        guess.polls().await.is_refused(404, "NOT_FOUND");
        guess.asks("GET", "eventsource", &[], Body::Nothing).await.is_refused(404, "NOT_FOUND");
    }
    session.says(&Frame::new("DISCONNECT").with("receipt", "undisturbed")).await;
    assert_eq!(session.hears_frames().await[0].get("receipt-id"), Some("undisturbed"));

    let own = others.at("/000/eve");
    assert_eq!(own.hears().await, "o\n", "her ticket was not spent on it");
}

#[tokio::test]
async fn there_are_so_many_sessions_at_once() {
    let settings = [("limits.sockjs_sessions", "2"), ("limits.sockjs_disconnect_ms", "3000")];
    let chinwag = chinwag_with(&settings).await;
    let alice = chinwag.app().await.user("alice").await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(SockJs::of(&alice).await);
    }
    let mut stream = sessions[0].streams("POST", "xhr_streaming").await;
    stream.until("o\n").await;
    assert_eq!(sessions[1].hears().await, "o\n");
    sessions[2].polls().await.is_refused(503, "OVERLOADED");
    assert!(chinwag_testkit::Socket::open(&sessions[2].url("websocket"), &[], &[]).await.is_ok());

    let fourth = SockJs::of(&alice).await;
    while fourth.polls().await.status == 503 {}
}

#[tokio::test]
async fn a_session_takes_a_seat() {
    let settings = [("limits.demo_concurrent_users", "1"), ("limits.sockjs_disconnect_ms", "2000")];
    let chinwag = chinwag_with(&settings).await;
    let app = chinwag.app().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let session = SockJs::of(&alice).await;
    assert_eq!(session.hears().await, "o\n");
    bob.get("/api/auth/getTicket").await.is_refused(403, "CONCURRENT_USERS_EXCEEDED");
    while bob.get("/api/auth/getTicket").await.status == 403 {}
}

#[tokio::test]
async fn signing_out_ends_it_within_a_second() {
    let chinwag = chinwag().await;
    let alice = chinwag.app().await.user("alice").await;
    let session = connected(&alice).await;
    let poll = session.begins_to_poll().await;
    alice.post("/api/auth/logoutAll", json!({})).await.done();
    let start = Instant::now();
    let heard = poll.await.expect("the poll is answered");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(stomp_frames(heard.trim_end())[0].command, "ERROR");
    assert_eq!(session.hears().await, "c[1000,\"\"]\n");
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let mut tea = tea().await;
    let (streaming, polling) = (connected(&tea.alice).await, connected(&tea.bob).await);
    let mut stream = streaming.streams("GET", "eventsource").await;
    stream.brings("\r\n").await;
    let poll = polling.begins_to_poll().await;
    let start = Instant::now();
    tea.chinwag.stop().await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    stream.brings("data: c[1001,\"the server is shutting down\"]\r\n\r\n").await;
    stream.ends().await;
    assert_eq!(poll.await.expect("an answer"), "c[1001,\"the server is shutting down\"]\n");
}

#[tokio::test]
async fn who_does_not_listen_is_given_up_and_loses_nothing() {
    let mut tea = tea_with(&[("limits.sockjs_disconnect_ms", "3000")]).await;
    let session = connected(&tea.bob).await;
    tea.alice.says(&tea.chat, "heard").await;
    let heard = session.hears_frames().await;
    let cursor = heard[0].get("cursor").expect("a cursor").to_owned();
    for number in 0..100 {
        tea.alice.says(&tea.chat, &format!("{number} {}", "x".repeat(4000))).await;
    }
    while session.posts("[]").await.status == 204 {}

    let again = SockJs::of(&tea.bob).await;
    assert_eq!(again.hears().await, "o\n");
    again.says(&chinwag_testkit::Opening::default().connect_frame(&tea.bob.jwt())).await;
    let subscribe = Frame::new("SUBSCRIBE").with("id", "0").with("destination", "/user/queue/messages");
    again.says(&subscribe.with("since", cursor)).await;
    let mut texts = Vec::new();
    while texts.len() < 100 {
        let frames = again.hears_frames().await;
        let frames = frames.into_iter().filter(|frame| frame.command == "MESSAGE");
        let events = events(&frames.collect::<Vec<_>>());
        texts.extend(
            events.iter().filter_map(|event| Some(event["message"].as_str()?.split(' ').next()?.to_owned())),
        );
    }
    assert_eq!(texts, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn pages_of_other_origins_are_kept_out_if_any_are() {
    let chinwag = chinwag_with(&[("http.allowed_origins", "https://app.example")]).await;
    let alice = chinwag.app().await.user("alice").await;
    let session = SockJs::of(&alice).await;
    for origin in ["https://evil.example", "null"] {
        let answer = session.asks("POST", "xhr", &[("origin", origin)], Body::Nothing).await;
        answer.is_refused(403, "ORIGIN_NOT_ALLOWED");
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let preflight = session.asks("OPTIONS", "xhr", &[("origin", origin)], Body::Nothing).await;
        assert_eq!(preflight.header("access-control-allow-origin"), None);
    }
    let answer = session.asks("POST", "xhr", &[("origin", "https://app.example")], Body::Nothing).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("https://app.example"))
    );
    assert!(answer.header("vary").is_some_and(|vary| vary.to_lowercase().contains("origin")));
}

#[tokio::test]
async fn what_is_sent_at_once_may_be_so_large() {
    let chinwag = chinwag().await;
    let alice = chinwag.app().await.user("alice").await;
    let session = connected(&alice).await;
    let many = vec!["\n"; 100_000];
    assert_eq!(session.posts(json!(many).to_string()).await.status, 204);
    let too_large = format!("[\"{}\"]", "\\n".repeat(1 << 20));
    session.posts(too_large).await.is_refused(413, "PAYLOAD_TOO_LARGE");
    session.says(&Frame::new("DISCONNECT").with("receipt", "after all that")).await;
    assert_eq!(session.hears_frames().await[0].get("receipt-id"), Some("after all that"));
}
