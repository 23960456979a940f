//! Who comes back gets all that was missed, in order, once, and then what happens now.

use std::collections::BTreeSet;

use chinwag_testkit::{Device, Opening, Replica, Told, in_time};
use serde_json::{Value, json};

use crate::absence::{Chats, before, done, meanwhile, said};
use crate::load::{Acknowledged, Talker};
use crate::scene::{Tea, bodies, kinds, replica_of, say, takes, tea, tea_with};

fn of<'a>(events: &'a [Value], chat: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["chatId"] == chat).collect()
}

#[tokio::test]
async fn who_was_away_knows_afterwards_what_there_is_to_know() {
    let Tea { chinwag, app, alice, bob, .. } = tea().await;
    let eve = app.user("eve").await;
    let chats = before(&alice, &bob).await;
    let (mut replica, cursor) = (replica_of(&bob).await, bob.cursor().await);
    assert_eq!(replica.view(), bob.view().await);
    meanwhile(&alice, &bob, &eve, &chats).await;

    let mut back = bob.resumes(&cursor).await;
    let missed = bodies(back.catches_up().await);
    what_was_missed(&missed, &chats, &bob.id);
    let (by_http, _) = bob.syncs(&cursor).await;
    assert_eq!(by_http, missed, "both doors tell the same");

    takes(&mut replica, &bob, missed).await;
    assert_eq!(replica.view(), bob.view().await);
    assert_eq!(replica.view()[&chats.tea], alice.view().await[&chats.tea], "all see the same");
    back.sees_nothing().await;
    drop(chinwag);
}

fn what_was_missed(missed: &[Value], chats: &Chats, bob: &str) {
    let tea: Vec<Value> = of(missed, &chats.tea).into_iter().cloned().collect();
    let count = |kind: &str| kinds(&tea).iter().filter(|other| **other == kind).count();
    assert_eq!(count("EDIT_MSG"), 1, "three edits are folded: {tea:#?}");
    assert_eq!(count("CHAT_RENAMED"), 1, "and two names");
    assert_eq!(count("DELETE_MSG"), 3);
    assert_eq!((count("REACT"), count("DELETE_REACT")), (1, 1), "what went with its message is not told");
    assert_eq!((count("REPLY"), count("SEND_MSG")), (1, 0), "nor what came and went");
    assert!(tea.iter().any(|event| event["type"] == "REPLY" && event["replyTo"].is_null()));

    assert_eq!(kinds_of(missed, &chats.left), ["USER_LEAVE"]);
    assert_eq!(of(missed, &chats.left)[0]["senderId"], *bob);
    assert_eq!(kinds_of(missed, &chats.deleted), ["DELETE_CHAT"]);
    assert_eq!(kinds_of(missed, &chats.rejoined), ["SEND_MSG", "USER_JOIN", "SEND_MSG"]);
    assert_eq!(kinds_of(missed, &chats.returned), ["USER_JOIN"]);
    let seqs: Vec<u64> = tea.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert!(seqs.is_sorted());
    assert_eq!(seqs.iter().collect::<BTreeSet<_>>().len(), tea.len(), "none twice");
}

fn kinds_of<'a>(events: &'a [Value], chat: &str) -> Vec<&'a str> {
    of(events, chat).into_iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

