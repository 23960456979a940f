//! Sections "SUBSCRIBE", "UNSUBSCRIBE" and "MESSAGE" of 1.2, and what 1.1 and 1.0 have instead.

use super::*;

fn unsubscribe(id: &str) -> Frame {
    Frame::new(Command::Unsubscribe).with("id", id)
}

#[test]
fn subscribe_needs_a_destination_that_is_ones_own() {
    let mut talk = Talk::connected(Version::V12);
    let own = format!("/user/{ALICE}/queue/messages");
    let at =
        |destination: &str| Frame::new(Command::Subscribe).with("id", "1").with("destination", destination);
    assert_eq!(talk.says(&at(&own)), [Did::Listen(0, None)]);
    let others = format!("/user/{BOB}/queue/messages");
    for destination in
        [&others, "", "/topic/all", "/user//queue/messages", "/user/queue/messages/", "/api/chat"]
    {
        let mut talk = Talk::connected(Version::V12);
        let did = talk.says(&at(destination));
        is_fatal(&talk, &did);
    }
    let mut talk = Talk::connected(Version::V12);
    let did = talk.says(&Frame::new(Command::Subscribe).with("id", "1"));
    is_fatal(&talk, &did);
}

#[test]
fn subscribe_id_header_is_required_from_1_1_on() {
    let without = Frame::new(Command::Subscribe).with("destination", QUEUE);
    for version in [Version::V11, Version::V12] {
        let mut talk = Talk::connected(version);
        let did = talk.says(&without);
        is_fatal(&talk, &did);
    }
    let mut talk = Talk::connected(Version::V10);
    assert_eq!(talk.says(&without), [Did::Listen(0, None)]);
    let did = talk.says(&without);
    is_fatal(&talk, &did);
}

#[test]
fn subscribe_id_header_different_subscriptions_have_different_ids() {
    let mut talk = Talk::listening(Version::V12);
    assert_eq!(talk.says(&subscribe("t")), [Did::Listen(1, None)]);
    let did = talk.says(&subscribe("s"));
    is_fatal(&talk, &did);

    let mut talk = Talk::listening(Version::V12);
    assert_eq!(talk.says(&unsubscribe("s")), [Did::Silence(0)]);
    assert_eq!(talk.says(&subscribe("s")), [Did::Listen(1, None)], "free again, and not the same one");
}

#[test]
fn subscribe_they_are_bounded() {
    let mut talk = Talk::connected(Version::V12);
    for id in 0..BOUNDS.subscriptions_max {
        assert_eq!(talk.says(&subscribe(&id.to_string())).len(), 1);
    }
    let did = talk.says(&subscribe("one more").with("receipt", "r"));
    assert_eq!(error(&did).header("receipt-id"), Some("r"));
    is_fatal(&talk, &did);
}

#[test]
fn subscribe_says_where_to_go_on() {
    let mut talk = Talk::connected(Version::V12);
    let since = subscribe("s").with("since", "a cursor");
    assert_eq!(talk.says(&since), [Did::Listen(0, Some("a cursor".to_owned()))]);
}

#[test]
fn subscribe_ack_header_is_one_of_three_and_auto_if_missing() {
    for (mode, acks) in
        [(None, false), (Some("auto"), false), (Some("client"), true), (Some("client-individual"), true)]
    {
        for version in Version::ALL {
            let mut talk = Talk::connected(version);
            let frame = mode.into_iter().fold(subscribe("s"), |frame, mode| frame.with("ack", mode));
            assert_eq!(talk.says(&frame), [Did::Listen(0, None)]);
            let subscription = talk.session.subscription(SubscriptionKey(0)).unwrap();
            // "MESSAGE": the header belongs to explicit acknowledgement, and to 1.2.
            assert_eq!(subscription.acks, acks && version == Version::V12, "{mode:?} in {version}");
        }
    }
    for mode in ["", "AUTO", "Client", "none"] {
        let mut talk = Talk::connected(Version::V12);
        let did = talk.says(&subscribe("s").with("ack", mode));
        is_fatal(&talk, &did);
    }
}

#[test]
fn unsubscribe_names_an_existing_subscription() {
    let mut talk = Talk::listening(Version::V12);
    assert_eq!(talk.says(&unsubscribe("s")), [Did::Silence(0)]);
    assert!(talk.session.subscription(SubscriptionKey(0)).is_none(), "no message can be written for it");
    let did = talk.says(&unsubscribe("s"));
    is_fatal(&talk, &did);

    for frame in
        [Frame::new(Command::Unsubscribe), Frame::new(Command::Unsubscribe).with("destination", QUEUE)]
    {
        let mut talk = Talk::listening(Version::V12);
        let did = talk.says(&frame);
        is_fatal(&talk, &did);
    }
}

#[test]
fn unsubscribe_goes_by_destination_in_1_0() {
    let mut talk = Talk::connected(Version::V10);
    talk.says(&Frame::new(Command::Subscribe).with("destination", QUEUE));
    talk.says(&subscribe("s"));
    assert_eq!(talk.says(&unsubscribe("s")), [Did::Silence(1)]);
    let by_destination = Frame::new(Command::Unsubscribe).with("destination", QUEUE);
    assert_eq!(talk.says(&by_destination), [Did::Silence(0)]);
    let did = talk.says(&by_destination);
    is_fatal(&talk, &did);
}

#[test]
fn unsubscribe_before_it_has_begun_answers_both() {
    let mut talk = Talk::connected(Version::V12);
    let frames = [subscribe("s").with("receipt", "on"), unsubscribe("s").with("receipt", "off")];
    let did = talk.says_all(&frames);
    assert_eq!(did, [Did::Listen(0, None), Did::Silence(0), receipt("on"), receipt("off")]);
    assert_eq!(talk.says(&Frame::new(Command::Disconnect)), [Did::Close], "nothing is waited for");
    assert_eq!(talk.listens(0), []);
}

#[test]
fn message_carries_the_destination_and_the_subscription() {
    for (version, head) in [
        (Version::V12, "MESSAGE\ndestination:/user/queue/messages\nsubscription:a\\cb\\r\nmessage-id:"),
        (Version::V11, "MESSAGE\ndestination:/user/queue/messages\nsubscription:a\\cb\r\nmessage-id:"),
        (Version::V10, "MESSAGE\ndestination:/user/queue/messages\nsubscription:a:b\nmessage-id:"),
    ] {
        let mut talk = Talk::connected(version);
        let id = if version == Version::V10 { "a:b" } else { "a:b\r" };
        talk.says(&subscribe(id));
        let subscription = talk.session.subscription(SubscriptionKey(0)).unwrap();
        assert_eq!(str::from_utf8(&subscription.head), Ok(head), "{version}");
    }
}

#[test]
fn message_has_no_subscription_header_where_1_0_gave_no_id() {
    let mut talk = Talk::connected(Version::V10);
    talk.says(&Frame::new(Command::Subscribe).with("destination", QUEUE));
    let subscription = talk.session.subscription(SubscriptionKey(0)).unwrap();
    assert_eq!(*subscription.head, *b"MESSAGE\ndestination:/user/queue/messages\nmessage-id:");
}
