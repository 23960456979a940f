//! A nonce makes a retry safe: once in effect, however often and by whichever door it comes.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::scene::tea;

fn say(chat: &str, text: &str, nonce: &str) -> Value {
    json!({"type": "SEND_MSG", "chatId": chat, "message": text, "nonce": nonce})
}

#[tokio::test]
async fn a_repeated_action_is_done_once_by_either_door() {
    let mut tea = tea().await;
    let action = say(&tea.chat, "once", "n-1");
    tea.alice.does(action.clone()).await;
    let echo = tea.alice.expect("SEND_MSG").await;
    assert_eq!(echo["nonce"], "n-1");
    let heard = tea.bob.expect("SEND_MSG").await;
    assert_eq!((heard.id(), &heard["nonce"]), (echo.id(), &json!(null)), "the sender's own business");

    for _ in 0..2 {
        let answer = tea.alice.posts(action.clone()).await.ok();
        assert_eq!(
            (&answer["messageId"], &answer["replayed"]),
            (&json!(echo.id()), &json!(true)),
            "{answer}"
        );
        assert_eq!((&answer["seq"], &answer["nonce"]), (&echo["seq"], &json!("n-1")), "{answer}");
    }
    tea.alice.does(action).await;
    tea.bob.sees_nothing().await;
    assert_eq!(tea.bob.texts(&tea.chat).await, ["once"]);

    let by_post = say(&tea.chat, "by post", "n-2");
    let first = tea.bob.posts(by_post.clone()).await.ok();
    assert_eq!(first["replayed"], json!(null));
    tea.bob.does(by_post).await;
    assert_eq!(tea.bob.texts(&tea.chat).await, ["once", "by post"]);
}

#[tokio::test]
async fn a_nonce_with_another_action_is_refused() {
    let mut tea = tea().await;
    let _ = tea.alice.posts(say(&tea.chat, "one", "n")).await.ok();
    tea.alice.expect("SEND_MSG").await;
    tea.bob.expect("SEND_MSG").await;

    let other = say(&tea.chat, "another", "n");
    tea.alice.posts(other.clone()).await.is_refused(409, "NONCE_REUSED");
    let refusal = tea.alice.tries(other).await;
    assert_eq!((&refusal["code"], &refusal["nonce"]), (&json!("NONCE_REUSED"), &json!("n")));
    tea.bob.sees_nothing().await;

    let _ = tea.bob.posts(say(&tea.chat, "bob's own", "n")).await.ok();
    assert_eq!(tea.alice.expect("SEND_MSG").await["message"], "bob's own");
}

#[tokio::test]
async fn a_refusal_does_not_use_up_a_nonce() {
    let mut tea = tea().await;
    tea.alice.posts(say(&tea.chat, " ", "n")).await.is_refused(400, "VALIDATION_FAILED");
    let eve = tea.app.user("eve").await;
    eve.posts(say(&tea.chat, "hi", "n")).await.is_refused(404, "CHAT_NOT_FOUND");
    tea.alice.adds(&tea.chat, "eve").await.done();
    tea.bob.expect("USER_JOIN").await;

    assert_eq!(tea.alice.posts(say(&tea.chat, "hello", "n")).await.ok()["replayed"], json!(null));
    assert_eq!(eve.posts(say(&tea.chat, "hi", "n")).await.ok()["replayed"], json!(null));
    for text in ["hello", "hi"] {
        assert_eq!(tea.bob.expect("SEND_MSG").await["message"], text);
    }
}

#[tokio::test]
async fn it_holds_across_a_restart_and_a_crash() {
    let mut tea = tea().await;
    let first = tea.alice.posts(say(&tea.chat, "once", "n")).await.ok();
    for crash in [false, true] {
        if crash {
            tea.chinwag.kill().await;
            tea.chinwag.start_again().await;
        } else {
            tea.chinwag.restart().await;
        }
        let again = tea.alice.posts(say(&tea.chat, "once", "n")).await.ok();
        assert_eq!((&again["messageId"], &again["replayed"]), (&first["messageId"], &json!(true)));
        tea.alice.posts(say(&tea.chat, "twice", "n")).await.is_refused(409, "NONCE_REUSED");
    }
    assert_eq!(tea.bob.texts(&tea.chat).await, ["once"]);
}

#[tokio::test]
async fn it_holds_when_all_arrive_at_once() {
    let mut tea = tea().await;
    let attempts = (0..20).map(|_| tea.alice.posts(say(&tea.chat, "once", "n")));
    let answers: Vec<Value> = join_all(attempts).await.into_iter().map(|answer| answer.ok()).collect();
    let ids: HashSet<&str> = answers.iter().filter_map(|answer| answer["messageId"].as_str()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(answers.iter().filter(|answer| answer["replayed"].is_null()).count(), 1);
    tea.bob.expect("SEND_MSG").await;
    tea.bob.sees_nothing().await;
}

#[tokio::test]
async fn a_late_repeat_does_not_undo_what_came_after_it() {
    let mut tea = tea().await;
    let hello = tea.alice.says(&tea.chat, "hello").await.id().to_owned();
    let edit =
        json!({"type": "EDIT_MSG", "chatId": tea.chat, "messageId": hello, "message": "v2", "nonce": "edit"});
    let react =
        json!({"type": "REACT", "chatId": tea.chat, "messageId": hello, "reaction": "👍", "nonce": "react"});
    let read = json!({"type": "READ_MSG", "chatId": tea.chat, "messageId": hello, "nonce": "read"});
    let _ = tea.alice.posts(edit.clone()).await.ok();
    let reaction = tea.bob.posts(react.clone()).await.ok()["messageId"].clone();
    let unreact = json!({"type": "DELETE_REACT", "reactionId": reaction, "nonce": "unreact"});
    let _ = tea.bob.posts(unreact.clone()).await.ok();
    let _ = tea.bob.posts(read.clone()).await.ok();
    let v3 = json!({"type": "EDIT_MSG", "chatId": tea.chat, "messageId": hello, "message": "v3"});
    let _ = tea.alice.posts(v3).await.ok();

    for (person, action) in [(&tea.alice, &edit), (&tea.bob, &react), (&tea.bob, &unreact), (&tea.bob, &read)]
    {
        let answer = person.posts(action.clone()).await.ok();
        assert_eq!((&answer["replayed"], &answer["type"]), (&json!(true), &action["type"]), "{answer}");
    }
    let message = &tea.bob.history(&tea.chat, 1, None).await[0];
    assert_eq!((&message["content"], &message["reactions"]), (&json!("v3"), &json!([])));

    let delete = json!({"type": "DELETE_MSG", "chatId": tea.chat, "messageId": hello, "nonce": "delete"});
    let _ = tea.alice.posts(delete.clone()).await.ok();
    let again = tea.alice.posts(delete).await.ok();
    assert_eq!((&again["replayed"], &again["messageId"]), (&json!(true), &json!(hello)));
    let next = tea.alice.posts(say(&tea.chat, "next", "next")).await.ok();
    assert_eq!(next["seq"], 9, "chat, message, edit, reaction and its end, read, edit, deletion");
}
