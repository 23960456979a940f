//! Rules for sources.

use super::tree::Source;

const LINES_MAX: usize = 600;

/// What the files of a place must not name: other crates as they are, modules of this crate as `crate::name`.
pub(super) const DIRECTIONS: &[(&str, &[&str])] = &[
    (
        "crates/protocol/src",
        &["tokio", "futures_util", "async", "await", "std::net", "std::fs", "SystemTime::now"],
    ),
    ("crates/protocol/src", &["chinwag_client", "chinwag_server"]),
    ("crates/server/src", &["chinwag_client"]),
    ("crates/client/src", &["chinwag_server"]),
    ("crates/bench/src", &["chinwag_server"]),
    ("bench/src", &["chinwag_server"]),
    ("crates/client/src/realtime/backoff", &["tokio", "async", "crate::clock"]),
    ("crates/client/src/realtime/catch_up", &["tokio", "async", "crate::clock"]),
    ("crates/client/src/realtime/said", &["tokio", "async", "crate::clock"]),
    ("crates/client/src/realtime/heartbeat", &["async", "crate::clock", "Instant::now"]),
    ("crates/client/src/realtime/outbox", &["hyper", "async", "crate::http", "crate::clock", "Instant::now"]),
    (
        "crates/client/src/realtime/session",
        &["hyper", "tungstenite", "async", "crate::http", "crate::clock", "Instant::now"],
    ),
    ("crates/client/src/realtime/socket", &["stomp"]),
    ("crates/cli/src/commands/chat/update", &["tokio", "async", "Instant::now"]),
    ("crates/cli/src/commands/chat/view", &["tokio", "async", "Instant::now"]),
    (
        "crates/server/src/chat",
        &[
            "axum",
            "hyper",
            "rusqlite",
            "tokio_postgres",
            "tokio::net",
            "crate::http",
            "crate::realtime",
            "crate::management",
            "crate::hub",
            "crate::app",
            "store::sqlite",
            "store::postgres",
        ],
    ),
    ("crates/server/src/chat/", &["tokio", "async", "crate::store", "crate::sessions", "crate::problem"]),
    (
        "crates/server/src/http",
        &[
            "axum::routing",
            "rusqlite",
            "tokio_postgres",
            "store::sqlite",
            "store::postgres",
            "crate::management",
        ],
    ),
    (
        "crates/server/src/realtime",
        &[
            "rusqlite",
            "tokio_postgres",
            "axum",
            "store::sqlite",
            "store::postgres",
            "crate::http",
            "crate::management",
        ],
    ),
    (
        "crates/server/src/realtime/session",
        &["tokio", "hyper", "async", "crate::app", "crate::store", "crate::hub", "carrier", "Instant::now"],
    ),
    ("crates/server/src/realtime/websocket", &["stomp"]),
    (
        "crates/server/src/management",
        &[
            "axum::routing",
            "rusqlite",
            "tokio_postgres",
            "store::sqlite",
            "store::postgres",
            "crate::realtime",
            "crate::hub",
            "crate::chat",
        ],
    ),
    (
        "crates/server/src/sessions",
        &["rusqlite", "tokio_postgres", "axum", "hyper", "crate::http", "crate::realtime", "crate::hub"],
    ),
    (
        "crates/server/src/hub",
        &[
            "axum",
            "hyper",
            "rusqlite",
            "tokio_postgres",
            "tokio",
            "crate::http",
            "crate::realtime",
            "crate::store",
            "crate::app",
        ],
    ),
    (
        "crates/server/src/store",
        &["axum", "hyper", "crate::http", "crate::realtime", "crate::management", "crate::app"],
    ),
    (
        "crates/server/src/listener",
        &["rusqlite", "tokio_postgres", "crate::store", "crate::chat", "crate::realtime", "crate::app"],
    ),
];

