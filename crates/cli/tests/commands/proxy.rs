//! Real proxies in front of a server, each a process of its own on a free port.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::program::{BINARY, Done, without_settings};

/// Until a proxy listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// A proxy's program and its configuration, with places for what differs.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    program: &'static str,
    config: &'static str,
}

const NGINX_FRAME: &str = "daemon off; pid DIR/pid; error_log stderr;
events { }
http {
    access_log off;
    client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    server {
        listen 127.0.0.1:PORT TLS;
        CERTIFICATE
        location / {
            proxy_pass http://SERVER;
            proxy_read_timeout SECONDSs;
            UPGRADE
        }
    }
}
";
/// The lines that `doctor` tells.
const UPGRADE: &str = "proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_buffering off;";

pub(crate) const NGINX: Kind = Kind { program: "nginx", config: "UPGRADE" };
pub(crate) const NGINX_WITHOUT_UPGRADE: Kind = Kind { program: "nginx", config: "" };
pub(crate) const HAPROXY: Kind = Kind {
    program: "haproxy",
    config: "defaults
    mode http
    timeout connect 5s
    timeout client SECONDSs
    timeout server SECONDSs
    timeout tunnel SECONDSs
listen chat
    bind 127.0.0.1:PORT
    server chinwag SERVER
",
};

pub(crate) struct Proxy {
    pub(crate) url: String,
    process: Child,
    directory: TempDir,
}

impl Proxy {
    /// One that cuts what is silent for so many seconds.
    pub(crate) async fn start(kind: Kind, server: &str, seconds: u32) -> Self {
        Self::run(kind, server, seconds, None).await
    }

    /// nginx with a certificate of its own making, which ends in so many days.
    pub(crate) async fn with_tls(server: &str, days: u32) -> Self {
        Self::run(NGINX, server, 60, Some(days)).await
    }

    async fn run(kind: Kind, server: &str, seconds: u32, days: Option<u32>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let port = free_port();
        let template = match kind.program {
            "nginx" => NGINX_FRAME.replace("UPGRADE", if kind.config.is_empty() { "" } else { UPGRADE }),
            _ => kind.config.to_owned(),
        };
        let (tls, certificate) = match days {
            Some(days) => {
                make_certificate(directory.path(), days);
                ("ssl", "ssl_certificate DIR/cert.pem; ssl_certificate_key DIR/key.pem;")
            }
            None => ("", ""),
        };
        let config = template
            .replace("TLS", tls)
            .replace("CERTIFICATE", certificate)
            .replace("DIR", &directory.path().to_string_lossy())
            .replace("PORT", &port.to_string())
            .replace("SERVER", server.trim_start_matches("http://"))
            .replace("SECONDS", &seconds.to_string());
        let file = directory.path().join("config");
        std::fs::write(&file, config).expect("a file of ours");
        let mut command = Command::new(kind.program);
        match kind.program {
            "nginx" => command.arg("-c").arg(&file),
            _ => command.arg("-db").arg("-f").arg(&file),
        };
        // A system's own programs are not always on the path of those who are not root.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
        let process =
            command.env("PATH", path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        let process = process.spawn().unwrap_or_else(|error| panic!("{}: {error}", kind.program));
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(began.elapsed() < PATIENCE, "{} does not listen", kind.program);
            tokio::task::yield_now().await;
        }
        let scheme = if days.is_some() { "https" } else { "http" };
        let host = if days.is_some() { "localhost" } else { "127.0.0.1" };
        Self { url: format!("{scheme}://{host}:{port}"), process, directory }
    }

    /// What `doctor` says where the certificate is trusted.
    pub(crate) fn trusted(&self, data_dir: &Path, more: &str) -> Done {
        let output = without_settings(BINARY)
            .args(["doctor", "--json"])
            .args(more.split(' '))
            .arg("--data-dir")
            .arg(data_dir)
            .env("SSL_CERT_FILE", self.directory.path().join("cert.pem"))
            .output()
            .expect("the program");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Done { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    pub(crate) fn stop(&mut self) {
        // nginx's master ends its workers on SIGQUIT and SIGTERM, not when it is killed.
        let pid = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.process.wait();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

fn make_certificate(directory: &Path, days: u32) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-subj", "/CN=made for a test", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-days", &days.to_string(), "-keyout"])
        .arg(directory.join("key.pem"))
        .arg("-out")
        .arg(directory.join("cert.pem"))
        .stderr(Stdio::null())
        .status();
    assert!(made.is_ok_and(|status| status.success()), "openssl made no certificate");
}
