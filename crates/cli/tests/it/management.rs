//! A company manages its account, apps and keys (protocol, section 6).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use chinwag_testkit::{Body, Company, PASSWORD};

use crate::scene::{NOBODY, chinwag, tea};

const APPS: &str = "/api/client/apps";

async fn get(company: &Company, path: &str) -> Value {
    company.sends("GET", path, Body::Nothing).await.ok()
}

#[tokio::test]
async fn an_account_registers_signs_in_and_stays_signed_in() {
    let chinwag = chinwag().await;
    let account = json!({"companyName": "Acme", "email": "ann@acme.example", "password": PASSWORD});
    let registered = chinwag.manages("POST", "/api/auth/register", account.clone()).await;
    let token = registered.body["accessToken"].clone();
    assert_eq!(
        registered.created(),
        json!({"accessToken": token, "email": "ann@acme.example", "role": "CLIENT", "expiresIn": 900})
    );
    chinwag.manages("POST", "/api/auth/register", account).await.is_refused(409, "ACCOUNT_EXISTS");

    let credentials = json!({"email": "ann@acme.example", "password": PASSWORD});
    let signed_in = chinwag.manages("POST", "/api/auth/login", credentials).await;
    let cookie = signed_in.header("set-cookie").expect("a cookie").to_owned();
    for attribute in ["HttpOnly", "SameSite=Strict"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    for (field, value) in
        [("mfaRequired", json!(false)), ("email", json!("ann@acme.example")), ("role", json!("CLIENT"))]
    {
        assert_eq!(signed_in.body[field], value, "{signed_in:?}");
    }
    assert!(signed_in.ok()["accessToken"].is_string());
    for credentials in [
        json!({"email": "ann@acme.example", "password": "something else"}),
        json!({"email": "bob@acme.example", "password": PASSWORD}),
    ] {
        chinwag.manages("POST", "/api/auth/login", credentials).await.is_refused(401, "AUTH_BAD_CREDENTIALS");
    }
    for account in [
        json!({"companyName": "Acme", "email": "no address", "password": PASSWORD}),
        json!({"companyName": "Acme", "email": "x@acme.example", "password": "short"}),
        json!({"companyName": "", "email": "x@acme.example", "password": PASSWORD}),
        json!({"email": "x@acme.example", "password": PASSWORD}),
    ] {
        chinwag.manages("POST", "/api/auth/register", account).await.is_refused(400, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn the_cookie_renews_the_token_until_signing_out() {
    let chinwag = chinwag().await;
    let mut company = chinwag.company("acme").await;
    let renewed = company.sends_cookie("POST", "/api/auth/refresh").await;
    if let Some(cookie) = renewed.header("set-cookie") {
        company.cookie = cookie.split(';').next().expect("a value").to_owned();
    }
    company.token = renewed.ok()["accessToken"].as_str().expect("a token").to_owned();
    let profile = get(&company, "/api/client/profile").await;
    let created = &profile["createdAt"];
    assert_eq!(
        profile,
        json!({"id": profile["id"], "companyName": "acme", "email": "acme@example.com", "role": "CLIENT",
               "createdAt": created})
    );
    let changed = company.sends("PUT", "/api/client/profile", json!({"companyName": "Acme & Co"})).await.ok();
    assert_eq!(changed["companyName"], "Acme & Co");
    assert_eq!(get(&company, "/api/client/profile").await["companyName"], "Acme & Co");

    let url = chinwag.urls.management() + "/api/auth/logout";
    let bearer = format!("Bearer {}", company.token);
    let headers = [("authorization", bearer.as_str()), ("cookie", &company.cookie)];
    chinwag.http.send("POST", &url, &headers, Body::Nothing).await.done();
    let answer = company.sends_cookie("POST", "/api/auth/refresh").await;
    answer.is_refused(401, "AUTH_INVALID_REFRESH_TOKEN");
    let nobody = chinwag.manages("POST", "/api/auth/refresh", Body::Nothing).await;
    assert_eq!(nobody.status, 401, "{nobody:?}");
}

#[tokio::test]
async fn credentials_of_one_side_are_nothing_on_the_other() {
    let tea = tea().await;
    let mut company = tea.app.company.clone();
    for token in [tea.alice.jwt(), tea.app.key.clone(), "nonsense".to_owned()] {
        company.token = token;
        for path in [APPS, "/api/client/profile"] {
            company.sends("GET", path, Body::Nothing).await.is_refused(401, "AUTH_INVALID_TOKEN");
        }
    }
    tea.chinwag.manages("GET", APPS, Body::Nothing).await.is_refused(401, "AUTH_MISSING_CREDENTIALS");
}

#[tokio::test]
async fn apps_are_created_shown_renamed_and_deleted() {
    let chinwag = chinwag().await;
    let company = chinwag.company("acme").await;
    let stranger = chinwag.company("other").await;
    let account = get(&company, "/api/client/profile").await["id"].clone();

    let app = company.creates_app("Shop").await;
    let fields = ["id", "clientId", "name", "status", "type", "tier", "clusterId", "createdAt", "updatedAt"];
    for field in fields {
        assert!(!app[field].is_null(), "no {field}: {app}");
    }
    assert_eq!(
        (&app["clientId"], &app["name"], &app["status"]),
        (&account, &json!("Shop"), &json!("ACTIVE"))
    );
    assert_eq!((&app["type"], &app["tier"]), (&json!("DEMO"), &json!("DEMO")));
    let path = format!("{APPS}/{}", app["id"].as_str().expect("an id"));
    let shown = get(&company, &path).await;
    for field in fields {
        assert_eq!(shown[field], app[field], "{field}");
    }
    assert_eq!(shown["clusterEndpoint"], json!(chinwag.urls.chat()));
    assert!(shown["clusterName"].is_string() && shown["clusterStatus"].is_string(), "{shown}");
    assert_eq!(get(&company, APPS).await.as_array().map(Vec::len), Some(1));
    assert_eq!(get(&stranger, APPS).await, json!([]));

    let renamed = company.sends("PUT", &path, json!({"name": "Store"})).await.ok();
    assert_eq!((&renamed["name"], &renamed["status"]), (&json!("Store"), &json!("ACTIVE")));
    for body in [json!({"name": ""}), json!({"status": "ON FIRE"}), json!({"status": 7})] {
        company.sends("PUT", &path, body).await.is_refused(400, "VALIDATION_FAILED");
    }
    company.sends("POST", APPS, json!({})).await.is_refused(400, "VALIDATION_FAILED");
    for method in ["GET", "PUT", "DELETE"] {
        let body = || if method == "PUT" { json!({"name": "mine"}).into() } else { Body::Nothing };
        stranger.sends(method, &path, body()).await.is_refused(404, "APP_NOT_FOUND");
        company.sends(method, &format!("{APPS}/{NOBODY}"), body()).await.is_refused(404, "APP_NOT_FOUND");
    }
    let _ = company.sends("DELETE", &path, Body::Nothing).await.ok();
    company.sends("GET", &path, Body::Nothing).await.is_refused(404, "APP_NOT_FOUND");
    assert_eq!(get(&company, APPS).await, json!([]));
}

#[tokio::test]
async fn five_apps_and_five_keys_each() {
    let chinwag = chinwag().await;
    let company = chinwag.company("acme").await;
    let mut id = String::new();
    for i in 0..5 {
        let app = company.creates_app(&format!("app {i}")).await;
        app["id"].as_str().expect("an id").clone_into(&mut id);
    }
    let sixth = || company.sends("POST", APPS, json!({"name": "one too many"}));
    sixth().await.is_refused(400, "APP_LIMIT_REACHED");
    let keys = format!("{APPS}/{id}/keys");
    for _ in 0..5 {
        company.creates_key(&id).await;
    }
    company.sends("POST", &keys, Body::Nothing).await.is_refused(400, "KEY_LIMIT_REACHED");
    let first = get(&company, &keys).await[0]["id"].as_str().expect("an id").to_owned();
    let rotated = company.sends("POST", &format!("{keys}/{first}/rotate"), Body::Nothing).await.created();
    assert_ne!(rotated["id"], json!(first), "five stay five");
    let _ = company.sends("DELETE", &format!("{APPS}/{id}"), Body::Nothing).await.ok();
    let _ = sixth().await.created();
}

#[tokio::test]
async fn a_key_is_shown_once_and_stops_at_once() {
    let mut tea = tea().await;
    let company = tea.app.company.clone();
    let keys = format!("{APPS}/{}/keys", tea.app.id);
    let key = company.creates_key(&tea.app.id).await;
    let token = key["token"].as_str().expect("a token").to_owned();
    assert!(token.starts_with(key["keyPrefix"].as_str().expect("a prefix")), "{key}");
    for field in ["id", "audience", "tier", "createdAt"] {
        assert!(key[field].is_string(), "no {field}: {key}");
    }
    let listed = get(&company, &keys).await;
    let listed = listed.as_array().expect("a list");
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|key| key["token"].is_null()), "{listed:?}");
    assert!(!listed.iter().any(|key| key.to_string().contains(&token)), "{listed:?}");

    let first = format!("{keys}/{}", tea.app.key_id);
    let new = company.sends("POST", &format!("{first}/rotate"), Body::Nothing).await.created();
    tea.app.registers("carol").await.is_refused(401, "AUTH_INVALID_API_KEY");
    tea.app.key = new["token"].as_str().expect("a token").to_owned();
    let _ = tea.app.registers("carol").await.created();
    let path = format!("{keys}/{}", new["id"].as_str().expect("an id"));
    let _ = company.sends("DELETE", &path, Body::Nothing).await.ok();
    tea.app.signs_in("carol", PASSWORD).await.is_refused(401, "AUTH_INVALID_API_KEY");
    for path in [first, format!("{keys}/{NOBODY}")] {
        let answer = company.sends("POST", &format!("{path}/rotate"), Body::Nothing).await;
        answer.is_refused(404, "KEY_NOT_FOUND");
    }
    let stranger = tea.chinwag.company("other").await;
    stranger.sends("GET", &keys, Body::Nothing).await.is_refused(404, "APP_NOT_FOUND");
    stranger.sends("POST", &keys, Body::Nothing).await.is_refused(404, "APP_NOT_FOUND");

    tea.alice.says(&tea.chat, "signed-in users are left alone").await;
    tea.bob.expect("SEND_MSG").await;
    tea.bob.connects().await.sees_nothing().await;
}

#[tokio::test]
async fn a_suspended_app_is_closed_until_it_is_active_again() {
    let tea = tea().await;
    let company = tea.app.company.clone();
    let start = Instant::now();
    company.sets_status(&tea.app.id, "SUSPENDED").await;
    let alice = (*tea.alice).clone();
    for connection in [tea.alice, tea.bob] {
        connection.closed().await;
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    tea.app.signs_in("alice", PASSWORD).await.is_refused(403, "APP_SUSPENDED");
    tea.app.registers("carol").await.is_refused(403, "APP_SUSPENDED");
    let answer = alice.get("/api/chat/getChats").await;
    assert!(matches!(answer.status, 401 | 403), "{answer:?}");
    let keys = format!("{APPS}/{}/keys", tea.app.id);
    company.sends("POST", &keys, Body::Nothing).await.is_refused(403, "APP_SUSPENDED");

    company.sets_status(&tea.app.id, "ACTIVE").await;
    assert_eq!(alice.another_device().await.chats().await.len(), 1);
}

#[tokio::test]
async fn a_deleted_app_is_gone() {
    let tea = tea().await;
    let path = format!("{APPS}/{}", tea.app.id);
    let _ = tea.app.company.sends("DELETE", &path, Body::Nothing).await.ok();
    let alice = (*tea.alice).clone();
    for connection in [tea.alice, tea.bob] {
        connection.closed().await;
    }
    tea.app.signs_in("alice", PASSWORD).await.is_refused(401, "AUTH_INVALID_API_KEY");
    assert_eq!(alice.get("/api/chat/getChats").await.status, 401);
}
