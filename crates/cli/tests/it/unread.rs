//! Responses without end whose client does not take them: they are closed, and nothing of them stays.

use chinwag_testkit::{Connection, Person, SockJs, in_time};
use serde_json::json;

use crate::limits::refused;
use crate::scene::chinwag_with;
use crate::wire::Wire;

const LONG_TEXT_BYTES: usize = 16_000;
/// Of each long text.
const A_LITTLE: usize = 500;
/// More than the system holds for a connection.
const MUCH: usize = 600;
/// Far more long texts than any client may be behind.
const PATIENCE_TEXTS: usize = 6_000;

const RESPONSES: [&str; 4] = ["events", "xhr_streaming", "eventsource", "htmlfile?c=x"];

/// The request line of such a response, for all that person hears.
async fn request(person: &Person, response: &str) -> String {
    if response == "events" {
        return format!("GET /api/chat/events?ticket={}", person.ticket().await);
    }
    let session = SockJs::of(person).await;
    session.connects(person).await;
    let url = session.url(response);
    let path = url.split_once("/api/").expect("a path").1;
    let method = if response == "xhr_streaming" { "POST" } else { "GET" };
    format!("{method} /api/{path}")
}

async fn asks(wire: &mut Wire, line: &str) {
    wire.writes(
        format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").as_bytes(),
    )
    .await;
    let head = wire.reads_head().await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{line}: {head}");
}

async fn says_much(alice: &mut Connection, chat: &str) {
    alice.says(chat, &"x".repeat(LONG_TEXT_BYTES)).await;
}

const SETTINGS: [(&str, &str); 4] = [
    ("limits.stall_seconds", "1"),
    ("limits.queue_bytes", "65536"),
    ("limits.actions_per_second", "0"),
    // One streaming response is to bring more than the system holds.
    ("limits.sockjs_response_bytes", "1073741824"),
];

#[tokio::test]
async fn who_takes_nothing_is_given_up() {
    let chinwag = chinwag_with(&SETTINGS).await;
    let app = chinwag.app().await;
    let (mut alice, carol) = (app.connected("alice").await, app.user("carol").await);
    let chat = alice.creates_chat_with(&["carol"]).await;
    alice.expect("NEW_CHAT").await;
    for response in RESPONSES {
        let mut wire = Wire::narrow(&chinwag).await;
        asks(&mut wire, &request(&carol, response).await).await;
        let mut said = 0;
        while !wire.is_cut().await {
            says_much(&mut alice, &chat).await;
            said += 1;
            assert!(said < PATIENCE_TEXTS, "{response}");
        }
    }
}

/// Whether it is told before that it was slow depends on what the system holds for it.
#[tokio::test]
async fn who_takes_too_little_is_given_up_as_well() {
    let chinwag = chinwag_with(&SETTINGS).await;
    let app = chinwag.app().await;
    let (mut alice, carol) = (app.connected("alice").await, app.user("carol").await);
    let chat = alice.creates_chat_with(&["carol"]).await;
    alice.expect("NEW_CHAT").await;
    for response in RESPONSES {
        let mut wire = Wire::narrow(&chinwag).await;
        asks(&mut wire, &request(&carol, response).await).await;
        let mut said = 0;
        while !wire.is_cut().await {
            says_much(&mut alice, &chat).await;
            wire.takes(A_LITTLE).await;
            said += 1;
            assert!(said < PATIENCE_TEXTS, "{response}");
        }
    }
}

#[tokio::test]
async fn a_session_that_ends_takes_its_stream_along_unread() {
    let one_each = ("limits.connections_per_user", "1");
    let chinwag = chinwag_with(&[one_each, ("limits.actions_per_second", "0")]).await;
    let app = chinwag.app().await;
    let (mut alice, carol) = (app.connected("alice").await, app.user("carol").await);
    let other_device = carol.another_device().await;
    let chat = alice.creates_chat_with(&["carol"]).await;
    alice.expect("NEW_CHAT").await;
    let mut wire = Wire::narrow(&chinwag).await;
    asks(&mut wire, &format!("GET /api/chat/events?ticket={}", carol.ticket().await)).await;
    for _ in 0..MUCH {
        says_much(&mut alice, &chat).await;
    }
    assert!(refused(&other_device).await.is_some());
    carol.post("/api/auth/logout", json!({"refreshToken": carol.refresh_token()})).await.done();
    let place = Box::pin(async { while refused(&other_device).await.is_some() {} });
    in_time("her place", place).await;
}
