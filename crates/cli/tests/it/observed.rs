//! What an operator sees beside the figures: requests by name and by route, what could not be understood, traces, logs.

use std::sync::{Arc, Mutex};

use chinwag_testkit::{Body, Chinwag, Opening, in_time};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::scene::{BINARY, chinwag, tea};

async fn metrics(chinwag: &Chinwag) -> String {
    chinwag.manages("GET", "/metrics", Body::Nothing).await.text
}

fn count(metrics: &str, row: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(row)?.strip_prefix(' '));
    line.map_or(0, |count| count.parse().expect("a whole number"))
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let tea = tea().await;
    for _ in 0..3 {
        let path = format!("/api/messages/getMessages/{}", tea.chat);
        assert_eq!(tea.alice.get(&path).await.status, 200);
    }
    tea.alice.get("/api/messages/getMessages/0").await.is_refused(400, "VALIDATION_FAILED");
    tea.chinwag.http.send("GET", &(tea.chinwag.urls.chat() + "/nowhere"), &[], Body::Nothing).await;
    let metrics = metrics(&tea.chinwag).await;
    let route = r#"listener="chat",method="GET",route="/api/messages/getMessages/{chatId}""#;
    assert_eq!(
        count(&metrics, &format!("chinwag_http_requests_total{{{route},status=\"200\"}}")),
        3,
        "{metrics}"
    );
    assert_eq!(count(&metrics, &format!("chinwag_http_requests_total{{{route},status=\"400\"}}")), 1);
    assert_eq!(count(&metrics, &format!("chinwag_http_request_seconds_count{{{route}}}")), 4);
    let nowhere = r#"chinwag_http_requests_total{listener="chat",method="GET",route="none",status="404"}"#;
    assert_eq!(count(&metrics, nowhere), 1);
    let upgrades =
        r#"chinwag_http_requests_total{listener="chat",method="GET",route="/api/wsConnect",status="101"}"#;
    assert_eq!(count(&metrics, upgrades), 2, "{metrics}");
    assert!(!metrics.contains(&tea.chat), "no id is in a label");
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let chinwag = chinwag().await;
    for url in [chinwag.urls.chat() + "/healthz", chinwag.urls.management() + "/nowhere"] {
        let ask = async |headers: &[(&str, &str)]| {
            let answer = chinwag.http.send("GET", &url, headers, Body::Nothing).await;
            answer.header("x-request-id").expect("a name").to_owned()
        };
        assert_eq!(ask(&[("x-request-id", "from-the-proxy-7")]).await, "from-the-proxy-7");
        let (one, other) = (ask(&[]).await, ask(&[("x-request-id", "two words")]).await);
        assert_ne!(one, other);
    }
}

#[tokio::test]
async fn what_is_no_action_is_counted_at_both_doors() {
    let mut tea = tea().await;
    tea.alice.posts(json!({"type": "SHOUT"})).await.is_refused(400, "UNKNOWN_ACTION");
    tea.alice.tries(json!({"type": "SHOUT"})).await;
    let seen = metrics(&tea.chinwag).await;
    assert_eq!(count(&seen, "chinwag_actions_malformed_total"), 2);
    assert_eq!(count(&seen, r#"chinwag_connection_drops_total{reason="malformed"}"#), 0);
    let opening = Opening::default();
    let mut socket = opening.open(&tea.bob).await;
    socket.send(opening.connect_frame(&tea.bob.jwt())).await;
    assert_eq!(socket.next_frame().await.command, "CONNECTED");
    socket.send_text("SHOUT\n\n\0").await;
    assert!(socket.closed().await.error.is_some());
    let seen = metrics(&tea.chinwag).await;
    assert_eq!(count(&seen, r#"chinwag_connection_drops_total{reason="malformed"}"#), 1, "{seen}");
}

#[tokio::test]
async fn logs_name_requests_and_connections() {
    let chinwag = Chinwag::start(BINARY, &[("log.level", "info"), ("log.format", "json")]).await;
    let app = chinwag.app().await;
    let alice = app.connected("alice").await;
    let named = [("x-request-id", "seven")];
    chinwag.http.send("GET", &(chinwag.urls.chat() + "/healthz"), &named, Body::Nothing).await;
    drop(alice);
    let mut chinwag = chinwag;
    chinwag.stop().await;
    let log: Vec<Value> =
        chinwag.stderr().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |target: &'static str| log.iter().filter(move |line| line["target"] == target);
    let answered = of("request").find(|line| line["fields"]["id"] == "seven").expect("the request");
    assert_eq!(answered["fields"]["route"], "/healthz");
    assert_eq!(answered["fields"]["status"], 200);
    let words: Vec<&Value> = of("connection").map(|line| &line["fields"]["message"]).collect();
    assert_eq!(words, ["opened", "closed"], "{log:?}");
    assert!(of("connection").all(|line| line["fields"]["id"] == 1), "{log:?}");
}

/// A collector of traces, as far as a test needs one: it speaks OTLP over HTTP and keeps the spans.
struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<Value>>>,
    came: Arc<Notify>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (spans, came) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let (kept, tell) = (Arc::clone(&spans), Arc::clone(&came));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let batch = take(socket).await;
                let found =
                    batch["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans").clone();
                assert_eq!(batch["resourceSpans"][0]["resource"]["attributes"][0]["key"], "service.name");
                kept.lock().expect("no holder panics").extend(found);
                tell.notify_one();
            }
        });
        Self { url, spans, came }
    }

    /// The spans of the trace whose first span has this name, once there are so many of it.
    async fn trace(&self, name: &str, size: usize) -> Vec<Value> {
        let waiting = async {
            loop {
                let spans = self.spans.lock().expect("no holder panics").clone();
                if let Some(root) = spans.iter().find(|span| span["name"] == name) {
                    let of = spans.iter().filter(|span| span["traceId"] == root["traceId"]);
                    let trace: Vec<Value> = of.cloned().collect();
                    if trace.len() >= size {
                        return trace;
                    }
                }
                self.came.notified().await;
            }
        };
        in_time("a trace", waiting).await
    }
}

