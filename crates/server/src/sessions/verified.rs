//! Tokens that were checked lately. A client shows the same one for its ticket and for CONNECT, and an Ed25519 check
//! costs as much as all else about a connection.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::jwt::Claims;
use super::secret::TokenHash;

/// Tokens of one generation; two are kept. Enough for a storm of reconnects, at some 2 MiB.
const GENERATION_MAX: usize = 4096;

/// What the tokens said, by their hashes: whoever knows the whole token finds it, nobody else. Whether a token has
/// expired, and whether its session goes on, is for the caller to ask every time.
#[derive(Default)]
pub(super) struct Verified(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<TokenHash, Claims>,
    old: HashMap<TokenHash, Claims>,
}

impl Verified {
    pub(super) fn find(&self, token: &TokenHash) -> Option<Claims> {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.get(token).or_else(|| generations.old.get(token)).cloned()
    }

    pub(super) fn keep(&self, token: TokenHash, claims: Claims) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= GENERATION_MAX {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(token, claims);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::Identity;
    use chinwag_protocol::Timestamp;
    use uuid::Uuid;

    fn claims(user: usize) -> Claims {
        let id = Uuid::from_u128(user as u128);
        let who = Identity { user: id.into(), username: String::new(), app: id.into(), session: id.into() };
        Claims::new(who, Timestamp(0), 300)
    }

    #[test]
    fn a_token_is_known_again_and_the_oldest_are_forgotten() {
        let hash = |n: usize| crate::sessions::secret::hash(&n.to_string());
        let verified = Verified::default();
        for n in 0..=2 * GENERATION_MAX {
            verified.keep(hash(n), claims(n));
        }
        assert_eq!(verified.find(&hash(2 * GENERATION_MAX)), Some(claims(2 * GENERATION_MAX)));
        assert_eq!(verified.find(&hash(GENERATION_MAX)), Some(claims(GENERATION_MAX)));
        assert_eq!(verified.find(&hash(0)), None);
        let kept = verified.0.lock().unwrap();
        assert!(kept.young.len() + kept.old.len() <= 2 * GENERATION_MAX);
    }
}
