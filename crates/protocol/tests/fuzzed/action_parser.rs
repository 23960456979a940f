//! Any body is an action or a refusal that says why, and white space around it changes nothing.

use chinwag_protocol::{Action, Envelope, ErrorCode};

const MESSAGE_BYTES_MAX: usize = 100;
/// What a reaction and a nonce may have.
const SMALL_TEXT_BYTES_MAX: usize = 64;

pub(crate) fn check(body: &[u8]) {
    let parsed = Envelope::parse(body, MESSAGE_BYTES_MAX);
    let padded = [b" \r\n\t".as_slice(), body, b"\n "].concat();
    match (&parsed, Envelope::parse(&padded, MESSAGE_BYTES_MAX)) {
        (Ok(envelope), again) => assert_eq!(Ok(envelope), again.as_ref()),
        // The text may say where.
        (Err(refused), again) => assert_eq!(Err(refused.code), again.map_err(|refused| refused.code)),
    }
    match parsed {
        Ok(envelope) => {
            if let Action::Send { message, .. }
            | Action::Edit { message, .. }
            | Action::Reply { message, .. } = &envelope.action
            {
                let text = message.as_str();
                assert!((1..=MESSAGE_BYTES_MAX).contains(&text.len()) && !text.trim().is_empty());
                assert_eq!(envelope.action.text_bytes(), text.len());
            }
            if let Action::React { reaction, .. } = &envelope.action {
                assert!((1..=SMALL_TEXT_BYTES_MAX).contains(&reaction.as_str().len()));
            }
            if let Some(nonce) = &envelope.nonce {
                assert!((1..=4 * SMALL_TEXT_BYTES_MAX).contains(&nonce.as_str().len()));
            }
            // Without a limit it is the same action.
            assert_eq!(Envelope::parse(body, 0), Ok(envelope));
        }
        Err(refused) => {
            assert!(!refused.detail.is_empty());
            assert!((400..500).contains(&refused.code.status()));
            if refused.code == ErrorCode::MalformedJson {
                assert_eq!((refused.action, refused.nonce), (None, None));
            }
        }
    }
}
