//! The AsyncAPI 3.0 document of the realtime side (<https://www.asyncapi.com/docs/reference/specification/v3.0.0>): STOMP
//! over WebSocket or SockJS, and the same events as server-sent events.

mod frames;

use chinwag_protocol::{Envelope, ErrorCode, Event, Notice};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::Credential;
use super::openapi::{About, definitions, generators, info, inline};

/// Where clients subscribe, and where they send.
const EVENTS: &str = "/user/queue/messages";
const ACTIONS: &str = "/api/chat";

/// The document. `about.server` is the base URL of the chat API.
pub(super) fn document(about: &About) -> Value {
    let (mut asked, mut told) = generators();
    let (actions, events) = (actions(&mut asked), events(&mut told));
    let frames: Map<String, Value> =
        frames::ALL.iter().map(|frame| (frame.command.to_owned(), frame.message())).collect();
    let refer = |messages: &Map<String, Value>| -> Map<String, Value> {
        let reference =
            |name: &String| (name.clone(), json!({"$ref": format!("#/components/messages/{name}")}));
        messages.keys().map(reference).collect()
    };
    let named = |prefix: &str, messages: &Map<String, Value>| -> Map<String, Value> {
        messages.iter().map(|(name, message)| (format!("{prefix}{name}"), message.clone())).collect()
    };
    // One type names an action and the event that it causes.
    let (actions, frames) = (named("do.", &actions), named("frame.", &frames));
    let channels = json!({
        "actions": {
            "address": ACTIONS,
            "description": "SEND frames to this destination. The same bodies are taken by `POST /api/chat`.",
            "messages": refer(&actions),
        },
        "events": {
            "address": EVENTS,
            "description": "SUBSCRIBE here, or to `/user/<own user id>/queue/messages`. The same bodies come from \
                            `GET /api/chat/events` as server-sent events, with the cursor as their id.",
            "messages": refer(&events),
        },
        "connection": {
            "address": Value::Null,
            "description": "The other STOMP frames: connecting, subscribing, receipts, transactions, errors.",
            "messages": refer(&frames),
        },
    });
    let messages: Map<String, Value> = actions.into_iter().chain(events).chain(frames).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": info(about),
        "defaultContentType": "application/json",
        "servers": {"realtime": server(&about.server)},
        "channels": channels,
        "operations": {
            "act": operation("receive", "actions", "Take an action; its RECEIPT says that its effect is on the disk"),
            "tell": operation("send", "events", "Tell what happens in the chats of the subscriber"),
        },
        "components": {
            "schemas": definitions(asked, told),
            "messages": messages,
            "securitySchemes": {"ticket": ticket()},
        },
        "x-error-codes": error_codes(),
    })
}

/// The messages that are taken, by the action's type.
fn actions(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let messages = Envelope::schemas(generator).into_iter().map(|(kind, name, payload)| {
        let message = json!({
            "name": kind,
            "title": name,
            "summary": payload["description"],
            "contentType": "application/json",
            "headers": frames::SEND.headers(),
            "payload": payload,
        });
        (kind.to_owned(), message)
    });
    messages.collect()
}

/// The messages that are told, by the type of event or notice.
fn events(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let events = each_kind(inline::<Event>(generator));
    let notices = each_kind(inline::<Notice>(generator));
    let messages = events.into_iter().chain(notices).map(|payload| {
        let kind = payload["properties"]["type"]["const"].as_str().unwrap_or_default().to_owned();
        let message = json!({
            "name": kind,
            "summary": payload["description"],
            "contentType": "application/json",
            "headers": frames::MESSAGE.headers(),
            "payload": payload,
        });
        (kind, message)
    });
    messages.collect()
}

fn server(url: &str) -> Value {
    let (protocol, host) = match url.split_once("://") {
        Some(("https", host)) => ("wss", host),
        Some((_, host)) => ("ws", host),
        None => ("ws", url),
    };
    let (host, base) =
        host.split_once('/').map_or((host, String::new()), |(host, base)| (host, format!("/{base}")));
    json!({
        "host": host,
        "pathname": format!("{base}/api/wsConnect"),
        "protocol": protocol,
        "protocolVersion": "13",
        "description": "STOMP 1.2, 1.1 or 1.0; subprotocols v12.stomp, v11.stomp, v10.stomp. Also a SockJS 0.3.3 base URL.",
        "security": [{"$ref": "#/components/securitySchemes/ticket"}],
    })
}

fn ticket() -> Value {
    let mut scheme = Credential::Ticket.scheme();
    // AsyncAPI's word for a key in the query, with its name beside.
    scheme["type"] = "httpApiKey".into();
    scheme
}

fn operation(action: &str, channel: &str, summary: &str) -> Value {
    json!({"action": action, "channel": {"$ref": format!("#/channels/{channel}")}, "summary": summary})
}

/// Each kind of a tagged type, with the fields that all kinds have.
fn each_kind(mut whole: Value) -> Vec<Value> {
    let kinds = whole["oneOf"].take();
    let kinds = kinds.as_array().cloned().unwrap_or_default();
    let common = whole["properties"].as_object().cloned().unwrap_or_default();
    let required = whole["required"].as_array().cloned().unwrap_or_default();
    let with_common = |mut kind: Value| {
        if let Some(properties) = kind["properties"].as_object_mut() {
            properties.extend(common.clone());
        }
        if let Some(names) = kind["required"].as_array_mut() {
            names.extend(required.clone());
        }
        kind
    };
    kinds.into_iter().map(with_common).collect()
}

fn error_codes() -> Value {
    let rows = ErrorCode::ALL
        .iter()
        .map(|code| json!({"code": code.as_str(), "status": code.status(), "title": code.title()}));
    rows.collect()
}
