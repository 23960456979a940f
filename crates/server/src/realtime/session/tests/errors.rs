//! Sections "ERROR", "SEND", "Size Limits" and "Value Encoding" of 1.2: what is fatal, and what its end looks like.

use super::*;

#[test]
fn error_is_followed_by_the_close_and_by_nothing_else() {
    let mut talk = Talk::listening(Version::V12);
    let unknown = Frame::new(Command::Commit).with("transaction", "t");
    let did = talk.says_all(&[say("one").with("receipt", "1"), say("two"), unknown, say("three")]);
    assert_eq!(did[..2], [Did::Act(1), Did::Act(1)], "what came before it is still done");
    is_fatal(&talk, &did[2..]);
    assert_eq!(talk.stored(), [], "but not told");
    assert_eq!(talk.refused(0), []);
    assert_eq!(talk.says(&say("four")), []);
    assert_eq!(talk.passes(Duration::from_secs(100)), []);

    let mut talk = Talk::connected(Version::V12);
    talk.says_all(&[subscribe("s").with("receipt", "r"), Frame::new(Command::Begin)]);
    assert_eq!(talk.listens(0), []);
}

#[test]
fn error_names_the_frame_it_is_about() {
    let mut talk = Talk::connected(Version::V12);
    let did = talk.says(&Frame::new(Command::Begin).with("receipt", "a:b"));
    let error = error(&did);
    assert_eq!(error.header("receipt-id"), Some("a:b"));
    assert_eq!(error.header("message"), Some("BEGIN needs the header transaction"));
    assert_eq!(error.header("content-type"), Some("text/plain"));
    assert!(str::from_utf8(&error.body).unwrap().contains("BEGIN"), "{error:?}");
    // The codec adds the content-length.
    let bytes = encode(error, Version::V12);
    assert!(bytes.windows(16).any(|piece| piece == b"\ncontent-length:"));
}

#[test]
fn error_without_a_frame_has_no_receipt_id() {
    let mut talk = Talk::connected(Version::V12);
    let did = talk.hears(b"DANCE\nreceipt:r\n\n\0");
    assert_eq!(error(&did).header("receipt-id"), None);
    is_fatal(&talk, &did);
}

#[test]
fn error_comes_once_when_we_end_it() {
    let mut talk = Talk::listening(Version::V12);
    let mut effects = Vec::new();
    talk.session.end("slow consumer", &mut effects);
    talk.session.end("the session has ended", &mut effects);
    let did = talk.did(effects);
    assert_eq!(error(&did).header("message"), Some("slow consumer"));
    is_fatal(&talk, &did);
}

#[test]
fn client_frames_those_of_servers_are_errors() {
    for command in [Command::Connected, Command::Message, Command::Receipt, Command::Error] {
        let mut talk = Talk::connected(Version::V12);
        let did = talk.says(&Frame::new(command).with("receipt", "r"));
        is_fatal(&talk, &did);
    }
}

#[test]
fn send_needs_the_one_destination_there_is() {
    let without = Frame { headers: Default::default(), ..say("hi") };
    let elsewhere = |destination: &str| without.clone().with("destination", destination);
    for frame in [without.clone(), elsewhere(""), elsewhere("/api/chat/"), elsewhere(QUEUE)] {
        let mut talk = Talk::listening(Version::V12);
        let did = talk.says(&frame);
        is_fatal(&talk, &did);
    }
}

#[test]
fn send_a_body_that_is_no_object_is_an_error() {
    for body in ["", "hi", "[]", "{", "{\"type\":\"TYPING\"", "\u{feff}{}"] {
        let mut talk = Talk::listening(Version::V12);
        let frame =
            Frame::new(Command::Send).with("destination", "/api/chat").with("receipt", "r").with_body(body);
        let did = talk.says(&frame);
        assert_eq!(error(&did).header("receipt-id"), Some("r"));
        is_fatal(&talk, &did);
    }
}

/// A deviation: the specification would have an ERROR (docs/protocol-conformance.md).
#[test]
fn send_that_is_refused_goes_on_and_without_a_subscription_there_is_nobody_to_tell() {
    let mut talk = Talk::connected(Version::V12);
    assert_eq!(talk.says(&say_nothing().with("receipt", "r")), []);
    assert_eq!(talk.says(&say("one").with("receipt", "r")), [Did::Act(1)]);
    assert_eq!(talk.refused(0), [], "and no receipt, which tells them");
    assert!(talk.session.takes_input());
}

#[test]
fn value_encoding_undefined_escapes_are_fatal() {
    for (version, escape) in [(Version::V12, "\\t"), (Version::V11, "\\r"), (Version::V11, "\\")] {
        let mut talk = Talk::connected(version);
        let did = talk.hears(format!("BEGIN\ntransaction:a{escape}\n\n\0").as_bytes());
        is_fatal(&talk, &did);
    }
    let mut talk = Talk::connected(Version::V10);
    assert_eq!(talk.hears(b"BEGIN\ntransaction:a\\t\n\n\0"), [], "1.0 has none");
}

#[test]
fn value_encoding_nothing_is_trimmed_after_1_0() {
    let spaced = b"SUBSCRIBE\nid:s\ndestination: /user/queue/messages\n\n\0";
    for version in [Version::V11, Version::V12] {
        let mut talk = Talk::connected(version);
        let did = talk.hears(spaced);
        is_fatal(&talk, &did);
    }
    assert_eq!(Talk::connected(Version::V10).hears(spaced), [Did::Listen(0, None)]);
}

#[test]
fn size_limits_are_answered_by_an_error() {
    let long_header = Frame::new(Command::Begin).with("transaction", "x".repeat(BOUNDS.header_bytes_max));
    let many = (0..65).fold(Frame::new(Command::Begin), |frame, i| frame.with(&format!("h{i}"), i));
    let long_body = say("").with_body("x".repeat(BOUNDS.frame_bytes_max));
    for frame in [long_header, many, long_body] {
        let mut talk = Talk::listening(Version::V12);
        let did = talk.says(&frame);
        is_fatal(&talk, &did);
    }
    let mut talk = Talk::listening(Version::V12);
    let did = talk.hears(b"SEND\ncontent-length:70000\n\n");
    is_fatal(&talk, &did);
    let mut talk = Talk::listening(Version::V12);
    let told = talk.says(&say(&"x".repeat(BOUNDS.message_bytes_max + 1)));
    assert!(matches!(told[..], [Did::Told { code: ErrorCode::MessageTooLong, .. }]), "{told:?}");
}
