//! `chinwag bench`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use chinwag_testkit::Chinwag;
use serde_json::Value;

use crate::program::{BINARY, without_settings};

fn bench(command: &str) -> Output {
    without_settings(BINARY).arg("bench").args(command.split(' ')).output().expect("the program")
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn people_talk_and_everyone_is_told_everything() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let picture = directory.path().join("latency.svg");
    let talk = "talk --users 6 --members 3 --duration 1 --warm-up 0 --payload 50 --json --svg";
    let output = bench(&format!("{talk} {}", picture.display()));
    assert!(output.status.success(), "{output:?}");
    let report = report(&output);
    assert_eq!((&report["users"], &report["chats"]), (&6.into(), &2.into()));
    let (acknowledged, delivered) = (report["acknowledged"].as_u64(), report["delivered"].as_u64());
    assert!(acknowledged > Some(0) && delivered > acknowledged, "{report}");
    for promise in ["missing", "repeated", "outOfOrder", "refused", "closed"] {
        assert_eq!(report[promise], 0, "{report}");
    }
    let times =
        ["p50", "p90", "p99", "p999", "max"].map(|name| report["delivery"][name].as_f64().expect("ms"));
    assert!(times[0] > 0.0 && times.is_sorted(), "{report}");
    assert!(report["cpuPerDelivery"].as_f64() > Some(0.0), "its own server can be seen: {report}");
    assert!(std::fs::read_to_string(picture).expect("a picture").starts_with("<svg"));
}

#[test]
fn a_steady_rate_is_kept_to() {
    let output = bench("talk --users 4 --members 4 --rate 50 --duration 2 --warm-up 0 --json");
    let acknowledged = report(&output)["acknowledged"].as_u64().expect("a count");
    assert!((1..=110).contains(&acknowledged), "{output:?}");
}

#[test]
fn connections_are_held() {
    let output = bench("idle --connections 20 --users 2 --duration 1");
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    assert!(output.status.success() && text.starts_with("20 connections"), "{output:?}");
    assert!(text.contains("KiB per connection") && text.ends_with("connections lost  0\n"), "{text}");
}

#[tokio::test]
async fn a_server_that_runs_is_measured_as_any_client_may() {
    let chinwag = Chinwag::start(BINARY, &[]).await;
    let app = chinwag.app().await;
    let (url, key) = (app.urls().chat().to_owned(), app.key.clone());
    let at = format!("--url {url} --api-key");
    let (wrong, right) = tokio::task::spawn_blocking(move || {
        let talk = "talk --users 2 --duration 1 --warm-up 0 --json";
        (bench(&format!("{talk} {at} cwk_nobodys")), bench(&format!("{talk} {at} {key}")))
    })
    .await
    .expect("it does not panic");
    let why = String::from_utf8(wrong.stderr).expect("text");
    assert!(!wrong.status.success() && why.contains("register was answered 401"), "{why}");
    assert!(right.status.success(), "{right:?}");
    assert!(report(&right)["cpuPerDelivery"].as_f64() > Some(0.0), "it listens here, so it can be seen");
    drop(chinwag);
}

/// As most deployments are: behind a proxy that ends TLS, here with a certificate of our own.
#[tokio::test]
async fn a_server_behind_tls_is_measured() {
    let chinwag = Chinwag::start(BINARY, &[]).await;
    let app = chinwag.app().await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let certificate = directory.path().join("certificate.pem");
    certify(directory.path());
    let mut proxy = Command::new("python3")
        .arg("-c")
        .arg(TLS_PROXY)
        .arg(directory.path())
        .arg(app.urls().chat().rsplit(':').next().expect("a port"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut port = String::new();
    BufReader::new(proxy.stdout.take().expect("its output")).read_line(&mut port).expect("a port");
    let url = format!("https://localhost:{}", port.trim());
    let talk = move |trusted: bool, key: String| {
        let mut bench = without_settings(BINARY);
        bench.args([
            "bench",
            "talk",
            "--users",
            "2",
            "--duration",
            "1",
            "--warm-up",
            "0",
            "--json",
            "--url",
            &url,
        ]);
        bench.args(["--api-key", &key]);
        if trusted {
            bench.env("SSL_CERT_FILE", &certificate);
        }
        bench.output().expect("the program")
    };
    let (trusting, wary) =
        tokio::task::spawn_blocking(move || (talk(true, app.key.clone()), talk(false, app.key)))
            .await
            .expect("it does not panic");
    let _ = proxy.kill().and_then(|()| proxy.wait());
    assert!(trusting.status.success() && report(&trusting)["delivered"].as_u64() > Some(0), "{trusting:?}");
    assert_eq!(report(&trusting)["cpuPerDelivery"], Value::Null, "what listens is the proxy, not the server");
    let why = String::from_utf8(wary.stderr).expect("text");
    assert!(!wary.status.success() && why.contains("certificate"), "{why}");
}

fn certify(directory: &Path) {
    let command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
                   -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out certificate.pem";
    let made = Command::new("openssl").args(command.split_whitespace()).current_dir(directory).output();
    assert!(made.expect("openssl").status.success());
}

/// Ends TLS, and passes bytes on to a port of this machine.
const TLS_PROXY: &str = r#"
import socket, ssl, sys, threading
directory, port = sys.argv[1], int(sys.argv[2])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(directory + "/certificate.pem", directory + "/key.pem")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
def carry(from_, to):
    try:
        while data := from_.recv(65536):
            to.sendall(data)
    except OSError:
        pass
    finally:
        to.close()
def serve(raw):
    try:
        outer = context.wrap_socket(raw, server_side=True)
    except OSError:
        return
    inner = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=carry, args=(outer, inner), daemon=True).start()
    carry(inner, outer)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"#;

#[test]
fn what_cannot_be_measured_is_said() {
    for (command, why) in [
        ("talk --url http://127.0.0.1:1", "--api-key"),
        ("talk --url nowhere --api-key cwk_x", "nowhere is not an address"),
        ("talk --users 0", "0 is not in"),
        ("talk --rate -1", "must be more than 0"),
        ("talk --directory /nowhere/at/all --users 2", "no room for data"),
    ] {
        let output = bench(command);
        assert!(!output.status.success());
        let told = String::from_utf8(output.stderr).expect("text");
        assert!(told.contains(why), "{command}: {told}");
    }
}
