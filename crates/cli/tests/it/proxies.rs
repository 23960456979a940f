//! Who a request is from: what clients say of it is worth nothing, what a named proxy says is worth all.

use serde_json::json;

use chinwag_testkit::{Answer, App, Chinwag, PASSWORD};

use crate::scene::BINARY;

async fn signs_in(app: &App, forwarded: &[(&str, &str)]) -> Answer {
    let url = app.urls().chat() + "/api/user/signin";
    let headers: Vec<(&str, &str)> =
        [("x-api-key", app.key.as_str())].into_iter().chain(forwarded.iter().copied()).collect();
    let body = json!({"username": "alice", "password": PASSWORD});
    app.http().send("POST", &url, &headers, body.into()).await
}

async fn server(settings: &[(&str, &str)]) -> (Chinwag, App) {
    let limit = ("limits.sign_ins_per_minute", "2");
    let settings: Vec<(&str, &str)> = [limit].into_iter().chain(settings.iter().copied()).collect();
    let chinwag = Chinwag::start(BINARY, &settings).await;
    let app = chinwag.app().await;
    let _ = app.registers("alice").await.created();
    (chinwag, app)
}

#[tokio::test]
async fn a_spoofed_header_is_ignored() {
    let (_chinwag, app) = server(&[]).await;
    for number in 0..2 {
        let address = format!("198.51.100.{number}");
        let said = [("x-forwarded-for", address.as_str()), ("forwarded", "for=198.51.100.9")];
        assert_eq!(signs_in(&app, &said).await.status, 200);
    }
    let said = [("x-forwarded-for", "198.51.100.77"), ("forwarded", "for=198.51.100.77")];
    signs_in(&app, &said).await.is_refused(429, "RATE_LIMITED");
}

#[tokio::test]
async fn a_trusted_proxy_is_believed_and_its_clients_are_not() {
    let (_chinwag, app) = server(&[("http.trusted_proxies", "127.0.0.0/8, 10.0.0.0/8")]).await;
    // What the client wrote stands before what the proxy adds.
    for number in 0..2 {
        let line = format!("198.51.100.{number}, 203.0.113.9, 10.0.0.2");
        assert_eq!(signs_in(&app, &[("x-forwarded-for", &line)]).await.status, 200);
    }
    signs_in(&app, &[("x-forwarded-for", "198.51.100.7, 203.0.113.9")]).await.is_refused(429, "RATE_LIMITED");
    let other =
        signs_in(&app, &[("x-forwarded-for", "203.0.113.10"), ("forwarded", "for=203.0.113.9")]).await;
    assert_eq!(other.status, 200, "another client is another address");
}

#[tokio::test]
async fn the_standard_header_is_believed_where_it_is_named() {
    let settings = [("http.trusted_proxies", "127.0.0.1"), ("http.client_address_header", "forwarded")];
    let (_chinwag, app) = server(&settings).await;
    for _ in 0..2 {
        assert_eq!(signs_in(&app, &[("forwarded", "for=203.0.113.9;proto=https")]).await.status, 200);
    }
    let spoofed = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=203.0.113.9")];
    signs_in(&app, &spoofed).await.is_refused(429, "RATE_LIMITED");
    assert_eq!(signs_in(&app, &[("forwarded", "for=\"[2001:db8::1]:99\"")]).await.status, 200);
}

#[tokio::test]
async fn connections_behind_a_proxy_are_counted_by_client() {
    let settings = [("http.trusted_proxies", "127.0.0.1"), ("limits.connections_per_address", "1")];
    let (_chinwag, app) = server(&settings).await;
    let url = app.urls().chat() + "/api/wsConnect";
    let mut kept = Vec::new();
    for (client, status) in [("203.0.113.1", 101), ("203.0.113.1", 429), ("203.0.113.2", 101)] {
        let signed_in =
            signs_in(&app, &[("x-forwarded-for", &format!("203.0.113.{}", 100 + kept.len()))]).await;
        let jwt = signed_in.header("authorization").expect("a JWT").to_owned();
        let headers = [("authorization", jwt.as_str()), ("x-forwarded-for", client)];
        match chinwag_testkit::Socket::open(&url, &[], &headers).await {
            Ok(socket) => {
                assert_eq!(status, 101, "{client}");
                kept.push(socket);
            }
            Err((refused, body)) => {
                assert_eq!(refused, status, "{client}: {body}");
                assert!(body.contains("TOO_MANY_CONNECTIONS"), "{body}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_address_is_no_proxy() {
    let exit = Chinwag::prepared(BINARY, &[("http.trusted_proxies", "proxy.local")]).fails_to_start().await;
    assert!(exit.stderr.contains("http.trusted_proxies") && exit.stderr.contains("10.0.0.0/8"), "{exit:?}");
}
