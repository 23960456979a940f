//! Rules for documents: what the code has, they have.

use chinwag_protocol::{ErrorCode, limits as wire};
use chinwag_server::api::Document;
use chinwag_server::config::{Kind, SETTINGS, Settings};
use chinwag_server::telemetry::METRICS;

use super::tree::{Source, root};

/// A number with its thousands apart, as the documents write it.
fn written(number: impl ToString) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The row of a table whose first cell names `what`, in whole words.
fn row<'a>(document: &'a str, what: &str) -> Option<&'a str> {
    document.lines().find(|line| {
        let first = line.strip_prefix("| ").and_then(|line| line.split(" | ").next());
        first.is_some_and(|cell| cell.split(", ").any(|name| name.trim_matches('`') == what))
    })
}

pub(super) fn codes(protocol: &str) -> Vec<String> {
    let undocumented = ErrorCode::ALL.iter().filter(|code| {
        let status = format!("| {} |", code.status());
        !row(protocol, code.as_str()).is_some_and(|row| row.contains(&status))
    });
    undocumented.map(|code| format!("docs/protocol.md: no row for {code} with its status")).collect()
}

/// Every constant of `limits.rs` has a row here; its number is checked against the document's.
const LIMITS: [(&str, usize); 11] = [
    ("message text", wire::MESSAGE_BYTES_DEFAULT),
    ("reaction", wire::EMOJI_BYTES_MAX),
    ("different reactions of a member to a message", wire::REACTIONS_PER_MEMBER_MAX as usize),
    ("nonce", wire::NONCE_CHARS_MAX),
    ("username", wire::USERNAME_CHARS_MAX),
    ("e-mail address", wire::EMAIL_CHARS_MAX),
    ("chat name", wire::CHAT_NAME_CHARS_MAX),
    ("password", wire::PASSWORD_CHARS_MAX),
    ("password", wire::PASSWORD_CHARS_MIN),
    ("users named when a chat is created", wire::CHAT_CREATION_USERS_MAX),
    ("rows in a page", wire::PAGE_SIZE_MAX as usize),
];

pub(super) fn limits(protocol: &str, constants: &str) -> Vec<String> {
    let undocumented = LIMITS.iter().filter(|(what, number)| {
        let number = written(number);
        !row(protocol, what)
            .is_some_and(|row| row.split(' ').any(|word| word.trim_end_matches(',') == number))
    });
    let mut complaints: Vec<String> =
        undocumented.map(|(what, number)| format!("docs/protocol.md: {what}: {}", written(number))).collect();
    let there_are = constants.matches("\npub const ").count();
    if there_are != LIMITS.len() {
        complaints.push(format!("limits.rs has {there_are} constants, and this test knows {}", LIMITS.len()));
    }
    complaints
}

fn default_of(name: &str) -> Option<String> {
    let Settings { limits, tokens, traces, .. } = Settings::default();
    Some(match name {
        "limits.demo_concurrent_users" => limits.demo_concurrent_users.to_string(),
        "limits.actions_per_second" => limits.actions_per_second.to_string(),
        "limits.sign_ins_per_minute" => limits.sign_ins_per_minute.to_string(),
        "limits.registrations_per_minute" => limits.registrations_per_minute.to_string(),
        "limits.message_bytes" => limits.message_bytes.to_string(),
        "limits.connections" => limits.connections.to_string(),
        "limits.connections_per_address" => limits.connections_per_address.to_string(),
        "limits.connections_per_user" => limits.connections_per_user.to_string(),
        "limits.tickets_per_user" => limits.tickets_per_user.to_string(),
        "limits.request_seconds" => limits.request_seconds.to_string(),
        "limits.header_bytes" => limits.header_bytes.to_string(),
        "limits.stall_seconds" => limits.stall_seconds.to_string(),
        "limits.sockjs_sessions" => limits.sockjs_sessions.to_string(),
        "limits.sockjs_disconnect_ms" => limits.sockjs_disconnect_ms.to_string(),
        "limits.sockjs_heartbeat_ms" => limits.sockjs_heartbeat_ms.to_string(),
        "limits.sockjs_response_bytes" => limits.sockjs_response_bytes.to_string(),
        "limits.connect_seconds" => limits.connect_seconds.to_string(),
        "limits.subscriptions_per_connection" => limits.subscriptions_per_connection.to_string(),
        "limits.queue_bytes" => limits.queue_bytes.to_string(),
        "limits.queue_bytes_total" => limits.queue_bytes_total.to_string(),
        "traces.one_in" => traces.one_in.to_string(),
        "tokens.jwt_seconds" => tokens.jwt_seconds.to_string(),
        "tokens.refresh_days" => tokens.refresh_days.to_string(),
        "tokens.ticket_seconds" => tokens.ticket_seconds.to_string(),
        _ => return None,
    })
}

