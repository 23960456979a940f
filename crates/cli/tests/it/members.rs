//! Who is in a chat: joining, leaving, being removed, and who owns it then.

use serde_json::{Value, json};

use crate::scene::tea;

fn names(members: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = members.iter().filter_map(|member| member["username"].as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_new_member_is_announced_and_sees_what_was_said_before() {
    let mut tea = tea().await;
    let mut carol = tea.app.connected("carol").await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    tea.bob.expect("SEND_MSG").await;

    tea.bob.adds(&tea.chat, "carol").await.done();

    let joined = json!({"type": "USER_JOIN", "chatId": tea.chat, "senderId": tea.bob.id, "message": carol.id,
                        "username": "carol", "seq": 3});
    for person in [&mut tea.alice, &mut tea.bob, &mut carol] {
        person.expect("USER_JOIN").await.says(joined.clone());
    }
    assert_eq!(carol.texts(&tea.chat).await, ["hello"]);
    for person in [&mut tea.alice, &mut tea.bob, &mut carol] {
        assert_eq!(person.expect("READ_MSG").await.id(), hello.id());
    }
    carol.says(&tea.chat, "hi all").await;
    for person in [&mut tea.alice, &mut tea.bob] {
        assert_eq!(person.expect("SEND_MSG").await["message"], "hi all");
    }
    assert_eq!(names(&tea.alice.members(&tea.chat).await), ["alice", "bob", "carol"]);
    let chat = tea.alice.chat(&tea.chat).await;
    assert_eq!((&chat["groupChat"], &chat["members"]), (&json!(true), &json!(3)));
}

#[tokio::test]
async fn members_are_listed_as_documented() {
    let tea = tea().await;
    let members = tea.bob.members(&tea.chat).await;
    let created = &tea.bob.chat(&tea.chat).await["createdAt"];
    let alice = members.iter().find(|member| member["username"] == "alice");
    assert_eq!(
        alice,
        Some(
            &json!({"userId": tea.alice.id, "username": "alice", "joinedChatAt": created, "lastSeenMessage": null})
        )
    );
    assert_eq!(members.len(), 2);
}

#[tokio::test]
async fn one_who_leaves_is_seen_off_and_sees_no_more() {
    let mut tea = tea().await;
    tea.bob.leaves(&tea.chat).await;
    let left = json!({"type": "USER_LEAVE", "chatId": tea.chat, "senderId": tea.bob.id,
                      "message": "bob left the chat", "seq": 2});
    for person in [&mut tea.alice, &mut tea.bob] {
        person.expect("USER_LEAVE").await.says(left.clone());
    }
    tea.alice.says(&tea.chat, "alone").await;
    tea.bob.sees_nothing().await;
    assert!(tea.bob.chats().await.is_empty());
    let history = format!("/api/messages/getMessages/{}", tea.chat);
    tea.bob.get(&history).await.is_refused(404, "CHAT_NOT_FOUND");
    tea.bob.get(&format!("/api/chat/getUsers/{}", tea.chat)).await.is_refused(404, "CHAT_NOT_FOUND");
    assert_eq!(names(&tea.alice.members(&tea.chat).await), ["alice"]);
}

#[tokio::test]
async fn one_who_is_removed_and_added_again_sees_all_of_it() {
    let mut tea = tea().await;
    tea.alice.removes(&tea.chat, &tea.bob.id).await.done();
    let left = tea.bob.expect("USER_LEAVE").await;
    assert_eq!((&left["senderId"], &left["message"]), (&json!(tea.bob.id), &json!("bob left the chat")));
    tea.alice.expect("USER_LEAVE").await;

    tea.alice.says(&tea.chat, "behind his back").await;
    let action = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "let me in"});
    assert_eq!(tea.bob.tries(action).await["code"], "CHAT_NOT_FOUND");
    tea.bob.sees_nothing().await;

    tea.alice.adds(&tea.chat, "bob").await.done();
    tea.alice.expect("USER_JOIN").await;
    let joined = tea.bob.expect("USER_JOIN").await;
    assert_eq!((&joined["message"], joined.seq()), (&json!(tea.bob.id), 4));
    assert_eq!(tea.bob.texts(&tea.chat).await, ["behind his back"]);
}