/// One request of the exporter, answered.
async fn take(mut socket: TcpStream) -> Value {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        socket.read_buf(&mut bytes).await.expect("a request");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() == length.unwrap_or(0_usize) {
            break (head.to_owned(), body.to_owned());
        }
    };
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    serde_json::from_str(&body).expect("JSON")
}

#[tokio::test]
async fn a_trace_leads_from_an_action_to_its_deliveries() {
    let collector = Collector::start().await;
    let settings = [("traces.otlp_url", collector.url.as_str()), ("traces.one_in", "1")];
    let chinwag = Chinwag::start(BINARY, &settings).await;
    let app = chinwag.app().await;
    let (mut alice, mut bob) = (app.connected("alice").await, app.connected("bob").await);
    let chat = alice.creates_chat_with(&["bob"]).await;
    for member in [&mut alice, &mut bob] {
        member.expect("NEW_CHAT").await;
    }
    let sent = alice.says(&chat, "hello").await;
    bob.expect("SEND_MSG").await;

    let trace = collector.trace("SEND_MSG", 3).await;
    let root = trace.iter().find(|span| span["name"] == "SEND_MSG").expect("the action");
    let attribute = |span: &Value, key: &str| {
        let all = span["attributes"].as_array().expect("attributes").clone();
        all.into_iter().find(|one| one["key"] == key).map(|one| one["value"]["stringValue"].clone())
    };
    assert_eq!(attribute(root, "chinwag.chat"), Some(json!(chat)));
    assert_eq!(attribute(root, "chinwag.seq"), Some(json!(sent.seq().to_string())));
    let nanos =
        |span: &Value, field: &str| span[field].as_str().unwrap().parse::<u64>().expect("nanoseconds");
    let mut told: Vec<Value> = Vec::new();
    for span in trace.iter().filter(|span| span["name"] == "deliver") {
        assert_eq!(span["parentSpanId"], root["spanId"]);
        assert!(nanos(span, "startTimeUnixNano") <= nanos(span, "endTimeUnixNano"));
        assert!(nanos(root, "startTimeUnixNano") <= nanos(span, "endTimeUnixNano"));
        told.extend(attribute(span, "enduser.id"));
    }
    told.sort_by_key(ToString::to_string);
    let mut members = vec![json!(alice.id), json!(bob.id)];
    members.sort_by_key(ToString::to_string);
    assert_eq!(told, members, "each was told once");
    let seen = metrics(&chinwag).await;
    assert!(count(&seen, r#"chinwag_trace_spans_total{outcome="exported"}"#) >= 3, "{seen}");
}

#[tokio::test]
async fn a_collector_that_is_away_costs_traces_only() {
    let settings = [("traces.otlp_url", "http://127.0.0.1:1"), ("traces.one_in", "1")];
    let chinwag = Chinwag::start(BINARY, &settings).await;
    let app = chinwag.app().await;
    let (mut alice, mut bob) = (app.connected("alice").await, app.connected("bob").await);
    let chat = alice.creates_chat_with(&["bob"]).await;
    for member in [&mut alice, &mut bob] {
        member.expect("NEW_CHAT").await;
    }
    alice.says(&chat, "hello").await;
    bob.expect("SEND_MSG").await;
    let failed = async {
        while count(&metrics(&chinwag).await, r#"chinwag_trace_spans_total{outcome="failed"}"#) == 0 {}
    };
    in_time("a failure", failed).await;
}

#[tokio::test]
async fn a_collector_behind_tls_is_refused_with_what_helps() {
    let mut chinwag = Chinwag::prepared(BINARY, &[("traces.otlp_url", "https://otel.example.com")]);
    let exit = chinwag.fails_to_start().await;
    assert_eq!(exit.code, Some(1));
    assert!(exit.stderr.contains("traces.otlp_url must be http://host:port"), "{}", exit.stderr);
}
