//! The eight actions by an application's own server, as a user and as the app.

use serde_json::json;

use crate::scene::{backend, id};

#[tokio::test]
async fn the_server_acts_as_a_user_by_the_same_rules() {
    let backend = backend().await;
    let (alice, mut bob) = (backend.app.user("alice").await, backend.app.connected("bob").await);
    let eve = backend.makes("eve").await;
    let chat = alice.creates_chat_with(&["bob"]).await;
    bob.expect("NEW_CHAT").await;
    let act = format!("/api/app/users/{}/chat", alice.id);
    let action = json!({"type": "SEND_MSG", "chatId": chat, "message": "hi", "nonce": "n1"});
    let said = backend.post(&act, action.clone()).await.ok();
    assert_eq!((&said["senderId"], &said["nonce"]), (&json!(alice.id), &json!("n1")));
    assert_eq!(bob.expect("SEND_MSG").await["messageId"], said["messageId"]);
    let again = backend.post(&act, action).await.ok();
    assert_eq!((&again["messageId"], &again["replayed"]), (&said["messageId"], &json!(true)));

    let message = id(&said, "messageId");
    let as_bob = format!("/api/app/users/{}/chat", bob.id);
    let edit = json!({"type": "EDIT_MSG", "chatId": chat, "messageId": message, "message": "ho"});
    backend.post(&as_bob, edit.clone()).await.is_refused(403, "NOT_MESSAGE_SENDER");
    let _ = backend.post(&act, edit).await.ok();
    let react = json!({"type": "REACT", "chatId": chat, "messageId": message, "reaction": "👍"});
    let reaction = backend.post(&as_bob, react).await.ok();
    let read = json!({"type": "READ_MSG", "chatId": chat, "messageId": message});
    let _ = backend.post(&as_bob, read).await.ok();
    let unreact = json!({"type": "DELETE_REACT", "reactionId": reaction["messageId"]});
    let _ = backend.post(&as_bob, unreact).await.ok();
    let reply = json!({"type": "REPLY", "chatId": chat, "messageId": message, "message": "re"});
    let _ = backend.post(&as_bob, reply).await.ok();
    for kind in ["EDIT_MSG", "REACT", "READ_MSG", "DELETE_REACT", "REPLY"] {
        bob.expect(kind).await;
    }
    let as_eve = format!("/api/app/users/{eve}/chat");
    let intrusion = json!({"type": "SEND_MSG", "chatId": chat, "message": "me too"});
    backend.post(&as_eve, intrusion).await.is_refused(404, "CHAT_NOT_FOUND");
    backend.post(&act, json!({"type": "DANCE"})).await.is_refused(400, "UNKNOWN_ACTION");
}

#[tokio::test]
async fn the_app_speaks_in_any_of_its_chats_without_being_in_it() {
    let backend = backend().await;
    let (alice, mut bob) = (backend.app.user("alice").await, backend.app.connected("bob").await);
    let chat = alice.creates_chat_with(&["bob"]).await;
    bob.expect("NEW_CHAT").await;
    let own = backend.get("/api/app").await.ok();
    assert_eq!((&own["appId"], &own["username"]), (&json!(backend.app.id), &json!("system")));
    let action = json!({"type": "SEND_MSG", "chatId": chat, "message": "Maintenance at 5", "nonce": "m"});
    let said = backend.post("/api/app/chat", action.clone()).await.ok();
    assert_eq!(said["senderId"], own["userId"]);
    assert_eq!(bob.expect("SEND_MSG").await["senderId"], own["userId"]);
    assert_eq!(backend.post("/api/app/chat", action).await.ok()["replayed"], true);
    assert_eq!(alice.members(&chat).await.len(), 2, "nobody joined");
    assert_eq!(alice.chat(&chat).await["groupChat"], false);
    assert_eq!(alice.chat(&chat).await["unreadCount"], 1);

    // It deletes as a chat's creator does.
    let rude = bob.posts(json!({"type": "SEND_MSG", "chatId": chat, "message": "rude"})).await.ok();
    bob.expect("SEND_MSG").await;
    let delete = json!({"type": "DELETE_MSG", "chatId": chat, "messageId": rude["messageId"]});
    let _ = backend.post("/api/app/chat", delete).await.ok();
    assert_eq!(bob.expect("DELETE_MSG").await["senderId"], own["userId"]);
    let edit = json!({"type": "EDIT_MSG", "chatId": chat, "messageId": said["messageId"], "message": "At 6"});
    let _ = backend.post("/api/app/chat", edit).await.ok();
    bob.expect("EDIT_MSG").await;
    let react = json!({"type": "REACT", "chatId": chat, "messageId": said["messageId"], "reaction": "👍"});
    let reaction = backend.post("/api/app/chat", react).await.ok();
    bob.expect("REACT").await;
    let unreact = json!({"type": "DELETE_REACT", "reactionId": reaction["messageId"]});
    let _ = backend.post("/api/app/chat", unreact).await.ok();
    bob.expect("DELETE_REACT").await;
    let read = json!({"type": "READ_MSG", "chatId": chat, "messageId": said["messageId"]});
    backend.post("/api/app/chat", read.clone()).await.is_refused(400, "VALIDATION_FAILED");
    // Nor by the other door.
    let as_user = format!("/api/app/users/{}/chat", id(&own, "userId"));
    backend.post(&as_user, read).await.is_refused(404, "CHAT_NOT_FOUND");
}

#[tokio::test]
async fn the_app_has_a_voice_though_somebody_is_called_system() {
    let backend = backend().await;
    let _ = backend.makes("system").await;
    let own = backend.get("/api/app").await.ok();
    assert_eq!(own["username"], "system-1");
    assert_eq!(backend.get("/api/app").await.ok(), own);
}
