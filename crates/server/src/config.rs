//! What an operator can set. Every setting has a default, and one name in the file, the environment and the flags.

mod catalogue;
mod resolve;
mod secret;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use catalogue::{Kind, SETTINGS, Setting};
pub use resolve::{ConfigError, Origin};
pub use secret::Secret;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// The smallest bound on a frame or body, so that requests other than messages always fit.
const FRAME_BYTES_MIN: usize = 128 * KIB;
/// The bound on a frame or body when messages have none: memory has one all the same.
const FRAME_BYTES_UNLIMITED: usize = 16 * MIB;
/// JSON may spell one byte of text as six (`\u00xx`).
const JSON_BYTES_PER_BYTE: usize = 6;
/// What surrounds a message's text in a frame or body, at most: headers, ids, nonce.
const FRAME_BYTES_AROUND: usize = 8 * KIB;

/// The settings of one process, complete and within their ranges. Made by [`Settings::resolve`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the chat API listens. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Where the management API listens.
    pub management_listen: SocketAddr,
    /// Holds the embedded database and the signing keys.
    pub data_dir: PathBuf,
    /// A PostgreSQL server instead of the embedded database.
    pub database_url: Option<Secret>,
    pub nats_url: Option<Secret>,
    /// How clients reach the chat API from outside, without a slash at its end.
    pub public_url: Option<String>,
    pub limits: Limits,
    pub tokens: Tokens,
    pub http: Http,
    pub web: Web,
    pub metrics: Metrics,
    pub traces: Traces,
    pub webhooks: Webhooks,
    pub log: Log,
}

/// 0 means unlimited, or no limit of its own, where a setting takes it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Users of one demo app that may be connected at once.
    pub demo_concurrent_users: u32,
    /// Per user.
    pub actions_per_second: u32,
    /// Per client address.
    pub sign_ins_per_minute: u32,
    /// Per API key.
    pub registrations_per_minute: u32,
    /// Per server key.
    pub server_calls_per_second: u32,
    /// Bytes of UTF-8 in one message.
    pub message_bytes: usize,
    /// Open sockets. 0: what the limit on open files allows, less some headroom.
    pub connections: usize,
    /// Open sockets of one client address. 0: no limit of its own.
    pub connections_per_address: usize,
    /// Open sockets of one user, on whatever carrier. 0: no limit of its own.
    pub connections_per_user: usize,
    /// Unused tickets of one user. 0: no limit of its own.
    pub tickets_per_user: usize,
    /// For a request's head to arrive, and again for its body; and for the next request to begin on a kept connection.
    pub request_seconds: u32,
    /// Of a request's head, and of one STOMP frame's headers.
    pub header_bytes: usize,
    /// From the upgrade to an accepted CONNECT frame.
    pub connect_seconds: u32,
    /// A peer that takes nothing of what waits for it is given up after this.
    pub stall_seconds: u32,
    pub subscriptions_per_connection: usize,
    /// Waiting to be written to one connection, before it counts as a slow consumer.
    pub queue_bytes: usize,
    /// The same over all connections of the process.
    pub queue_bytes_total: usize,
    /// SockJS sessions over HTTP; those over WebSocket count as sockets.
    pub sockjs_sessions: usize,
    /// From a SockJS session's last receiver to its end.
    pub sockjs_disconnect_ms: u32,
    /// Silence before SockJS's own heart-beat.
    pub sockjs_heartbeat_ms: u32,
    /// Sent in one streaming response of SockJS before the client must ask for the next.
    pub sockjs_response_bytes: usize,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    pub jwt_seconds: u32,
    pub refresh_days: u32,
    pub ticket_seconds: u32,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Origins that browsers may call from; `*` for any.
    pub allowed_origins: Vec<String>,
    /// Where SockJS's iframe page loads the client's script from. Without it there is no such page: we send nobody to
    /// another origin unasked.
    pub sockjs_client_url: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// Whether the chat page is at `/` of the chat listener.
    pub chat: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// What `/metrics` is opened by. Without it, this machine alone may read it.
    pub token: Option<Secret>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traces {
    /// An OpenTelemetry collector. Without it nothing is traced.
    pub otlp_url: Option<String>,
    /// Of so many stored events one is traced.
    pub one_in: u32,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// Whether endpoints may be in private networks or on this machine, and without TLS.
    pub allow_private: bool,
    /// For an endpoint to answer.
    pub timeout_seconds: u32,
    /// How long an event is tried before it is a dead letter.
    pub retry_seconds: u32,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    pub level: LogLevel,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Default for Traces {
    fn default() -> Self {
        Self { otlp_url: None, one_in: 100 }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            management_listen: SocketAddr::from(([127, 0, 0, 1], 8081)),
            data_dir: PathBuf::from("./data"),
            database_url: None,
            nats_url: None,
            public_url: None,
            limits: Limits::default(),
            tokens: Tokens::default(),
            http: Http::default(),
            web: Web::default(),
            metrics: Metrics::default(),
            traces: Traces::default(),
            webhooks: Webhooks::default(),
            log: Log::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            demo_concurrent_users: 100,
            actions_per_second: 500,
            sign_ins_per_minute: 600,
            registrations_per_minute: 600,
            server_calls_per_second: 1000,
            message_bytes: chinwag_protocol::limits::MESSAGE_BYTES_DEFAULT,
            connections: 0,
            connections_per_address: 0,
            connections_per_user: 20_000,
            tickets_per_user: 1000,
            request_seconds: 20,
            header_bytes: 32 * KIB,
            connect_seconds: 10,
            stall_seconds: 30,
            subscriptions_per_connection: 16,
            queue_bytes: MIB,
            queue_bytes_total: 256 * MIB,
            sockjs_sessions: 40_000,
            sockjs_disconnect_ms: 5000,
            sockjs_heartbeat_ms: 25_000,
            sockjs_response_bytes: 128 * KIB,
        }
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self { jwt_seconds: 300, refresh_days: 30, ticket_seconds: 20 }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self { allowed_origins: vec!["*".to_owned()], sockjs_client_url: None }
    }
}

