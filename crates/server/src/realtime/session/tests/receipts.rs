//! Sections "Header receipt", "RECEIPT" and "DISCONNECT" of 1.2.

use super::*;

fn asked(frame: Frame) -> Frame {
    frame.with("receipt", "r")
}

#[test]
fn receipt_every_frame_but_connect_may_ask_for_one() {
    for version in Version::ALL {
        let mut talk = Talk::listening(version);
        let t = |command| asked(Frame::new(command).with("transaction", "t"));
        for command in [Command::Begin, Command::Abort, Command::Begin, Command::Commit] {
            assert_eq!(talk.says(&t(command)), [receipt("r")], "{command} in {version}");
        }
        for command in [Command::Ack, Command::Nack] {
            let frame = Frame::new(command).with("id", "1").with("message-id", "1").with("subscription", "s");
            assert_eq!(talk.says(&asked(frame)), [receipt("r")], "{command} in {version}");
        }
        assert_eq!(talk.says(&asked(subscribe("other"))), [Did::Listen(1, None)]);
        assert_eq!(talk.listens(1), [receipt("r")], "SUBSCRIBE in {version}");
        let unsubscribe = Frame::new(Command::Unsubscribe).with("id", "other");
        assert_eq!(talk.says(&asked(unsubscribe)), [Did::Silence(1), receipt("r")]);
        assert_eq!(talk.says(&asked(say("hi"))), [Did::Act(1)]);
        assert_eq!(talk.stored(), [receipt("r")], "SEND in {version}");
        assert_eq!(talk.says(&asked(Frame::new(Command::Disconnect))), [receipt("r"), Did::Close]);
    }
}

#[test]
fn receipt_connect_gets_connected_instead() {
    let mut talk = Talk::new();
    talk.says(&asked(connect().with("accept-version", "1.2")));
    let did = talk.authenticated(Ok(ALICE));
    assert!(matches!(&did[..], [Did::Sent(frame)] if frame.command == Command::Connected), "{did:?}");
}

#[test]
fn receipt_a_frame_that_asks_for_none_gets_none() {
    let mut talk = Talk::listening(Version::V12);
    assert_eq!(talk.says(&say("hi")), [Did::Act(1)]);
    assert_eq!(talk.stored(), []);
    assert_eq!(talk.says(&Frame::new(Command::Begin).with("transaction", "t")), []);
}

#[test]
fn receipt_comes_when_the_frame_is_processed_not_when_it_is_received() {
    let mut talk = Talk::listening(Version::V12);
    let two = [say("one").with("receipt", "1"), say("two").with("receipt", "2")];
    assert_eq!(talk.says_all(&two), [Did::Act(1), Did::Act(1)]);
    assert_eq!(talk.stored(), [receipt("1")]);
    assert_eq!(talk.stored(), [receipt("2")]);
}

#[test]
fn receipt_a_refused_action_gets_none() {
    let mut talk = Talk::listening(Version::V12);
    talk.says(&asked(say("hi")));
    let refusal = |code| Did::Told { subscription: 0, code, receipt: Some("r".to_owned()) };
    assert_eq!(talk.refused(0), [refusal(ErrorCode::ChatNotFound)]);
    assert_eq!(talk.says(&asked(say_nothing())), [refusal(ErrorCode::ValidationFailed)]);
    assert!(talk.session.takes_input(), "and the connection goes on");
}

#[test]
fn receipt_is_the_value_that_was_asked_with() {
    let mut talk = Talk::connected(Version::V12);
    let id = "a:b\\c\r\nd ";
    let begin = Frame::new(Command::Begin).with("transaction", "t").with("receipt", id);
    assert_eq!(talk.says(&begin), [receipt(id)]);
    let again = Frame::new(Command::Abort).with("transaction", "t").with("receipt", "").with("receipt", "no");
    assert_eq!(talk.says(&again), [receipt("")], "the first of repeated headers counts");
}

#[test]
fn disconnect_is_answered_when_all_before_it_is_done() {
    let mut talk = Talk::listening(Version::V12);
    let goodbye = Frame::new(Command::Disconnect).with("receipt", "bye");
    let frames =
        [say("one").with("receipt", "1"), say("two"), subscribe("new").with("receipt", "s"), goodbye];
    assert_eq!(talk.says_all(&frames), [Did::Act(1), Did::Act(1), Did::Listen(1, None)]);
    assert!(talk.is_over(), "nothing more is heard");
    assert_eq!(talk.stored(), [receipt("1")]);
    assert_eq!(talk.listens(1), [receipt("s")]);
    assert_eq!(talk.stored(), [receipt("bye"), Did::Close]);
}

#[test]
fn disconnect_waits_for_a_subscription_as_for_an_action() {
    let mut talk = Talk::connected(Version::V12);
    let goodbye = Frame::new(Command::Disconnect).with("receipt", "bye");
    talk.says_all(&[subscribe("s").with("receipt", "r"), goodbye]);
    assert_eq!(talk.listens(0), [receipt("r"), receipt("bye"), Did::Close]);
}

#[test]
fn disconnect_waits_for_what_is_refused_too() {
    let mut talk = Talk::listening(Version::V12);
    talk.says_all(&[say("one"), Frame::new(Command::Disconnect).with("receipt", "bye")]);
    let did = talk.refused(0);
    assert!(matches!(&did[..], [Did::Told { .. }, Did::Sent(_), Did::Close]), "{did:?}");
}

#[test]
fn disconnect_ends_what_is_heard() {
    let mut talk = Talk::listening(Version::V12);
    let did =
        talk.says_all(&[Frame::new(Command::Disconnect), say("too late"), Frame::new(Command::Connected)]);
    assert_eq!(did, [Did::Close], "and needs no receipt");
    assert_eq!(talk.says(&say("much too late")), []);
}
