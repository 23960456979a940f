//! Passwords as argon2id hashes. A hash costs some 30 ms and 19 MiB on purpose, so few run at once and few may wait, and
//! the memory is kept for the next: given back each time, it was spread over the allocator's arenas and never returned.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chinwag_protocol::limits::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use tokio::sync::Semaphore;

use crate::sessions::secret::random_bytes;

/// OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;
/// Hashes waiting for their turn, at most: some 15 seconds of work for one core.
pub const PASSWORDS_WAITING_MAX: usize = 512;

/// A password as its owner typed it. Debug shows `****`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("password must be {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters long")]
pub struct InvalidPassword;

/// Random bytes in a password that we make up: 16 characters of base64url.
const MADE_UP_BYTES: usize = 12;

/// A password for somebody who chose none, to be told to them once.
#[must_use]
pub fn make_up() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<MADE_UP_BYTES>())
}

impl Password {
    /// One to be set: long enough to be one.
    pub fn chosen(text: String) -> Result<Self, InvalidPassword> {
        let long_enough = text.chars().count() >= PASSWORD_CHARS_MIN;
        Self::given(text).filter(|_| long_enough).ok_or(InvalidPassword)
    }

    /// One to be checked. `None` if it is so long that it can be nobody's.
    #[must_use]
    pub fn given(text: String) -> Option<Self> {
        (text.chars().count() <= PASSWORD_CHARS_MAX).then_some(Self(text))
    }
}

impl JsonSchema for Password {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Password")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "password",
            "minLength": PASSWORD_CHARS_MIN,
            "maxLength": PASSWORD_CHARS_MAX,
        })
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::chosen(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// More are waiting than [`PASSWORDS_WAITING_MAX`].
    #[error("too many passwords wait to be checked")]
    Overloaded,
}

/// Hashes and checks passwords, off the async threads. Dropping a call that waits gives up its place; one that has
/// begun runs to its end.
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// What hashes were worked out in, at most one for each turn.
    memories: Arc<Mutex<Vec<Memory>>>,
    waiting: AtomicUsize,
}

type Memory = Vec<Block>;

impl Passwords {
    /// Leaves one of `cores` to everything else, if there is more than one.
    #[must_use]
    pub fn new(cores: usize) -> Self {
        let turns = cores.saturating_sub(1).max(1);
        Self {
            turns: Arc::new(Semaphore::new(turns)),
            memories: Arc::default(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// The hash in PHC string form, with its salt and parameters.
    pub async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        self.take_turn(move |memory| hash(&password.0, memory)).await
    }

    /// Whether this is the password behind `stored`. Without one (no such user) the answer is no, and takes as long:
    /// the time must not tell which names exist.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool, PasswordError> {
        self.take_turn(move |memory| match stored {
            Some(stored) => verify(&password.0, &stored, memory),
            None => {
                std::hint::black_box(hash(&password.0, memory));
                false
            }
        })
        .await
    }

    async fn take_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Place::take(&self.waiting)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("the semaphore is never closed");
        drop(place);
        let memories = Arc::clone(&self.memories);
        let done = tokio::task::spawn_blocking(move || {
            let kept = || memories.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = kept().pop().unwrap_or_default();
            let done = work(&mut memory);
            kept().push(memory);
            drop(turn);
            done
        });
        Ok(done.await.expect("hashing a password neither panics nor is cancelled"))
    }
}

/// One of the places in the queue, given back on drop.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self, PasswordError> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) >= PASSWORDS_WAITING_MAX {
            return Err(PasswordError::Overloaded);
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn params() -> Params {
    Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are in range")
}

fn hash(password: &str, memory: &mut Memory) -> String {
    let salt: [u8; SALT_BYTES] = random_bytes();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params());
    let output = output(&argon2, password, &salt, OUTPUT_BYTES, memory);
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params()).expect("the parameters can be written"),
        salt: Some(Salt::new(&salt).expect("the salt is of a permitted length")),
        hash: Some(output.expect("the lengths are permitted")),
    };
    hash.to_string()
}

/// By the parameters of the stored hash, which may be older than ours. Compares in constant time.
fn verify(password: &str, stored: &str, memory: &mut Memory) -> bool {
    let mut is_same = || {
        let stored = PasswordHash::new(stored).ok()?;
        let algorithm = Algorithm::try_from(stored.algorithm.as_str()).ok()?;
        let version = stored.version.map_or(Ok(Version::V0x13), Version::try_from).ok()?;
        let argon2 = Argon2::new(algorithm, version, Params::try_from(&stored).ok()?);
        let known = stored.hash?;
        Some(output(&argon2, password, stored.salt?.as_ref(), known.len(), memory)? == known)
    };
    is_same().unwrap_or(false)
}

/// `None` if the lengths are none that argon2 permits.
fn output(
    argon2: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    bytes: usize,
    memory: &mut Memory,
) -> Option<Output> {
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    let mut output = vec![0; bytes];
    let filled =
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut output, &mut memory[..blocks]);
    filled.ok().and_then(|()| Output::new(&output).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Password {
        Password::given(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash() {
        let passwords = Passwords::new(2);
        let stored = passwords.hash(typed("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(passwords.verify(typed("correct horse"), Some(stored.clone())).await, Ok(true));
        assert_eq!(passwords.verify(typed("battery staple"), Some(stored)).await, Ok(false));
        assert_eq!(passwords.verify(typed("correct horse"), None).await, Ok(false));
        assert_eq!(passwords.verify(typed("correct horse"), Some("not a hash".to_owned())).await, Ok(false));
    }

    /// The memory that is used again must not leave a trace in the next hash.
    #[tokio::test]
    async fn hashes_are_those_of_any_argon2() {
        use argon2::password_hash::PasswordVerifier;
        let passwords = Passwords::new(2);
        for text in ["correct horse", "battery staple", "correct horse"] {
            let stored = passwords.hash(typed(text)).await.unwrap();
            let stored = PasswordHash::new(&stored).unwrap();
            assert_eq!(Argon2::default().verify_password(text.as_bytes(), &stored), Ok(()));
            assert!(Argon2::default().verify_password(b"else", &stored).is_err());
        }
        assert_eq!(passwords.memories.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn one_too_many_waiting_is_refused_and_places_are_given_back() {
        let passwords = Passwords::new(1);
        let places: Vec<_> =
            (0..PASSWORDS_WAITING_MAX).map(|_| Place::take(&passwords.waiting).unwrap()).collect();
        assert_eq!(passwords.hash(typed("x")).await, Err(PasswordError::Overloaded));
        drop(places);
        assert!(passwords.hash(typed("x")).await.is_ok());
        assert_eq!(passwords.waiting.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_password_is_neither_short_nor_endless_nor_shown() {
        assert!(Password::chosen("ä".repeat(7)).is_err());
        assert!(Password::chosen("ä".repeat(8)).is_ok());
        assert!(Password::chosen("x".repeat(257)).is_err());
        assert_eq!(Password::given("x".repeat(257)), None);
        assert_eq!(format!("{:?}", typed("hunter22")), "****");
    }
}
