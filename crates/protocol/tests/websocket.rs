//! RFC 6455 as a server keeps it, rule by rule, and what holds for any bytes at all.

use chinwag_protocol::websocket::{
    CloseReason, Decoder, Incoming, Opcode, close_into, frame_head, is_close_code,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const LIMIT: usize = 70_000;
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const LAST: u8 = 0x80;
const FIRST_OF_TEXT: u8 = 0x01;
const FIRST_OF_BINARY: u8 = 0x02;
const MIDDLE: u8 = 0x00;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

/// What was said, owned.
#[derive(Clone, PartialEq, Debug)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>, String),
}

impl From<Incoming<'_>> for Said {
    fn from(incoming: Incoming<'_>) -> Self {
        match incoming {
            Incoming::Text(text) => Said::Text(text.to_owned()),
            Incoming::Binary(bytes) => Said::Binary(bytes.to_vec()),
            Incoming::Ping(bytes) => Said::Ping(bytes.to_vec()),
            Incoming::Pong => Said::Pong,
            Incoming::Close { code, reason } => Said::Close(code, reason.to_owned()),
        }
    }
}

/// A client's frame: the server's head, with its first byte as given, the mask bit set and the key added.
fn frame(first: u8, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame_head(Opcode::Text, payload.len(), &mut bytes);
    bytes[0] = first;
    bytes[1] |= 0x80;
    bytes.extend(key);
    bytes.extend(payload.iter().zip(key.into_iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

fn frames(frames: &[(u8, &[u8])]) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| frame(*first, payload, KEY)).collect()
}

/// Decodes the bytes cut at the given places, and checks the bound on what is held after each piece.
fn decode_cut(limit: usize, bytes: &[u8], mut ends: Vec<usize>) -> (Vec<Said>, Result<(), CloseReason>) {
    let mut decoder = Decoder::new(limit);
    let mut said = Vec::new();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut start = 0;
    for end in ends {
        let fed =
            decoder.feed(&mut bytes[start..end].to_vec(), &mut |incoming| said.push(Said::from(incoming)));
        assert!(decoder.buffered() <= limit + 125, "{} bytes held", decoder.buffered());
        if fed.is_err() {
            assert_eq!(decoder.feed(&mut frame(PING, b"", KEY), &mut |_| panic!("it is finished")), fed);
            assert!(decoder.is_finished());
            return (said, fed);
        }
        start = end;
    }
    (said, Ok(()))
}

/// Decodes the bytes whole and one at a time: the same must come of it.
fn decode(bytes: &[u8]) -> (Vec<Said>, Result<(), CloseReason>) {
    let whole = decode_cut(LIMIT, bytes, Vec::new());
    assert_eq!(whole, decode_cut(LIMIT, bytes, (0..bytes.len()).collect()));
    whole
}

fn said(bytes: &[u8]) -> Vec<Said> {
    let (said, fed) = decode(bytes);
    assert_eq!(fed, Ok(()));
    said
}

fn refused(bytes: &[u8]) -> u16 {
    let (said, fed) = decode(bytes);
    assert_eq!(said, []);
    fed.expect_err("bytes against the rules").code
}

#[test]
fn section_5_7_the_masked_example_of_the_standard() {
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(said(&hello), [Said::Text("Hello".into())]);
}

#[test]
fn section_5_1_a_frame_must_be_masked() {
    assert_eq!(refused(&[TEXT, 0]), 1002);
    assert_eq!(refused(b"\x81\x05Hello"), 1002);
}

#[test]
fn section_5_2_reserved_bits_must_not_be_set() {
    for bit in [0x40, 0x20, 0x10] {
        assert_eq!(refused(&frames(&[(TEXT | bit, b"")])), 1002);
        assert_eq!(refused(&frames(&[(PING | bit, b"")])), 1002);
    }
}

#[test]
fn section_5_2_reserved_opcodes_must_not_be_used() {
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        assert_eq!(refused(&frames(&[(0x80 | opcode, b"")])), 1002, "{opcode:x}");
    }
}

