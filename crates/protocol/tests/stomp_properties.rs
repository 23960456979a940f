//! What holds for every STOMP frame and for any bytes at all.

use chinwag_protocol::stomp::{Command, DecodeError, Decoder, Frame, FrameLimits, Version, encode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const ROOMY: FrameLimits = FrameLimits { frame_bytes_max: 4096, header_bytes_max: 2048, headers_max: 16 };
const TIGHT: FrameLimits = FrameLimits { frame_bytes_max: 40, header_bytes_max: 30, headers_max: 2 };

fn any_version() -> impl Strategy<Value = Version> {
    select(Version::ALL.to_vec())
}

fn header_text() -> impl Strategy<Value = String> {
    vec(prop_oneof![select(vec!['\n', '\r', ':', '\\', '\0', ' ', 'n', 'c', 'r']), any::<char>()], 0..12)
        .prop_map(String::from_iter)
}

fn any_frame() -> impl Strategy<Value = Frame> {
    // A letter first: a name must not be blank.
    let name = header_text().prop_map(|rest| format!("x{rest}"));
    (select(Command::ALL.to_vec()), vec((name, header_text()), 0..6), vec(any::<u8>(), 0..64)).prop_map(
        |(command, headers, body)| {
            let body = if command.has_body() { body } else { Vec::new() };
            let frame = Frame::new(command).with_body(body);
            headers.iter().fold(frame, |frame, (name, value)| frame.with(name, value))
        },
    )
}

/// Bytes that look enough like STOMP to get past the first line.
fn stompish_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        select(vec!["SEND", "BEGIN", "CONNECT", "MESSAGE"]).prop_map(|text| text.as_bytes().to_vec()),
        select(vec!["a:b", "content-length:", "1", "7", "\\n", "\\", "\r\n", "\n", "\n\n", "\0", "\n\0"])
            .prop_map(|text| text.as_bytes().to_vec()),
        vec(any::<u8>(), 0..8),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// What the other side reads, given what the version cannot carry.
fn as_carried(frame: &Frame, version: Version) -> Frame {
    let plain = frame.command.is_handshake() || version == Version::V10;
    let lost = |c: char| c == '\0' || plain && matches!(c, '\n' | '\r');
    let trimmed = |text: String| match version {
        Version::V10 => text.trim_matches([' ', '\t', '\r']).to_owned(),
        _ => text,
    };
    let carried = Frame::new(frame.command).with_body(frame.body.clone());
    let carried = frame.headers.iter().fold(carried, |carried, (name, value)| {
        let name = name.replace(|c| lost(c) || plain && c == ':', " ");
        carried.with(&trimmed(name), trimmed(value.replace(lost, " ")))
    });
    if frame.body.is_empty() { carried } else { carried.with("content-length", frame.body.len()) }
}

/// Decodes the input cut at the given places, and checks the bound on what is held after each piece.
fn decode(
    limits: FrameLimits,
    version: Option<Version>,
    input: &[u8],
    cuts: &[Index],
) -> (Vec<Frame>, Option<DecodeError>) {
    let mut decoder = Decoder::new(limits);
    if let Some(version) = version {
        decoder.set_version(version);
    }
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
    ends.push(input.len());
    ends.sort_unstable();
    let (mut frames, mut start) = (Vec::new(), 0);
    for end in ends {
        decoder.feed(&input[start..end]);
        start = end;
        loop {
            match decoder.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
        assert!(decoder.buffered() < limits.frame_bytes_max, "{} bytes held", decoder.buffered());
    }
    (frames, None)
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_the_same_frames(
        frames in vec(any_frame(), 1..5),
        version in any_version(),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| encode(frame, version)).collect();
        let carried: Vec<Frame> = frames.iter().map(|frame| as_carried(frame, version)).collect();
        prop_assert_eq!(decode(ROOMY, Some(version), &bytes, &cuts), (carried, None));
    }

    #[test]
    fn where_the_bytes_are_cut_makes_no_difference(
        bytes in stompish_bytes(),
        version in proptest::option::of(any_version()),
        cuts in vec(any::<Index>(), 0..40),
        limits in select(vec![ROOMY, TIGHT]),
    ) {
        prop_assert_eq!(decode(limits, version, &bytes, &cuts), decode(limits, version, &bytes, &[]));
    }

    #[test]
    fn any_bytes_are_frames_or_an_error(
        bytes in vec(any::<u8>(), 0..512),
        version in proptest::option::of(any_version()),
        cuts in vec(any::<Index>(), 0..8),
    ) {
        decode(TIGHT, version, &bytes, &cuts);
    }

    #[test]
    fn no_decoded_frame_is_over_its_limits(bytes in stompish_bytes(), version in any_version()) {
        for frame in decode(TIGHT, Some(version), &bytes, &[]).0 {
            prop_assert!(frame.headers.len() <= TIGHT.headers_max);
            prop_assert!(frame.body.len() < TIGHT.frame_bytes_max);
            prop_assert!(frame.command.has_body() || frame.body.is_empty());
        }
    }
}
