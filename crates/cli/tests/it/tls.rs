//! TLS by the server itself: real handshakes on real sockets.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use chinwag_testkit::{Chinwag, Exit, PASSWORD, in_time};

use crate::node::{package, plays};
use crate::scene::{BINARY, new_chat};

/// An authority, and a certificate of it for this machine.
struct Paper {
    directory: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Paper {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("no names");
        params.distinguished_name.push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("authority.pem"), authority.pem()).expect("room");
        let paper = Self { directory, authority };
        paper.issue(2050);
        paper
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Puts a new certificate and key in the place of those before.
    fn issue(&self, year_of_end: i32) {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year_of_end, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.authority).expect("a certificate");
        fs::write(self.path("chain.pem"), certificate.pem()).expect("room");
        fs::write(self.path("key.pem"), key.serialize_pem()).expect("room");
    }

    fn settings(&self) -> [(String, String); 2] {
        [("tls.certificate".to_owned(), self.text("chain.pem")), ("tls.key".to_owned(), self.text("key.pem"))]
    }

    async fn server(&self, more: &[(&str, &str)]) -> Chinwag {
        let mut chinwag = self.prepared(more);
        chinwag.start_again().await;
        chinwag
    }

    fn prepared(&self, more: &[(&str, &str)]) -> Chinwag {
        let own = self.settings();
        let own = own.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let settings: Vec<(&str, &str)> = own.chain(more.iter().copied()).collect();
        Chinwag::prepared(BINARY, &settings)
    }

    async fn refusal(&self, settings: &[(&str, &str)]) -> Exit {
        Chinwag::prepared(BINARY, settings).fails_to_start().await
    }

    fn connector(&self, versions: &[&'static SupportedProtocolVersion], alpn: &[&str]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        let pem = self.authority.pem();
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM")).expect("a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions);
        let mut config = config.expect("versions").with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }

    /// Shakes hands with the server.
    async fn shakes(&self, address: &str, connector: &TlsConnector) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").expect("a name");
        in_time("the handshake", connector.connect(name, stream)).await
    }
}

fn address(url: &str) -> String {
    url.replace("https://", "")
}

/// Lets who knows no TLS talk to the server by it.
async fn tunnel(chinwag: &Chinwag, paper: &Paper, version: &'static SupportedProtocolVersion) -> Tunnel {
    let to = address(&chinwag.urls.chat());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let connector = paper.connector(&[version], &["http/1.1"]);
    let (hold, held) = watch::channel(());
    let mut running = JoinSet::new();
    running.spawn(async move {
        let mut lines = JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let (to, connector, mut held) = (to.clone(), connector.clone(), held.clone());
            held.mark_unchanged();
            lines.spawn(async move {
                let stream = TcpStream::connect(to).await.expect("the server");
                let name = ServerName::try_from("localhost").expect("a name");
                let mut far = connector.connect(name, stream).await.expect("a handshake");
                tokio::select! {
                    _ = copy_bidirectional(&mut near, &mut far) => {}
                    // Nothing is read, and nobody hangs up.
                    Ok(()) = held.changed() => std::future::pending().await,
                }
            });
        }
    });
    chinwag.urls.lead_chat_to(url);
    Tunnel { hold, _running: running }
}

struct Tunnel {
    /// From then on, nothing is read from the server on the lines that there are.
    hold: watch::Sender<()>,
    _running: JoinSet<()>,
}

#[tokio::test]
async fn people_chat_over_either_version() {
    let paper = Paper::new();
    for version in [&version::TLS12, &version::TLS13] {
        let chinwag = paper.server(&[]).await;
        assert!(
            chinwag.urls.chat().starts_with("https://") && chinwag.urls.management().starts_with("http://")
        );
        let _tunnel = tunnel(&chinwag, &paper, version).await;
        let app = chinwag.app().await;
        let (mut alice, mut bob) = (app.connected("alice").await, app.connected("bob").await);
        let chat = new_chat(&mut alice, &mut bob).await;
        // More than one record, and more than the server's buffer for one.
        for text in ["hello", &"x".repeat(16_000)] {
            alice.says(&chat, text).await;
            assert_eq!(bob.expect("SEND_MSG").await.body["message"], text);
        }
    }
}

