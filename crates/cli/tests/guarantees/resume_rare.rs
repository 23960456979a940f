//! What is missed more rarely: a person's end, and a silence that must be told from a loss.

use chinwag_testkit::{Device, Opening, Told};
use serde_json::json;

use crate::absence::{done, said};
use crate::scene::{Tea, bodies, kinds, replica_of, takes, tea};

#[tokio::test]
async fn who_was_deleted_meanwhile_is_gone_with_all_that_they_said() {
    let Tea { chinwag, app, alice, bob, chat } = tea().await;
    let carol = app.user("carol").await;
    alice.adds(&chat, "carol").await.done();
    let hers =
        carol.creates_chat("carol's", &["bob", "alice"]).await["chatId"].as_str().expect("an id").to_owned();
    let alone = carol.creates_chat("two", &["bob"]).await["chatId"].as_str().expect("an id").to_owned();
    let hello = said(&bob, &chat, "hello").await;
    for chat in [&chat, &hers, &alone] {
        for n in 0..40 {
            said(&carol, chat, &format!("carol {n}")).await;
        }
    }
    done(&carol, json!({"type": "REACT", "chatId": chat, "messageId": hello, "reaction": "👍"})).await;
    done(&carol, json!({"type": "READ_MSG", "chatId": chat, "messageId": hello})).await;
    let (mut replica, since) = (replica_of(&bob).await, bob.cursor().await);
    let mut witness = alice.resumes(&since).await;
    witness.catches_up().await;

    carol.delete("/api/user/deleteUser").await.done();
    let mut left = Vec::new();
    while left.len() < 2 {
        let event = witness.next_event().await;
        if event.kind() == "USER_LEAVE" {
            left.push(event.chat().to_owned());
        }
    }
    // The chat that alice is not in is erased in its turn: bob hears of it last, or it was before.
    let mut back = bob.resumes(&since).await;
    let mut missed = bodies(back.catches_up().await);
    while missed.iter().filter(|event| event["type"] == "USER_LEAVE").count() < 3 {
        missed.push(back.next_event().await.body);
    }
    assert!(kinds(&missed).contains(&"DELETE_REACT"));
    takes(&mut replica, &bob, missed).await;
    assert_eq!(replica.view(), bob.view().await);
    assert_eq!(replica.view()[&chat].messages.len(), 1);
    assert_eq!(
        bob.chat(&hers).await["creator"],
        *bob.id.min(alice.id.clone()),
        "the longest-standing, by id"
    );
    drop(chinwag);
}

/// Who said where they had stopped is told now and then how far they have come, though nothing happens.
#[tokio::test]
async fn a_silence_is_told_from_a_loss() {
    let Tea { chinwag, alice, bob, chat, .. } = tea().await;
    let since = bob.cursor().await;
    // The server beats no more often than every ten seconds, which is how long anything may take here.
    let opening = Opening { heart_beat: "0,10000", since: Some(since), ..Opening::default() };
    let mut back = opening.connect(&bob).await;
    back.catches_up().await;
    let other = alice.creates_chat_with(&[]).await;
    said(&alice, &other, "none of bob's business").await;
    let head = loop {
        // Twice the patience of one frame.
        if let Ok(event) = tokio::time::timeout(2 * chinwag_testkit::PATIENCE, back.next_whenever()).await {
            break event;
        }
    };
    assert_eq!(head.kind(), "HEAD");
    let cursor = head["cursor"].as_str().expect("a cursor").to_owned();
    assert_eq!(head.cursor.as_ref(), Some(&cursor));
    assert_eq!(cursor, bob.cursor().await, "though bob was not told of the newest event");
    said(&alice, &chat, "and on").await;
    let mut device = Device::of(&bob);
    device.cursor = cursor;
    assert!(device.connects().await);
    let mut told = 0;
    while let Told::Event(event) = device.hears().await {
        if event.kind() == "RESUMED" {
            break;
        }
        told += 1;
    }
    assert_eq!(told, 1);
    drop(chinwag);
}
