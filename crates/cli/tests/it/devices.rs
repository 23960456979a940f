//! One user on several devices, and one device listening twice.

use serde_json::json;

use chinwag_testkit::{Frame, Opening};

use crate::scene::tea;

#[tokio::test]
async fn every_device_sees_everything() {
    let mut tea = tea().await;
    let mut tablet = tea.alice.another_device().await.connects().await;
    assert_eq!(tablet.id, tea.alice.id);

    let hello = tea.alice.says(&tea.chat, "from the phone").await;
    assert_eq!(tablet.expect("SEND_MSG").await.body, hello.body);
    tea.bob.expect("SEND_MSG").await;

    let answer = tea.bob.says(&tea.chat, "to both").await;
    for device in [&mut tea.alice, &mut tablet] {
        assert_eq!(device.expect("SEND_MSG").await.id(), answer.id());
    }
    tablet.reads(&tea.chat, answer.id()).await;
    let read = tea.alice.expect("READ_MSG").await;
    assert_eq!((read.id(), &read["unreadCount"]), (answer.id(), &json!(0)));
    assert_eq!(tea.bob.expect("READ_MSG").await["unreadCount"], json!(null), "not bob's to count");

    let edit = tablet.edits(&tea.chat, hello.id(), "from the tablet").await;
    assert_eq!(tea.alice.expect("EDIT_MSG").await.body, edit.body);
    tea.bob.expect("EDIT_MSG").await;
    assert_eq!(tea.alice.chats().await, tablet.chats().await);
}

#[tokio::test]
async fn two_connections_of_one_session_both_hear() {
    let mut tea = tea().await;
    let mut second = tea.bob.connects().await;
    tea.alice.says(&tea.chat, "hello").await;
    for tab in [&mut tea.bob, &mut second] {
        tab.expect("SEND_MSG").await;
    }
    second.vanishes();
    tea.alice.says(&tea.chat, "still there?").await;
    tea.bob.expect("SEND_MSG").await;
    tea.bob.sees_nothing().await;
}

#[tokio::test]
async fn each_subscription_gets_its_own_copy_until_it_ends() {
    let mut tea = tea().await;
    tea.bob.subscribes("second", "/user/queue/messages", None).await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    let copies = [tea.bob.expect("SEND_MSG").await, tea.bob.expect("SEND_MSG").await];
    assert!(copies.iter().all(|copy| copy.id() == hello.id()));
    assert_ne!(copies[0].subscription, copies[1].subscription);

    tea.bob.sends_frame(Frame::new("UNSUBSCRIBE").with("id", "sub-0")).await;
    tea.alice.says(&tea.chat, "once").await;
    assert_eq!(tea.bob.expect("SEND_MSG").await.subscription, "second");
    tea.bob.sees_nothing().await;
}

#[tokio::test]
async fn the_short_destination_is_ones_own_queue() {
    let mut tea = tea().await;
    let short = Opening { destination: Some("/user/queue/messages"), ..Opening::default() };
    let mut bob = short.connect(&tea.bob).await;
    tea.alice.says(&tea.chat, "hello").await;
    bob.expect("SEND_MSG").await;
}
