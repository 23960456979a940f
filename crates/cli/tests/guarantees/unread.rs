//! Unread counts are counted, so they are right after any history.

use chinwag_testkit::{Dice, Person};
use serde_json::{Value, json};

use crate::absence::{done, said};
use crate::scene::{Tea, replica_of, setting, takes, tea};

/// What a client would count: other people's messages after the newest that this user has read.
async fn recounted(person: &Person, chat: &str) -> (u64, Value) {
    let view = person.chat_view(chat).await.expect("a member");
    let read = view.reads.get(&person.id);
    let upto = view.messages.iter().find(|(_, message)| Some(&message.id) == read).map_or(0, |(seq, _)| *seq);
    let unread = view.messages.range(upto + 1..).filter(|(_, message)| message.sender != person.id).count();
    (unread as u64, json!(read))
}

#[tokio::test]
async fn after_any_history_they_equal_a_recount() {
    let seed = setting("CHINWAG_SEED", 11);
    println!("CHINWAG_SEED={seed}");
    let mut dice = Dice::of(seed);
    let Tea { chinwag, app, alice, bob, chat } = tea().await;
    let carol = app.user("carol").await;
    alice.adds(&chat, "carol").await.done();
    let people = [alice, bob, carol];
    for step in 0..400 {
        let by = dice.pick(&people);
        let view = by.chat_view(&chat).await.expect("a member");
        let all: Vec<&String> = view.messages.values().map(|message| &message.id).collect();
        let own: Vec<&String> = view
            .messages
            .values()
            .filter(|message| message.sender == by.id)
            .map(|message| &message.id)
            .collect();
        match dice.below(10) {
            0..4 => _ = said(by, &chat, &format!("step {step}")).await,
            4..6 if !own.is_empty() => {
                let id = *dice.pick(&own);
                done(by, json!({"type": "DELETE_MSG", "chatId": chat, "messageId": id})).await;
            }
            // Who made the chat may delete what others said.
            6 if step % 3 == 1 && by.id == people[0].id && !all.is_empty() => {
                let id = *dice.pick(&all);
                done(by, json!({"type": "DELETE_MSG", "chatId": chat, "messageId": id})).await;
            }
            6 if step % 3 == 0 => _ = by.history(&chat, 1, None).await,
            7 if by.id == people[2].id => {
                by.leaves(&chat).await;
                people[0].adds(&chat, "carol").await.done();
            }
            _ if !all.is_empty() => {
                let id = *dice.pick(&all);
                let told = done(by, json!({"type": "READ_MSG", "chatId": chat, "messageId": id})).await;
                let (unread, _) = recounted(by, &chat).await;
                assert_eq!(told["unreadCount"], unread, "step {step}");
            }
            _ => {}
        }
        for person in &people {
            let (unread, read) = recounted(person, &chat).await;
            let chat = person.chat(&chat).await;
            let told = (&chat["unreadCount"], &chat["lastReadMessage"]);
            assert_eq!(told, (&json!(unread), &read), "{} at step {step}", person.name);
        }
    }
    drop(chinwag);
}

/// The other devices of who reads are told what is left to read; other people are not.
#[tokio::test]
async fn the_readers_own_devices_are_told_what_is_left() {
    let Tea { chinwag, alice, bob, chat, .. } = tea().await;
    let since = bob.cursor().await;
    let first = said(&alice, &chat, "one").await;
    said(&alice, &chat, "two").await;
    let mut here = bob.connects().await;
    let mut other = alice.connects().await;
    done(&bob, json!({"type": "READ_MSG", "chatId": chat, "messageId": first})).await;
    assert_eq!(here.expect("READ_MSG").await["unreadCount"], 1);
    assert!(other.expect("READ_MSG").await["unreadCount"].is_null());
    said(&alice, &chat, "three").await;
    let mut away = bob.resumes(&since).await;
    let missed = away.catches_up().await;
    let read = missed.iter().find(|event| event.kind() == "READ_MSG").expect("told");
    assert_eq!(read["unreadCount"], 2, "as it is now");
    drop(chinwag);
}

/// What was read may have come and gone while a client was away: it is told the newest that is still there.
#[tokio::test]
async fn a_pointer_on_what_came_and_went_is_told_as_where_it_fell_back_to() {
    let Tea { chinwag, alice, bob, chat, .. } = tea().await;
    said(&alice, &chat, "one").await;
    let (mut replica, since) = (replica_of(&alice).await, alice.cursor().await);
    let second = said(&alice, &chat, "two").await;
    let brief = said(&alice, &chat, "said and taken back").await;
    done(&bob, json!({"type": "READ_MSG", "chatId": chat, "messageId": brief})).await;
    done(&alice, json!({"type": "DELETE_MSG", "chatId": chat, "messageId": brief})).await;

    let (missed, _) = alice.syncs(&since).await;
    takes(&mut replica, &alice, missed).await;
    assert_eq!(replica.view(), alice.view().await);
    assert_eq!(replica.view()[&chat].reads[&bob.id], second);
    drop(chinwag);
}