#[test]
fn section_5_2_a_length_takes_as_few_bytes_as_it_can() {
    assert_eq!(refused(&[BINARY, 0xFE, 0, 125, 0, 0, 0, 0]), 1002);
    assert_eq!(refused(&[BINARY, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0]), 1002);
    assert_eq!(refused(&[BINARY, 0xFF, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), 1002);
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, LIMIT] {
        let payload = vec![7; len];
        assert_eq!(said(&frames(&[(BINARY, &payload)])), [Said::Binary(payload)], "{len}");
    }
}

#[test]
fn section_5_4_a_message_is_the_sum_of_its_fragments() {
    let bytes = frames(&[(FIRST_OF_TEXT, b"Hel"), (MIDDLE, b""), (LAST, b"lo"), (TEXT, b"")]);
    assert_eq!(said(&bytes), [Said::Text("Hello".into()), Said::Text(String::new())]);
    let bytes = frames(&[(FIRST_OF_BINARY, b""), (LAST, b"\xff")]);
    assert_eq!(said(&bytes), [Said::Binary(vec![0xff])]);
}

#[test]
fn section_5_4_control_frames_may_come_between_fragments() {
    let bytes = frames(&[(FIRST_OF_TEXT, b"Hel"), (PING, b"?"), (PONG, b"!"), (LAST, b"lo")]);
    assert_eq!(said(&bytes), [Said::Ping(b"?".to_vec()), Said::Pong, Said::Text("Hello".into())]);
}

#[test]
fn section_5_4_a_continuation_continues_something() {
    assert_eq!(refused(&frames(&[(LAST, b"")])), 1002);
    assert_eq!(refused(&frames(&[(MIDDLE, b"")])), 1002);
    let (said, fed) = decode(&frames(&[(TEXT, b"a"), (LAST, b"b")]));
    assert_eq!((said, fed.unwrap_err().code), (vec![Said::Text("a".into())], 1002));
}

#[test]
fn section_5_4_messages_do_not_interleave() {
    for second in [TEXT, BINARY, FIRST_OF_TEXT, FIRST_OF_BINARY] {
        assert_eq!(refused(&frames(&[(FIRST_OF_TEXT, b""), (second, b"")])), 1002);
    }
}

#[test]
fn section_5_5_control_frames_are_short_and_whole() {
    for first in [CLOSE, PING, PONG] {
        assert_eq!(refused(&frames(&[(first, &[b'x'; 126])])), 1002);
        assert_eq!(refused(&frames(&[(first & 0x0F, b"")])), 1002);
    }
    assert_eq!(said(&frames(&[(PING, &[b'x'; 125])])), [Said::Ping(vec![b'x'; 125])]);
}

#[test]
fn section_5_5_1_nothing_comes_after_a_close() {
    let mut after = frames(&[(CLOSE, b"\x03\xe8bye"), (TEXT, b"more")]);
    after.extend(b"\xff\xff not even frames");
    assert_eq!(said(&after), [Said::Close(Some(1000), "bye".into())]);
    assert_eq!(said(&frames(&[(CLOSE, b"")])), [Said::Close(None, String::new())]);
}

#[test]
fn section_5_5_1_a_close_ends_an_unfinished_message() {
    let bytes = frames(&[(FIRST_OF_TEXT, b"Hel"), (CLOSE, b"")]);
    assert_eq!(said(&bytes), [Said::Close(None, String::new())]);
}

#[test]
fn section_5_5_1_a_close_has_a_whole_code_or_none() {
    assert_eq!(refused(&frames(&[(CLOSE, b"\x03")])), 1002);
}

