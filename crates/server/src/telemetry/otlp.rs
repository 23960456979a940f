//! Spans on their way to a collector: OTLP over HTTP in JSON (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>).
//! What a collector does not take is dropped and counted: nothing waits for it.

use std::fmt::Write;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::tracer::{Span, Spans, Tracer};

/// Spans of one request.
const BATCH_MAX: usize = 512;
/// A batch that is not full is sent after this.
const LINGER: Duration = Duration::from_secs(1);
/// For a collector to take a batch.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where traces go, `host:port` and what is before `/v1/traces`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Collector {
    authority: String,
    path: String,
}

impl Collector {
    /// Of `http://host[:port][/path]`; nothing if it is anything else. TLS is left to a collector on this machine.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("http://")?.trim_end_matches('/');
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        (!authority.starts_with(':')).then(|| Self { authority, path: format!("{path}/v1/traces") })
    }
}

/// Exports until `stop`, and what is there then.
pub async fn export(tracer: Arc<Tracer>, spans: Spans, collector: Collector, stop: CancellationToken) {
    let Spans(mut queue) = spans;
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => {}
            _ = queue.recv_many(&mut batch, BATCH_MAX) => {
                // Others are on their way: deliveries come right after what they deliver.
                let _ = tokio::time::timeout(LINGER, stop.cancelled()).await;
            }
        }
        while batch.len() < BATCH_MAX
            && let Ok(span) = queue.try_recv()
        {
            batch.push(span);
        }
        if !batch.is_empty() {
            let count = batch.len() as u64;
            let sent = tokio::time::timeout(PATIENCE, send(&collector, body(&batch))).await;
            match sent.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(()) => tracer.exported.add(count),
                Err(error) => {
                    tracer.failed.add(count);
                    tracing::warn!(%error, spans = count, "the collector did not take traces");
                }
            }
            batch.clear();
        }
    }
}

async fn send(to: &Collector, body: Value) -> io::Result<()> {
    let socket = TcpStream::connect(&to.authority).await?;
    let opened = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await;
    let (mut sender, connection) = opened.map_err(io::Error::other)?;
    let driving = tokio::spawn(connection);
    let request = Request::post(&to.path)
        .header(header::HOST, &to.authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Body::from(body.to_string()))
        .map_err(io::Error::other)?;
    let answer = sender.send_request(request).await.map_err(io::Error::other);
    driving.abort();
    let status = answer?.status();
    if status.is_success() { Ok(()) } else { Err(io::Error::other(format!("it answered {status}"))) }
}

fn body(spans: &[Span]) -> Value {
    let resource = attributes(&[
        ("service.name", "chinwag".to_owned()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
    ]);
    let spans: Vec<Value> = spans.iter().map(span).collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": {"name": "chinwag"}, "spans": spans}],
    }]})
}

fn span(span: &Span) -> Value {
    const SERVER: u8 = 2;
    const PRODUCER: u8 = 4;
    json!({
        "traceId": hex(&span.trace),
        "spanId": hex(&span.id),
        "parentSpanId": span.parent.map(|parent| hex(&parent)).unwrap_or_default(),
        "name": span.name,
        "kind": if span.parent.is_none() { SERVER } else { PRODUCER },
        "startTimeUnixNano": span.start.to_string(),
        "endTimeUnixNano": span.end.to_string(),
        "attributes": attributes(&span.attributes),
    })
}

fn attributes(attributes: &[(&str, String)]) -> Vec<Value> {
    let one = |(key, value): &(&str, String)| json!({"key": key, "value": {"stringValue": value}});
    attributes.iter().map(one).collect()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_an_address_without_tls() {
        let at = |url| Collector::parse(url).map(|collector| (collector.authority, collector.path));
        let (authority, path) = at("http://127.0.0.1:4318").unwrap();
        assert_eq!((authority.as_str(), path.as_str()), ("127.0.0.1:4318", "/v1/traces"));
        let (authority, path) = at("http://otel/intake/").unwrap();
        assert_eq!((authority.as_str(), path.as_str()), ("otel:80", "/intake/v1/traces"));
        assert_eq!([at("https://otel:4318"), at("otel:4318"), at("http://")], [None, None, None]);
    }
}
