//! Sections "BEGIN", "COMMIT" and "ABORT" of 1.2: all or nothing.

use super::super::transaction::{ACTIONS_MAX, BYTES_MAX, TRANSACTIONS_MAX};
use super::*;

fn begin(name: impl std::fmt::Display) -> Frame {
    Frame::new(Command::Begin).with("transaction", name)
}

fn commit(name: &str) -> Frame {
    Frame::new(Command::Commit).with("transaction", name)
}

fn abort(name: &str) -> Frame {
    Frame::new(Command::Abort).with("transaction", name)
}

fn within(name: &str, frame: Frame) -> Frame {
    frame.with("transaction", name)
}

#[test]
fn begin_commit_sends_take_effect_together_when_it_is_committed() {
    let mut talk = Talk::listening(Version::V12);
    let sends = [begin("t"), within("t", say("one").with("receipt", "1")), within("t", say("two"))];
    assert_eq!(talk.says_all(&sends), [], "nothing yet, and no receipt");
    assert_eq!(talk.says(&say("outside")), [Did::Act(1)], "others are not held up");
    assert_eq!(talk.says(&commit("t").with("receipt", "c")), [Did::Act(2)]);
    assert_eq!(talk.stored(), []);
    assert_eq!(talk.stored(), [receipt("1"), receipt("c")]);
}

#[test]
fn begin_commit_one_refused_action_refuses_them_all() {
    let mut talk = Talk::listening(Version::V12);
    let sends = [
        begin("t"),
        within("t", say("one").with("receipt", "1")),
        within("t", say("two").with("receipt", "2")),
    ];
    talk.says_all(&sends);
    assert_eq!(talk.says(&commit("t").with("receipt", "c")), [Did::Act(2)]);
    let told = Did::Told { subscription: 0, code: ErrorCode::ChatNotFound, receipt: Some("2".to_owned()) };
    assert_eq!(talk.refused(1), [told], "the one at fault is named, and there is no receipt");
}

#[test]
fn begin_commit_an_action_that_is_wrong_in_itself_refuses_them_all() {
    let mut talk = Talk::listening(Version::V12);
    let sends = [begin("t"), within("t", say("one")), within("t", say_nothing()), within("t", say("three"))];
    assert_eq!(talk.says_all(&sends), []);
    let told =
        Did::Told { subscription: 0, code: ErrorCode::ValidationFailed, receipt: Some("c".to_owned()) };
    assert_eq!(talk.says(&commit("t").with("receipt", "c")), [told]);
    assert!(talk.acting.is_empty());
    assert_eq!(talk.says_all(&[begin("t"), within("t", say("again")), commit("t")]), [Did::Act(1)]);
}

#[test]
fn begin_commit_an_empty_transaction_is_done_at_once() {
    let mut talk = Talk::connected(Version::V12);
    assert_eq!(talk.says_all(&[begin("t"), commit("t").with("receipt", "c")]), [receipt("c")]);
}

#[test]
fn abort_nothing_of_it_takes_effect() {
    let mut talk = Talk::listening(Version::V12);
    let did = talk.says_all(&[begin("t"), within("t", say("never")), abort("t").with("receipt", "a")]);
    assert_eq!(did, [receipt("a")]);
    let did = talk.says(&commit("t"));
    is_fatal(&talk, &did);
}

#[test]
fn begin_different_transactions_have_different_names_until_they_end() {
    let mut talk = Talk::connected(Version::V12);
    talk.says_all(&[begin("t"), begin("u"), commit("t"), begin("t"), abort("t"), begin("t")]);
    let did = talk.says(&begin("u"));
    is_fatal(&talk, &did);
}

#[test]
fn begin_transactions_are_apart_from_each_other() {
    let mut talk = Talk::listening(Version::V12);
    let frames =
        [begin("t"), begin("u"), within("t", say("1")), within("u", say("2")), within("u", say("3"))];
    assert_eq!(talk.says_all(&frames), []);
    assert_eq!(talk.says(&commit("u")), [Did::Act(2)]);
    assert_eq!(talk.says(&commit("t")), [Did::Act(1)]);
}

#[test]
fn begin_the_transaction_header_is_required_and_must_name_one() {
    let without = [Command::Begin, Command::Commit, Command::Abort].map(Frame::new);
    let unknown = [commit("u"), abort("u"), within("u", say("hi"))];
    let acks = [Command::Ack, Command::Nack].map(|command| within("u", Frame::new(command).with("id", "1")));
    for frame in without.into_iter().chain(unknown).chain(acks) {
        let mut talk = Talk::listening(Version::V12);
        talk.says(&begin("t"));
        let did = talk.says(&frame.with("receipt", "r"));
        assert_eq!(error(&did).header("receipt-id"), Some("r"));
        is_fatal(&talk, &did);
    }
}

#[test]
fn begin_what_is_not_committed_is_aborted_by_a_disconnect() {
    let mut talk = Talk::listening(Version::V12);
    let frames =
        [begin("t"), within("t", say("never")), Frame::new(Command::Disconnect).with("receipt", "bye")];
    assert_eq!(talk.says_all(&frames), [receipt("bye"), Did::Close]);
    assert!(talk.acting.is_empty());
}

#[test]
fn begin_transactions_and_what_they_hold_are_bounded() {
    let mut talk = Talk::connected(Version::V12);
    for name in 0..TRANSACTIONS_MAX {
        assert_eq!(talk.says(&begin(name)), []);
    }
    let did = talk.says(&begin("one more"));
    is_fatal(&talk, &did);

    let mut talk = Talk::connected(Version::V12);
    talk.says(&begin("t"));
    for _ in 0..ACTIONS_MAX {
        assert_eq!(talk.says(&within("t", say("hi"))), []);
    }
    let did = talk.says(&within("t", say("one more")));
    is_fatal(&talk, &did);

    let mut talk = Talk::connected(Version::V12);
    let long = "x".repeat(BOUNDS.message_bytes_max);
    // What is kept to say back counts as well.
    let each = long.len() + "SEND_MSG".len();
    let mut held = 0;
    for name in 0..TRANSACTIONS_MAX {
        talk.says(&begin(name));
        for _ in 0..ACTIONS_MAX {
            let did = talk.says(&within(&name.to_string(), say(&long)));
            held += each;
            if held > BYTES_MAX {
                return is_fatal(&talk, &did);
            }
            assert_eq!(did, []);
        }
    }
    panic!("there was room for {held} bytes");
}