pub(super) fn settings(configuration: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for setting in SETTINGS {
        let name = setting.name;
        let Some(row) = row(configuration, name) else {
            complaints.push(format!("docs/configuration.md: no row for {name}"));
            continue;
        };
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        if let Kind::Whole { min, max } = setting.kind {
            let range = format!("{} to {}", written(min), written(max));
            if cells.get(2) != Some(&range.as_str()) {
                complaints.push(format!("docs/configuration.md: {name} is from {range}"));
            }
            let default = default_of(name);
            if cells.get(1).copied() != default.as_deref() {
                complaints.push(format!("docs/configuration.md: {name} is {default:?} unless set"));
            }
        }
        if let Kind::OneOf(words) = setting.kind
            && !words.iter().all(|word| row.contains(&format!("`{word}`")))
        {
            complaints.push(format!("docs/configuration.md: {name} is one of {words:?}"));
        }
    }
    complaints
}

/// Links to files of this repository, and to headings in those that are documents.
pub(super) fn links(document: &Source) -> Vec<String> {
    let from = root().join(&document.path);
    let targets = document.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let broken = targets.filter(|target| {
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        if target.contains("://") || target.starts_with("mailto:") {
            return false;
        }
        let to = if file.is_empty() { from.clone() } else { from.with_file_name("").join(file) };
        if heading.is_empty() || to.extension().is_none_or(|extension| extension != "md") {
            return !to.exists();
        }
        let text = std::fs::read_to_string(&to).unwrap_or_default();
        !headings(&text).any(|anchor| anchor == heading)
    });
    broken.map(|target| format!("{}: there is no {target}", document.path)).collect()
}

/// Its headings as links name them: in small letters, spaces as hyphens, other marks left out.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

/// Every metric has a row with its type.
pub(super) fn metrics(document: &str) -> Vec<String> {
    let undocumented = METRICS.iter().filter(|metric| {
        let kind = format!("| {} |", metric.kind);
        !row(document, metric.name).is_some_and(|row| row.contains(&kind))
    });
    let mut complaints: Vec<String> = undocumented
        .map(|metric| format!("docs/metrics.md: no row for {}, a {}", metric.name, metric.kind))
        .collect();
    let rows = document.lines().filter(|line| line.starts_with("| `")).count();
    if rows != METRICS.len() {
        complaints.push(format!("docs/metrics.md has {rows} rows for {} metrics", METRICS.len()));
    }
    complaints
}

/// Metrics that a dashboard or an alert names: each must be one of ours.
pub(super) fn watched(file: &str, text: &str) -> Vec<String> {
    let mut words: Vec<&str> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("chinwag_") || word.starts_with("process_"))
        .collect();
    words.sort_unstable();
    words.dedup();
    let is_ours = |word: &str| {
        METRICS.iter().any(|metric| match word.strip_prefix(metric.name) {
            Some("") => metric.kind != "histogram",
            Some("_bucket" | "_sum" | "_count") => metric.kind == "histogram",
            _ => false,
        })
    };
    if words.is_empty() {
        return vec![format!("{file} names no metric")];
    }
    let strangers = words.into_iter().filter(|word| !is_ours(word));
    strangers.map(|word| format!("{file}: there is no metric {word}")).collect()
}

/// Examples of settings must be settings.
pub(super) fn examples(document: &Source) -> Vec<String> {
    let blocks = document.text.split("\n```toml\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let resolved = blocks.map(|text| {
        let file = Some((std::path::Path::new(&document.path), text));
        Settings::resolve(file, std::iter::empty(), toml::Table::new())
    });
    resolved.filter_map(|resolved| Some(resolved.err()?.to_string())).collect()
}

/// Every document is in the book's table of contents, once.
pub(super) fn contents(summary: &str, paths: &[String]) -> Vec<String> {
    let listed: Vec<&str> = summary.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let count = |path: &str| listed.iter().filter(|listed| **listed == path).count();
    let in_docs = paths.iter().filter_map(|path| path.strip_prefix("docs/"));
    in_docs
        .filter(|path| *path != "SUMMARY.md" && count(path) != 1)
        .map(|path| format!("docs/SUMMARY.md lists {path} {} times", count(path)))
        .collect()
}

/// The documents of the API in `docs/api`, which are made of the code.
pub(super) fn api(document: Document, committed: &str) -> Vec<String> {
    let file = document.file();
    let is_same = committed == document.text(document.usual_server());
    let word = file.trim_end_matches(".json");
    let mend = format!("cargo run -p chinwag -- api {word} >docs/api/{file}");
    if is_same { Vec::new() } else { vec![format!("docs/api/{file} is not what the code has: {mend}")] }
}
