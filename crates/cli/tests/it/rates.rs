//! Every door has a bound on how fast it is knocked at.

use serde_json::json;

use chinwag_testkit::{Body, Chinwag};

use crate::scene::BINARY;

async fn knocks(chinwag: &Chinwag, method: &str, url: &str, headers: &[(&str, &str)]) -> bool {
    for _ in 0..40 {
        let answer = chinwag.http.send(method, url, headers, Body::Nothing).await;
        if answer.status == 429 {
            answer.is_refused(429, "RATE_LIMITED");
            return true;
        }
    }
    false
}

#[tokio::test]
async fn an_address_may_ask_so_often_whatever_it_asks_for() {
    // Doors that need no credential, or come before it is looked at.
    for path in [
        "/healthz",
        "/.well-known/jwks.json",
        "/api/user/getUser",
        "/api/wsConnect/info",
        "/api/wsConnect?ticket=cwt_x",
        "/embed.js",
    ] {
        let chinwag = Chinwag::start(BINARY, &[("limits.requests_per_second_and_address", "3")]).await;
        assert!(knocks(&chinwag, "GET", &(chinwag.urls.chat() + path), &[]).await, "{path}");
        let management = chinwag.urls.management() + "/api/client/apps";
        assert!(knocks(&chinwag, "GET", &management, &[]).await);
    }
}

#[tokio::test]
async fn a_user_an_account_and_a_key_may_ask_so_often() {
    let chinwag = Chinwag::start(BINARY, &[("limits.requests_per_second", "12")]).await;
    let app = chinwag.app().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let bearer = format!("Bearer {}", alice.jwt());
    for path in ["/api/user/getUser", "/api/chat/getChats", "/api/auth/getTicket", "/api/auth/sessions"] {
        let url = chinwag.urls.chat() + path;
        assert!(knocks(&chinwag, "GET", &url, &[("authorization", &bearer)]).await, "{path}");
    }
    assert_eq!(bob.get("/api/user/getUser").await.status, 200, "bob did nothing");
    let path = chinwag.urls.management() + "/api/client/apps";
    let access = format!("Bearer {}", app.company.token);
    assert!(knocks(&chinwag, "GET", &path, &[("authorization", &access)]).await);
    let url = chinwag.urls.chat() + "/api/user/signin";
    assert!(knocks(&chinwag, "POST", &url, &[("x-api-key", &app.key)]).await);
}

#[tokio::test]
async fn a_session_is_renewed_so_often_and_data_is_exported_seldom() {
    let chinwag = Chinwag::start(BINARY, &[("limits.refreshes_per_minute", "2")]).await;
    let alice = chinwag.app().await.user("alice").await;
    let url = chinwag.urls.chat() + "/api/auth/refresh";
    let bearer = format!("Bearer {}", alice.refresh_token());
    for status in [200, 200, 429] {
        let body = json!({"expiredJwt": alice.jwt()});
        let answer = chinwag.http.send("POST", &url, &[("authorization", &bearer)], body.into()).await;
        assert_eq!(answer.status, status);
    }
    for status in [200, 200, 200, 200, 429] {
        assert_eq!(alice.get("/api/user/export").await.status, status);
    }
}