/// Every MESSAGE frame carries a cursor that is as good as any other to go on from.
#[tokio::test]
async fn every_cursor_on_the_way_leads_to_the_same_end() {
    let Tea { mut chinwag, app, alice, bob, .. } = tea().await;
    let eve = app.user("eve").await;
    let chats = before(&alice, &bob).await;
    let mut device = Device::of(&bob);
    device.goes_live().await;
    let (mut known, mut stops) =
        (device.replica.clone(), vec![(device.cursor.clone(), device.replica.clone())]);
    let mut live = bob.resumes(&device.cursor).await;
    live.catches_up().await;

    meanwhile(&alice, &bob, &eve, &chats).await;
    said(&alice, &chats.tea, "the end").await;
    loop {
        let event = live.next_event().await;
        takes(&mut known, &bob, [event.body.clone()]).await;
        stops.push((event.cursor.clone().expect("a cursor"), known.clone()));
        if event["message"] == "the end" {
            break;
        }
    }
    let end = bob.view().await;
    assert_eq!(known.view(), end, "live alone");
    chinwag.restart().await;
    for (number, (cursor, mut replica)) in stops.into_iter().enumerate() {
        let by_stomp = bodies(bob.resumes(&cursor).await.catches_up().await);
        let (by_http, _) = bob.syncs(&cursor).await;
        assert_eq!(by_stomp, by_http, "from stop {number}");
        takes(&mut replica, &bob, by_stomp).await;
        assert_eq!(replica.view(), end, "from stop {number}");
    }
}

/// Who stops and comes back again and again, while others talk at full speed, hears every word once and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_join_with_what_happens_now_has_no_hole_and_no_repeat() {
    const RETURNS: usize = 60;
    const BACKLOG: usize = 600;
    // So small that what happens now overflows it while one catches up.
    let tea = tea_with(&[("limits.queue_bytes", "65536")]).await;
    let said = Acknowledged::default();
    let mut device = Device::of(&tea.bob);
    device.goes_live().await;
    let mut talking = Vec::new();
    for (name, person) in [("alice", tea.alice.clone()), ("bob", tea.bob.another_device().await)] {
        let mut talker = Talker::new(name, &person, &tea.chat, 1, &said);
        // Who is too slow for so small a queue comes back too.
        talking.push(tokio::spawn(async move {
            loop {
                talker = talker.talks().await;
            }
        }));
    }
    let mut heard = 0;
    for n in 0..RETURNS {
        if n % 4 == 0 {
            in_time("talk", said.reach(said.count() + BACKLOG)).await;
        }
        device.goes_live().await;
        // Stays for a while that is sometimes over before it began.
        for _ in 0..n * 7 % 60 {
            if device.is_connected() {
                device.hears().await;
            }
        }
        device.vanishes();
        assert!(device.replica.newest(&tea.chat) >= heard);
        heard = device.replica.newest(&tea.chat);
    }
    talking.iter().for_each(tokio::task::JoinHandle::abort);
    let last = done(&tea.alice, say(&tea.chat, "the end")).await;
    device.hears_up_to(&tea.chat, last["seq"].as_u64().expect("a seq")).await;
    // What was under way may have come after the end.
    device.vanishes();
    device.goes_live().await;
    let view = tea.bob.view().await;
    assert_eq!(device.replica.view(), view);
    let seqs = view[&tea.chat].messages.keys().copied();
    assert!(seqs.eq(2..=view[&tea.chat].messages.len() as u64 + 1), "dense");
}

#[tokio::test]
async fn a_cursor_that_means_nothing_here_is_answered_with_resync() {
    let Tea { chinwag, alice, bob, chat, .. } = tea().await;
    let cursor = bob.cursor().await;
    let (epoch, position) = cursor.rsplit_once('.').expect("an epoch and a position");
    let position: u64 = position.parse().expect("a position");
    let future = format!("{epoch}.{}", position + 1_000_000);
    let foreign = format!("0123456789abcdef.{position}");
    for since in [&future, &foreign, "", "nonsense", &format!("{epoch}.-1"), &format!("{epoch}.")] {
        let mut back = bob.resumes(since).await;
        let resync = back.expect("RESYNC").await;
        assert_eq!(resync["cursor"], *resync.cursor.as_ref().expect("a cursor"));
        let by_http = bob.get(&format!("/api/chat/sync?since={since}")).await.ok();
        assert_eq!(kinds(by_http["events"].as_array().expect("events")), ["RESYNC"], "{since}");

        let mut replica = replica_of(&bob).await;
        said(&alice, &chat, "after the reload").await;
        let told = back.expect("SEND_MSG").await;
        takes(&mut replica, &bob, [told.body.clone()]).await;
        assert_eq!(replica.view(), bob.view().await);
        let mut again = bob.resumes(told.cursor.as_ref().expect("a cursor")).await;
        assert!(again.catches_up().await.is_empty(), "the cursor that follows is honoured");
    }
    drop(chinwag);
}

