//! What happened, fetched from a cursor on.

use std::time::Instant;

use serde_json::{Value, json};

use chinwag_testkit::in_time;

use crate::scene::{backend, id, types};

#[tokio::test]
async fn everything_is_told_once_in_order_in_parts_of_any_size() {
    let backend = backend().await;
    let (alice, bob) = (backend.app.user("alice").await, backend.app.user("bob").await);
    let tea = alice.creates_chat_with(&["bob"]).await;
    let wine = bob.creates_chat_with(&[]).await;
    let mut expected = vec![(tea.clone(), 1), (wine.clone(), 1)];
    for n in 0..20 {
        let (by, chat) = if n % 3 == 0 { (&bob.id, &wine) } else { (&alice.id, &tea) };
        let said = backend.says(by, chat, &n.to_string()).await;
        expected.push((chat.clone(), said["seq"].as_u64().expect("a seq")));
    }
    for limit in [1, 3, 500] {
        let (events, cursor) = backend.pulls("", limit).await;
        let told: Vec<(String, u64)> = events
            .iter()
            .map(|event| (id(&event["data"], "chatId"), event["data"]["seq"].as_u64().expect("a seq")))
            .collect();
        assert_eq!(told, expected, "limit {limit}");
        assert_eq!(backend.pulls(&cursor, limit).await, (vec![], cursor.clone()));
        // From any event's own cursor on comes the rest.
        assert_eq!(backend.pulls(&id(&events[4], "cursor"), limit).await.0, events[5..]);
    }
    let all = backend.pulls("", 500).await.0;
    let mut ids: Vec<String> = all.iter().map(|event| id(event, "id")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all.len());
    assert_eq!((&all[2]["type"], &all[2]["appId"]), (&json!("SEND_MSG"), &json!(backend.app.id)));
    assert!(all[2]["data"].get("recipientId").is_none());
}

#[tokio::test]
async fn every_kind_of_event_is_told_in_its_newest_state() {
    let backend = backend().await;
    let (alice, bob) = (backend.app.user("alice").await, backend.app.user("bob").await);
    let chat = alice.creates_chat_with(&[]).await;
    alice.adds(&chat, "bob").await.done();
    let act = async |action: Value| alice.posts(action).await.ok();
    let said = act(json!({"type": "SEND_MSG", "chatId": chat, "message": "one"})).await;
    let (first, seconds) =
        (id(&said, "messageId"), act(json!({"type": "SEND_MSG", "chatId": chat, "message": "two"})).await);
    let second = id(&seconds, "messageId");
    for text in ["uno", "eins"] {
        act(json!({"type": "EDIT_MSG", "chatId": chat, "messageId": first, "message": text})).await;
    }
    act(json!({"type": "REPLY", "chatId": chat, "messageId": first, "message": "re"})).await;
    let react = json!({"type": "REACT", "chatId": chat, "messageId": first, "reaction": "👍"});
    let reaction = act(react).await;
    act(json!({"type": "REACT", "chatId": chat, "messageId": first, "reaction": "🎉"})).await;
    act(json!({"type": "DELETE_REACT", "reactionId": reaction["messageId"]})).await;
    let _ = bob.posts(json!({"type": "READ_MSG", "chatId": chat, "messageId": first})).await.ok();
    act(json!({"type": "DELETE_MSG", "chatId": chat, "messageId": second})).await;
    alice.renames(&chat, "Coffee").await.done();
    bob.leaves(&chat).await;
    let (events, _) = backend.pulls("", 500).await;
    // A membership is told as it is now: that bob left.
    let kinds = [
        "NEW_CHAT",
        "SEND_MSG",
        "EDIT_MSG",
        "REPLY",
        "REACT",
        "DELETE_REACT",
        "READ_MSG",
        "DELETE_MSG",
        "CHAT_RENAMED",
        "USER_LEAVE",
    ];
    assert_eq!(types(&events), kinds);
    let (sent, edit) = (&events[1]["data"], &events[2]["data"]);
    assert_eq!((&sent["message"], &edit["message"]), (&json!("eins"), &json!("eins")));
    let some = backend.get("/api/app/events?types=DELETE_MSG,REPLY").await.ok();
    assert_eq!(types(some["events"].as_array().expect("events")), ["REPLY", "DELETE_MSG"]);

    alice.deletes_chat(&chat).await.done();
    let (events, _) = backend.pulls("", 500).await;
    assert_eq!(types(&events), ["DELETE_CHAT"], "nothing is told of what is no more");
}

