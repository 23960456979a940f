//! JWTs and refresh tokens: what they say, how long they hold, and how a session ends.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use chinwag_testkit::{Answer, Body, Connection, Opening, Person};

use crate::scene::{chinwag, chinwag_with, tea};

/// The second that the contract gives, and one more for a busy machine.
const ENDED_WITHIN: Duration = Duration::from_secs(2);

fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).expect("three parts");
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&payload).expect("JSON")
}

/// Asks until the answer is no longer 200.
async fn until_refused(person: &Person) -> Answer {
    let start = Instant::now();
    loop {
        let answer = person.get("/api/user/getUser").await;
        if answer.status != 200 {
            return answer;
        }
        assert!(start.elapsed() < chinwag_testkit::PATIENCE, "still accepted");
    }
}

async fn refresh(person: &Person, bearer: &str, expired: &str) -> Answer {
    let url = person.app.urls().chat() + "/api/auth/refresh";
    let body: Body = json!({"expiredJwt": expired}).into();
    person.app.http().send("POST", &url, &[("authorization", bearer)], body).await
}

#[tokio::test]
async fn a_jwt_says_who_and_until_when() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let alice = app.user("alice").await;
    let claims = claims(&alice.jwt());
    assert_eq!((&claims["sub"], &claims["username"]), (&json!(alice.id), &json!("alice")));
    assert_eq!((&claims["app"], &claims["role"]), (&json!(app.id), &json!("USER")));
    assert!(claims["sid"].is_string(), "{claims}");
    let life = claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat);
    assert_eq!(life, Some(300));

    let jwks =
        chinwag.http.send("GET", &(chinwag.urls.chat() + "/.well-known/jwks.json"), &[], Body::Nothing).await;
    let key = &jwks.ok()["keys"][0];
    assert_eq!((&key["kty"], &key["crv"]), (&json!("OKP"), &json!("Ed25519")));
    assert_eq!(key["d"], json!(null), "the private half stays private");
}

#[tokio::test]
async fn a_jwt_that_is_none() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let alice = app.user("alice").await;
    let url = chinwag.urls.chat() + "/api/user/getUser";
    let bare = chinwag.http.send("GET", &url, &[], Body::Nothing).await;
    bare.is_refused(401, "AUTH_MISSING_CREDENTIALS");

    let jwt = alice.jwt();
    let [head, body, signature] = jwt.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let mut claims = claims(&jwt);
    claims["username"] = json!("bob");
    let forged = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    let none = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let other = app.company.token.clone();
    for token in [
        "nonsense".to_owned(),
        format!("{head}.{body}"),
        format!("{head}.{forged}.{signature}"),
        format!("{none}.{body}."),
        format!("{none}.{forged}.{signature}"),
        alice.refresh_token(),
        other, // of the management API
    ] {
        alice.takes_jwt(&token);
        alice.get("/api/user/getUser").await.is_refused(401, "AUTH_INVALID_TOKEN");
    }
}

#[tokio::test]
async fn a_repeated_scheme_is_tolerated() {
    let chinwag = chinwag().await;
    let alice = chinwag.app().await.user("alice").await;
    let jwt = alice.jwt();
    for scheme in ["Bearer ", "bearer Bearer ", "Bearer Bearer Bearer "] {
        alice.takes_jwt(&format!("{scheme}{jwt}"));
        let _ = alice.get("/api/user/getUser").await.ok();
    }
    alice.takes_jwt(&jwt);
    let doubled = Opening { scheme: "Bearer Bearer ", ..Opening::default() };
    doubled.connect(&alice).await.sees_nothing().await;

    let bearer = format!("Bearer Bearer {}", alice.refresh_token());
    let answer = refresh(&alice, &bearer, &format!("Bearer {jwt}")).await;
    alice.takes_jwt_of(&answer);
    let _ = alice.get("/api/user/getUser").await.ok();
}

