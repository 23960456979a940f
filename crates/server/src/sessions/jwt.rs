//! JSON Web Tokens (RFC 7519), signed with Ed25519 (RFC 8037). Whether a token's session still lives is not known here.

mod key;

use chinwag_protocol::{AccountId, AppId, SessionId, Timestamp, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Identity;
pub use key::{KeyError, SigningKeyFile};

/// The role of an app's end user. The one value, so that an account's token cannot be read as a user's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub enum UserRole {
    #[serde(rename = "USER")]
    User,
}

/// The role of an account. The one value, so that a user's token cannot be read as an account's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub enum AccountRole {
    #[serde(rename = "CLIENT")]
    Client,
}

/// What a user's token says (protocol, section 1). Times are whole seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claims {
    pub sub: UserId,
    pub username: String,
    pub role: UserRole,
    pub app: AppId,
    pub sid: SessionId,
    pub iat: i64,
    pub exp: i64,
}

/// What an account's access token says (protocol, section 6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccountClaims {
    pub sub: AccountId,
    pub role: AccountRole,
    pub sid: SessionId,
    pub iat: i64,
    pub exp: i64,
}

/// The public keys that JWTs can be checked with (RFC 7517, section 5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct KeySet {
    pub keys: [PublicKey; 1],
}

/// A public key for Ed25519 (RFC 8037, section 2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct PublicKey {
    pub kty: &'static str,
    pub crv: &'static str,
    pub x: String,
    pub kid: String,
    pub alg: &'static str,
    #[serde(rename = "use")]
    pub usage: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenError {
    /// Not signed by us, or not a token of this kind.
    #[error("the token is not valid")]
    Invalid,
    #[error("the token has expired")]
    Expired,
}

impl Claims {
    #[must_use]
    pub fn new(who: Identity, now: Timestamp, life_seconds: u32) -> Self {
        let iat = now.seconds();
        Self {
            sub: who.user,
            username: who.username,
            role: UserRole::User,
            app: who.app,
            sid: who.session,
            iat,
            exp: iat.saturating_add(i64::from(life_seconds)),
        }
    }
}

impl Claims {
    /// These claims, if they hold at `now`. No leeway.
    pub fn not_expired(self, now: Timestamp) -> Result<Self, TokenError> {
        if now.seconds() < self.exp { Ok(self) } else { Err(TokenError::Expired) }
    }
}

impl From<Claims> for Identity {
    fn from(claims: Claims) -> Self {
        Self { user: claims.sub, username: claims.username, app: claims.app, session: claims.sid }
    }
}

/// Signs tokens and checks our own, with the one key of this deployment.
pub struct Jwt {
    kid: String,
    /// The public key, base64url, as a JWK has it.
    x: String,
    signing: EncodingKey,
    checking: DecodingKey,
    header: Header,
    validation: Validation,
}

impl Jwt {
    /// Signs and checks once, so that a build without working cryptography fails at start and not at the first sign-in.
    pub fn new(key: &SigningKeyFile) -> Result<Self, KeyError> {
        let (x, kid) = (key.public(), key.thumbprint());
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(kid.clone());
        // Expiry is checked against the time that the caller brings, not the machine's.
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let signing = EncodingKey::from_ed_pem(key.pem().as_bytes()).map_err(|_| KeyError::Unusable)?;
        let checking = DecodingKey::from_ed_components(&x).map_err(|_| KeyError::Unusable)?;
        let jwt = Self { kid, x, signing, checking, header, validation };
        let token = jwt.encode(&json!({"test": true})).map_err(|_| KeyError::Unusable)?;
        match jwt.decode::<serde_json::Value>(&token) {
            Ok(_) => Ok(jwt),
            Err(_) => Err(KeyError::Unusable),
        }
    }

    #[must_use]
    pub fn sign(&self, claims: &Claims) -> String {
        self.encode(claims).expect("the key signed at start, and claims are plain JSON")
    }

    #[must_use]
    pub fn sign_account(&self, claims: &AccountClaims) -> String {
        self.encode(claims).expect("the key signed at start, and claims are plain JSON")
    }

