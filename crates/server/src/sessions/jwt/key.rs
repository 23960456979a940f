//! The Ed25519 key that signs tokens: made on the first start, kept in the data directory, readable by its owner only;
//! or in the database that several nodes share.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use sha2::{Digest, Sha256};

use crate::sessions::secret::random_bytes;

const DIRECTORY: &str = "keys";
const FILE: &str = "jwt-ed25519.pem";
const OWNER_ONLY_DIRECTORY: u32 = 0o700;
const OWNER_ONLY_FILE: u32 = 0o600;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("cannot read or write the signing key {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is not an Ed25519 private key in PKCS#8 PEM form", path.display())]
    NotAKey { path: PathBuf },
    #[error("the signing key in the database is not an Ed25519 private key in PKCS#8 PEM form")]
    NotAKeyThere,
    /// The self test failed.
    #[error("the signing key cannot sign")]
    Unusable,
}

/// The key as it is kept: `keys/jwt-ed25519.pem`, or that text in the database; PKCS#8 in PEM.
pub struct SigningKeyFile {
    key: SigningKey,
}

impl SigningKeyFile {
    /// Reads the key, or makes one. Of several processes that start at once on an empty directory one makes it and all
    /// get that one. Whoever sees the file sees all of it.
    pub fn open(data_dir: &Path) -> Result<Self, KeyError> {
        let directory = data_dir.join(DIRECTORY);
        let path = directory.join(FILE);
        let io = |source| KeyError::Io { path: path.clone(), source };
        match fs::read_to_string(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => {
                DirBuilder::new()
                    .recursive(true)
                    .mode(OWNER_ONLY_DIRECTORY)
                    .create(&directory)
                    .map_err(io)?;
                let made = SigningKey::from_bytes(&random_bytes());
                place(&directory, &path, &pem(&made)).map_err(io)?;
                read(&path, &fs::read_to_string(&path).map_err(io)?)
            }
            text => read(&path, &text.map_err(io)?),
        }
    }

    /// The text of a new key, as it is kept.
    #[must_use]
    pub fn made() -> String {
        pem(&SigningKey::from_bytes(&random_bytes()))
    }

    /// The key of a text that was kept in the database.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let key = SigningKey::from_pkcs8_pem(text).map_err(|_| KeyError::NotAKeyThere)?;
        Ok(Self { key })
    }

    pub(super) fn pem(&self) -> String {
        pem(&self.key)
    }

    /// The public key, base64url without padding.
    pub(super) fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes())
    }

    /// The JWK thumbprint (RFC 7638, and RFC 8037 for the members of this kind of key).
    pub(super) fn thumbprint(&self) -> String {
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.public());
        URL_SAFE_NO_PAD.encode(Sha256::digest(members))
    }
}

fn read(path: &Path, text: &str) -> Result<SigningKeyFile, KeyError> {
    match SigningKey::from_pkcs8_pem(text) {
        Ok(key) => Ok(SigningKeyFile { key }),
        Err(_) => Err(KeyError::NotAKey { path: path.to_owned() }),
    }
}

/// Without the public key (PKCS#8 version 1), which more tools can read.
fn pem(key: &SigningKey) -> String {
    KeypairBytes { secret_key: key.to_bytes(), public_key: None }
        .to_pkcs8_pem(LineEnding::LF)
        .expect("32 bytes always encode")
        .to_string()
}

/// Writes the whole file under another name first, and gives it its own only if no one else was faster.
fn place(directory: &Path, path: &Path, text: &str) -> io::Result<()> {
    let draft = directory.join(format!("{FILE}.{}", u64::from_ne_bytes(random_bytes())));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY_FILE).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let placed = match fs::hard_link(&draft, path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        placed => placed,
    };
    fs::remove_file(&draft)?;
    placed?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_made_once_and_only_its_owner_can_read_it() {
        let data_dir = tempfile::tempdir().unwrap();
        let made = SigningKeyFile::open(data_dir.path()).unwrap();
        let read = SigningKeyFile::open(data_dir.path()).unwrap();
        assert_eq!(made.thumbprint(), read.thumbprint());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&data_dir.path().join("keys")), 0o700);
        assert_eq!(mode(&data_dir.path().join("keys/jwt-ed25519.pem")), 0o600);
        assert_eq!(fs::read_dir(data_dir.path().join("keys")).unwrap().count(), 1);
    }

    #[test]
    fn processes_that_start_at_once_agree_on_one_key() {
        let data_dir = tempfile::tempdir().unwrap();
        let thumbprints: Vec<_> = std::thread::scope(|scope| {
            let open = || SigningKeyFile::open(data_dir.path()).unwrap().thumbprint();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(thumbprints.iter().all(|thumbprint| *thumbprint == thumbprints[0]));
    }

    #[test]
    fn a_file_that_is_no_key_is_not_replaced() {
        let data_dir = tempfile::tempdir().unwrap();
        let path = data_dir.path().join("keys/jwt-ed25519.pem");
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(SigningKeyFile::open(data_dir.path()), Err(KeyError::NotAKey { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "not a key");
    }

    #[test]
    fn the_thumbprint_is_that_of_the_rfc() {
        // RFC 8037, appendices A.1 and A.3.
        let secret = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SigningKeyFile { key: SigningKey::from_bytes(&secret.try_into().unwrap()) };
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
