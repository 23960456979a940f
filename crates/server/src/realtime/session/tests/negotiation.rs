//! Sections "CONNECT or STOMP Frame", "CONNECTED Frame" and "Protocol Negotiation" of 1.2; "CONNECT" of 1.0.

use super::*;

fn spoken(accept_version: &str) -> Option<Version> {
    let mut talk = Talk::new();
    talk.says(&connect().with("accept-version", accept_version));
    let did = talk.authenticated(Ok(ALICE));
    let [Did::Sent(connected)] = &did[..] else { return None };
    let version = connected.header("version").unwrap();
    assert_eq!(version, talk.session.version().as_str());
    Version::ALL.into_iter().find(|candidate| candidate.as_str() == version)
}

#[test]
fn protocol_negotiation_the_highest_common_version_is_used() {
    assert_eq!(spoken("1.0,1.1,1.2"), Some(Version::V12));
    assert_eq!(spoken("1.2,1.1,1.0"), Some(Version::V12));
    assert_eq!(spoken("1.0,1.1,2.0"), Some(Version::V11));
    assert_eq!(spoken("1.0"), Some(Version::V10));
}

#[test]
fn protocol_negotiation_a_missing_accept_version_means_1_0() {
    let mut talk = Talk::new();
    talk.says(&connect());
    talk.authenticated(Ok(ALICE));
    assert_eq!(talk.session.version(), Version::V10);
    // Padding is of 1.0 alone.
    assert_eq!(talk.hears(b"SUBSCRIBE\ndestination: /user/queue/messages\n\n\0"), [Did::Listen(0, None)]);
}

#[test]
fn protocol_negotiation_without_a_common_version_comes_an_error_that_lists_ours() {
    let mut talk = Talk::new();
    let did = talk.says(&connect().with("accept-version", "2.0,3.1"));
    let error = error(&did);
    assert_eq!(error.header("version"), Some("1.2,1.1,1.0"));
    assert_eq!(error.header("content-type"), Some("text/plain"));
    is_fatal(&talk, &did);
}

#[test]
fn protocol_negotiation_the_version_holds_for_the_frame_right_after_connect() {
    let mut talk = Talk::new();
    let bytes = b"CONNECT\naccept-version:1.1\nAuthorization:Bearer jwt\n\n\0\
        SUBSCRIBE\nid:a\\cb\ndestination:/user/queue/messages\n\n\0";
    assert_eq!(talk.hears(bytes), [Did::Authenticate("jwt".to_owned())]);
    let did = talk.authenticated(Ok(ALICE));
    assert!(matches!(&did[..], [Did::Sent(_), Did::Listen(0, None)]), "{did:?}");
    let head = &talk.session.subscription(SubscriptionKey(0)).unwrap().head;
    assert!(str::from_utf8(head).unwrap().contains("\nsubscription:a\\cb\n"), "{head:?}");
}

#[test]
fn connect_or_stomp_frame_stomp_is_handled_as_connect() {
    let mut talk = Talk::new();
    let stomp = Frame { command: Command::Stomp, ..connect().with("accept-version", "1.2") };
    assert_eq!(talk.says(&stomp), [Did::Authenticate("jwt".to_owned())]);
    let did = talk.authenticated(Ok(ALICE));
    assert!(matches!(&did[..], [Did::Sent(frame)] if frame.command == Command::Connected), "{did:?}");
}

#[test]
fn connected_frame_tells_the_version_the_session_and_the_server() {
    for version in Version::ALL {
        let mut talk = Talk::new();
        talk.says(&connect().with("accept-version", version));
        let did = talk.authenticated(Ok(ALICE));
        let [Did::Sent(connected)] = &did[..] else { panic!("{did:?}") };
        assert_eq!(connected.header("version"), Some(version.as_str()));
        assert_eq!(connected.header("session"), Some("a session"), "required in 1.0");
        assert_eq!(connected.header("heart-beat"), Some("1000,1000"));
        let (name, number) = connected.header("server").unwrap().split_once('/').unwrap();
        assert!(name == "chinwag" && !number.contains(' '));
        assert!(connected.body.is_empty());
    }
}
