//! The application's own accounts as users.

use serde_json::json;

use chinwag_testkit::{Body, PASSWORD};

use crate::scene::{NOBODY, backend, id, server_key};

#[tokio::test]
async fn only_a_server_key_opens_these_doors_and_it_opens_no_other() {
    let mut backend = backend().await;
    let _ = backend.get("/api/app/users").await.ok();
    let server_key = std::mem::replace(&mut backend.key, backend.app.key.clone());
    for (method, path) in [("GET", "/api/app/users"), ("GET", "/api/app/chats"), ("GET", "/api/app/events")] {
        let refused = backend.sends(method, path, Body::Nothing).await;
        assert!(refused.is_refused(401, "AUTH_INVALID_API_KEY")["detail"].to_string().contains("server"));
    }
    backend.key = "cws_nonsense".to_owned();
    backend.get("/api/app/users").await.is_refused(401, "AUTH_INVALID_API_KEY");
    let url = backend.chinwag.urls.chat() + "/api/app/users";
    let bare = backend.chinwag.http.send("GET", &url, &[], Body::Nothing).await;
    bare.is_refused(401, "AUTH_MISSING_CREDENTIALS");

    let mut app = backend.app.clone();
    app.key = server_key;
    app.registers("alice").await.is_refused(401, "AUTH_INVALID_API_KEY");
    app.signs_in("alice", PASSWORD).await.is_refused(401, "AUTH_INVALID_API_KEY");
}

