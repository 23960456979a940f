//! Section "Connecting" of 1.2, and who may (protocol, section 2).

use super::*;

#[test]
fn connecting_nothing_but_connect_comes_first() {
    for frame in [say("hi"), subscribe("s"), Frame::new(Command::Disconnect), Frame::new(Command::Connected)]
    {
        let mut talk = Talk::new();
        let did = talk.says(&frame);
        is_fatal(&talk, &did);
    }
}

#[test]
fn connecting_line_ends_may_come_before_it() {
    let mut talk = Talk::new();
    assert_eq!(talk.hears(b"\n\r\n"), []);
    assert_eq!(talk.says(&connect()), [Did::Authenticate("jwt".to_owned())]);
}

#[test]
fn connecting_a_refusal_is_an_error_that_explains_it() {
    let expired = || Problem::new(ErrorCode::ExpiredToken, "the token has expired: refresh it");
    let mut talk = Talk::new();
    talk.says(&connect());
    let did = talk.authenticated(Err(expired()));
    assert_eq!(error(&did).header("message"), Some("the token has expired: refresh it"));
    is_fatal(&talk, &did);

    let mut talk = Talk::new();
    talk.says(&connect());
    let did = talk.authenticated(Ok(BOB));
    is_fatal(&talk, &did);
}

#[test]
fn connecting_a_token_is_required_and_its_scheme_may_be_repeated() {
    let mut talk = Talk::new();
    let did = talk.says(&Frame::new(Command::Connect).with("accept-version", "1.2").with("host", "x"));
    is_fatal(&talk, &did);
    for value in ["jwt", "Bearer jwt", "bearer jwt", "Bearer Bearer jwt", " Bearer jwt "] {
        for name in ["Authorization", "authorization"] {
            let mut talk = Talk::new();
            let did = talk.says(&Frame::new(Command::Connect).with(name, value));
            assert_eq!(did, [Did::Authenticate("jwt".to_owned())], "{name}:{value}");
        }
    }
}

#[test]
fn connecting_twice_is_an_error() {
    let mut talk = Talk::connected(Version::V12);
    let did = talk.says(&connect().with("accept-version", "1.2"));
    is_fatal(&talk, &did);
}

#[test]
fn connecting_has_its_time() {
    let mut talk = Talk::new();
    assert_eq!(talk.hears(b"CONNECT\naccept-version:1.2\n"), [], "a frame that is never finished");
    assert_eq!(talk.passes(BOUNDS.connect_within - Duration::from_millis(1)), []);
    let did = talk.passes(Duration::from_millis(1));
    is_fatal(&talk, &did);
}

#[test]
fn connecting_what_follows_waits_until_the_token_is_checked() {
    let mut talk = Talk::new();
    assert_eq!(talk.says_all(&[connect().with("accept-version", "1.2"), say("hi")]).len(), 1);
    assert!(!talk.session.takes_input());
    assert_eq!(talk.passes(Duration::from_secs(60)), [], "how long that takes is not the client's fault");
    assert!(matches!(&talk.authenticated(Ok(ALICE))[..], [Did::Sent(_), Did::Act(1)]));

    let mut talk = Talk::new();
    talk.says_all(&[connect().with("accept-version", "1.2"), say("hi")]);
    let did = talk.authenticated(Ok(BOB));
    is_fatal(&talk, &did);
    assert!(talk.acting.is_empty(), "nothing that a stranger said is done");
}

#[test]
fn connecting_an_answer_that_nobody_waits_for_is_nothing() {
    assert_eq!(Talk::new().authenticated(Ok(ALICE)), []);
    assert_eq!(Talk::connected(Version::V12).authenticated(Ok(ALICE)), []);
}
