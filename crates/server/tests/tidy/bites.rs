//! Every rule against a text that it must complain of, and one that it must leave alone.

use chinwag_server::api::Document;

use super::documents::{api, codes, contents, limits, links, metrics, settings, watched};
use super::packages::{licences, npm_licences};
use super::rules::{dependencies, directions, nothing_left_for_later, queues, size_and_name, unwraps};
use super::tree::{Source, read};

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

/// How many complaints the rule has of a text in that file.
fn complaints(rule: impl Fn(&Source) -> Vec<String>, path: &str, text: &str) -> usize {
    rule(&source(path, text)).len()
}

#[test]
fn on_long_files_and_mod_rs() {
    assert_eq!(complaints(size_and_name, "a/b.ts", &"x\n".repeat(601)), 1);
    assert_eq!(complaints(size_and_name, "a/b.ts", &"x\n".repeat(600)), 0);
    assert_eq!(complaints(size_and_name, "a/mod.rs", "x"), 1);
}

#[test]
fn on_what_is_left_for_later() {
    let later = format!("// {}: tidy up", ["TO", "DO"].concat());
    assert_eq!(complaints(nothing_left_for_later, "a.rs", &later), 1);
    assert_eq!(complaints(nothing_left_for_later, "a.rs", "let mastodon = 1;"), 0);
}

#[test]
fn on_unwraps_outside_tests() {
    assert_eq!(complaints(unwraps, "crates/a/src/b.rs", "x.unwrap();\n"), 1);
    assert_eq!(
        complaints(
            unwraps,
            "crates/a/src/b.rs",
            "// not x.unwrap()\n#[cfg(test)]\nmod tests { x.unwrap(); }\n"
        ),
        0
    );
    assert_eq!(complaints(unwraps, "crates/a/tests/b.rs", "x.unwrap();\n"), 0);
}

#[test]
fn on_queues_without_a_named_bound() {
    for unbounded in ["mpsc::unbounded_channel()", "sync_channel(64)", "tokio::sync::mpsc::channel(64)"] {
        assert_eq!(complaints(queues, "crates/a/src/b.rs", unbounded), 1, "{unbounded}");
    }
    assert_eq!(complaints(queues, "crates/a/src/b.rs", "sync_channel(GROUPS_MAX)"), 0);
    assert_eq!(complaints(queues, "crates/a/src/b.rs", "oneshot::channel()"), 0);
}

#[test]
fn on_modules_that_know_too_much() {
    for (path, text) in [
        ("crates/protocol/src/stomp.rs", "async fn read() {}"),
        ("crates/server/src/chat.rs", "use crate::http::ApiError;"),
        ("crates/server/src/chat/member.rs", "use crate::store::Store;"),
        ("crates/server/src/http/chat.rs", "use rusqlite::Connection;"),
        ("crates/server/src/http/chat.rs", "use axum::routing::get;"),
        ("crates/server/src/realtime/session.rs", "let now = Instant::now();"),
        ("crates/server/src/realtime/websocket.rs", "use chinwag_protocol::stomp::Frame;"),
        ("crates/server/src/management/apps.rs", "use crate::{chat, clock};"),
        ("crates/server/src/sessions.rs", "use axum::Json;"),
        ("crates/server/src/hub/routes.rs", "use tokio::sync::mpsc;"),
        ("crates/server/src/store/sqlite/act.rs", "use crate::realtime::Presence;"),
        ("crates/server/src/listener/slots.rs", "use crate::store::Store;"),
        ("crates/server/src/app.rs", "use chinwag_client::Client;"),
        ("crates/client/src/realtime/session.rs", "use crate::http::Http;"),
        ("crates/cli/src/commands/chat/update/keys.rs", "let now = Instant::now();"),
    ] {
        assert_eq!(complaints(directions, path, text), 1, "{path}: {text}");
    }
    assert_eq!(complaints(directions, "crates/server/src/chat.rs", "use crate::store::Store;"), 0);
    assert_eq!(complaints(directions, "crates/server/src/http/chat.rs", "// unlike rusqlite\n"), 0);
}

