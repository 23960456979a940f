//! Sending, editing, deleting and replying, as both sides see it.

use serde_json::json;

use crate::scene::{new_chat, tea};
use chinwag_testkit::send;

#[tokio::test]
async fn a_message_reaches_every_member_and_no_one_else() {
    let mut tea = tea().await;
    let mut eve = tea.app.connected("eve").await;
    let mut stranger = tea.chinwag.company("other").await.app("other").await.connected("bob").await;

    let echo = tea.alice.says(&tea.chat, "hello").await;
    echo.says(json!({"type": "SEND_MSG", "chatId": tea.chat, "senderId": tea.alice.id, "message": "hello",
                     "messageId": echo.id(), "seq": 2}));

    let heard = tea.bob.expect("SEND_MSG").await;
    assert_eq!(heard.id(), echo.id());
    assert_eq!((&heard["message"], heard.seq()), (&json!("hello"), 2));
    assert_eq!(heard["timeStamp"], echo["timeStamp"]);
    eve.sees_nothing().await;
    stranger.sees_nothing().await;
}

#[tokio::test]
async fn text_is_kept_as_it_was_written() {
    let mut tea = tea().await;
    let longest = "é".repeat(8192);
    let texts = [
        "  two spaces\r\n",
        "\"recipientId\":\"x\"",
        "\\u0041\\",
        "👩‍👩‍👧 שלום",
        "\u{2028}\u{7f}\u{1}",
        "{}",
        &longest,
    ];
    for text in texts {
        let echo = tea.alice.says(&tea.chat, text).await;
        assert_eq!(echo["message"], text);
        assert_eq!(tea.bob.expect("SEND_MSG").await["message"], text);
    }
    assert_eq!(tea.bob.texts(&tea.chat).await, texts);
}

#[tokio::test]
async fn the_server_says_who_and_when() {
    let mut tea = tea().await;
    let action = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "hi", "senderId": tea.alice.id,
                        "timeStamp": "1999-12-31T23:59:59.000Z", "somethingElse": [1, {"a": null}]});
    tea.alice.does(action).await;
    let heard = tea.bob.expect("SEND_MSG").await;
    assert_eq!(heard["senderId"], *tea.alice.id);
    assert!(heard["timeStamp"].as_str() > Some("2020"), "{heard:?}");
}

#[tokio::test]
async fn an_edit_changes_the_message_for_everyone() {
    let mut tea = tea().await;
    let hello = tea.alice.says(&tea.chat, "helo").await;
    tea.bob.expect("SEND_MSG").await;

    let edit = tea.alice.edits(&tea.chat, hello.id(), "hello").await;
    edit.says(
        json!({"type": "EDIT_MSG", "chatId": tea.chat, "senderId": tea.alice.id, "messageId": hello.id(),
                     "message": "hello", "seq": 3}),
    );
    let heard = tea.bob.expect("EDIT_MSG").await;
    assert_eq!((heard.id(), &heard["message"]), (hello.id(), &json!("hello")));

    let [message] = &tea.bob.history(&tea.chat, 10, None).await[..] else { panic!("one message") };
    assert_eq!(
        *message,
        json!({"chatId": tea.chat, "timeStamp": hello["timeStamp"], "messageId": hello.id(), "senderId": tea.alice.id,
               "content": "hello", "edited": true, "editedAt": edit["editedAt"], "replyTo": null, "reactions": [],
               "seq": 2, "changedSeq": 3})
    );
}

#[tokio::test]
async fn a_deleted_message_is_gone_for_everyone() {
    let mut tea = tea().await;
    let first = tea.alice.says(&tea.chat, "first").await;
    let second = tea.alice.says(&tea.chat, "second").await;
    tea.bob.expect("SEND_MSG").await;
    tea.bob.expect("SEND_MSG").await;

    let deletion = tea.alice.deletes(&tea.chat, second.id()).await;
    deletion.says(json!({"type": "DELETE_MSG", "chatId": tea.chat, "senderId": tea.alice.id,
                         "messageId": second.id(), "seq": 4}));
    assert_eq!(tea.bob.expect("DELETE_MSG").await.id(), second.id());
    assert_eq!(tea.bob.texts(&tea.chat).await, ["first"]);

    let chat = tea.bob.chat(&tea.chat).await;
    assert_eq!(chat["lastMessage"], "first");
    assert_eq!(chat["lastMessageTimestamp"], first["timeStamp"]);
}

#[tokio::test]
async fn the_creator_deletes_what_others_wrote() {
    let mut tea = tea().await;
    let rude = tea.bob.says(&tea.chat, "rude").await;
    tea.alice.expect("SEND_MSG").await;

    tea.alice.deletes(&tea.chat, rude.id()).await;

    let heard = tea.bob.expect("DELETE_MSG").await;
    assert_eq!((heard.id(), &heard["senderId"]), (rude.id(), &json!(tea.alice.id)));
    assert!(tea.bob.texts(&tea.chat).await.is_empty());
    assert_eq!(tea.bob.chat(&tea.chat).await["lastMessage"], json!(null));
}

