//! Read pointers: forward only, told to all, and counted from.

use serde_json::json;

use crate::scene::{NOBODY, tea};

#[tokio::test]
async fn reading_a_message_reads_every_one_before_it() {
    let mut tea = tea().await;
    let first = tea.alice.says(&tea.chat, "one").await;
    let second = tea.alice.says(&tea.chat, "two").await;
    tea.alice.says(&tea.chat, "three").await;
    for _ in 0..3 {
        tea.bob.expect("SEND_MSG").await;
    }
    let chat = tea.bob.chat(&tea.chat).await;
    assert_eq!((&chat["unreadCount"], &chat["lastReadMessage"]), (&json!(3), &json!(null)));

    let read = tea.bob.reads(&tea.chat, second.id()).await;
    read.says(
        json!({"type": "READ_MSG", "chatId": tea.chat, "senderId": tea.bob.id, "messageId": second.id(),
                     "unreadCount": 1, "seq": 5}),
    );
    let told = tea.alice.expect("READ_MSG").await;
    told.says(
        json!({"type": "READ_MSG", "chatId": tea.chat, "senderId": tea.bob.id, "messageId": second.id()}),
    );

    let chat = tea.bob.chat(&tea.chat).await;
    assert_eq!((&chat["unreadCount"], &chat["lastReadMessage"]), (&json!(1), &json!(second.id())));
    let bob = tea.alice.members(&tea.chat).await.into_iter().find(|member| member["userId"] == *tea.bob.id);
    assert_eq!(bob.expect("bob")["lastSeenMessage"], second.id());

    for message in [first.id(), second.id()] {
        tea.bob.does(json!({"type": "READ_MSG", "chatId": tea.chat, "messageId": message})).await;
    }
    tea.bob.sees_nothing().await;
    tea.alice.sees_nothing().await;
    assert_eq!(tea.bob.chat(&tea.chat).await["lastReadMessage"], second.id());
}

#[tokio::test]
async fn sending_reads_nothing_and_own_messages_are_not_unread() {
    let mut tea = tea().await;
    tea.bob.says(&tea.chat, "one").await;
    tea.alice.expect("SEND_MSG").await;
    tea.alice.says(&tea.chat, "two").await;

    let chat = tea.alice.chat(&tea.chat).await;
    assert_eq!((&chat["unreadCount"], &chat["lastReadMessage"]), (&json!(1), &json!(null)));
    assert_eq!(tea.bob.chat(&tea.chat).await["unreadCount"], 1);
}

#[tokio::test]
async fn opening_the_newest_page_reads_the_newest_message() {
    let mut tea = tea().await;
    assert!(tea.bob.history(&tea.chat, 10, None).await.is_empty());
    let first = tea.alice.says(&tea.chat, "one").await;
    let second = tea.alice.says(&tea.chat, "two").await;

    assert_eq!(tea.bob.history(&tea.chat, 10, Some(second.id())).await.len(), 1);
    assert_eq!(tea.bob.chat(&tea.chat).await["unreadCount"], 2, "an older page reads nothing");

    tea.bob.history(&tea.chat, 1, None).await;
    let told = tea.alice.expect("READ_MSG").await;
    assert_eq!((told.id(), &told["senderId"]), (second.id(), &json!(tea.bob.id)));
    let chat = tea.bob.chat(&tea.chat).await;
    assert_eq!((&chat["unreadCount"], &chat["lastReadMessage"]), (&json!(0), &json!(second.id())));

    tea.bob.history(&tea.chat, 10, None).await;
    tea.alice.sees_nothing().await;
    tea.bob.does(json!({"type": "READ_MSG", "chatId": tea.chat, "messageId": first.id()})).await;
    tea.alice.sees_nothing().await;
}

#[tokio::test]
async fn a_pointer_on_a_deleted_message_falls_back() {
    let mut tea = tea().await;
    let first = tea.alice.says(&tea.chat, "one").await;
    let second = tea.alice.says(&tea.chat, "two").await;
    let third = tea.alice.says(&tea.chat, "three").await;
    for _ in 0..3 {
        tea.bob.expect("SEND_MSG").await;
    }
    tea.bob.reads(&tea.chat, second.id()).await;
    tea.alice.expect("READ_MSG").await;

    tea.alice.deletes(&tea.chat, second.id()).await;
    let chat = tea.bob.chat(&tea.chat).await;
    assert_eq!((&chat["unreadCount"], &chat["lastReadMessage"]), (&json!(1), &json!(first.id())));
    tea.alice.deletes(&tea.chat, first.id()).await;
    let chat = tea.bob.chat(&tea.chat).await;
    assert_eq!((&chat["unreadCount"], &chat["lastReadMessage"]), (&json!(1), &json!(null)));
    tea.alice.deletes(&tea.chat, third.id()).await;
    assert_eq!(tea.bob.chat(&tea.chat).await["unreadCount"], 0);

    let deleted = json!({"type": "READ_MSG", "chatId": tea.chat, "messageId": third.id()});
    tea.bob.posts(deleted).await.is_refused(404, "MESSAGE_NOT_FOUND");
    let unknown = json!({"type": "READ_MSG", "chatId": tea.chat, "messageId": NOBODY});
    tea.bob.posts(unknown).await.is_refused(404, "MESSAGE_NOT_FOUND");
}
