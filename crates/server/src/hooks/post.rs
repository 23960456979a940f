//! One delivery over HTTP: the name is looked up once and the connection goes to an address that was looked at, redirects
//! are not followed, every wait has an end, and of the answer no more is read than is needed.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::http::{Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::address::{HookUrl, is_public};

/// Of an answer's body, which says nothing to us.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Connections that wait for the next delivery to the same endpoint.
const IDLE_MAX: usize = 8;
const USER_AGENT: &str = concat!("chinwag/", env!("CARGO_PKG_VERSION"));

/// The way to one endpoint.
pub(super) struct Way {
    url: HookUrl,
    allow_private: bool,
    timeout: Duration,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

/// What is sent.
pub(super) struct Parcel {
    pub(super) id: String,
    pub(super) seconds: i64,
    pub(super) signature: String,
    pub(super) body: Bytes,
}

/// Why it was not taken, for the endpoint's owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NotTaken(pub(super) String);

impl Way {
    pub(super) fn new(url: HookUrl, allow_private: bool, timeout: Duration) -> Self {
        Self { url, allow_private, timeout, idle: Mutex::default() }
    }

    /// Returns once the endpoint has said that it took it.
    pub(super) async fn deliver(&self, parcel: &Parcel) -> Result<(), NotTaken> {
        let seconds = self.timeout.as_secs();
        match tokio::time::timeout(self.timeout, self.exchange(parcel)).await {
            Ok(exchanged) => exchanged,
            Err(_) => Err(NotTaken(format!("no answer within {seconds} s"))),
        }
    }

    async fn exchange(&self, parcel: &Parcel) -> Result<(), NotTaken> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut kept) = kept
            && kept.ready().await.is_ok()
            // It may have been closed just now: then what failed is the connection, not the endpoint.
            && let Ok(answered) = self.send(kept, parcel).await
        {
            return answered;
        }
        let fresh = self.connect().await?;
        self.send(fresh, parcel).await.map_err(|error| NotTaken(words("no answer", &error)))?
    }

    /// The outer error is the connection's, the inner one the endpoint's.
    async fn send(
        &self,
        mut line: SendRequest<Full<Bytes>>,
        parcel: &Parcel,
    ) -> Result<Result<(), NotTaken>, hyper::Error> {
        let request = Request::post(&self.url.path)
            .header(header::HOST, self.url.authority())
            .header(header::USER_AGENT, USER_AGENT)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", &parcel.id)
            .header("webhook-timestamp", parcel.seconds)
            .header("webhook-signature", &parcel.signature)
            .body(Full::new(parcel.body.clone()));
        let Ok(request) = request else { return Ok(Err(NotTaken("the URL cannot be asked".to_owned()))) };
        let answer = line.send_request(request).await?;
        let status = answer.status();
        let mut body = answer.into_body();
        let mut read = 0;
        let is_read = loop {
            match body.frame().await {
                None => break true,
                Some(Err(_)) => break false,
                Some(Ok(frame)) => read += frame.data_ref().map_or(0, Bytes::len),
            }
            if read > ANSWER_BYTES_MAX {
                break false;
            }
        };
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if is_read && idle.len() < IDLE_MAX {
            idle.push(line);
        }
        Ok(match status {
            status if status.is_success() => Ok(()),
            status if status.is_redirection() => Err(NotTaken(format!(
                "answered {status}; redirects are not followed: set the URL it leads to"
            ))),
            status => Err(NotTaken(format!("answered {status}"))),
        })
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, NotTaken> {
        let (host, port) = (self.url.host.as_str(), self.url.port);
        let found = tokio::net::lookup_host((host, port)).await;
        let found: Vec<SocketAddr> =
            found.map_err(|_| NotTaken(format!("the name {host} is not known")))?.collect();
        if !self.allow_private && found.iter().any(|address| !is_public(address.ip())) {
            return Err(NotTaken(format!("{host} is in a private network or on this machine")));
        }
        let mut tcp = Err(NotTaken(format!("the name {host} has no address")));
        for address in found {
            tcp = TcpStream::connect(address)
                .await
                .map_err(|error| NotTaken(format!("unable to connect to {host}:{port}; {error}")));
            if tcp.is_ok() {
                break;
            }
        }
        let tcp = tcp?;
        let _ = tcp.set_nodelay(true);
        if !self.url.is_tls {
            return speak(TokioIo::new(tcp)).await;
        }
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| NotTaken(format!("{host} is no name that a certificate can have")))?;
        let tls = TlsConnector::from(trusting()).connect(name, tcp).await;
        speak(TokioIo::new(tls.map_err(|error| NotTaken(format!("TLS with {host} failed; {error}")))?)).await
    }
}

async fn speak<S>(stream: TokioIo<S>) -> Result<SendRequest<Full<Bytes>>, NotTaken>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let shaken = handshake(stream).await;
    let (line, driver) = shaken.map_err(|error| NotTaken(words("no HTTP", &error)))?;
    // It ends when the line is dropped.
    tokio::spawn(async move {
        let _ = driver.await;
    });
    Ok(line)
}

fn words(what: &str, error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{what}: {error}: {source}"),
        None => format!("{what}: {error}"),
    }
}

/// The certificates that the system trusts, read once. Where it has none, nobody is trusted.
fn trusting() -> Arc<ClientConfig> {
    static TRUSTING: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let made = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has TLS 1.2 and 1.3");
        Arc::new(config.with_root_certificates(roots).with_no_client_auth())
    };
    Arc::clone(TRUSTING.get_or_init(made))
}