#[tokio::test]
async fn a_jwt_expires_and_is_renewed_while_the_socket_stays() {
    let chinwag = chinwag_with(&[("tokens.jwt_seconds", "2")]).await;
    let app = chinwag.app().await;
    let mut alice = app.connected("alice").await;
    let chat = alice.creates_chat_with(&[]).await;
    alice.expect("NEW_CHAT").await;
    let expired = alice.jwt();
    until_refused(&alice).await.is_refused(401, "AUTH_EXPIRED_TOKEN");
    alice.says(&chat, "the socket outlives the JWT").await;

    let bearer = format!("Bearer {}", alice.refresh_token());
    for _ in 0..2 {
        let answer = refresh(&alice, &bearer, &expired).await;
        assert_eq!(answer.status, 200, "the refresh token stays valid: {answer:?}");
        alice.takes_jwt_of(&answer);
        let _ = alice.get("/api/user/getUser").await.ok();
    }
    assert_ne!(alice.jwt(), expired);
}

#[tokio::test]
async fn a_refresh_that_is_refused() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let code = "AUTH_INVALID_REFRESH_TOKEN";
    refresh(&alice, "Bearer nonsense", &alice.jwt()).await.is_refused(401, code);
    let answer = refresh(&alice, &format!("Bearer {}", alice.refresh_token()), "nonsense").await;
    assert_eq!(answer.status, 401, "{answer:?}");
    let answer = refresh(&alice, &format!("Bearer {}", alice.refresh_token()), &bob.jwt()).await;
    assert_eq!(answer.status, 401, "another user's JWT: {answer:?}");
    let answer = refresh(&alice, &format!("Bearer {}", alice.jwt()), &alice.jwt()).await;
    answer.is_refused(401, code);
    let body: Body = json!({"expiredJwt": alice.jwt()}).into();
    let url = chinwag.urls.chat() + "/api/auth/refresh";
    chinwag.http.send("POST", &url, &[], body).await.is_refused(401, "AUTH_MISSING_CREDENTIALS");
}

async fn ends(connection: Connection, what: &str) {
    let start = Instant::now();
    connection.closed().await;
    assert!(start.elapsed() < ENDED_WITHIN, "{what} took {:?}", start.elapsed());
}

#[tokio::test]
async fn signing_out_ends_that_session_everywhere_within_a_second() {
    let mut tea = tea().await;
    let mut tablet = tea.bob.another_device().await.connects().await;
    let second_tab = tea.bob.connects().await;
    let (jwt, refresh_token) = (tea.bob.jwt(), tea.bob.refresh_token());
    tea.bob.post("/api/auth/logout", json!({})).await.is_refused(400, "VALIDATION_FAILED");

    tea.bob.post("/api/auth/logout", json!({"refreshToken": refresh_token})).await.done();

    let phone = (*tea.bob).clone();
    ends(tea.bob, "the first connection").await;
    ends(second_tab, "the second connection").await;
    assert_eq!(until_refused(&phone).await.body["code"], "AUTH_SESSION_ENDED");
    let bearer = format!("Bearer {refresh_token}");
    refresh(&phone, &bearer, &jwt).await.is_refused(401, "AUTH_INVALID_REFRESH_TOKEN");

    tea.alice.says(&tea.chat, "bob?").await;
    tablet.expect("SEND_MSG").await;
    tablet.says(&tea.chat, "on the tablet").await;
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions() {
    let mut tea = tea().await;
    let tablet = tea.bob.another_device().await.connects().await;
    tea.bob.post("/api/auth/logoutAll", json!({})).await.done();
    let (phone, other) = ((*tea.bob).clone(), (*tablet).clone());
    ends(tea.bob, "the phone's connection").await;
    ends(tablet, "the tablet's connection").await;
    for device in [&phone, &other] {
        assert_eq!(until_refused(device).await.body["code"], "AUTH_SESSION_ENDED");
    }
    tea.alice.says(&tea.chat, "bob?").await;
    tea.alice.sees_nothing().await;
    let back = phone.another_device().await;
    assert_eq!(back.texts(&tea.chat).await, ["bob?"]);
}