    /// A user's token that is ours and, at `now`, not expired. No leeway.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        let claims: Claims = self.decode(token)?;
        claims.not_expired(now)
    }

    /// A user's token that is ours, however old: what `expiredJwt` has to be (protocol, section 1).
    pub fn verify_ignoring_expiry(&self, token: &str) -> Result<Claims, TokenError> {
        self.decode(token)
    }

    /// An account's access token that is ours and, at `now`, not expired.
    pub fn verify_account(&self, token: &str, now: Timestamp) -> Result<AccountClaims, TokenError> {
        let claims: AccountClaims = self.decode(token)?;
        if now.seconds() < claims.exp { Ok(claims) } else { Err(TokenError::Expired) }
    }

    /// The public key as a JWK set (RFC 7517, section 5), for `/.well-known/jwks.json`.
    #[must_use]
    pub fn jwks(&self) -> KeySet {
        let key = PublicKey {
            kty: "OKP",
            crv: "Ed25519",
            x: self.x.clone(),
            kid: self.kid.clone(),
            alg: "EdDSA",
            usage: "sig",
        };
        KeySet { keys: [key] }
    }

    fn encode(&self, claims: &impl Serialize) -> jsonwebtoken::errors::Result<String> {
        jsonwebtoken::encode(&self.header, claims, &self.signing)
    }

    fn decode<T: DeserializeOwned>(&self, token: &str) -> Result<T, TokenError> {
        jsonwebtoken::decode(token, &self.checking, &self.validation)
            .map(|token| token.claims)
            .map_err(|_| TokenError::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_795_362_000_500);

    fn jwt() -> Jwt {
        let directory = tempfile::tempdir().unwrap();
        Jwt::new(&SigningKeyFile::open(directory.path()).unwrap()).unwrap()
    }

    fn alice() -> Claims {
        let id = Uuid::from_u128(7);
        let who =
            Identity { user: UserId(id), username: "alice".into(), app: AppId(id), session: SessionId(id) };
        Claims::new(who, NOW, 300)
    }

    fn with_header(token: &str, header: &str) -> String {
        let (_, rest) = token.split_once('.').unwrap();
        format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn a_token_carries_its_claims_until_the_second_it_expires() {
        let jwt = jwt();
        let token = jwt.sign(&alice());
        assert_eq!(jwt.verify(&token, NOW), Ok(alice()));
        assert_eq!(jwt.verify(&token, Timestamp(alice().exp * 1000 - 1)), Ok(alice()));
        assert_eq!(jwt.verify(&token, Timestamp(alice().exp * 1000)), Err(TokenError::Expired));
        assert_eq!(jwt.verify_ignoring_expiry(&token), Ok(alice()));
    }

    #[test]
    fn a_forged_token_is_invalid() {
        let jwt = jwt();
        let token = jwt.sign(&alice());
        let (head, signature) = token.rsplit_once('.').unwrap();
        let mut flipped = signature.to_owned();
        flipped.replace_range(3..4, if &signature[3..4] == "A" { "B" } else { "A" });
        let forged = [
            String::new(),
            "x.y.z".to_owned(),
            head.to_owned(),
            format!("{head}."),
            format!("{head}.{flipped}"),
            with_header(&token, r#"{"alg":"none"}"#),
            with_header(&token, r#"{"alg":"HS256"}"#),
            self::jwt().sign(&alice()),
        ];
        for token in forged {
            assert_eq!(jwt.verify_ignoring_expiry(&token), Err(TokenError::Invalid), "{token}");
        }
    }

    #[test]
    fn users_and_accounts_cannot_pass_for_each_other() {
        let jwt = jwt();
        let id = Uuid::from_u128(7);
        let account = AccountClaims {
            sub: AccountId(id),
            role: AccountRole::Client,
            sid: SessionId(id),
            iat: alice().iat,
            exp: alice().exp,
        };
        let access_token = jwt.sign_account(&account);
        assert_eq!(jwt.verify_account(&access_token, NOW), Ok(account));
        assert_eq!(jwt.verify(&access_token, NOW), Err(TokenError::Invalid));
        assert_eq!(jwt.verify_account(&jwt.sign(&alice()), NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn the_published_key_checks_a_token() {
        let jwt = jwt();
        let jwks: jsonwebtoken::jwk::JwkSet =
            serde_json::from_value(serde_json::to_value(jwt.jwks()).unwrap()).unwrap();
        let token = jwt.sign(&alice());
        let kid = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
        let key = DecodingKey::from_jwk(jwks.find(&kid).unwrap()).unwrap();
        let read = jsonwebtoken::decode::<Claims>(&token, &key, &jwt.validation).unwrap();
        assert_eq!(read.claims, alice());
    }
}