#[tokio::test]
async fn the_creator_removes_anyone_and_others_only_themselves() {
    let mut tea = tea().await;
    let mut carol = tea.app.connected("carol").await;
    tea.alice.adds(&tea.chat, "carol").await.done();
    for person in [&mut tea.alice, &mut tea.bob, &mut carol] {
        person.expect("USER_JOIN").await;
    }
    tea.bob.removes(&tea.chat, &carol.id).await.is_refused(403, "NOT_CHAT_CREATOR");
    tea.bob.removes(&tea.chat, &tea.alice.id).await.is_refused(403, "NOT_CHAT_CREATOR");
    tea.alice.sees_nothing().await;

    tea.alice.removes(&tea.chat, &carol.id).await.done();
    for person in [&mut tea.alice, &mut tea.bob, &mut carol] {
        assert_eq!(person.expect("USER_LEAVE").await["message"], "carol left the chat");
    }
    tea.alice.removes(&tea.chat, &carol.id).await.is_refused(404, "USER_NOT_FOUND");
}

#[tokio::test]
async fn when_the_creator_leaves_the_longest_standing_member_takes_over() {
    let mut tea = tea().await;
    let carol = tea.app.user("carol").await;
    tea.alice.adds(&tea.chat, "carol").await.done();
    for person in [&mut tea.alice, &mut tea.bob] {
        person.expect("USER_JOIN").await;
    }

    tea.alice.leaves(&tea.chat).await;
    assert_eq!(carol.chat(&tea.chat).await["creator"], *tea.bob.id);
    carol.deletes_chat(&tea.chat).await.is_refused(403, "NOT_CHAT_CREATOR");

    tea.bob.adds(&tea.chat, "alice").await.done();
    tea.bob.leaves(&tea.chat).await;
    assert_eq!(tea.alice.chat(&tea.chat).await["creator"], *carol.id, "alice starts anew");

    let rude = tea.alice.posts(json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "rude"})).await.ok();
    let delete = json!({"type": "DELETE_MSG", "chatId": tea.chat, "messageId": rude["messageId"]});
    assert_eq!(carol.posts(delete).await.ok()["senderId"], *carol.id);
    carol.deletes_chat(&tea.chat).await.done();
}

#[tokio::test]
async fn when_the_last_one_leaves_the_chat_is_gone() {
    let mut tea = tea().await;
    tea.bob.leaves(&tea.chat).await;
    tea.alice.expect("USER_LEAVE").await;
    tea.alice.leaves(&tea.chat).await;

    assert!(tea.alice.chats().await.is_empty());
    let action = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "anyone?"});
    tea.alice.posts(action).await.is_refused(404, "CHAT_NOT_FOUND");
    tea.alice.adds(&tea.chat, "bob").await.is_refused(404, "CHAT_NOT_FOUND");
}

#[tokio::test]
async fn who_cannot_be_added() {
    let mut tea = tea().await;
    let eve = tea.app.user("eve").await;
    tea.chinwag.company("other").await.app("other").await.user("mallory").await;

    tea.alice.adds(&tea.chat, "bob").await.is_refused(400, "ALREADY_MEMBER");
    tea.alice.adds(&tea.chat, "nobody").await.is_refused(404, "USER_NOT_FOUND");
    tea.alice.adds(&tea.chat, "mallory").await.is_refused(404, "USER_NOT_FOUND");
    eve.adds(&tea.chat, "eve").await.is_refused(404, "CHAT_NOT_FOUND");
    eve.removes(&tea.chat, &tea.bob.id).await.is_refused(404, "CHAT_NOT_FOUND");
    let nothing = json!({"chatId": tea.chat});
    tea.alice.post("/api/chat/addUser", nothing.clone()).await.is_refused(400, "VALIDATION_FAILED");
    tea.alice.post("/api/chat/removeUser", nothing).await.is_refused(400, "VALIDATION_FAILED");

    tea.bob.sees_nothing().await;
    assert_eq!(tea.alice.says(&tea.chat, "nothing happened").await.seq(), 2);
}