#[tokio::test]
async fn who_waits_is_told_when_something_happens() {
    let backend = backend().await;
    let alice = backend.app.user("alice").await;
    let chat = alice.creates_chat_with(&[]).await;
    let latest = backend.get("/api/app/events?since=latest").await.ok();
    assert_eq!(latest["events"], json!([]));
    let wait = format!("/api/app/events?since={}&wait=30", id(&latest, "cursor"));
    let waiting = backend.get(&wait);
    let saying = async {
        // Another app's life wakes nobody for good.
        backend.says(&alice.id, &chat, "hi").await
    };
    let began = Instant::now();
    let (told, said) = in_time("the event", async { tokio::join!(waiting, saying) }).await;
    let told = told.ok();
    assert_eq!(told["events"][0]["data"]["messageId"], said["messageId"]);
    assert!(began.elapsed().as_secs() < 10);
    let none = backend.get(&format!("/api/app/events?since={}&wait=1", id(&told, "cursor"))).await.ok();
    assert_eq!((&none["events"], &none["more"]), (&json!([]), &json!(false)));
}

#[tokio::test]
async fn a_cursor_that_means_nothing_here_is_refused() {
    let backend = backend().await;
    let latest = backend.get("/api/app/events?since=latest").await.ok();
    let (epoch, _) = latest["cursor"].as_str().expect("a cursor").split_once('.').expect("two parts");
    for (query, status, code) in [
        ("since=nonsense", 400, "VALIDATION_FAILED"),
        ("since=0000.7", 410, "CURSOR_GONE"),
        (format!("since={epoch}.99999").as_str(), 410, "CURSOR_GONE"),
        ("since=latest&from=2026-01-01T00:00:00Z", 400, "VALIDATION_FAILED"),
        ("from=yesterday", 400, "VALIDATION_FAILED"),
        ("limit=-1", 400, "VALIDATION_FAILED"),
        ("types=SEND_MSG,DANCE", 400, "VALIDATION_FAILED"),
    ] {
        backend.get(&format!("/api/app/events?{query}")).await.is_refused(status, code);
    }
}

#[tokio::test]
async fn an_import_is_told_as_one() {
    let backend = backend().await;
    let alice = backend.makes("alice").await;
    let new =
        json!({"chatName": "Old", "creator": alice, "createdAt": "2019-01-02T03:04:05.000Z", "nonce": "c"});
    let chat = id(&backend.post("/api/app/imports", new).await.created(), "chatId");
    let message =
        json!({"senderId": alice, "message": "old", "timeStamp": "2020-01-01T00:00:00.000Z", "nonce": "m"});
    let path = format!("/api/app/imports/{chat}/messages");
    let _ = backend.post(&path, json!({"messages": [message]})).await.ok();
    let _ = backend.post(&format!("/api/app/imports/{chat}/open"), json!({"userIds": [alice]})).await.ok();
    let _ = backend.says(&alice, &chat, "new").await;
    let (events, _) = backend.pulls("", 10).await;
    assert_eq!(types(&events), ["NEW_CHAT", "SEND_MSG", "USER_JOIN", "SEND_MSG"]);
    let imported: Vec<bool> = events.iter().map(|event| event["imported"] == true).collect();
    assert_eq!(imported, [true, true, false, false]);
}
