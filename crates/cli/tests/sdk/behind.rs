//! Applications that do not keep up, and processes that go on where an earlier one stopped.

use chinwag_client::Event;
use chinwag_testkit::in_time;

use crate::scene::{heard, next, scene, scene_with, text};

/// More than wait for an application (1,024), by far.
const MANY: usize = 5_000;
const PART: usize = 250;

#[tokio::test]
async fn who_does_not_listen_for_a_while_can_act_and_loses_nothing() {
    let scene = scene_with(&[("limits.actions_per_second", "0")]).await;
    let mut tea = scene.tea().await;
    for part in 0..MANY / PART {
        let words =
            (0..PART).map(|n| tea.alice.realtime().send_message(tea.chat, (part * PART + n).to_string()));
        in_time("some words", futures_util::future::try_join_all(words)).await.expect("stored");
        while let Some(Some(_)) = futures_util::FutureExt::now_or_never(tea.alices.next()) {}
    }
    // Bob has taken nothing all this time.
    in_time("his own word", tea.bob.realtime().send_message(tea.chat, "I am here")).await.expect("stored");
    for n in 0..MANY {
        let event = heard(&mut tea.bobs).await;
        assert_eq!((text(&event), event.seq), (Some(n.to_string().as_str()), Some(n as u64 + 2)));
    }
    assert_eq!(text(&heard(&mut tea.bobs).await), Some("I am here"));
}

#[tokio::test]
async fn a_stream_that_is_dropped_holds_nobody_up() {
    let scene = scene_with(&[("limits.actions_per_second", "0")]).await;
    let mut tea = scene.tea().await;
    let unread = tea.bob.realtime().events();
    let words = (0..900).map(|n| tea.alice.realtime().send_message(tea.chat, n.to_string()));
    in_time("all of them", futures_util::future::try_join_all(words)).await.expect("stored");
    for n in 0..900 {
        assert_eq!(text(&heard(&mut tea.bobs).await), Some(n.to_string().as_str()));
    }
    let words = (900..1_700).map(|n| tea.alice.realtime().send_message(tea.chat, n.to_string()));
    in_time("all of them", futures_util::future::try_join_all(words)).await.expect("stored");
    drop(unread);
    for n in 900..1_700 {
        assert_eq!(text(&heard(&mut tea.bobs).await), Some(n.to_string().as_str()));
    }
}

#[tokio::test]
async fn a_later_process_goes_on_behind_the_last_event() {
    let scene = scene().await;
    let mut tea = scene.tea().await;
    for word in ["one", "two", "three"] {
        tea.alice.realtime().send_message(tea.chat, word).await.expect("stored");
    }
    assert_eq!(text(&heard(&mut tea.bobs).await), Some("one"));
    let cursor = tea.bobs.cursor().expect("a cursor").to_owned();
    let bob = tea.bob.auth().expect("signed in");
    drop((tea.bob, tea.bobs));

    let later = scene.builder().tokens(bob).since(cursor).build().expect("a client");
    let mut events = later.realtime().events();
    in_time("the connection", later.realtime().connect()).await.expect("connected");
    for word in ["two", "three"] {
        assert_eq!(text(&heard(&mut events).await), Some(word));
    }
    assert!(matches!(next(&mut events).await, Event::Connected));
}

#[tokio::test]
async fn a_cursor_of_another_life_is_a_resync() {
    let scene = scene().await;
    let (alice, events) = scene.connected("alice").await;
    drop(events);
    let later = scene.builder().tokens(alice.auth().expect("signed in")).since("once upon a time");
    let later = later.build().expect("a client");
    let mut events = later.realtime().events();
    in_time("the connection", later.realtime().connect()).await.expect("connected");
    assert!(matches!(next(&mut events).await, Event::Resync));
}
