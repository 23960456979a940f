//! `chinwag doctor`, with the server alone and behind real proxies, in order and in disorder.

use chinwag_testkit::{Chinwag, Postgres};
use serde_json::Value;

use crate::program::{BINARY, Done, Place, chinwag};
use crate::proxy::{HAPROXY, NGINX, NGINX_WITHOUT_UPGRADE, Proxy};

/// What it found by the name of the check: its level, and all it says.
struct Findings(Vec<Value>);

impl Findings {
    fn of(done: &Done) -> Self {
        let answer: Value =
            serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"));
        let findings = answer["findings"].as_array().expect("findings").clone();
        let failed = findings.iter().any(|finding| finding["level"] == "fail");
        assert_eq!(
            (done.code, &answer["healthy"]),
            (Some(i32::from(failed)), &Value::Bool(!failed)),
            "{done:?}"
        );
        Self(findings)
    }

    /// The one finding of this check.
    #[track_caller]
    fn one(&self, check: &str, level: &str) -> String {
        let found: Vec<&Value> = self.0.iter().filter(|finding| finding["check"] == check).collect();
        assert_eq!(found.len(), 1, "{check}: {:?}", self.0);
        assert_eq!(found[0]["level"], level, "{}", found[0]);
        format!(
            "{} {}",
            found[0]["says"].as_str().expect("words"),
            found[0]["change"].as_str().unwrap_or_default()
        )
    }

    fn failed(&self) -> Vec<&str> {
        let failed = self.0.iter().filter(|finding| finding["level"] == "fail");
        failed.map(|finding| finding["check"].as_str().expect("a name")).collect()
    }
}

/// Examines on another thread, so that what runs here goes on.
async fn examined(server: &Chinwag, more: String) -> Findings {
    let data_dir = server.data_directory().to_owned();
    let management = server.urls.management();
    let command =
        format!("doctor --json --management-listen {} {more}", management.trim_start_matches("http://"));
    let done = tokio::task::spawn_blocking(move || chinwag(&data_dir, &command)).await.expect("it ends");
    Findings::of(&done)
}

#[tokio::test]
async fn a_server_that_is_well_is_called_so() {
    let server = Chinwag::start(BINARY, &[]).await;
    let findings = examined(&server, format!("--url {} --idle 1", server.urls.chat())).await;
    assert_eq!(findings.failed(), [""; 0]);
    for check in
        ["server here", "TLS", "clock", "server", "upgrade", "credentials", "CORS", "SockJS", "event stream"]
    {
        findings.one(check, "ok");
    }
    assert!(findings.one("WebSocket", "ok").contains("lived 1s in silence"));
    let apps = crate::program::json(server.data_directory(), "app list");
    assert!(apps.as_array().expect("a list").is_empty(), "what it made for itself is gone: {apps}");
}

#[tokio::test]
async fn a_page_that_may_not_call_is_told_which_setting_would_let_it() {
    let server = Chinwag::start(BINARY, &[("http.allowed_origins", "https://app.example.com")]).await;
    let url = server.urls.chat();
    let asked = |origin: &str| format!("--url {url} --idle 1 --origin {origin}");
    let findings = examined(&server, asked("https://app.example.com")).await;
    findings.one("CORS", "ok");
    let findings = examined(&server, asked("https://other.example.com")).await;
    assert!(findings.one("CORS", "fail").contains("http.allowed_origins = [\"https://other.example.com\"]"));
}

#[tokio::test]
async fn a_proxy_in_order_is_no_trouble() {
    for proxy in [NGINX, HAPROXY] {
        let server = Chinwag::start(BINARY, &[]).await;
        let proxy = Proxy::start(proxy, &server.urls.chat(), 60).await;
        let findings = examined(&server, format!("--url {} --idle 1", proxy.url)).await;
        assert_eq!(findings.failed(), [""; 0], "{:?}", findings.0);
    }
}

#[tokio::test]
async fn a_proxy_that_drops_upgrades_is_told_what_lets_them_through() {
    let server = Chinwag::start(BINARY, &[]).await;
    let proxy = Proxy::start(NGINX_WITHOUT_UPGRADE, &server.urls.chat(), 60).await;
    let findings = examined(&server, format!("--url {} --idle 1", proxy.url)).await;
    assert_eq!(findings.failed(), ["upgrade", "WebSocket"]);
    let said = findings.one("upgrade", "fail");
    assert!(said.contains("proxy_set_header Upgrade $http_upgrade;"), "{said}");
    assert!(!said.contains("HAProxy"), "nginx names itself: {said}");
}