#[test]
fn on_dependencies_without_a_reason() {
    let manifest =
        "[workspace.dependencies]\nserde = \"1\" # JSON\nmystery = \"1\"\n[profile.dev]\ndebug = 1\n";
    assert_eq!(dependencies(manifest), ["Cargo.toml: what is this for? mystery = \"1\""]);
}

#[test]
fn on_what_is_not_documented() {
    let protocol = read("docs/protocol.md");
    assert_eq!(codes(&protocol.replace("| CONFLICT | 409 |", "| CONFLICT | 400 |")).len(), 1);
    assert_eq!(codes(&protocol.replace("| CONFLICT |", "| CONFLICTED |")).len(), 1);

    let constants = read("crates/protocol/src/limits.rs");
    assert_eq!(limits(&protocol.replace("254 characters", "255 characters"), &constants).len(), 1);
    assert_eq!(limits(&protocol, &(constants + "\npub const FRIENDS_MAX: usize = 7;\n")).len(), 1);

    let configuration = read("docs/configuration.md");
    let is_missed = |from: &str, to: &str| settings(&configuration.replace(from, to)).len();
    assert_eq!(is_missed("| `limits.message_bytes` |", "| `limits.bytes` |"), 1);
    assert_eq!(is_missed("| 16384 |", "| 16385 |"), 1);
    assert_eq!(is_missed("| 0 to 16,777,216 |", "| 0 to 16,777,217 |"), 1);
    assert_eq!(is_missed("`json`", "`xml`"), 1);
}

#[test]
fn on_metrics_without_a_row() {
    let document = read("docs/metrics.md");
    assert_eq!(
        metrics(
            &document.replace(
                "| `chinwag_deliveries_total` | counter |",
                "| `chinwag_deliveries_total` | gauge |"
            )
        )
        .len(),
        1
    );
    assert_eq!(metrics(&document.replace("| `chinwag_deliveries_total` |", "| deliveries |")).len(), 2);
}

#[test]
fn on_dashboards_of_metrics_that_are_not() {
    let complaints = |text: &str| watched("a", text).len();
    assert_eq!(complaints("rate(chinwag_deliveries_total[1m]) / chinwag_delivery_seconds_count"), 0);
    assert_eq!(complaints("chinwag_delivery_seconds + chinwag_deliveries_total_count + process_fds"), 3);
    assert_eq!(complaints("up"), 1);
}

#[test]
fn on_licences_that_ask_for_more() {
    let package = |licence: &str| serde_json::json!({"packages": [{"name": "x", "license": licence}]});
    for (licence, count) in [
        ("MIT", 0),
        ("GPL-3.0-only", 1),
        ("GPL-2.0-only OR MIT", 0),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", 0),
        ("MIT AND GPL-3.0-only", 1),
        ("MIT/Apache-2.0", 0),
        ("", 1),
    ] {
        assert_eq!(licences(&package(licence)).len(), count, "{licence}");
    }
    let lock = |dev: bool| {
        let package = serde_json::json!({"license": "MPL-2.0", "dev": dev});
        serde_json::json!({"packages": {"": {}, "node_modules/x": package}}).to_string()
    };
    assert_eq!([npm_licences("a", &lock(true)).len(), npm_licences("a", &lock(false)).len()], [0, 1]);
}

#[test]
fn on_documents_that_the_book_lacks() {
    let paths = ["docs/a.md", "docs/b.md", "README.md"].map(str::to_owned);
    assert_eq!(contents("- [A](a.md)", &paths), ["docs/SUMMARY.md lists b.md 0 times"]);
}

#[test]
fn on_documents_of_the_api_that_are_old() {
    let committed = read("docs/api/openapi.json");
    assert_eq!(api(Document::Chat, &committed.replacen("\"chatId\"", "\"chat\"", 1)).len(), 1);
}

#[test]
fn on_links_to_nowhere() {
    let text = "[a](nowhere.md) [b](configuration.md#limits) [c](https://example.com) [d](#here)";
    let missing = ["nowhere.md", "#here"].map(|target| format!("docs/protocol.md: there is no {target}"));
    assert_eq!(links(&source("docs/protocol.md", text)), missing);
}
