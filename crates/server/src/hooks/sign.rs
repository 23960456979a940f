//! Signatures of deliveries, by the scheme of Standard Webhooks (<https://www.standardwebhooks.com>): HMAC-SHA256 over id,
//! time and body, so that an endpoint knows who it was, that nothing was changed, and that it is not an old one again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chinwag_protocol::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::sessions::secret::random_bytes;
use crate::store::{Hook, HookSecret};

const PREFIX: &str = "whsec_";
const SECRET_BYTES: usize = 32;

/// A new secret: 256 bits.
#[must_use]
pub fn new_secret() -> HookSecret {
    HookSecret::new(format!("{PREFIX}{}", STANDARD.encode(random_bytes::<SECRET_BYTES>())))
}

/// The header `webhook-signature`: by the secret, and for a while by the one before.
pub(super) fn signatures(hook: &Hook, id: &str, now: Timestamp, body: &[u8]) -> String {
    let old = hook.old_secret.as_ref().filter(|(_, until)| *until > now).map(|(secret, _)| secret);
    let secrets = std::iter::once(&hook.secret).chain(old);
    let signatures = secrets.map(|secret| signature(secret, id, now.seconds(), body));
    signatures.collect::<Vec<_>>().join(" ")
}

fn signature(secret: &HookSecret, id: &str, seconds: i64, body: &[u8]) -> String {
    let text = secret.reveal().strip_prefix(PREFIX).unwrap_or_default();
    let key = STANDARD.decode(text).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key may have any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the scheme's own specification.
    #[test]
    fn a_known_signature() {
        let secret = HookSecret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let body = br#"{"test": 2432232314}"#;
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_differ_and_do_not_show() {
        let secret = new_secret();
        assert_ne!(secret, new_secret());
        assert!(secret.reveal().starts_with("whsec_") && secret.reveal().len() == 6 + 44);
        assert_eq!(format!("{secret:?}"), "****");
    }
}
