//! Every action that is refused: by both doors, with its code and status, and nothing changed by it.

use serde_json::{Value, json};

use chinwag_testkit::{Connection, Frame, send};

use crate::scene::{NOBODY, Tea, new_chat, tea, tea_with};

type Refusal = (Value, u16, &'static str);

/// Tries each action by HTTP and by STOMP; both doors must give the same answer.
async fn is_refused(person: &mut Connection, refusals: Vec<Refusal>) {
    for (action, status, code) in refusals {
        person.posts(action.clone()).await.is_refused(status, code);
        let refusal = person.tries(action.clone()).await;
        assert_eq!(refusal["code"], code, "{action}: {refusal:?}");
        let text = refusal["message"].as_str();
        assert!(text.is_some_and(|text| !text.is_empty()), "{action}: {refusal:?}");
        assert_eq!(refusal["action"], action["type"], "{action}: {refusal:?}");
    }
}

/// That the chat stands where it stood: nobody was told of anything, and the next event takes the next place.
async fn nothing_happened(tea: &mut Tea, newest: u64) {
    tea.alice.sees_nothing().await;
    tea.bob.sees_nothing().await;
    assert_eq!(tea.alice.says(&tea.chat, "as before").await.seq(), newest + 1);
}

#[tokio::test]
async fn a_malformed_action() {
    let mut tea = tea().await;
    let chat = tea.chat.clone();
    let long = "é".repeat(8193);
    let say = |message: Value| json!({"type": "SEND_MSG", "chatId": chat, "message": message});
    let hello = tea.bob.says(&tea.chat, "hello").await;
    tea.alice.expect("SEND_MSG").await;
    let bad = "VALIDATION_FAILED";
    let refusals = vec![
        (say(json!("")), 400, bad),
        (say(json!(" \n\t\u{2003}")), 400, bad),
        (say(json!(7)), 400, bad),
        (say(json!(null)), 400, bad),
        (say(json!({"text": "hi"})), 400, bad),
        (say(json!(long)), 400, "MESSAGE_TOO_LONG"),
        (json!({"type": "SEND_MSG", "message": "hi"}), 400, bad),
        (json!({"type": "SEND_MSG", "chatId": "tea", "message": "hi"}), 400, bad),
        (json!({"type": "SEND_MSG", "chatId": [chat], "message": "hi"}), 400, bad),
        (json!({"type": "DANCE", "chatId": chat}), 400, "UNKNOWN_ACTION"),
        (json!({"type": "send_msg", "chatId": chat, "message": "hi"}), 400, "UNKNOWN_ACTION"),
        (json!({"type": "NEW_CHAT", "chatId": chat, "message": "hi"}), 400, "UNKNOWN_ACTION"),
        (json!({"type": "EDIT_MSG", "chatId": chat, "messageId": hello.id()}), 400, bad),
        (json!({"type": "EDIT_MSG", "chatId": chat, "messageId": "x", "message": "hi"}), 400, bad),
        (json!({"type": "DELETE_MSG", "chatId": chat}), 400, bad),
        (json!({"type": "REPLY", "chatId": chat, "message": "hi"}), 400, bad),
        (json!({"type": "TYPING"}), 400, bad),
        (json!({"type": "REACT", "chatId": chat, "messageId": hello.id()}), 400, bad),
        (
            json!({"type": "REACT", "chatId": chat, "messageId": hello.id(), "reaction": "yes"}),
            400,
            "INVALID_REACTION",
        ),
        (json!({"type": "DELETE_REACT"}), 400, bad),
        (json!({"type": "READ_MSG", "chatId": chat}), 400, bad),
        (json!({"type": "SEND_MSG", "chatId": chat, "message": "hi", "nonce": "x".repeat(65)}), 400, bad),
        (json!({"type": "SEND_MSG", "chatId": chat, "message": "hi", "nonce": 5}), 400, bad),
        (json!({"type": "SEND_MSG", "chatId": chat, "message": "hi", "senderId": "me"}), 400, bad),
    ];
    is_refused(&mut tea.alice, refusals).await;
    for body in [json!({"chatId": chat}), json!({"type": 7})] {
        tea.alice.posts(body.clone()).await.is_refused(400, bad);
        assert_eq!(tea.alice.tries(body).await["action"], json!(null));
    }
    nothing_happened(&mut tea, 2).await;
}

#[tokio::test]
async fn a_stranger_learns_nothing() {
    let mut tea = tea().await;
    let mut eve = tea.app.connected("eve").await;
    let mut mallory = tea.chinwag.company("other").await.app("other").await.connected("mallory").await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    tea.bob.expect("SEND_MSG").await;
    let reaction = tea.bob.reacts(&tea.chat, hello.id(), "👍").await;
    tea.alice.expect("REACT").await;

    for person in [&mut eve, &mut mallory] {
        let mut refusals = Vec::new();
        for chat in [tea.chat.as_str(), NOBODY] {
            let id = hello.id();
            for action in [
                json!({"type": "SEND_MSG", "chatId": chat, "message": "hi"}),
                json!({"type": "EDIT_MSG", "chatId": chat, "messageId": id, "message": "hi"}),
                json!({"type": "DELETE_MSG", "chatId": chat, "messageId": id}),
                json!({"type": "REPLY", "chatId": chat, "messageId": id, "message": "hi"}),
                json!({"type": "TYPING", "chatId": chat}),
                json!({"type": "REACT", "chatId": chat, "messageId": id, "reaction": "👍"}),
                json!({"type": "READ_MSG", "chatId": chat, "messageId": id}),
            ] {
                refusals.push((action, 404, "CHAT_NOT_FOUND"));
            }
        }
        for id in [reaction.id(), NOBODY] {
            refusals.push((json!({"type": "DELETE_REACT", "reactionId": id}), 404, "REACTION_NOT_FOUND"));
        }
        is_refused(person, refusals).await;
        person.sees_nothing().await;
    }
    nothing_happened(&mut tea, 3).await;
}

#[tokio::test]
async fn a_member_may_not_do_everything() {
    let mut tea = tea().await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    tea.bob.expect("SEND_MSG").await;
    let reaction = tea.alice.reacts(&tea.chat, hello.id(), "👍").await;
    tea.bob.expect("REACT").await;
    let elsewhere = new_chat(&mut tea.alice, &mut tea.bob).await;

    let (chat, id) = (&tea.chat, hello.id());
    let mut refusals = vec![
        (
            json!({"type": "EDIT_MSG", "chatId": chat, "messageId": id, "message": "x"}),
            403,
            "NOT_MESSAGE_SENDER",
        ),
        (json!({"type": "DELETE_MSG", "chatId": chat, "messageId": id}), 403, "NOT_MESSAGE_SENDER"),
        (json!({"type": "DELETE_REACT", "reactionId": reaction.id()}), 403, "NOT_REACTION_SENDER"),
        (json!({"type": "DELETE_REACT", "reactionId": NOBODY}), 404, "REACTION_NOT_FOUND"),
        (
            json!({"type": "SEND_MSG", "chatId": chat, "message": "x", "senderId": tea.alice.id}),
            403,
            "SENDER_MISMATCH",
        ),
    ];
    for (chat, id) in [(chat.as_str(), NOBODY), (&elsewhere, id)] {
        for action in [
            json!({"type": "EDIT_MSG", "chatId": chat, "messageId": id, "message": "x"}),
            json!({"type": "DELETE_MSG", "chatId": chat, "messageId": id}),
            json!({"type": "REPLY", "chatId": chat, "messageId": id, "message": "x"}),
            json!({"type": "REACT", "chatId": chat, "messageId": id, "reaction": "👍"}),
            json!({"type": "READ_MSG", "chatId": chat, "messageId": id}),
        ] {
            refusals.push((action, 404, "MESSAGE_NOT_FOUND"));
        }
    }
    is_refused(&mut tea.bob, refusals).await;
    nothing_happened(&mut tea, 3).await;
}

#[tokio::test]
async fn too_fast() {
    let tea = tea_with(&[("limits.actions_per_second", "2")]).await;
    let action = json!({"type": "SEND_MSG", "chatId": tea.chat, "message": "hurry"});
    let answer = loop {
        let answer = tea.alice.posts(action.clone()).await;
        if answer.status != 200 {
            break answer;
        }
    };
    answer.is_refused(429, "RATE_LIMITED");

    let mut socket = chinwag_testkit::Opening::default().open(&tea.bob).await;
    socket.send(chinwag_testkit::Opening::default().connect_frame(&tea.bob.jwt())).await;
    assert_eq!(socket.next_frame().await.command, "CONNECTED");
    socket.send(Frame::new("SUBSCRIBE").with("id", "0").with("destination", "/user/queue/messages")).await;
    let refusal = loop {
        socket.send(send(&action).with("receipt", "r")).await;
        let frame = socket.next_frame().await;
        let body: Value = serde_json::from_str(&frame.body).unwrap_or_default();
        if body["type"] == "ERROR" {
            break body;
        }
    };
    assert_eq!((&refusal["code"], &refusal["receipt"]), (&json!("RATE_LIMITED"), &json!("r")));
}

#[tokio::test]
async fn the_operator_decides_how_long_a_message_may_be() {
    let mut tea = tea_with(&[("limits.message_bytes", "10")]).await;
    let say = |text: &str| json!({"type": "SEND_MSG", "chatId": tea.chat, "message": text});
    let refusals =
        vec![(say("12345678901"), 400, "MESSAGE_TOO_LONG"), (say("ééééée"), 400, "MESSAGE_TOO_LONG")];
    is_refused(&mut tea.bob, refusals).await;
    tea.bob.says(&tea.chat, "ééééé").await;
    tea.alice.expect("SEND_MSG").await;

    let (mut unlimited, text) = (tea_with(&[("limits.message_bytes", "0")]).await, "x".repeat(100_000));
    unlimited.alice.says(&unlimited.chat, &text).await;
    assert_eq!(unlimited.bob.expect("SEND_MSG").await["message"], text);
}