#[test]
fn section_5_5_1_a_reason_is_utf_8() {
    assert_eq!(refused(&frames(&[(CLOSE, b"\x03\xe8\xff")])), 1007);
    assert_eq!(refused(&frames(&[(CLOSE, b"\x03\xe8\xc3")])), 1007);
}

#[test]
fn section_7_4_only_some_codes_are_for_the_wire() {
    for code in [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 3999, 4000, 4999] {
        let payload = u16::to_be_bytes(code);
        assert_eq!(said(&frames(&[(CLOSE, &payload)])), [Said::Close(Some(code), String::new())]);
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        assert_eq!(refused(&frames(&[(CLOSE, &u16::to_be_bytes(code))])), 1002, "{code}");
    }
}

#[test]
fn section_7_4_1_a_message_over_the_limit_is_1009_as_soon_as_it_says_so() {
    let over = frame(BINARY, &[0; LIMIT + 1], KEY);
    assert_eq!(refused(&over[..14]), 1009);
    assert_eq!(refused(&[BINARY, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]), 1009);
    assert_eq!(refused(&frames(&[(FIRST_OF_BINARY, &[0; LIMIT]), (LAST, b"x")])), 1009);
    let fragments = [(FIRST_OF_BINARY, [0; LIMIT - 1].as_slice()), (PING, &[0; 125]), (LAST, b"x")];
    assert_eq!(said(&frames(&fragments)).len(), 2);
}

#[test]
fn section_8_1_text_is_utf_8() {
    for bad in [b"\xff".as_slice(), b"a\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xe2\x82"]
    {
        assert_eq!(refused(&frames(&[(TEXT, bad)])), 1007, "{bad:x?}");
    }
}

#[test]
fn section_8_1_a_character_may_span_fragments() {
    let bytes = frames(&[(FIRST_OF_TEXT, b"\xf0\x9f"), (PING, b""), (MIDDLE, b"\x98"), (LAST, b"\x80")]);
    assert_eq!(said(&bytes), [Said::Ping(Vec::new()), Said::Text("😀".into())]);
    assert_eq!(refused(&frames(&[(FIRST_OF_TEXT, b"\xf0\x9f"), (LAST, b"\x98")])), 1007);
}

#[test]
fn section_8_1_bad_text_fails_at_its_first_bad_byte() {
    // The example Autobahn uses: valid text, then a code point past the last one, then more.
    let good = "κόσμε".as_bytes();
    let bad = [good, b"\xf4\x90\x80\x80edited"].concat();
    // Its second byte is out of range: the frame need not end, the message neither.
    for first in [TEXT, FIRST_OF_TEXT] {
        let whole = frame(first, &bad, KEY);
        let head_bytes = whole.len() - bad.len();
        let mut decoder = Decoder::new(LIMIT);
        let mut until_lead_byte = whole[..=head_bytes + good.len()].to_vec();
        assert_eq!(decoder.feed(&mut until_lead_byte, &mut |_| {}), Ok(()));
        let mut bad_byte = [whole[head_bytes + good.len() + 1]];
        assert_eq!(decoder.feed(&mut bad_byte, &mut |_| {}), Err(CloseReason::INVALID_TEXT));
    }
    assert_eq!(refused(&frames(&[(FIRST_OF_TEXT, good), (MIDDLE, b"\xf4\x90")])), 1007);
}

#[derive(Clone, Debug)]
enum Sent {
    Message { text: Option<String>, bytes: Vec<u8>, fragment_ends: Vec<Index> },
    Control { first: u8, payload: Vec<u8> },
}

fn any_sent() -> impl Strategy<Value = Sent> {
    let ends = || vec(any::<Index>(), 0..4);
    prop_oneof![
        (any::<String>(), ends()).prop_map(|(text, fragment_ends)| Sent::Message {
            bytes: text.clone().into_bytes(),
            text: Some(text),
            fragment_ends
        }),
        (vec(any::<u8>(), 0..300), ends()).prop_map(|(bytes, fragment_ends)| Sent::Message {
            text: None,
            bytes,
            fragment_ends
        }),
        (select(vec![PING, PONG]), vec(any::<u8>(), 0..=125))
            .prop_map(|(first, payload)| Sent::Control { first, payload }),
    ]
}

