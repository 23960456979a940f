//! History from elsewhere, and a chat exported.

use serde_json::{Value, json};

use crate::scene::{Backend, NOBODY, backend, id};

async fn begins(backend: &Backend, creator: &str) -> String {
    let new =
        json!({"chatName": "Old", "creator": creator, "createdAt": "2019-01-02T03:04:05.000Z", "nonce": "c"});
    let chat = backend.post("/api/app/imports", new).await.created();
    assert_eq!((&chat["importing"], &chat["createdAt"]), (&json!(true), &json!("2019-01-02T03:04:05.000Z")));
    id(&chat, "chatId")
}

fn old(sender: &str, n: usize) -> Value {
    let time = format!("2020-01-01T00:{:02}:{:02}.000Z", n / 60, n % 60);
    json!({"senderId": sender, "message": format!("old {n}"), "timeStamp": time, "nonce": format!("m{n}")})
}

async fn exported(backend: &Backend, chat: &str, size: usize) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = backend.get(&format!("/api/app/chats/{chat}/messages?size={size}{after}")).await.ok();
        all.extend(page["messages"].as_array().expect("messages").iter().cloned());
        match page["next"].as_u64() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn history_comes_with_its_own_times_once_and_in_order() {
    let backend = backend().await;
    let mut alice = backend.app.connected("alice").await;
    let bob = backend.app.user("bob").await;
    let gone = backend.makes("gone").await;
    let chat = begins(&backend, &alice.id).await;
    assert_eq!(begins(&backend, &alice.id).await, chat, "the same nonce is the same chat");

    let senders = [alice.id.clone(), bob.id.clone(), gone.clone()];
    let mut messages: Vec<Value> = (0..7).map(|n| old(&senders[n % 3], n)).collect();
    messages[3]["replyTo"] = json!("m1");
    messages[4]["editedAt"] = json!("2020-02-02T00:00:00.000Z");
    let path = format!("/api/app/imports/{chat}/messages");
    let first = backend.post(&path, json!({"messages": &messages[..5]})).await.ok();
    // The answer was lost: the whole is sent again with the rest.
    let all = backend.post(&path, json!({"messages": messages})).await.ok();
    let all = all["messages"].as_array().expect("messages");
    for (n, message) in all.iter().enumerate().take(7) {
        assert_eq!((&message["seq"], &message["replayed"]), (&json!(n + 2), &json!(n < 5)));
    }
    assert_eq!(all[3]["messageId"], first["messages"][3]["messageId"]);
    alice.sees_nothing().await;
    assert!(alice.chats().await.is_empty(), "nobody is in it yet");

    let open = json!({"userIds": [alice.id, bob.id]});
    let opened = backend.post(&format!("/api/app/imports/{chat}/open"), open.clone()).await.ok();
    assert_eq!((&opened["importing"], &opened["seq"]), (&json!(false), &json!(10)));
    for (seq, name) in [(9, "alice"), (10, "bob")] {
        let told = alice.expect("USER_JOIN").await;
        assert_eq!(
            (&told["chatId"], &told["seq"], &told["username"]),
            (&json!(chat), &json!(seq), &json!(name))
        );
    }
    alice.sees_nothing().await;
    let _ = backend.post(&format!("/api/app/imports/{chat}/open"), open).await.ok();
    alice.sees_nothing().await;

    let seen = bob.chat(&chat).await;
    assert_eq!((&seen["unreadCount"], &seen["createdAt"]), (&json!(0), &json!("2019-01-02T03:04:05.000Z")));
    assert_eq!(seen["lastMessageTimestamp"], "2020-01-01T00:00:06.000Z");
    let history = bob.history(&chat, 100, None).await;
    assert_eq!(history.len(), 7);
    assert_eq!((&history[3]["replyTo"]["content"], &history[2]["edited"]), (&json!("old 1"), &json!(true)));
    assert_eq!(
        (&history[6]["timeStamp"], &history[6]["senderId"]),
        (&json!("2020-01-01T00:00:00.000Z"), &json!(alice.id))
    );

    // It goes on from there, without a hole.
    let said = backend.says(&bob.id, &chat, "new").await;
    assert_eq!(said["seq"], 11);
    assert_eq!(alice.expect("SEND_MSG").await["seq"], 11);
    let mut export = exported(&backend, &chat, 3).await;
    assert_eq!(export.len(), 8);
    export.reverse();
    assert_eq!(export[1..], history[..], "exported as it is read, oldest first");
    backend.post(&path, json!({"messages": [old(&bob.id, 9)]})).await.is_refused(409, "IMPORT_CLOSED");
}

