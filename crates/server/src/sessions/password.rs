//! Passwords as argon2id hashes. A hash costs some 30 ms and 19 MiB on purpose, so few run at once and few may wait.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chinwag_protocol::limits::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
use serde::{Deserialize, Deserializer};
use tokio::sync::Semaphore;

use crate::sessions::secret::random_bytes;

/// OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
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
    waiting: AtomicUsize,
}

impl Passwords {
    /// Leaves one of `cores` to everything else, if there is more than one.
    #[must_use]
    pub fn new(cores: usize) -> Self {
        let turns = cores.saturating_sub(1).max(1);
        Self { turns: Arc::new(Semaphore::new(turns)), waiting: AtomicUsize::new(0) }
    }

    /// The hash in PHC string form, with its salt and parameters.
    pub async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        self.take_turn(move || hash(&password.0)).await
    }

    /// Whether this is the password behind `stored`. Without one (no such user) the answer is no, and takes as long:
    /// the time must not tell which names exist.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<bool, PasswordError> {
        self.take_turn(move || match stored {
            Some(stored) => verify(&password.0, &stored),
            None => {
                std::hint::black_box(hash(&password.0));
                false
            }
        })
        .await
    }

    async fn take_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Place::take(&self.waiting)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect("the semaphore is never closed");
        drop(place);
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
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

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> String {
    let salt: [u8; SALT_BYTES] = random_bytes();
    let hash: PasswordHash = argon2()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .expect("the salt is of a permitted length");
    hash.to_string()
}

fn verify(password: &str, stored: &str) -> bool {
    match PasswordHash::new(stored) {
        Ok(stored) => argon2().verify_password(password.as_bytes(), &stored).is_ok(),
        Err(_) => false,
    }
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
