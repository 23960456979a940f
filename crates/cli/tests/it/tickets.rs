//! The way in: single-use tickets, the JWT in their place, and who may come at all.

use serde_json::Value;

use chinwag_testkit::{Opening, Person, Socket};

use crate::scene::{chinwag, chinwag_with};

async fn refused(person: &Person, query: &str) -> (u16, Value) {
    let url = format!("{}/api/wsConnect{query}", person.app.urls().chat());
    match Socket::open(&url, &["v12.stomp"], &[]).await {
        Ok(_) => panic!("{query} was let in"),
        Err((status, body)) => (status, serde_json::from_str(&body).unwrap_or_default()),
    }
}

#[tokio::test]
async fn a_ticket_opens_one_connection() {
    let chinwag = chinwag().await;
    let alice = chinwag.app().await.user("alice").await;
    for path in ["/api/auth/getTicket", "/api/user/getTicket"] {
        let ticket = alice.get(path).await.ok()["ticket"].as_str().expect("a ticket").to_owned();
        let url = format!("{}/api/wsConnect?ticket={ticket}", chinwag.urls.chat());
        let mut socket = Socket::open(&url, &["v12.stomp"], &[]).await.unwrap_or_else(|no| panic!("{no:?}"));
        socket.send(Opening::default().connect_frame(&alice.jwt())).await;
        assert_eq!(socket.next_frame().await.command, "CONNECTED");

        let (status, body) = refused(&alice, &format!("?ticket={ticket}")).await;
        assert_eq!((status, body["code"].as_str()), (401, Some("AUTH_INVALID_TICKET")), "{body}");
    }
    for query in ["?ticket=nonsense", "?ticket=", "?ticket=cwt_AAAA"] {
        let (status, body) = refused(&alice, query).await;
        assert_eq!((status, body["code"].as_str()), (401, Some("AUTH_INVALID_TICKET")), "{query}: {body}");
    }
    assert_eq!(refused(&alice, "").await.0, 401);
}

#[tokio::test]
async fn a_ticket_expires() {
    let chinwag = chinwag_with(&[("tokens.ticket_seconds", "1"), ("tokens.jwt_seconds", "3")]).await;
    let app = chinwag.app().await;
    let alice = app.user("alice").await;
    let ticket = alice.ticket().await;
    let later = app.device_of("alice").await;
    // This JWT was made after the ticket and lives longer: when it has expired, the ticket has, too.
    while later.get("/api/user/getUser").await.status == 200 {}
    let (status, body) = refused(&alice, &format!("?ticket={ticket}")).await;
    assert_eq!((status, body["code"].as_str()), (401, Some("AUTH_INVALID_TICKET")), "{body}");
}

#[tokio::test]
async fn both_paths_lead_in_and_a_jwt_stands_in_for_a_ticket() {
    let chinwag = chinwag().await;
    let alice = chinwag.app().await.user("alice").await;
    let other_path = Opening { path: "/api/wsConnect/websocket", ..Opening::default() };
    other_path.connect(&alice).await.sees_nothing().await;

    let url = chinwag.urls.chat() + "/api/wsConnect";
    let bearer = format!("Bearer {}", alice.jwt());
    let opened = Socket::open(&url, &["v12.stomp"], &[("authorization", &bearer)]).await;
    let mut socket = opened.unwrap_or_else(|no| panic!("{no:?}"));
    socket.send(Opening::default().connect_frame(&alice.jwt())).await;
    assert_eq!(socket.next_frame().await.command, "CONNECTED");

    let opened = Socket::open(&url, &["v12.stomp"], &[("authorization", "Bearer nonsense")]).await;
    assert_eq!(opened.err().map(|(status, _)| status), Some(401));
}

#[tokio::test]
async fn the_ticket_and_the_jwt_must_be_of_one_user() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    for jwt in [bob.jwt(), "nonsense".to_owned(), String::new()] {
        let mut socket = Opening::default().open(&alice).await;
        socket.send(Opening::default().connect_frame(&jwt)).await;
        socket.closed().await.message();
    }
    let mut socket = Opening::default().open(&alice).await;
    socket.send(chinwag_testkit::Frame::new("CONNECT").with("accept-version", "1.2").with("host", "x")).await;
    socket.closed().await.message();
}

#[tokio::test]
async fn a_demo_app_is_for_so_many_users_at_a_time() {
    let chinwag = chinwag_with(&[("limits.demo_concurrent_users", "2")]).await;
    let app = chinwag.app().await;
    let mut alice = app.connected("alice").await;
    let bob = app.connected("bob").await;
    let carol = app.user("carol").await;
    carol.get("/api/auth/getTicket").await.is_refused(403, "CONCURRENT_USERS_EXCEEDED");
    alice.another_device().await.connects().await.vanishes();

    let other = app.company.app("second").await;
    other.connected("dave").await.sees_nothing().await;

    bob.vanishes();
    while carol.get("/api/auth/getTicket").await.status == 403 {}
    carol.connects().await.sees_nothing().await;
    alice.sees_nothing().await;
}