#[tokio::test]
async fn what_cannot_be_imported_changes_nothing() {
    let backend = backend().await;
    let alice = backend.makes("alice").await;
    let new =
        json!({"chatName": "Old", "creator": NOBODY, "createdAt": "2019-01-02T03:04:05.000Z", "nonce": "c"});
    backend.post("/api/app/imports", new).await.is_refused(404, "USER_NOT_FOUND");
    let chat = begins(&backend, &alice).await;
    let path = format!("/api/app/imports/{chat}/messages");
    let mut reply = old(&alice, 2);
    reply["replyTo"] = json!("m9");
    for (bad, status, code) in [
        (old(NOBODY, 2), 404, "USER_NOT_FOUND"),
        (reply, 404, "MESSAGE_NOT_FOUND"),
        (
            json!({"senderId": alice, "message": "", "timeStamp": "2020-01-01T00:00:00Z", "nonce": "x"}),
            400,
            "VALIDATION_FAILED",
        ),
        (
            json!({"senderId": alice, "message": "x", "timeStamp": "yesterday", "nonce": "x"}),
            400,
            "VALIDATION_FAILED",
        ),
    ] {
        backend.post(&path, json!({"messages": [old(&alice, 1), bad]})).await.is_refused(status, code);
    }
    let many: Vec<Value> = (0..501).map(|n| old(&alice, n)).collect();
    backend.post(&path, json!({"messages": many})).await.is_refused(400, "VALIDATION_FAILED");
    assert_eq!(exported(&backend, &chat, 10).await, Vec::<Value>::new());
    let nowhere = format!("/api/app/imports/{NOBODY}/messages");
    backend.post(&nowhere, json!({"messages": []})).await.is_refused(404, "CHAT_NOT_FOUND");
    let bob = backend.makes("bob").await;
    let open = format!("/api/app/imports/{chat}/open");
    backend.post(&open, json!({"userIds": [bob]})).await.is_refused(400, "CREATOR_NOT_INCLUDED");
    let person = backend.app.user("carol").await;
    let live = person.creates_chat_with(&[]).await;
    let into_live = format!("/api/app/imports/{live}/messages");
    backend.post(&into_live, json!({"messages": [old(&alice, 1)]})).await.is_refused(409, "IMPORT_CLOSED");
}

#[tokio::test]
async fn a_thousand_messages_and_the_erasure_of_one_who_wrote_there() {
    let mut backend = backend().await;
    let (alice, gone) = (backend.makes("alice").await, backend.makes("gone").await);
    let chat = begins(&backend, &alice).await;
    let path = format!("/api/app/imports/{chat}/messages");
    for part in 0..2 {
        let messages: Vec<Value> =
            (0..500).map(|n| old(if n % 2 == 0 { &alice } else { &gone }, part * 500 + n)).collect();
        let _ = backend.post(&path, json!({"messages": messages})).await.ok();
        // Whatever was acknowledged is there.
        backend.chinwag.kill().await;
        backend.chinwag.start_again().await;
    }
    let _ = backend.post(&format!("/api/app/imports/{chat}/open"), json!({"userIds": [alice]})).await.ok();
    let export = exported(&backend, &chat, 100).await;
    let texts: Vec<String> = export.iter().map(|message| id(message, "content")).collect();
    assert_eq!(texts, (0..1000).map(|n| format!("old {n}")).collect::<Vec<_>>());
    backend.sends("DELETE", &format!("/api/app/users/{gone}"), chinwag_testkit::Body::Nothing).await.done();
    let left = exported(&backend, &chat, 100).await;
    assert!(left.len() == 500 && left.iter().all(|message| message["senderId"] == json!(alice)));
}
