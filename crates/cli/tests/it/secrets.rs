//! No secret is in a log, however much is logged.

use serde_json::json;

use chinwag_testkit::{Body, Chinwag, Opening, PASSWORD};

use crate::scene::BINARY;

const METRICS_TOKEN: &str = "metrics-hunter2";

#[tokio::test]
async fn a_tour_at_the_highest_level_logs_no_secret() {
    for format in ["text", "json"] {
        let settings = [("log.level", "trace"), ("log.format", format), ("metrics.token", METRICS_TOKEN)];
        let mut chinwag = Chinwag::start(BINARY, &settings).await;
        let company = chinwag.company("acme").await;
        let app = company.app("shop").await;
        let alice = app.user("alice").await;
        let ticket = alice.ticket().await;
        let mut connection = alice.connects().await;
        let chat = connection.creates_chat_with(&[]).await;
        connection.expect("NEW_CHAT").await;
        connection.says(&chat, "hello").await;
        // Wrong in every way that may be complained of.
        app.signs_in("alice", "wrong-hunter3").await.is_refused(401, "AUTH_BAD_CREDENTIALS");
        let url = chinwag.urls.chat() + "/api/user/signin";
        let broken = format!("{{\"username\": \"alice\", \"password\": \"{PASSWORD}\"");
        let broken = Body::Raw(Some("application/json"), broken.into_bytes());
        assert_eq!(chinwag.http.send("POST", &url, &[("x-api-key", &app.key)], broken).await.status, 400);
        let url = format!("{}/api/wsConnect/websocket?ticket={ticket}", chinwag.urls.chat());
        assert_eq!(chinwag.http.send("GET", &url, &[], Body::Nothing).await.status, 426);
        let silent = Opening::default().open(&alice).await;
        let refresh = format!("Bearer {}", alice.refresh_token());
        let url = chinwag.urls.chat() + "/api/auth/refresh";
        let body = json!({"expiredJwt": alice.jwt(), "rotate": true});
        let rotated = chinwag.http.send("POST", &url, &[("authorization", &refresh)], body.into()).await.ok();
        let url = chinwag.urls.management() + "/metrics";
        let metrics = [("authorization", format!("Bearer {METRICS_TOKEN}"))];
        let metrics = metrics.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(chinwag.http.send("GET", &url, &metrics, Body::Nothing).await.status, 200);
        drop(silent);
        chinwag.stop().await;

        let log = chinwag.stderr();
        assert!(log.lines().count() > 3, "or nothing was logged: {log}");
        let jwt = alice.jwt();
        let signature = jwt.rsplit('.').next().expect("a signature");
        let (first, second) =
            (alice.refresh_token(), rotated["refreshToken"].as_str().expect("a token").to_owned());
        let secrets =
            [PASSWORD, "wrong-hunter3", METRICS_TOKEN, &app.key, &ticket, signature, &first, &second];
        for secret in secrets.into_iter().chain([company.token.as_str()]) {
            let line = log.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{secret} in: {line:?}");
        }
    }
}
