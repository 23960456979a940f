//! The same action, sent many times at the same instant over every door, happens once.

use std::collections::BTreeSet;

use chinwag_testkit::{Connection, Person, send};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::absence::done;
use crate::scene::{Tea, say, tea};

const ROUNDS: usize = 25;
const POSTS: usize = 3;
const SENDS: usize = 3;

/// Sends the action by both doors and over two connections at once, and returns the one id and seq that all were told.
async fn races(by: &Person, devices: &mut [Connection; 2], action: &Value) -> (Value, u64) {
    let nonce = &action["nonce"];
    let posts = join_all((0..POSTS).map(|_| by.posts(action.clone())));
    let sends = join_all(devices.iter_mut().map(|device| async {
        device.socket.send_all((0..SENDS).map(|_| send(action))).await;
        // One's own event of this nonce, for each attempt: the first result again, or the one echo of it.
        let mut told = Vec::new();
        while told.iter().filter(|event: &&Value| event["replayed"] == true).count() < SENDS - 1
            || told.iter().all(|event| event["replayed"] == true)
        {
            let event = device.next_event().await;
            assert_ne!(event.kind(), "ERROR", "{event:?}");
            if event["nonce"] == *nonce {
                told.push(event.body);
            }
        }
        told
    }));
    let (posted, sent) = join(posts, sends).await;
    let posted: Vec<Value> = posted.into_iter().map(chinwag_testkit::Answer::ok).collect();
    let all: Vec<&Value> = posted.iter().chain(sent.iter().flatten()).collect();
    let told: BTreeSet<String> = all
        .iter()
        .map(|event| format!("{} {} {}", event["type"], event["messageId"], event["seq"]))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let first = posted.iter().filter(|event| event["replayed"].is_null()).count();
    assert!(first <= 1, "done twice: {posted:?}");
    (all[0]["messageId"].clone(), all[0]["seq"].as_u64().expect("a seq"))
}

#[tokio::test]
async fn whatever_arrives_first_wins_and_the_rest_are_told_so() {
    let Tea { mut chinwag, alice, bob, chat, .. } = tea().await;
    let mut devices = [alice.connects().await, alice.another_device().await.connects().await];
    let mut seq = 1;
    let acts = |mut action: Value, number: usize| {
        action["chatId"] = json!(chat);
        action["nonce"] = json!(format!("{} {number}", action["type"]));
        action
    };
    for round in 0..ROUNDS {
        let bobs = done(&bob, say(&chat, "hello")).await["messageId"].clone();
        let send = acts(json!({"type": "SEND_MSG", "message": "once"}), round);
        let (own, at) = races(&alice, &mut devices, &send).await;
        assert_eq!(at, seq + 2, "no seq is used up by a repeat");
        let reply = json!({"type": "REPLY", "messageId": bobs, "message": "and once"});
        races(&alice, &mut devices, &acts(reply, round)).await;
        let edit = json!({"type": "EDIT_MSG", "messageId": own, "message": "v2"});
        races(&alice, &mut devices, &acts(edit, round)).await;
        let react = json!({"type": "REACT", "messageId": own, "reaction": "👍"});
        let (reaction, _) = races(&alice, &mut devices, &acts(react, round)).await;
        let unreact = json!({"type": "DELETE_REACT", "reactionId": reaction});
        races(&alice, &mut devices, &acts(unreact, round)).await;
        let read = json!({"type": "READ_MSG", "messageId": own});
        races(&alice, &mut devices, &acts(read, round)).await;
        let delete = json!({"type": "DELETE_MSG", "messageId": own});
        (_, seq) = races(&alice, &mut devices, &acts(delete, round)).await;
        assert_eq!(at + 6, seq, "seven actions, seven events");
        // Not even death makes it happen again.
        if round % 10 == 5 {
            chinwag.kill().await;
            chinwag.start_again().await;
            devices = [alice.connects().await, alice.another_device().await.connects().await];
            assert_eq!(alice.posts(send).await.ok()["messageId"], own);
        }
    }
    let view = bob.chat_view(&chat).await.expect("a member");
    assert_eq!(view.messages.len(), 2 * ROUNDS, "bob's own, and one reply to each");
}

/// Of different actions with one nonce, one is done.
#[tokio::test]
async fn of_two_that_differ_one_is_refused() {
    let Tea { chinwag, alice, bob, chat, .. } = tea().await;
    for round in 0..ROUNDS {
        let attempts = (0..6).map(|n| {
            let action = json!({"type": "SEND_MSG", "chatId": chat, "message": format!("{round} {}", n % 2),
                                "nonce": format!("{round}")});
            alice.posts(action)
        });
        let answers = join_all(attempts).await;
        let (stored, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((stored.len(), refused.len()), (3, 3));
        refused.iter().for_each(|answer| _ = answer.is_refused(409, "NONCE_REUSED"));
    }
    assert_eq!(bob.chat_view(&chat).await.expect("a member").messages.len(), ROUNDS);
    drop(chinwag);
}
