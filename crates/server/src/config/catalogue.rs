//! All settings by name, and what each accepts: one table for the file, the environment and the flags.

use std::net::SocketAddr;

use toml::Value;

/// One setting. `name` is its place in the file: `listen`, or `limits.message_bytes` in section `[limits]`.
#[derive(Debug)]
pub struct Setting {
    pub name: &'static str,
    pub kind: Kind,
}

/// What a setting accepts.
#[derive(Debug)]
pub enum Kind {
    /// An IP address and port.
    Address,
    Text,
    /// Text that is never shown, not even in an error.
    Secret,
    /// An `http://` or `https://` address; a slash at its end is dropped.
    Url,
    Whole {
        min: i64,
        max: i64,
    },
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Switch,
    /// Texts; in the environment separated by commas.
    List,
}

const RATE: Kind = Kind::Whole { min: 0, max: 1_000_000_000 };
const COUNT: Kind = Kind::Whole { min: 0, max: 10_000_000 };
/// Days of ten years.
const DAYS_MAX: i64 = 3650;
const DAY_SECONDS: i64 = 86_400;
const PATIENCE: Kind = Kind::Whole { min: 1, max: 3600 };
/// The HTTP server's read buffer is as large, and cannot be smaller.
const HEADER_BYTES_MIN: i64 = 8 << 10;
const QUEUE_BYTES_MIN: i64 = 64 << 10;

/// Every setting there is.
pub const SETTINGS: &[Setting] = &[
    Setting { name: "listen", kind: Kind::Address },
    Setting { name: "management_listen", kind: Kind::Address },
    Setting { name: "data_dir", kind: Kind::Text },
    Setting { name: "database_url", kind: Kind::Secret },
    Setting { name: "nats_url", kind: Kind::Secret },
    Setting { name: "public_url", kind: Kind::Url },
    Setting { name: "limits.demo_concurrent_users", kind: COUNT },
    Setting { name: "limits.actions_per_second", kind: RATE },
    Setting { name: "limits.sign_ins_per_minute", kind: RATE },
    Setting { name: "limits.registrations_per_minute", kind: RATE },
    Setting { name: "limits.server_calls_per_second", kind: RATE },
    Setting { name: "limits.message_bytes", kind: Kind::Whole { min: 0, max: 16 << 20 } },
    Setting { name: "limits.connections", kind: COUNT },
    Setting { name: "limits.connections_per_address", kind: COUNT },
    Setting { name: "limits.connections_per_user", kind: COUNT },
    Setting { name: "limits.tickets_per_user", kind: COUNT },
    Setting { name: "limits.request_seconds", kind: PATIENCE },
    Setting { name: "limits.header_bytes", kind: Kind::Whole { min: HEADER_BYTES_MIN, max: 1 << 20 } },
    Setting { name: "limits.connect_seconds", kind: PATIENCE },
    Setting { name: "limits.stall_seconds", kind: PATIENCE },
    Setting { name: "limits.subscriptions_per_connection", kind: Kind::Whole { min: 1, max: 10_000 } },
    Setting { name: "limits.queue_bytes", kind: Kind::Whole { min: QUEUE_BYTES_MIN, max: 1 << 30 } },
    Setting { name: "limits.queue_bytes_total", kind: Kind::Whole { min: QUEUE_BYTES_MIN, max: 1 << 40 } },
    Setting { name: "limits.sockjs_sessions", kind: Kind::Whole { min: 1, max: 10_000_000 } },
    Setting { name: "limits.sockjs_disconnect_ms", kind: Kind::Whole { min: 100, max: 3_600_000 } },
    Setting { name: "limits.sockjs_heartbeat_ms", kind: Kind::Whole { min: 100, max: 3_600_000 } },
    Setting { name: "limits.sockjs_response_bytes", kind: Kind::Whole { min: 4 << 10, max: 1 << 30 } },
    Setting { name: "tokens.jwt_seconds", kind: Kind::Whole { min: 1, max: DAY_SECONDS } },
    Setting { name: "tokens.refresh_days", kind: Kind::Whole { min: 1, max: DAYS_MAX } },
    Setting { name: "tokens.ticket_seconds", kind: Kind::Whole { min: 1, max: DAY_SECONDS } },
    Setting { name: "http.allowed_origins", kind: Kind::List },
    Setting { name: "http.sockjs_client_url", kind: Kind::Url },
    Setting { name: "web.chat", kind: Kind::Switch },
    Setting { name: "metrics.token", kind: Kind::Secret },
    Setting { name: "traces.otlp_url", kind: Kind::Url },
    Setting { name: "traces.one_in", kind: Kind::Whole { min: 1, max: 1_000_000_000 } },
    Setting { name: "webhooks.allow_private", kind: Kind::Switch },
    Setting { name: "webhooks.timeout_seconds", kind: Kind::Whole { min: 1, max: 60 } },
    Setting { name: "webhooks.retry_seconds", kind: Kind::Whole { min: 1, max: 30 * DAY_SECONDS } },
    Setting { name: "log.level", kind: Kind::OneOf(&["off", "error", "warn", "info", "debug", "trace"]) },
    Setting { name: "log.format", kind: Kind::OneOf(&["text", "json"]) },
];

impl Setting {
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// `CHINWAG_` and the name in upper case, two underscores between section and key.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("CHINWAG_{}", self.name.replace('.', "__").to_uppercase())
    }
}

impl Kind {
    /// The value as the settings take it, or `None` if this is not one.
    pub(super) fn accept(&self, value: Value) -> Option<Value> {
        match (self, value) {
            (Kind::Address, Value::String(text)) => {
                text.parse::<SocketAddr>().ok().map(|_| Value::String(text))
            }
            (Kind::Text | Kind::Secret, Value::String(text)) if !text.is_empty() => Some(Value::String(text)),
            (Kind::Url, Value::String(text)) => url(&text).map(Value::String),
            (Kind::Whole { min, max }, Value::Integer(number)) if (*min..=*max).contains(&number) => {
                Some(Value::Integer(number))
            }
            (Kind::OneOf(words), Value::String(text)) if words.contains(&text.as_str()) => {
                Some(Value::String(text))
            }
            (Kind::Switch, Value::Boolean(on)) => Some(Value::Boolean(on)),
            (Kind::List, Value::Array(items)) if items.iter().all(Value::is_str) => Some(Value::Array(items)),
            _ => None,
        }
    }

    /// The value that a variable's text stands for; whether it is accepted is for [`Kind::accept`].
    pub(super) fn read(&self, text: &str) -> Value {
        let text = text.trim();
        match self {
            Kind::Whole { .. } => {
                text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Integer)
            }
            Kind::Switch => text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Boolean),
            Kind::List => {
                Value::Array(text.split(',').map(|item| Value::String(item.trim().to_owned())).collect())
            }
            _ => Value::String(text.to_owned()),
        }
    }

    /// What to write instead, after "must be".
    pub(super) fn expected(&self) -> String {
        match self {
            Kind::Address => "an address and port such as 127.0.0.1:8080".to_owned(),
            Kind::Text | Kind::Secret => "text".to_owned(),
            Kind::Url => "an address such as https://chat.example.com".to_owned(),
            Kind::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Kind::OneOf(words) => format!("one of {}", words.join(", ")),
            Kind::Switch => "true or false".to_owned(),
            Kind::List => "a list of texts".to_owned(),
        }
    }
}

fn url(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let plain = !host.is_empty() && !host.starts_with('/') && !host.contains([' ', '?', '#']);
    plain.then(|| text.to_owned())
}