/// Whether a file is in a place: `…/chat` is `chat.rs` and what is in `chat/`, `…/chat/` only the latter.
pub(super) fn is_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| place.ends_with('/') || rest.starts_with('/') || rest == ".rs")
}

impl Source {
    fn complain(&self, line: usize, of: &str) -> String {
        format!("{}:{}: {of}", self.path, line + 1)
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Lines of code with their numbers: without comments, and without the tests at the end of the file.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test = self.path.contains("/tests/") || self.path.ends_with("/tests.rs");
        let code = self.text.split("\n#[cfg(test)]\nmod ").next().filter(|_| !is_test);
        let lines = code.unwrap_or_default().lines();
        lines.enumerate().map(|(number, line)| (number, without_comment(line)))
    }
}

fn without_comment(line: &str) -> &str {
    let line = line.split_once("// ").map_or(line, |(code, _)| code);
    if line.trim_start().starts_with("//") { "" } else { line }
}

/// Whether `text` has `name` with no letter of a longer name at either end.
fn names(text: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}

pub(super) fn size_and_name(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let mut complaints = Vec::new();
    if lines > LINES_MAX {
        complaints.push(source.complain(lines, &format!("more than {LINES_MAX} lines")));
    }
    if source.path.ends_with("/mod.rs") {
        complaints.push(source.complain(0, "foo.rs and foo/ instead"));
    }
    complaints
}

pub(super) fn nothing_left_for_later(source: &Source) -> Vec<String> {
    // Put together here, so that this file does not have them.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|halves| halves.concat());
    let found =
        source.text.lines().enumerate().filter(|(_, line)| words.iter().any(|word| names(line, word)));
    found.map(|(number, _)| source.complain(number, "do it, or write an issue")).collect()
}

pub(super) fn unwraps(source: &Source) -> Vec<String> {
    // The test kit fails tests; that is what it is for, but it says what it waited for.
    let found = source.code().filter(|(_, line)| source.is_rust() && line.contains(".unwrap()"));
    found.map(|(number, _)| source.complain(number, "expect(\"why it holds\"), or an error")).collect()
}

/// A channel's bound is a constant, so that it has a name and can be found.
pub(super) fn queues(source: &Source) -> Vec<String> {
    let is_unbounded = |line: &str| {
        let bounds = ["mpsc::channel(", "sync_channel(", "broadcast::channel("];
        let mut made = bounds
            .iter()
            .flat_map(|call| line.match_indices(call).map(|(at, call)| &line[at + call.len()..]));
        line.contains("unbounded")
            || made.any(|bound| !bound.starts_with(|letter: char| letter.is_ascii_uppercase()))
    };
    let found = source.code().filter(|(_, line)| source.is_rust() && is_unbounded(line));
    found.map(|(number, _)| source.complain(number, "a queue needs a bound with a name")).collect()
}

pub(super) fn directions(source: &Source) -> Vec<String> {
    let forbidden: Vec<&str> = DIRECTIONS
        .iter()
        .filter(|(place, _)| is_in(&source.path, place))
        .flat_map(|(_, names)| names.iter().copied())
        .collect();
    let found = source.code().flat_map(|(number, line)| {
        let named = forbidden.iter().filter(move |name| names(line, name) || names_in_braces(line, name));
        named.map(move |name| source.complain(number, &format!("this module knows nothing of {name}")))
    });
    found.collect()
}

/// `use crate::{http, …}` names `crate::http`.
fn names_in_braces(line: &str, name: &str) -> bool {
    let module = name.strip_prefix("crate::");
    module.is_some_and(|module| line.contains("crate::{") && names(line, module))
}

pub(super) fn dependencies(manifest: &str) -> Vec<String> {
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    let bare = section.lines().filter(|line| {
        line.contains('=') && !line.contains("path =") && !line.contains(" # ") && !line.starts_with('#')
    });
    bare.map(|line| format!("Cargo.toml: what is this for? {line}")).collect()
}
