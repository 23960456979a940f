//! Creating, listing, renaming and deleting chats.

use serde_json::json;

use crate::scene::{NOBODY, chinwag, new_chat, tea};

#[tokio::test]
async fn a_new_chat_is_told_to_everyone_in_it() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let mut alice = app.connected("alice").await;
    let mut bob = app.connected("bob").await;
    let mut eve = app.connected("eve").await;

    let details = alice.creates_chat("Tea at five", &["bob"]).await;

    let chat = details["chatId"].as_str().expect("an id");
    assert_eq!(
        details,
        json!({"chatId": chat, "chatName": "Tea at five", "lastMessageTimestamp": null, "lastMessage": null,
               "createdAt": details["createdAt"], "creator": alice.id, "groupChat": false, "unreadCount": 0,
               "lastReadMessage": null, "members": 2})
    );
    let created = json!({"type": "NEW_CHAT", "chatId": chat, "senderId": alice.id, "message": "Tea at five",
                         "timeStamp": details["createdAt"], "seq": 1});
    for person in [&mut alice, &mut bob] {
        person.expect("NEW_CHAT").await.says(created.clone());
    }
    eve.sees_nothing().await;
    assert_eq!(bob.chats().await, [details]);
}

#[tokio::test]
async fn a_chat_of_three_is_a_group_and_one_of_one_is_allowed() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let alice = app.user("alice").await;
    for name in ["bob", "carol"] {
        let _ = app.registers(name).await.created();
    }
    let group = alice.creates_chat("all", &["bob", "carol"]).await;
    assert_eq!((&group["groupChat"], &group["members"]), (&json!(true), &json!(3)));
    let diary = alice.creates_chat("diary", &[]).await;
    assert_eq!((&diary["groupChat"], &diary["members"]), (&json!(false), &json!(1)));

    let diary = diary["chatId"].as_str().expect("an id");
    let _ = alice.posts(json!({"type": "SEND_MSG", "chatId": diary, "message": "dear diary"})).await.ok();
    assert_eq!(alice.texts(diary).await, ["dear diary"]);
    alice.leaves(diary).await;
    assert_eq!(alice.chats().await.len(), 1);
}