#[tokio::test]
async fn a_reply_shows_the_original_as_it_is_now() {
    let mut tea = tea().await;
    let question = tea.alice.says(&tea.chat, "tee?").await;
    tea.bob.expect("SEND_MSG").await;
    let edit = tea.alice.edits(&tea.chat, question.id(), "tea?").await;
    tea.bob.expect("EDIT_MSG").await;

    let reply = tea.bob.replies(&tea.chat, question.id(), "yes").await;
    let original = json!({"chatId": tea.chat, "timeStamp": question["timeStamp"], "messageId": question.id(),
                          "senderId": tea.alice.id, "content": "tea?", "edited": true, "editedAt": edit["editedAt"]});
    reply.says(json!({"type": "REPLY", "chatId": tea.chat, "senderId": tea.bob.id, "message": "yes",
                      "messageId": reply.id(), "replyTo": original, "seq": 4}));
    assert_eq!(tea.alice.expect("REPLY").await["replyTo"], original);

    tea.alice.edits(&tea.chat, question.id(), "coffee?").await;
    tea.bob.expect("EDIT_MSG").await;
    let shown = &tea.bob.history(&tea.chat, 1, None).await[0];
    assert_eq!((&shown["content"], &shown["replyTo"]["content"]), (&json!("yes"), &json!("coffee?")));

    for person in [&mut tea.alice, &mut tea.bob] {
        person.expect("READ_MSG").await; // bob looked
    }
    tea.alice.deletes(&tea.chat, question.id()).await;
    tea.bob.expect("DELETE_MSG").await;
    let shown = &tea.bob.history(&tea.chat, 1, None).await[0];
    assert_eq!((&shown["content"], &shown["replyTo"]), (&json!("yes"), &json!(null)));
}

#[tokio::test]
async fn http_is_a_door_to_the_same_room() {
    let mut tea = tea().await;
    let action = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "by post"});
    let answer = tea.alice.posts(action).await.ok();

    let echo = tea.alice.expect("SEND_MSG").await;
    assert_eq!(answer, echo.body);
    let heard = tea.bob.expect("SEND_MSG").await;
    assert_eq!(heard.id(), echo.id());

    let react = json!({"type": "REACT", "chatId": tea.chat, "messageId": echo.id(), "reaction": "👍"});
    let reaction = tea.bob.posts(react).await.ok();
    assert_eq!(reaction, tea.bob.expect("REACT").await.body);
    let unreact = json!({"type": "DELETE_REACT", "reactionId": reaction["messageId"]});
    assert_eq!(tea.bob.posts(unreact).await.ok(), tea.bob.expect("DELETE_REACT").await.body);
    let read = json!({"type": "READ_MSG", "chatId": tea.chat, "messageId": echo.id()});
    assert_eq!(tea.bob.posts(read).await.ok(), tea.bob.expect("READ_MSG").await.body);
    let reply = json!({"type": "REPLY", "chatId": tea.chat, "messageId": echo.id(), "message": "thanks"});
    assert_eq!(tea.bob.posts(reply).await.ok(), tea.bob.expect("REPLY").await.body);
    let edit = json!({"type": "EDIT_MSG", "chatId": tea.chat, "messageId": echo.id(), "message": "by mail"});
    assert_eq!(tea.alice.posts(edit).await.ok()["message"], "by mail");
    let delete = json!({"type": "DELETE_MSG", "chatId": tea.chat, "messageId": echo.id()});
    assert_eq!(tea.alice.posts(delete).await.ok()["messageId"], echo.id());
    for kind in ["EDIT_MSG", "DELETE_MSG"] {
        tea.bob.expect(kind).await;
    }
}

#[tokio::test]
async fn everyone_sees_the_same_order() {
    let mut tea = tea().await;
    let other = new_chat(&mut tea.alice, &mut tea.bob).await;
    for (person, name) in [(&mut tea.alice, "alice"), (&mut tea.bob, "bob")] {
        let say = |chat: &str, i: u32| {
            send(&json!({"type": "SEND_MSG", "chatId": chat, "message": format!("{name} {i}")}))
        };
        let both = (0..50).flat_map(|i| [say(&tea.chat, i), say(&other, i)]);
        person.socket.send_all(both.collect::<Vec<_>>()).await;
    }
    let mut seen = Vec::new();
    for person in [&mut tea.alice, &mut tea.bob] {
        let mut texts = Vec::new();
        for _ in 0..200 {
            let event = person.expect("SEND_MSG").await;
            texts.push((event.chat().to_owned(), event["message"].clone()));
        }
        seen.push(texts);
    }
    for chat in [&tea.chat, &other] {
        let of = |texts: &[(String, serde_json::Value)]| -> Vec<serde_json::Value> {
            texts.iter().filter(|(place, _)| place == chat).map(|(_, text)| text.clone()).collect()
        };
        assert_eq!(of(&seen[0]), of(&seen[1]));
        assert_eq!(tea.bob.texts(chat).await, of(&seen[0]));
        let alices: Vec<_> = of(&seen[0]).into_iter().filter(|text| text.as_str() < Some("b")).collect();
        let sent: Vec<_> = (0..50).map(|i| json!(format!("alice {i}"))).collect();
        assert_eq!(alices, sent, "one sender's messages keep their order");
    }
}