#[tokio::test]
async fn http_1_1_is_agreed_on_and_nothing_else() {
    let paper = Paper::new();
    let chinwag = paper.server(&[("tls.management", "true"), ("tls.hsts_seconds", "300")]).await;
    for url in [chinwag.urls.chat(), chinwag.urls.management()] {
        let both = paper.connector(rustls::ALL_VERSIONS, &["h2", "http/1.1"]);
        let mut shaken = paper.shakes(&address(&url), &both).await.expect("a handshake");
        assert_eq!(shaken.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(shaken.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        shaken
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .expect("room");
        let mut answer = String::new();
        let _ = in_time("the answer", shaken.read_to_string(&mut answer)).await;
        assert!(answer.to_lowercase().contains("\r\nstrict-transport-security: max-age=300\r\n"), "{answer}");
        let alone = paper.connector(rustls::ALL_VERSIONS, &["h2"]);
        assert!(paper.shakes(&address(&url), &alone).await.is_err());
    }
}

#[tokio::test]
async fn a_new_certificate_is_taken_while_it_runs_and_a_bad_one_is_not() {
    let paper = Paper::new();
    let chinwag = paper.server(&[]).await;
    let (at, connector) = (address(&chinwag.urls.chat()), paper.connector(rustls::ALL_VERSIONS, &[]));
    let shown = async || {
        let shaken = paper.shakes(&at, &connector).await.expect("a handshake");
        shaken.get_ref().1.peer_certificates().expect("a certificate")[0].to_vec()
    };
    let first = shown().await;
    paper.issue(2051);
    let second = in_time("the new certificate", async {
        loop {
            let now = shown().await;
            if now != first {
                break now;
            }
        }
    });
    let second = second.await;

    fs::write(paper.path("key.pem"), "not a key").expect("room");
    in_time("a word on it", async {
        while !chinwag.stderr().contains("the new TLS certificate is not used") {
            assert_eq!(shown().await, second);
        }
    })
    .await;
    assert!(chinwag.stderr().contains("holds no private key"), "{}", chinwag.stderr());
    assert_eq!(shown().await, second, "the one before still is");
}

#[tokio::test]
async fn who_never_shakes_hands_is_let_go_and_counts_until_then() {
    let paper = Paper::new();
    let chinwag = paper.server(&[("limits.request_seconds", "1"), ("limits.connections", "1")]).await;
    let at = address(&chinwag.urls.chat());
    let mut silent = TcpStream::connect(&at).await.expect("a connection");
    let mut second = TcpStream::connect(&at).await.expect("a connection");
    assert_eq!(in_time("its end", second.read(&mut [0])).await.unwrap_or(0), 0, "there is one place");
    assert_eq!(in_time("its end", silent.read(&mut [0])).await.unwrap_or(0), 0, "it has said nothing");
    let connector = paper.connector(rustls::ALL_VERSIONS, &[]);
    in_time("the place", async { while paper.shakes(&at, &connector).await.is_err() {} }).await;
}

#[tokio::test]
async fn who_speaks_plain_http_is_told() {
    let paper = Paper::new();
    let chinwag = paper.server(&[]).await;
    let mut plain = TcpStream::connect(address(&chinwag.urls.chat())).await.expect("a connection");
    plain.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("room");
    let mut answer = String::new();
    plain.shutdown().await.expect("room");
    in_time("the answer", plain.read_to_string(&mut answer)).await.expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 400 ") && body.contains("https://"), "{answer}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
}

#[tokio::test]
async fn what_is_wrong_with_the_files_is_told_at_the_start() {
    let paper = Paper::new();
    let (chain, key) = (paper.text("chain.pem"), paper.text("key.pem"));
    let absent = paper.text("absent.pem");
    let other = Paper::new();
    let other_key = other.text("key.pem");
    for (settings, told) in [
        (vec![("tls.certificate", chain.as_str())], "tls.key"),
        (vec![("tls.key", key.as_str())], "tls.certificate"),
        (vec![("tls.management", "true")], "tls.certificate"),
        (vec![("tls.certificate", chain.as_str()), ("tls.key", absent.as_str())], "absent.pem"),
        (vec![("tls.certificate", chain.as_str()), ("tls.key", other_key.as_str())], "is not that of"),
        (vec![("tls.certificate", key.as_str()), ("tls.key", key.as_str())], "no certificate"),
    ] {
        let exit = paper.refusal(&settings).await;
        assert!(exit.code.is_some_and(|code| code != 0) && exit.stderr.contains(told), "{told}: {exit:?}");
        assert_eq!(exit.stderr.lines().count(), 1, "one plain sentence: {exit:?}");
    }
}

#[tokio::test]
async fn an_expired_certificate_is_warned_of() {
    let paper = Paper::new();
    paper.issue(2024);
    let mut chinwag = paper.server(&[]).await;
    chinwag.stop().await;
    assert!(chinwag.stderr().contains("has expired"), "{}", chinwag.stderr());
}

/// As without TLS: what one does not take is not kept for them without end.
#[tokio::test]
async fn who_takes_nothing_is_given_up() {
    let paper = Paper::new();
    let chinwag = paper.server(&[("limits.stall_seconds", "1"), ("limits.actions_per_second", "0")]).await;
    let direct = chinwag.urls.chat();
    let bobs = tunnel(&chinwag, &paper, &version::TLS13).await;
    let app = chinwag.app().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let chat = alice.creates_chat_with(&["bob"]).await;
    let _bob = bob.connects().await;
    chinwag.urls.lead_chat_to(direct);
    let _alices = tunnel(&chinwag, &paper, &version::TLS13).await;
    let text = "x".repeat(16_000);
    let said = serde_json::json!({"type": "SEND_MSG", "chatId": chat, "message": text});
    assert_eq!(alice.posts(said.clone()).await.status, 200, "her line is kept for the next");
    let connected = chinwag.open_files();
    bobs.hold.send_replace(());
    in_time("bob's end", async {
        while chinwag.open_files() >= connected {
            assert_eq!(alice.posts(said.clone()).await.status, 200);
        }
    })
    .await;
}

/// The Rust SDK, as the commands use it: with the certificates that this machine is told to trust.
#[tokio::test]
async fn the_rust_sdk_chats_over_tls() {
    let paper = Paper::new();
    let chinwag = paper.server(&[]).await;
    let url = chinwag.urls.chat();
    let (app, chat) = {
        let _tunnel = tunnel(&chinwag, &paper, &version::TLS13).await;
        let app = chinwag.app().await;
        let chat = app.user("alice").await.creates_chat_with(&[]).await;
        (app, chat)
    };
    let (authority, session) = (paper.path("authority.pem"), paper.path("session"));
    let chinwag_command = move |arguments: &[&str]| {
        let mut command = Command::new(BINARY);
        command.args(arguments).stdin(Stdio::null());
        command.env("SSL_CERT_FILE", &authority).env("CHINWAG_PASSWORD", PASSWORD);
        command.env("CHINWAG_SESSION", &session);
        let done = command.output().expect("the program");
        (
            done.status.success(),
            String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr),
        )
    };
    let done = tokio::task::spawn_blocking({
        let (key, url) = (app.key.clone(), url.clone());
        move || {
            let login = chinwag_command(&["login", &url, "--key", &key, "--user", "alice"]);
            (login, chinwag_command(&["send", "--chat", &chat, "by TLS"]))
        }
    });
    let (login, sent) = done.await.expect("it does not panic");
    assert!(login.0, "{}", login.1);
    assert!(sent.0, "{}", sent.1);
}

/// A client that is not ours, with the WebSocket and the fetch of Node.
#[tokio::test]
async fn stompjs_chats_over_tls() {
    let paper = Paper::new();
    let chinwag = paper.server(&[]).await;
    let url = chinwag.urls.chat();
    let key = {
        let _tunnel = tunnel(&chinwag, &paper, &version::TLS13).await;
        chinwag.app().await.key
    };
    let authority = paper.text("authority.pem");
    let place =
        [("CHAT_URL", url.as_str()), ("API_KEY", key.as_str()), ("NODE_EXTRA_CA_CERTS", authority.as_str())];
    plays(package("stompjs"), "scenario.mjs", &place, " is complete").await;
}
