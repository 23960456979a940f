//! Any bytes, cut anyhow: the same frames, bounded memory, and what was read is written and read again as it was.

use chinwag_protocol::stomp::{DecodeError, Decoder, Frame, FrameLimits, Version, encode};

const TIGHT: FrameLimits = FrameLimits { frame_bytes_max: 300, header_bytes_max: 200, headers_max: 6 };
/// Escapes and a content-length may make a frame longer.
const ROOMY: FrameLimits = FrameLimits { frame_bytes_max: 4096, header_bytes_max: 4096, headers_max: 8 };

/// The first byte chooses the version, the second where the rest is cut.
pub(crate) fn check(bytes: &[u8]) {
    let [version, cut, stream @ ..] = bytes else { return };
    let version = match version % 4 {
        0 => None,
        number => Some(Version::ALL[usize::from(number) - 1]),
    };
    let whole = decode(version, stream, stream.len().max(1));
    let cut = usize::from(*cut) % 9 + 1;
    assert_eq!(decode(version, stream, cut), whole, "cut into pieces of {cut}");
    if let Some(version) = version {
        for frame in whole.0.iter().filter(|frame| !frame.command.is_handshake()) {
            reads_back(frame, version);
        }
    }
}

fn decode(version: Option<Version>, stream: &[u8], piece_bytes: usize) -> (Vec<Frame>, Option<DecodeError>) {
    let mut decoder = Decoder::new(TIGHT);
    if let Some(version) = version {
        decoder.set_version(version);
    }
    let mut frames = Vec::new();
    for piece in stream.chunks(piece_bytes) {
        decoder.feed(piece);
        loop {
            match decoder.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(
                        (decoder.next(), decoder.buffered()),
                        (Err(error), 0),
                        "the first error is final"
                    );
                    return (frames, Some(error));
                }
            }
        }
        assert!(decoder.buffered() < TIGHT.frame_bytes_max, "{} bytes held", decoder.buffered());
    }
    (frames, None)
}

fn reads_back(frame: &Frame, version: Version) {
    let mut decoder = Decoder::new(ROOMY);
    decoder.set_version(version);
    decoder.feed(&encode(frame, version));
    let again = decoder.next().expect("what we write can be read").expect("and is whole");
    assert_eq!((again.command, &again.body), (frame.command, &frame.body));
    let headers = |frame: &Frame| -> Vec<(String, String)> {
        let carried = |text: &str| match version {
            // 1.0 cannot carry a CR, and pads.
            Version::V10 => text.replace('\r', " ").trim_matches([' ', '\t']).to_owned(),
            _ => text.to_owned(),
        };
        let headers = frame.headers.iter().map(|(name, value)| (carried(name), carried(value)));
        headers.filter(|(name, _)| name != "content-length").collect()
    };
    assert_eq!(headers(&again), headers(frame));
}
