//! TLS of the listeners: 1.2 and 1.3, by rustls. The certificate is read again when its files change; one that cannot be
//! used is told in the log, and the one before goes on.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chinwag_protocol::Timestamp;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use webpki::{EndEntityCert, KeyUsage};

use crate::clock::Clock;

/// How often it is asked whether the files changed.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// A certificate that ends within this is warned of when it is read.
const SOON_SECONDS: u64 = 14 * 86_400;
/// The only protocol inside (RFC 7301): a peer that offers others alone is refused.
const ALPN: &[u8] = b"http/1.1";
/// Session tickets for each handshake with TLS 1.3: a client comes back on one connection at a time.
const TICKETS: usize = 1;
/// Past the end of every certificate: asked whether it is valid then, its end is told.
const FAR_FUTURE: u64 = 253_402_300_800;

/// Why a certificate cannot be used, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("unable to read {}; {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{} holds no certificate: it must begin with -----BEGIN CERTIFICATE-----", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} holds no private key that can be used without a password", .0.display())]
    NoKey(PathBuf),
    #[error("the key in {} is not that of the first certificate in {}", key.display(), certificate.display())]
    Mismatch { certificate: PathBuf, key: PathBuf },
    #[error("unable to use {} with its key; {why}", certificate.display())]
    Unusable { certificate: PathBuf, why: String },
}

/// The two files, in PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Files {
    /// The server's certificate, and after it those that it is signed by.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// What handshakes are made with. Clones share the certificate.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    shown: Arc<Shown>,
}

/// The certificate that is shown to whoever comes, whatever name they ask for.
#[derive(Debug)]
struct Shown {
    files: Files,
    key: RwLock<Arc<CertifiedKey>>,
}

/// A certificate as it was read.
struct Read {
    key: CertifiedKey,
    /// Seconds since 1970; `None` if that cannot be told.
    ends_at: Option<u64>,
}

impl Tls {
    /// Reads the files.
    pub fn open(files: Files, clock: &dyn Clock) -> Result<Self, TlsError> {
        let read = Read::from(&files)?;
        warn_of_end(&files, read.ends_at, clock.now());
        let shown = Arc::new(Shown { files, key: RwLock::new(Arc::new(read.key)) });
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has TLS 1.2 and 1.3")
            .with_no_client_auth();
        let mut config = config.with_cert_resolver(Arc::clone(&shown) as _);
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.send_tls13_tickets = TICKETS;
        if let Ok(ticketer) = Ticketer::new() {
            config.ticketer = ticketer;
        }
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), shown })
    }

    /// Shakes hands. As long as the peer takes: the caller sets the time.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Takes a new certificate when the files change, until `stop` is cancelled.
    pub async fn follow_files(self, clock: Arc<dyn Clock>, stop: CancellationToken) {
        let mut seen = self.shown.files.digest().ok();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_INTERVAL) => {}
            }
            // While they are being replaced one may be missing for a moment: what was wrong is told once it stands still.
            let Ok(digest) = self.shown.files.digest() else { continue };
            if seen != Some(digest) {
                seen = Some(digest);
                self.take_new(clock.now());
            }
        }
    }

    fn take_new(&self, now: Timestamp) {
        let files = &self.shown.files;
        match Read::from(files) {
            Ok(read) => {
                *self.shown.key.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read.key);
                tracing::info!(file = %files.certificate.display(), "the new TLS certificate is in use");
                warn_of_end(files, read.ends_at, now);
            }
            Err(error) => {
                tracing::error!(%error, "the new TLS certificate is not used; the one before still is")
            }
        }
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.key.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Files {
    fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
        std::fs::read(path).map_err(|error| TlsError::Unreadable { path: path.to_owned(), error })
    }

    fn digest(&self) -> Result<[u8; 32], TlsError> {
        Ok(digest(&Self::read(&self.certificate)?, &Self::read(&self.key)?))
    }
}

fn digest(certificate: &[u8], key: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(certificate).chain_update([0]).chain_update(key).finalize().into()
}

impl Read {
    fn from(files: &Files) -> Result<Self, TlsError> {
        let (certificate_pem, key_pem) = (Files::read(&files.certificate)?, Files::read(&files.key)?);
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificate_pem).collect();
        let chain = chain.unwrap_or_default();
        let Some(first) = chain.first() else {
            return Err(TlsError::NoCertificate(files.certificate.clone()));
        };
        let ends_at = end_of(first);
        let key = PrivateKeyDer::from_pem_slice(&key_pem).map_err(|_| TlsError::NoKey(files.key.clone()))?;
        let key = CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                TlsError::Mismatch { certificate: files.certificate.clone(), key: files.key.clone() }
            }
            error => TlsError::Unusable { certificate: files.certificate.clone(), why: error.to_string() },
        })?;
        Ok(Self { key, ends_at })
    }
}

/// The certificate's notAfter (RFC 5280, section 4.1.2.5).
fn end_of(certificate: &CertificateDer<'_>) -> Option<u64> {
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    let then = UnixTime::since_unix_epoch(Duration::from_secs(FAR_FUTURE));
    match certificate.verify_for_usage(&[], &[], &[], then, KeyUsage::server_auth(), None, None) {
        Err(webpki::Error::CertExpired { not_after, .. }) => Some(not_after.as_secs()),
        _ => None,
    }
}

fn warn_of_end(files: &Files, ends_at: Option<u64>, now: Timestamp) {
    let Some(ends_at) = ends_at else { return };
    let file = files.certificate.display();
    let left = i64::try_from(ends_at).unwrap_or(i64::MAX).saturating_sub(now.seconds());
    if left <= 0 {
        tracing::warn!(%file, "the TLS certificate has expired: clients refuse it until the file is replaced");
    } else if left.unsigned_abs() < SOON_SECONDS {
        let days = left / 86_400;
        tracing::warn!(%file, days, "the TLS certificate expires soon");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use tempfile::TempDir;

    use super::*;

    fn written(certificate: &str, key: &str) -> (TempDir, Files) {
        let directory = tempfile::tempdir().unwrap();
        let files =
            Files { certificate: directory.path().join("chain.pem"), key: directory.path().join("key.pem") };
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.key, key).unwrap();
        (directory, files)
    }

    fn certificate(year_of_end: i32) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year_of_end, 1, 1);
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn refusal(certificate: &str, key: &str) -> String {
        let (_directory, files) = written(certificate, key);
        Read::from(&files).err().expect("it is refused").to_string()
    }

    #[test]
    fn the_end_of_a_certificate_is_known() {
        let (certificate, key) = certificate(2033);
        let (_directory, files) = written(&certificate, &key);
        assert_eq!(Read::from(&files).unwrap().ends_at, Some(1_988_150_400));
    }

    #[test]
    fn what_cannot_be_used_is_told_by_what_is_wrong_with_it() {
        let ((certificate, key), (_, other)) = (self::certificate(2033), self::certificate(2033));
        assert!(refusal(&certificate, &other).contains("is not that of the first certificate"));
        assert!(refusal(&key, &key).contains("holds no certificate"));
        assert!(refusal(&certificate, &certificate).contains("holds no private key"));
        let (_directory, mut files) = written(&certificate, &key);
        files.key = files.key.with_file_name("absent.pem");
        let refused = Read::from(&files).err().expect("it is refused").to_string();
        assert!(refused.starts_with("unable to read ") && refused.contains("absent.pem"), "{refused}");
    }
}
