//! Sessions: refresh tokens that rotate for those who ask, sessions that their users see and end, and passwords that
//! cannot be guessed.

use serde_json::{Value, json};

use chinwag_testkit::{Answer, App, Chinwag, PASSWORD, Person};

use crate::scene::{BINARY, NOBODY, chinwag};

async fn refreshes(person: &Person, token: &str, rotate: bool) -> Answer {
    let url = person.app.urls().chat() + "/api/auth/refresh";
    let bearer = format!("Bearer {token}");
    let body = match rotate {
        true => json!({"expiredJwt": person.jwt(), "rotate": true}),
        false => json!({"expiredJwt": person.jwt()}),
    };
    person.app.http().send("POST", &url, &[("authorization", &bearer)], body.into()).await
}

async fn rotates(person: &Person, token: &str) -> String {
    let renewed = refreshes(person, token, true).await.ok();
    renewed["refreshToken"].as_str().expect("a new refresh token").to_owned()
}

#[tokio::test]
async fn a_refresh_token_stays_for_those_who_do_not_ask() {
    let chinwag = chinwag().await;
    let alice = chinwag.app().await.user("alice").await;
    for _ in 0..3 {
        assert_eq!(refreshes(&alice, &alice.refresh_token(), false).await.ok(), json!({}));
    }
}

#[tokio::test]
async fn a_replaced_refresh_token_that_comes_back_ends_the_session() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let alice = app.user("alice").await;
    let elsewhere = alice.another_device().await;
    let connection = alice.connects().await;
    let first = alice.refresh_token();
    let second = rotates(&alice, &first).await;
    let third = rotates(&alice, &second).await;

    refreshes(&alice, &first, true).await.is_refused(401, "AUTH_INVALID_REFRESH_TOKEN");

    refreshes(&alice, &third, true).await.is_refused(401, "AUTH_INVALID_REFRESH_TOKEN");
    alice.get("/api/user/getUser").await.is_refused(401, "AUTH_SESSION_ENDED");
    let _ = connection.closed().await;
    assert_eq!(elsewhere.get("/api/user/getUser").await.status, 200, "her other sessions go on");
    let log = app.company.sends("GET", "/api/client/audit", chinwag_testkit::Body::Nothing).await.ok();
    let entry =
        log["entries"].as_array().and_then(|all| all.iter().find(|one| one["act"] == "REFRESH_TOKEN_REUSED"));
    let entry = entry.unwrap_or_else(|| panic!("{log}"));
    assert_eq!((&entry["subject"], &entry["address"]), (&json!(alice.id), &json!("127.0.0.1")), "{entry}");
}

/// The answer with the new token may be lost on its way: who has not got it asks again with the old one.
#[tokio::test]
async fn a_lost_answer_costs_no_session() {
    let chinwag = chinwag().await;
    let alice = chinwag.app().await.user("alice").await;
    let first = alice.refresh_token();
    let lost = rotates(&alice, &first).await;
    let second = rotates(&alice, &first).await;
    assert_ne!(lost, second);
    let third = rotates(&alice, &second).await;
    // But whoever found the lost one cannot use it unseen.
    refreshes(&alice, &lost, true).await.is_refused(401, "AUTH_INVALID_REFRESH_TOKEN");
    refreshes(&alice, &third, false).await.is_refused(401, "AUTH_INVALID_REFRESH_TOKEN");
}

#[tokio::test]
async fn a_token_of_another_session_rotates_nothing() {
    let chinwag = chinwag().await;
    let alice = chinwag.app().await.user("alice").await;
    let phone = alice.another_device().await;
    refreshes(&phone, &alice.refresh_token(), true).await.is_refused(401, "AUTH_INVALID_REFRESH_TOKEN");
    assert_eq!(refreshes(&alice, &alice.refresh_token(), false).await.status, 200, "it is as it was");
}