impl Default for Webhooks {
    fn default() -> Self {
        Self { allow_private: false, timeout_seconds: 15, retry_seconds: 3 * 86_400 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: LogLevel::Warn, format: LogFormat::Text }
    }
}

impl Settings {
    /// How clients reach the chat API: as set, else the address it really listens on (`listen` may have port 0).
    #[must_use]
    pub fn public_url(&self, listening: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{listening}"))
    }

    /// Whether `public_url` says that clients come by TLS, which someone before us ends.
    #[must_use]
    pub fn is_public_over_tls(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

impl Limits {
    /// For a request's head, and again for its body.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.request_seconds))
    }

    #[must_use]
    pub fn stall(&self) -> Duration {
        Duration::from_secs(u64::from(self.stall_seconds))
    }

    /// Bytes of one STOMP frame or HTTP body, at most: enough for the longest message however it is escaped.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        match self.message_bytes {
            0 => FRAME_BYTES_UNLIMITED,
            bytes => bytes
                .saturating_mul(JSON_BYTES_PER_BYTE)
                .saturating_add(FRAME_BYTES_AROUND)
                .max(FRAME_BYTES_MIN),
        }
    }
}

impl LogLevel {
    /// As tracing's filters spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_message_fits_into_a_frame_however_it_is_escaped() {
        let with = |message_bytes| Limits { message_bytes, ..Limits::default() }.frame_bytes();
        assert_eq!(with(1), 128 * KIB);
        assert_eq!(with(16 * KIB), 128 * KIB);
        assert_eq!(with(100 * KIB), 608 * KIB);
        assert_eq!(with(0), 16 * MIB);
    }

    #[test]
    fn the_public_url_is_where_it_listens_unless_set() {
        let mut settings = Settings::default();
        let listening = SocketAddr::from(([127, 0, 0, 1], 4711));
        assert_eq!(settings.public_url(listening), "http://127.0.0.1:4711");
        assert!(!settings.is_public_over_tls());
        settings.public_url = Some("https://chat.example.com".to_owned());
        assert_eq!(settings.public_url(listening), "https://chat.example.com");
        assert!(settings.is_public_over_tls());
    }
}
