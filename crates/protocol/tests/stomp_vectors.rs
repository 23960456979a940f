//! The vectors in testdata/stomp, which clients in other languages read too.

use chinwag_protocol::stomp::{Command, DecodeError, Decoder, Frame, FrameLimits, Version, encode};
use serde::Deserialize;

#[derive(Deserialize)]
struct DecodeVectors {
    limits: Limits,
    cases: Vec<DecodeCase>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    frame_bytes_max: usize,
    header_bytes_max: usize,
    headers_max: usize,
}

#[derive(Deserialize)]
struct DecodeCase {
    name: String,
    version: Option<String>,
    input: String,
    frames: Vec<ExpectedFrame>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct ExpectedFrame {
    command: String,
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Deserialize)]
struct EncodeVectors {
    cases: Vec<EncodeCase>,
}

#[derive(Deserialize)]
struct EncodeCase {
    name: String,
    version: String,
    #[serde(flatten)]
    frame: ExpectedFrame,
    output: String,
}

impl From<ExpectedFrame> for Frame {
    fn from(expected: ExpectedFrame) -> Self {
        let command = Command::from_bytes(expected.command.as_bytes()).expect("a vector's command");
        let frame = Frame::new(command).with_body(bytes(&expected.body));
        expected.headers.iter().fold(frame, |frame, (name, value)| frame.with(name, value))
    }
}

/// In vectors each character of bytes stands for one byte.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).expect("a character below U+0100")).collect()
}

fn version(name: &str) -> Version {
    Version::ALL.into_iter().find(|version| version.as_str() == name).expect("a vector's version")
}

fn decode(decoder: &mut Decoder, input: &[u8], piece_bytes: usize) -> (Vec<Frame>, Option<DecodeError>) {
    let mut frames = Vec::new();
    for piece in input.chunks(piece_bytes) {
        decoder.feed(piece);
        loop {
            match decoder.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

#[test]
fn every_decoding_vector_holds_whole_and_in_pieces() {
    let vectors: DecodeVectors =
        serde_json::from_str(include_str!("../testdata/stomp/decode.json")).expect("the vectors parse");
    let limits = FrameLimits {
        frame_bytes_max: vectors.limits.frame_bytes_max,
        header_bytes_max: vectors.limits.header_bytes_max,
        headers_max: vectors.limits.headers_max,
    };
    for case in vectors.cases {
        let name = format!("{} ({})", case.name, case.version.as_deref().unwrap_or("no version"));
        let expected: Vec<Frame> = case.frames.into_iter().map(Frame::from).collect();
        for piece_bytes in [usize::MAX, 1, 2, 3, 7] {
            let mut decoder = Decoder::new(limits);
            if let Some(agreed) = &case.version {
                decoder.set_version(version(agreed));
            }
            let (frames, error) = decode(&mut decoder, &bytes(&case.input), piece_bytes);
            assert_eq!(frames, expected, "{name}, {piece_bytes} bytes at a time");
            // The vectors call errors by the names of their variants.
            assert_eq!(
                error.map(|error| format!("{error:?}")),
                case.error,
                "{name}, {piece_bytes} bytes at a time"
            );
        }
    }
}

#[test]
fn every_encoding_vector_holds() {
    let vectors: EncodeVectors =
        serde_json::from_str(include_str!("../testdata/stomp/encode.json")).expect("the vectors parse");
    for case in vectors.cases {
        let encoded = encode(&Frame::from(case.frame), version(&case.version));
        assert_eq!(
            encoded.escape_ascii().to_string(),
            bytes(&case.output).escape_ascii().to_string(),
            "{} ({})",
            case.name,
            case.version
        );
    }
}