#[tokio::test]
async fn chats_are_listed_by_their_latest_activity() {
    let mut tea = tea().await;
    let second = new_chat(&mut tea.bob, &mut tea.alice).await;
    let third = new_chat(&mut tea.alice, &mut tea.bob).await;
    let order = async |query: &str| -> Vec<String> {
        let chats = tea.bob.get(&format!("/api/chat/getChats{query}")).await.ok();
        let chats = chats["chats"].as_array().expect("a list").clone();
        chats.iter().map(|chat| chat["chatId"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(order("").await, [&third, &second, &tea.chat].map(String::as_str));

    let hello = tea.alice.says(&tea.chat, "hello").await;
    assert_eq!(order("").await, [&tea.chat, &third, &second].map(String::as_str));
    assert_eq!(order("?page=0&size=2").await, [&tea.chat, &third].map(String::as_str));
    assert_eq!(order("?page=1&size=2").await, [second.as_str()]);
    assert!(order("?page=2&size=2").await.is_empty());
    assert_eq!(order("?size=0").await, [tea.chat.as_str()], "clamped to one");
    assert_eq!(order("?size=1000").await.len(), 3);

    let chat = tea.bob.chat(&tea.chat).await;
    assert_eq!((&chat["lastMessage"], &chat["lastMessageTimestamp"]), (&json!("hello"), &hello["timeStamp"]));
    tea.alice.edits(&tea.chat, hello.id(), "hello again").await;
    assert_eq!(tea.bob.chat(&tea.chat).await["lastMessage"], "hello again");
}

#[tokio::test]
async fn any_member_renames() {
    let mut tea = tea().await;
    tea.bob.renames(&tea.chat, "Coffee").await.done();
    let renamed = json!({"type": "CHAT_RENAMED", "chatId": tea.chat, "senderId": tea.bob.id,
                         "message": "Coffee", "seq": 2});
    for person in [&mut tea.alice, &mut tea.bob] {
        person.expect("CHAT_RENAMED").await.says(renamed.clone());
    }
    assert_eq!(tea.alice.chat(&tea.chat).await["chatName"], "Coffee");

    let eve = tea.app.user("eve").await;
    eve.renames(&tea.chat, "Eve's").await.is_refused(404, "CHAT_NOT_FOUND");
    tea.alice.renames(NOBODY, "Nobody's").await.is_refused(404, "CHAT_NOT_FOUND");
    for name in ["", "  \n", &"x".repeat(201)] {
        tea.alice.renames(&tea.chat, name).await.is_refused(400, "VALIDATION_FAILED");
    }
    tea.bob.sees_nothing().await;
}

#[tokio::test]
async fn only_its_creator_deletes_a_chat() {
    let mut tea = tea().await;
    let eve = tea.app.user("eve").await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    tea.bob.expect("SEND_MSG").await;
    tea.bob.deletes_chat(&tea.chat).await.is_refused(403, "NOT_CHAT_CREATOR");
    eve.deletes_chat(&tea.chat).await.is_refused(404, "CHAT_NOT_FOUND");
    tea.bob.sees_nothing().await;

    tea.alice.deletes_chat(&tea.chat).await.done();
    let deleted = json!({"type": "DELETE_CHAT", "chatId": tea.chat, "senderId": tea.alice.id, "seq": 3});
    for person in [&mut tea.alice, &mut tea.bob] {
        person.expect("DELETE_CHAT").await.says(deleted.clone());
    }
    for person in [&tea.alice, &tea.bob] {
        assert!(person.chats().await.is_empty());
        let history = format!("/api/messages/getMessages/{}", tea.chat);
        person.get(&history).await.is_refused(404, "CHAT_NOT_FOUND");
        let edit = json!({"type": "EDIT_MSG", "chatId": tea.chat, "messageId": hello.id(), "message": "x"});
        person.posts(edit).await.is_refused(404, "CHAT_NOT_FOUND");
    }
    tea.alice.deletes_chat(&tea.chat).await.is_refused(404, "CHAT_NOT_FOUND");
    tea.alice.adds(&tea.chat, "eve").await.is_refused(404, "CHAT_NOT_FOUND");
    tea.alice.sees_nothing().await;
}

#[tokio::test]
async fn a_chat_that_cannot_be_made_is_not_made() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let mut alice = app.connected("alice").await;
    let mut bob = app.connected("bob").await;
    chinwag.company("other").await.app("other").await.user("mallory").await;
    let path = "/api/chat/createChat";

    for (chat, status, code) in [
        (json!({"chatName": "a", "userNames": ["bob"]}), 400, "CREATOR_NOT_INCLUDED"),
        (json!({"chatName": "a", "userNames": []}), 400, "CREATOR_NOT_INCLUDED"),
        (json!({"chatName": "a", "userNames": ["alice", "bob", "nobody"]}), 404, "USER_NOT_FOUND"),
        (json!({"chatName": "a", "userNames": ["alice", "mallory"]}), 404, "USER_NOT_FOUND"),
        (json!({"chatName": "", "userNames": ["alice", "bob"]}), 400, "VALIDATION_FAILED"),
        (json!({"chatName": "x".repeat(201), "userNames": ["alice"]}), 400, "VALIDATION_FAILED"),
        (json!({"userNames": ["alice"]}), 400, "VALIDATION_FAILED"),
        (json!({"chatName": "a"}), 400, "VALIDATION_FAILED"),
        (json!({"chatName": "a", "userNames": "alice"}), 400, "VALIDATION_FAILED"),
        (json!({"chatName": "a", "userNames": ["alice", 7]}), 400, "VALIDATION_FAILED"),
    ] {
        alice.post(path, chat).await.is_refused(status, code);
    }
    alice.sees_nothing().await;
    bob.sees_nothing().await;
    assert!(alice.chats().await.is_empty());
}
