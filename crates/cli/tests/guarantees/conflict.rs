//! Changing a message only if it is still what one saw (`ifSeq`).

use chinwag_testkit::Answer;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::absence::done;
use crate::scene::{Tea, say, tea};

fn edit(chat: &str, message: &Value, text: &str, if_seq: &Value) -> Value {
    json!({"type": "EDIT_MSG", "chatId": chat, "messageId": message, "message": text, "ifSeq": if_seq})
}

fn delete(chat: &str, message: &Value, if_seq: &Value) -> Value {
    json!({"type": "DELETE_MSG", "chatId": chat, "messageId": message, "ifSeq": if_seq})
}

#[tokio::test]
async fn a_change_of_what_one_has_not_seen_is_refused_with_what_is_there() {
    let Tea { chinwag, alice, chat, .. } = tea().await;
    let mut connection = alice.connects().await;
    let sent = connection.says(&chat, "v1").await;
    let second = done(&alice, edit(&chat, &sent["messageId"], "v2", &sent["seq"])).await;
    connection.expect("EDIT_MSG").await;
    assert!(second["seq"].as_u64() > sent["seq"].as_u64());

    for stale in [&sent["seq"], &json!(0), &json!(second["seq"].as_u64().expect("a seq") + 1)] {
        for action in [edit(&chat, &sent["messageId"], "v3", stale), delete(&chat, &sent["messageId"], stale)]
        {
            let by_post = alice.posts(action.clone()).await;
            let current = by_post.is_refused(409, "CONFLICT")["current"].clone();
            assert_eq!((&current["content"], &current["edited"]), (&json!("v2"), &json!(true)));
            assert_eq!(current["messageId"], sent["messageId"]);
            let refusal = connection.tries(action).await;
            assert_eq!((&refusal["code"], &refusal["current"]), (&json!("CONFLICT"), &current));
        }
    }
    // Reactions and reads do not change a message.
    let react = json!({"type": "REACT", "chatId": chat, "messageId": sent["messageId"], "reaction": "👍"});
    done(&alice, react).await;
    done(&alice, delete(&chat, &sent["messageId"], &second["seq"])).await;
    let gone = alice.posts(delete(&chat, &sent["messageId"], &second["seq"])).await;
    gone.is_refused(404, "MESSAGE_NOT_FOUND");
    drop(chinwag);
}

/// Who was refused, or only read history, learns from the answer what to name next.
#[tokio::test]
async fn the_current_state_says_how_to_go_on() {
    let Tea { chinwag, alice, chat, .. } = tea().await;
    let sent = done(&alice, say(&chat, "v1")).await;
    done(&alice, edit(&chat, &sent["messageId"], "v2", &sent["seq"])).await;
    let refused = alice.posts(edit(&chat, &sent["messageId"], "v3", &sent["seq"])).await;
    let current = refused.is_refused(409, "CONFLICT")["current"].clone();
    assert_eq!(current, alice.history(&chat, 1, None).await[0]);
    let third = done(&alice, edit(&chat, &sent["messageId"], "v3", &current["changedSeq"])).await;
    assert_eq!(alice.history(&chat, 1, None).await[0]["changedSeq"], third["seq"]);
    assert_eq!(alice.history(&chat, 1, None).await[0]["seq"], sent["seq"]);
    drop(chinwag);
}

/// Of many who all saw the same, one changes it.
#[tokio::test]
async fn of_many_at_once_one_wins() {
    let Tea { chinwag, alice, chat, .. } = tea().await;
    let sent = done(&alice, say(&chat, "start")).await;
    let mut seen = sent["seq"].clone();
    for round in 0..20 {
        let attempts = (0..8).map(|n| {
            let text = format!("{round} {n}");
            alice.posts(edit(&chat, &sent["messageId"], &text, &seen))
        });
        let (won, lost): (Vec<Answer>, Vec<Answer>) =
            join_all(attempts).await.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 7));
        for answer in &lost {
            assert_eq!(answer.is_refused(409, "CONFLICT")["current"]["content"], won[0].body["message"]);
        }
        seen = won[0].body["seq"].clone();
    }
    let attempts = join_all((0..4).map(|_| alice.posts(delete(&chat, &sent["messageId"], &seen)))).await;
    assert_eq!(attempts.iter().filter(|answer| answer.status == 200).count(), 1);
    drop(chinwag);
}