#[tokio::test]
async fn a_browser_is_not_told_that_it_may() {
    let backend = backend().await;
    let url = backend.chinwag.urls.chat() + "/api/app/users";
    let asks = [("origin", "https://example.com"), ("access-control-request-method", "GET")];
    let asked = backend.chinwag.http.send("OPTIONS", &url, &asks, Body::Nothing).await;
    assert_eq!(asked.header("access-control-allow-origin"), None);
    let origin = [("origin", "https://example.com"), ("x-api-key", backend.key.as_str())];
    let answer = backend.chinwag.http.send("GET", &url, &origin, Body::Nothing).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn a_server_key_is_listed_rotated_and_revoked_like_the_others() {
    let mut backend = backend().await;
    let keys = backend.manages("GET", "/keys", Body::Nothing).await.ok();
    assert_eq!((&keys[0]["audience"], &keys[1]["audience"]), (&json!("chat"), &json!("server")));
    assert!(backend.key.starts_with("cws_"));
    let old = id(&keys[1], "id");
    let rotated = backend.manages("POST", &format!("/keys/{old}/rotate"), Body::Nothing).await.created();
    assert_eq!(rotated["audience"], "server");
    backend.get("/api/app").await.is_refused(401, "AUTH_INVALID_API_KEY");
    backend.key = id(&rotated, "token");
    let _ = backend.get("/api/app").await.ok();
    let path = format!("/keys/{}", id(&rotated, "id"));
    backend.manages("DELETE", &path, Body::Nothing).await.done();
    backend.get("/api/app").await.is_refused(401, "AUTH_INVALID_API_KEY");
    backend.manages("POST", "/keys", json!({"audience": "all"})).await.is_refused(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn users_are_made_found_listed_and_erased() {
    let backend = backend().await;
    let new = json!({"username": "alice", "externalId": "crm-7"});
    let alice = backend.post("/api/app/users", new.clone()).await.created();
    assert_eq!(alice["email"], format!("{}@chinwag.invalid", id(&alice, "id")));
    backend.post("/api/app/users", new).await.is_refused(400, "USERNAME_TAKEN");
    let same = json!({"username": "alicia", "externalId": "crm-7"});
    backend.post("/api/app/users", same).await.is_refused(400, "EXTERNAL_ID_TAKEN");
    let bob = json!({"username": "bob", "email": "bob@example.com", "password": PASSWORD});
    let _ = backend.post("/api/app/users", bob).await.created();
    let taken = json!({"username": "bobby", "email": "BOB@example.com"});
    backend.post("/api/app/users", taken).await.is_refused(400, "EMAIL_TAKEN");
    backend.post("/api/app/users", json!({"username": ""})).await.is_refused(400, "VALIDATION_FAILED");
    backend
        .post("/api/app/users", json!({"username": "x", "externalId": ""}))
        .await
        .is_refused(400, "VALIDATION_FAILED");

    assert_eq!(backend.app.signs_in("bob", PASSWORD).await.status, 200);
    backend.app.signs_in("alice", PASSWORD).await.is_refused(401, "AUTH_BAD_CREDENTIALS");
    backend.app.signs_in("alice", "").await.is_refused(401, "AUTH_BAD_CREDENTIALS");

    let found = backend.get("/api/app/users?externalId=crm-7").await.ok();
    assert_eq!(found, json!({"users": [alice.clone()], "more": false}));
    assert_eq!(backend.get("/api/app/users?username=nobody").await.ok()["users"], json!([]));
    let first = backend.get("/api/app/users?size=1").await.ok();
    assert_eq!((&first["users"][0], &first["more"]), (&alice, &json!(true)));
    let rest = backend.get("/api/app/users?size=1&after=alice").await.ok();
    assert_eq!((&rest["users"][0]["username"], &rest["more"]), (&json!("bob"), &json!(false)));

    let path = format!("/api/app/users/{}", id(&alice, "id"));
    assert_eq!(backend.get(&path).await.ok(), alice);
    backend.sends("DELETE", &path, Body::Nothing).await.done();
    backend.get(&path).await.is_refused(404, "USER_NOT_FOUND");
    backend.sends("DELETE", &path, Body::Nothing).await.is_refused(404, "USER_NOT_FOUND");
    let again = json!({"username": "alice", "externalId": "crm-7"});
    let _ = backend.post("/api/app/users", again).await.created();
}

#[tokio::test]
async fn a_user_is_signed_in_without_a_password_and_made_if_asked() {
    let backend = backend().await;
    let ask = json!({"externalId": "crm-7", "username": "alice"});
    backend.post("/api/app/signin", ask.clone()).await.is_refused(404, "USER_NOT_FOUND");
    backend
        .post("/api/app/signin", json!({"externalId": "crm-7", "create": true}))
        .await
        .is_refused(400, "VALIDATION_FAILED");
    backend.post("/api/app/signin", json!({})).await.is_refused(400, "VALIDATION_FAILED");
    let mut make = ask;
    make["create"] = json!(true);
    let first = backend.post("/api/app/signin", make.clone()).await;
    let again = backend.post("/api/app/signin", make).await;
    let (jwt, user) = (first.header("authorization").expect("a JWT").to_owned(), first.clone().ok());
    assert_eq!(user["id"], again.ok()["id"], "who is there is not made again");
    let url = backend.chinwag.urls.chat() + "/api/user/getUser";
    let me = backend.chinwag.http.send("GET", &url, &[("authorization", &jwt)], Body::Nothing).await.ok();
    assert_eq!((&me["username"], &me["id"]), (&json!("alice"), &user["id"]));
    for whom in [json!({"userId": user["id"]}), json!({"username": "alice"}), json!({"externalId": "crm-7"})]
    {
        assert_eq!(backend.post("/api/app/signin", whom).await.ok()["id"], user["id"]);
    }
    backend
        .post("/api/app/signin", json!({"userId": NOBODY, "create": true}))
        .await
        .is_refused(404, "USER_NOT_FOUND");
    let own = backend.get("/api/app").await.ok();
    backend
        .post("/api/app/signin", json!({"userId": own["userId"]}))
        .await
        .is_refused(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn nothing_crosses_to_another_app() {
    let mut backend = backend().await;
    let alice = backend.makes("alice").await;
    let bob = backend.app.user("bob").await;
    let chat = bob.creates_chat_with(&["alice"]).await;
    let other = backend.app.company.app("other").await;
    backend.key = server_key(&other).await;
    backend.get(&format!("/api/app/users/{alice}")).await.is_refused(404, "USER_NOT_FOUND");
    backend.post("/api/app/signin", json!({"userId": alice})).await.is_refused(404, "USER_NOT_FOUND");
    for path in [format!("/api/app/chats/{chat}"), format!("/api/app/chats/{chat}/messages")] {
        backend.get(&path).await.is_refused(404, "CHAT_NOT_FOUND");
    }
    let action = json!({"type": "SEND_MSG", "chatId": chat, "message": "hi"});
    backend.post("/api/app/chat", action.clone()).await.is_refused(404, "CHAT_NOT_FOUND");
    backend.post(&format!("/api/app/users/{alice}/chat"), action).await.is_refused(404, "USER_NOT_FOUND");
    assert_eq!(backend.pulls("", 10).await.0, Vec::<serde_json::Value>::new());
}