impl Sent {
    fn bytes(&self, key: [u8; 4]) -> Vec<u8> {
        let (text, bytes, fragment_ends) = match self {
            Sent::Control { first, payload } => return frame(*first, payload, key),
            Sent::Message { text, bytes, fragment_ends } => (text, bytes, fragment_ends),
        };
        let mut ends: Vec<usize> = fragment_ends.iter().map(|end| end.index(bytes.len() + 1)).collect();
        ends.push(bytes.len());
        ends.sort_unstable();
        let last = ends.len() - 1;
        let mut start = 0;
        let fragments = ends.into_iter().enumerate().flat_map(|(at, end)| {
            let opcode = if at > 0 {
                0
            } else if text.is_some() {
                1
            } else {
                2
            };
            let fin = if at == last { 0x80 } else { 0 };
            let fragment = frame(fin | opcode, &bytes[start..end], key);
            start = end;
            fragment
        });
        fragments.collect()
    }

    fn heard(&self) -> Said {
        match self {
            Sent::Message { text: Some(text), .. } => Said::Text(text.clone()),
            Sent::Message { bytes, .. } => Said::Binary(bytes.clone()),
            Sent::Control { first: PING, payload } => Said::Ping(payload.clone()),
            Sent::Control { .. } => Said::Pong,
        }
    }
}

fn places(cuts: &[Index], bytes: &[u8]) -> Vec<usize> {
    cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect()
}

proptest! {
    #[test]
    fn what_is_sent_is_heard_however_masked_fragmented_and_cut(
        sent in vec((any_sent(), any::<[u8; 4]>()), 0..6),
        cuts in vec(any::<Index>(), 0..30),
    ) {
        let bytes: Vec<u8> = sent.iter().flat_map(|(sent, key)| sent.bytes(*key)).collect();
        let heard: Vec<Said> = sent.iter().map(|(sent, _)| sent.heard()).collect();
        prop_assert_eq!(decode_cut(LIMIT, &bytes, places(&cuts, &bytes)), (heard, Ok(())));
    }

    #[test]
    fn any_bytes_are_messages_or_an_error(
        bytes in vec(prop_oneof![select(vec![0x81, 0x01, 0x80, 0x88, 0x83, 0xFE]), any::<u8>()], 0..200),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        prop_assert_eq!(decode_cut(64, &bytes, places(&cuts, &bytes)), decode_cut(64, &bytes, Vec::new()));
    }

    #[test]
    fn any_payload_in_any_frame_is_judged_the_same_however_cut(
        sent in vec((select(vec![0x81, 0x01, 0x00, 0x80, 0x88, 0x89]), vec(any::<u8>(), 0..6)), 0..8),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        let bytes: Vec<u8> = sent.iter().flat_map(|(first, payload)| frame(*first, payload, KEY)).collect();
        prop_assert_eq!(decode_cut(16, &bytes, places(&cuts, &bytes)), decode_cut(16, &bytes, Vec::new()));
    }

    #[test]
    fn every_close_we_send_is_one_we_would_take(
        code in (1000..5000_u16).prop_filter("for the wire", |code| is_close_code(*code)),
        reason in any::<String>(),
    ) {
        let mut bytes = Vec::new();
        close_into(code, &reason, &mut bytes);
        let (said, fed) = decode_cut(LIMIT, &frame(CLOSE, &bytes[2..], KEY), Vec::new());
        prop_assert_eq!(fed, Ok(()));
        let [Said::Close(Some(heard), cut)] = &said[..] else { panic!("{said:?}") };
        prop_assert_eq!(*heard, code);
        prop_assert!(reason.starts_with(cut.as_str()));
    }
}