#[tokio::test]
async fn each_subscription_goes_on_from_its_own_cursor() {
    let Tea { chinwag, alice, bob, chat, .. } = tea().await;
    let early = bob.cursor().await;
    said(&alice, &chat, "one").await;
    let late = bob.cursor().await;
    said(&alice, &chat, "two").await;

    let mut back = Opening { since: Some(early), ..Opening::default() }.connect(&bob).await;
    back.subscribes("late", "/user/queue/messages", Some(&late)).await;
    back.subscribes("live", "/user/queue/messages", None).await;
    said(&alice, &chat, "three").await;
    let mut told: Vec<(String, Value)> = Vec::new();
    while told.iter().filter(|(_, message)| message == "three").count() < 3 {
        let event = back.next_event().await;
        if event.kind() == "SEND_MSG" {
            told.push((event.subscription.clone(), event["message"].clone()));
        }
    }
    let by = |id: &str| -> Vec<&Value> {
        told.iter().filter(|(subscription, _)| subscription == id).map(|(_, message)| message).collect()
    };
    assert_eq!(by("sub-0"), ["one", "two", "three"]);
    assert_eq!(by("late"), ["two", "three"]);
    assert_eq!(by("live"), ["three"]);
    drop(chinwag);
}

/// A client that was told of a refusal before it was told what it missed must not lose the latter.
#[tokio::test]
async fn the_cursor_of_a_refusal_is_not_ahead_of_what_was_told() {
    let Tea { chinwag, alice, bob, chat, .. } = tea().await;
    let since = bob.cursor().await;
    for n in 0..600 {
        done(&alice, say(&chat, &n.to_string())).await;
    }
    let nonsense = json!({"type": "SEND_MSG", "chatId": chat, "message": " "});
    let mut device = Device::of(&bob);
    device.goes_live().await;
    for _ in 0..10 {
        device.vanishes();
        device.cursor.clone_from(&since);
        device.replica = Replica::of(&bob.id);
        assert!(device.connects().await);
        for _ in 0..20 {
            device.sends(&nonsense).await;
        }
        let (mut told, mut refusals) = (0, 0);
        while refusals < 20 {
            let Told::Event(event) = device.hears().await else { panic!("refused, not closed") };
            if event.kind() == "ERROR" {
                refusals += 1;
                let (rest, _) = bob.syncs(&device.cursor).await;
                assert_eq!(told + rest.len(), 600, "told so far, and the rest, are all");
            } else if event.kind() == "SEND_MSG" {
                told += 1;
            }
        }
    }
    drop(chinwag);
}

/// Nor does it make a cursor that was not honoured look like one that was: RESYNC is due until it is told.
#[tokio::test]
async fn a_refusal_before_resync_does_not_take_its_place() {
    let Tea { chinwag, bob, chat, .. } = tea().await;
    let nonsense = json!({"type": "SEND_MSG", "chatId": chat, "message": " "});
    let mut device = Device::of(&bob);
    for _ in 0..10 {
        assert!(device.connects().await);
        device.sends(&nonsense).await;
        let mut kinds = Vec::new();
        while !kinds.iter().any(|kind| kind == "ERROR") {
            let Told::Event(event) = device.hears().await else { panic!("refused, not closed") };
            kinds.push(event.kind().to_owned());
        }
        device.vanishes();
        if kinds == ["ERROR"] {
            assert!(device.connects().await);
            let Told::Event(event) = device.hears().await else { panic!("still there") };
            assert_eq!(event.kind(), "RESYNC");
            device.vanishes();
        }
        device = Device::of(&bob);
    }
    drop(chinwag);
}
