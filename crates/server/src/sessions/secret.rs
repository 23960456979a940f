//! Opaque tokens: 256 bits of the operating system's randomness, shown once and kept only as a hash.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// SHA-256 of a token: what is stored, and what a token is looked up by. Enough, since tokens cannot be guessed.
pub type TokenHash = [u8; 32];

const TOKEN_BYTES: usize = 32;
/// Characters of a token that may be shown to its owner to tell tokens apart: the kind and 48 of its 256 bits.
const PREFIX_CHARS: usize = 12;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenKind {
    ApiKey,
    /// Of an application's own server.
    ServerKey,
    Refresh,
    Ticket,
}

impl TokenKind {
    const fn marker(self) -> &'static str {
        match self {
            Self::ApiKey => "cwk_",
            Self::ServerKey => "cws_",
            Self::Refresh => "cwr_",
            Self::Ticket => "cwt_",
        }
    }
}

/// A token's plain text, on its way to its owner. Debug shows `****`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    #[must_use]
    pub fn generate(kind: TokenKind) -> Self {
        Self(format!("{}{}", kind.marker(), URL_SAFE_NO_PAD.encode(random_bytes::<TOKEN_BYTES>())))
    }

    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn hash(&self) -> TokenHash {
        hash(&self.0)
    }

    /// The first characters, to tell one's tokens apart.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.0[..PREFIX_CHARS]
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// The hash to look a presented token up by. Comparing hashes tells a guesser nothing, so an index may do it.
#[must_use]
pub fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// Bytes nobody can guess.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("an operating system without randomness cannot run a server");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_its_kind_and_nothing_else_by_accident() {
        let token = Token::generate(TokenKind::ApiKey);
        assert!(token.reveal().starts_with("cwk_"));
        assert_eq!(token.reveal().len(), 4 + 43);
        assert_eq!(token.prefix(), &token.reveal()[..12]);
        assert_eq!(format!("{token:?}"), "****");
        assert_eq!(token.hash(), hash(token.reveal()));
        assert_ne!(token, Token::generate(TokenKind::ApiKey));
    }
}
