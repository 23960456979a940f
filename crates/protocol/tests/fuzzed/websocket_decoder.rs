//! Any bytes, cut anyhow: the same messages, the same end, bounded memory.

use chinwag_protocol::websocket::{
    CONTROL_BYTES_MAX, CloseReason, Decoder, Incoming, is_close_code, text_into,
};

const MESSAGE_BYTES_MAX: usize = 700;

#[derive(PartialEq, Debug)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>, String),
}

/// The first byte chooses where the rest is cut.
pub(crate) fn check(bytes: &[u8]) {
    let [cut, stream @ ..] = bytes else { return };
    let whole = decode(stream, stream.len().max(1));
    let cut = usize::from(*cut) % 17 + 1;
    assert_eq!(decode(stream, cut), whole, "cut into pieces of {cut}");
    for said in &whole.0 {
        match said {
            Said::Text(text) => {
                assert!(text.len() <= MESSAGE_BYTES_MAX);
                // What we would send is what a peer would have to send, but for the mask.
                let mut out = Vec::new();
                text_into(text, &mut out);
                assert!(out.ends_with(text.as_bytes()));
            }
            Said::Binary(bytes) => assert!(bytes.len() <= MESSAGE_BYTES_MAX),
            Said::Ping(payload) => assert!(payload.len() <= CONTROL_BYTES_MAX),
            Said::Pong => {}
            Said::Close(code, reason) => {
                assert!(code.is_none_or(is_close_code));
                assert!(code.is_some() || reason.is_empty());
            }
        }
    }
    let closes = whole.0.iter().filter(|said| matches!(said, Said::Close(..))).count();
    assert!(closes == 0 || closes == 1 && matches!(whole.0.last(), Some(Said::Close(..))), "it is the last");
}

fn decode(stream: &[u8], piece_bytes: usize) -> (Vec<Said>, Option<CloseReason>) {
    let mut decoder = Decoder::new(MESSAGE_BYTES_MAX);
    let mut said = Vec::new();
    let mut stream = stream.to_vec();
    for piece in stream.chunks_mut(piece_bytes) {
        let fed = decoder.feed(piece, &mut |incoming| {
            said.push(match incoming {
                Incoming::Text(text) => Said::Text(text.to_owned()),
                Incoming::Binary(bytes) => Said::Binary(bytes.to_vec()),
                Incoming::Ping(payload) => Said::Ping(payload.to_vec()),
                Incoming::Pong => Said::Pong,
                Incoming::Close { code, reason } => Said::Close(code, reason.to_owned()),
            });
        });
        assert!(decoder.buffered() <= MESSAGE_BYTES_MAX + CONTROL_BYTES_MAX, "{} held", decoder.buffered());
        if let Err(reason) = fed {
            assert!(decoder.is_finished() && decoder.buffered() == 0);
            assert!(is_close_code(reason.code) && reason.reason.len() <= CONTROL_BYTES_MAX - 2);
            return (said, Some(reason));
        }
    }
    (said, None)
}