#[tokio::test]
async fn a_proxy_that_cuts_silence_is_told_what_leaves_it_alone() {
    for (proxy, line) in [(NGINX, "proxy_read_timeout 1h;"), (HAPROXY, "timeout tunnel 1h")] {
        let server = Chinwag::start(BINARY, &[]).await;
        let proxy = Proxy::start(proxy, &server.urls.chat(), 2).await;
        let findings = examined(&server, format!("--url {} --idle 20", proxy.url)).await;
        assert_eq!(findings.failed(), ["WebSocket", "event stream"], "{:?}", findings.0);
        let said = findings.one("WebSocket", "fail");
        assert!(said.contains("was cut after ") && said.contains(line), "{said}");
    }
}

#[tokio::test]
async fn a_certificate_is_trusted_or_it_is_said_why_not() {
    let server = Chinwag::start(BINARY, &[]).await;
    let mut proxy = Proxy::with_tls(&server.urls.chat(), 5).await;
    let url = format!("--url {} --idle 1", proxy.url);
    let findings = examined(&server, url.clone()).await;
    assert_eq!(findings.failed(), ["TLS"]);
    assert!(findings.one("TLS", "fail").contains("SSL_CERT_FILE=ca.pem"));

    let trusting = proxy.trusted(server.data_directory(), &url);
    let findings = Findings::of(&trusting);
    // Made for five days: whole ones are told, and a moment of the first may have gone.
    let said = findings.one("TLS", "warn");
    assert!(
        ["4", "5"].iter().any(|days| said.contains(&format!("for {days} days more renew the certificate"))),
        "{said}"
    );
    findings.one("WebSocket", "ok");
    proxy.stop();
}

#[tokio::test]
async fn from_elsewhere_it_needs_a_key_and_leaves_nobody_behind() {
    let server = Chinwag::start(BINARY, &[]).await;
    let app = server.app().await;
    let (place, url) = (Place::new(), server.urls.chat());
    let ask = async |more: String| {
        let data_dir = place.data_dir.clone();
        let command = format!("doctor --json --url {url} --idle 1{more}");
        tokio::task::spawn_blocking(move || chinwag(&data_dir, &command)).await.expect("it ends")
    };
    let without = Findings::of(&ask(String::new()).await);
    assert!(without.one("connections", "warn").contains("--api-key KEY"));
    let with = Findings::of(&ask(format!(" --api-key {}", app.key)).await);
    with.one("WebSocket", "ok");
    let users = crate::program::json(server.data_directory(), &format!("user list --app {}", app.id));
    assert!(users.as_array().expect("a list").is_empty(), "{users}");
    let wrong = Findings::of(&ask(" --api-key cwk_wrong".to_owned()).await);
    assert!(wrong.one("connections", "fail").contains("AUTH_INVALID_API_KEY"));
}

#[test]
fn nothing_to_examine_is_said_in_a_line() {
    let place = Place::new();
    place.chinwag("doctor").fails_with("there is nothing to examine");
    place.chinwag("doctor --url chat.example.com").fails_with("is not a URL like https://chat.example.com");
}

#[test]
fn nobody_at_the_url_is_a_failure_with_a_question() {
    let place = Place::new();
    let done = place.chinwag("doctor --url http://127.0.0.1:1");
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.stdout.starts_with("fail  connection     unable to connect to 127.0.0.1:1"), "{done:?}");
    assert!(done.stdout.contains("does the proxy run"), "{done:?}");
}

/// A NATS server that wants a password.
struct Nats(std::process::Child, u16);

impl Nats {
    fn start() -> Self {
        let port = crate::proxy::free_port();
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
        let mut command = std::process::Command::new("nats-server");
        command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "--user", "chinwag", "--pass", "secret"]);
        let quiet = std::process::Stdio::null;
        let child = command.env("PATH", path).stdout(quiet()).stderr(quiet()).spawn().expect("nats-server");
        let nats = Self(child, port);
        let began = std::time::Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < chinwag_testkit::PATIENCE, "nats-server does not listen");
        }
        nats
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_database_and_nats_are_asked_what_they_are() {
    let database = Postgres::shared().new_database();
    let (place, nats) = (Place::new(), Nats::start());
    let examined = |database: &str, user: &str| {
        let nats = format!("nats://{user}127.0.0.1:{}", nats.1);
        let done = place.chinwag(&format!("doctor --json --database-url {database} --nats-url {nats}"));
        assert!(!done.stdout.contains("secret"), "a password is not told: {done:?}");
        Findings::of(&done)
    };
    let findings = examined(&database, "chinwag:secret@");
    assert!(findings.one("database", "ok").starts_with("PostgreSQL 1"));
    assert!(findings.one("clock", "ok").contains("PostgreSQL's clock"));
    assert!(findings.one("NATS", "ok").starts_with("version 2."));

    let elsewhere = "postgres://chinwag:secret@127.0.0.1:1/chinwag";
    let findings = examined(elsewhere, "chinwag:secrets@");
    assert!(findings.one("database", "fail").contains("does database_url name it"));
    assert!(findings.one("NATS", "fail").contains("Authorization Violation"));
}