#[tokio::test]
async fn users_see_their_sessions_and_end_them() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let phone = alice.another_device().await;
    let listed = alice.get("/api/auth/sessions").await.ok();
    let sessions = listed["sessions"].as_array().expect("a list");
    let current: Vec<&Value> = sessions.iter().map(|session| &session["current"]).collect();
    assert_eq!(current, [&json!(true), &json!(false)]);
    let path = format!("/api/auth/sessions/{}", sessions[1]["id"].as_str().expect("an id"));

    bob.delete(&path).await.is_refused(404, "SESSION_NOT_FOUND");
    alice.delete(&format!("/api/auth/sessions/{NOBODY}")).await.is_refused(404, "SESSION_NOT_FOUND");
    let _ = alice.delete(&path).await.ok();
    phone.get("/api/user/getUser").await.is_refused(401, "AUTH_SESSION_ENDED");
    assert_eq!(alice.get("/api/user/getUser").await.status, 200);
}

/// Through the app's own server, for somebody at that address.
async fn signs_in_from(app: &App, name: &str, password: &str, address: &str) -> Answer {
    let url = app.urls().chat() + "/api/user/signin";
    let headers = [("x-api-key", app.key.as_str()), ("x-forwarded-for", address)];
    app.http().send("POST", &url, &headers, json!({"username": name, "password": password}).into()).await
}

#[tokio::test]
async fn a_guesser_is_slowed_down_and_locks_nobody_out() {
    let chinwag = Chinwag::start(
        BINARY,
        &[("limits.wrong_passwords_per_minute", "3"), ("http.trusted_proxies", "127.0.0.1")],
    )
    .await;
    let app = chinwag.app().await;
    for name in ["alice", "bob"] {
        let _ = app.registers(name).await.created();
    }
    for guess in ["123456", "password", "qwertz"] {
        signs_in_from(&app, "alice", guess, "198.51.100.66").await.is_refused(401, "AUTH_BAD_CREDENTIALS");
    }
    signs_in_from(&app, "alice", "letmein1", "198.51.100.66").await.is_refused(429, "RATE_LIMITED");
    signs_in_from(&app, "alice", PASSWORD, "198.51.100.66").await.is_refused(429, "RATE_LIMITED");
    assert_eq!(signs_in_from(&app, "alice", PASSWORD, "203.0.113.1").await.status, 200, "alice is at home");
    assert_eq!(app.signs_in("alice", PASSWORD).await.status, 200, "and anywhere else");
    assert_eq!(signs_in_from(&app, "bob", PASSWORD, "198.51.100.66").await.status, 200, "bob lives there");
    // A name that nobody has is guessed at no faster: the bound does not tell who there is.
    for _ in 0..3 {
        signs_in_from(&app, "nobody", "123456", "198.51.100.66")
            .await
            .is_refused(401, "AUTH_BAD_CREDENTIALS");
    }
    signs_in_from(&app, "nobody", "123456", "198.51.100.66").await.is_refused(429, "RATE_LIMITED");
}

#[tokio::test]
async fn who_signs_in_on_many_devices_at_once_is_no_guesser() {
    let chinwag = Chinwag::start(BINARY, &[("limits.wrong_passwords_per_minute", "2")]).await;
    let app = chinwag.app().await;
    let _ = app.registers("alice").await.created();
    let all = futures_util::future::join_all((0..12).map(|_| app.signs_in("alice", PASSWORD))).await;
    assert!(all.iter().all(|answer| answer.status == 200), "{all:?}");
}

#[tokio::test]
async fn accounts_are_guessed_at_no_faster() {
    let chinwag = Chinwag::start(BINARY, &[("limits.wrong_passwords_per_minute", "2")]).await;
    let company = chinwag.company("acme").await;
    let profile = company.sends("GET", "/api/client/profile", chinwag_testkit::Body::Nothing).await.ok();
    for (email, _) in [(profile["email"].as_str().expect("an address"), 0), ("no@body.example", 0)] {
        for status in [401, 401, 429] {
            let guess = json!({"email": email, "password": "not this one"});
            assert_eq!(chinwag.manages("POST", "/api/auth/login", guess).await.status, status, "{email}");
        }
    }
    let log = company.sends("GET", "/api/client/audit", chinwag_testkit::Body::Nothing).await.ok();
    let acts: Vec<&str> = log["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter_map(|entry| entry["act"].as_str())
        .collect();
    assert_eq!(
        acts,
        ["ACCOUNT_SIGN_IN_FAILED", "ACCOUNT_SIGN_IN_FAILED", "ACCOUNT_SIGNED_IN", "ACCOUNT_REGISTERED"]
    );
}
