//! The way in from outside, as far as it can be seen without being anybody: TLS, the proxy, WebSocket upgrades, CORS.

use std::io;

use chinwag_server::clock::{Clock, SystemClock};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::certificate;
use super::finding::Finding;
use super::line::{Address, Answer};
use super::proxies::{Fault, Proxy, mend};

/// Warned of before a certificate ends: those of Let's Encrypt are renewed 30 days before.
const EXPIRES_SOON_DAYS: i64 = 14;
/// HTTP tells whole seconds.
const SKEW_SECONDS_MAX: i64 = 3;
/// From here on tokens of 300 seconds fail.
const SKEW_SECONDS_FATAL: i64 = 60;
const DAY_SECONDS: i64 = 86_400;

/// RFC 6455, section 4.1. What the answer proves with the key is for the clients that need it.
pub(super) const UPGRADE: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
];

/// What was seen of the way in.
pub(super) struct Seen {
    pub(super) findings: Vec<Finding>,
    /// Whether there is a server behind it.
    pub(super) is_open: bool,
    pub(super) proxy: Option<Proxy>,
}

pub(super) async fn examine(address: &Address, origin: Option<&str>) -> Seen {
    let mut seen = Seen { findings: Vec::new(), is_open: false, proxy: None };
    match address.dial().await {
        Ok((_, certificate)) => seen.findings.push(tls(address, certificate.as_deref())),
        Err(error) => {
            seen.findings.push(no_line(address, &error));
            return seen;
        }
    }
    let health = match address.ask("GET", "/healthz", &[], "").await {
        Ok(answer) => answer,
        Err(error) => {
            let change = mend(Fault::Unreachable, None);
            seen.findings.push(Finding::fail("server", format!("no answer to /healthz; {error}"), change));
            return seen;
        }
    };
    seen.proxy = Proxy::named(health.header("server"), health.header("via"));
    if health.status != 200 || health.json()["status"] != "ok" {
        let says = format!("/healthz was answered {}, and not by Chinwag", health.status);
        seen.findings.push(Finding::fail("server", says, mend(Fault::Unreachable, seen.proxy)));
        return seen;
    }
    seen.is_open = true;
    let proxy = seen.proxy;
    seen.findings.push(clock(&health));
    seen.findings.push(or_unanswered("server", ready(address, proxy).await));
    seen.findings.push(or_unanswered("upgrade", upgrade(address, proxy).await));
    seen.findings.push(or_unanswered("credentials", credentials(address, proxy).await));
    let own = address.origin();
    seen.findings.push(or_unanswered("CORS", cors(address, origin.unwrap_or(&own), proxy).await));
    seen.findings.push(or_unanswered("SockJS", sockjs(address, proxy).await));
    seen
}

fn or_unanswered(check: &'static str, found: io::Result<Finding>) -> Finding {
    found.unwrap_or_else(|error| {
        Finding::fail(check, format!("no answer; {error}"), "see whether the proxy logs why")
    })
}

fn no_line(address: &Address, error: &io::Error) -> Finding {
    let (host, port) = (&address.host, address.port);
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(why)) => {
            let change = match format!("{why:?}") {
                why if why.contains("UnknownIssuer") => {
                    "serve the whole chain, not the first certificate alone: nginx: ssl_certificate .../fullchain.pem; \
                     HAProxy: crt with key, certificate and chain in one file. If the issuer is your own: SSL_CERT_FILE=ca.pem"
                }
                why if why.contains("Expired") => {
                    "renew it, and reload the proxy: certbot renew; nginx -s reload"
                }
                why if why.contains("NotValidForName") => "have one issued for this name, or mend the URL",
                _ => "have another one issued",
            };
            Finding::fail("TLS", format!("the certificate of {host} is not to be trusted; {error}"), change)
        }
        Some(_) => Finding::fail(
            "TLS",
            format!("{host}:{port} does not speak TLS; {error}"),
            "http:// instead of https://?",
        ),
        None => Finding::fail(
            "connection",
            format!("unable to connect to {host}:{port}; {error}"),
            "is the name right, does the proxy run, does a firewall keep the port closed?",
        ),
    }
}

fn tls(address: &Address, certificate: Option<&[u8]>) -> Finding {
    let Some(certificate) = certificate else {
        if address.is_loopback() {
            return Finding::ok("TLS", "none, which does on this machine");
        }
        let change = "put a proxy with TLS in front: passwords and tokens cross the network as they are";
        return Finding::warn("TLS", "none", change);
    };
    let Some(expiry) = certificate::expiry(certificate) else {
        return Finding::warn("TLS", "trusted, but until when cannot be read", "look at the certificate");
    };
    let days = (expiry.seconds() - SystemClock.now().seconds()) / DAY_SECONDS;
    let says = format!("the chain is trusted, for {days} days more");
    if days < EXPIRES_SOON_DAYS {
        return Finding::warn("TLS", says, "renew the certificate: certbot renew, and reload the proxy");
    }
    Finding::ok("TLS", says)
}

fn clock(answer: &Answer) -> Finding {
    let date = answer.header("date").and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
    let Some(date) = date else {
        return Finding::warn("clock", "answers carry no Date", "have the proxy pass Date on");
    };
    skew("the server's clock", SystemClock.now().seconds() - date.unix_timestamp())
}

/// A clock that is not ours, behind ours by so many seconds.
pub(super) fn skew(whose: &str, behind: i64) -> Finding {
    let change = "synchronize both: systemctl enable --now systemd-timesyncd, or chrony";
    let says = format!("{whose} and the one here differ by {} s", behind.abs());
    match behind.abs() {
        0..=SKEW_SECONDS_MAX => Finding::ok("clock", says),
        ..SKEW_SECONDS_FATAL => Finding::warn("clock", says, change),
        _ => Finding::fail("clock", says, change),
    }
}

async fn ready(address: &Address, proxy: Option<Proxy>) -> io::Result<Finding> {
    let answer = address.ask("GET", "/readyz", &[], "").await?;
    let behind = proxy.map_or(String::new(), |proxy| format!(", behind {}", proxy.name()));
    if answer.status == 200 {
        return Ok(Finding::ok("server", format!("ready{behind}")));
    }
    let why = answer.json()["status"].as_str().unwrap_or("no reason told").to_owned();
    let change = "its log says more; chinwag doctor on its machine examines the disk and the database";
    Ok(Finding::fail("server", format!("not ready{behind}: {why}"), change))
}

/// An upgrade without a ticket: who gets to refuse it, and in what words, tells what came through.
async fn upgrade(address: &Address, proxy: Option<Proxy>) -> io::Result<Finding> {
    let answer = address.ask("GET", "/api/wsConnect", &UPGRADE.map(str::to_owned), "").await?;
    // Read to its end where the connection ends, so look for the words only.
    let seen = answer.header("content-type").is_some_and(|kind| kind.contains("problem+json"));
    Ok(match (answer.status, seen) {
        (401, true) => Finding::ok("upgrade", "WebSocket upgrades reach the server"),
        // Without them /api/wsConnect is the greeting of SockJS.
        (200 | 426, _) => Finding::fail(
            "upgrade",
            "the headers Upgrade and Connection do not reach the server: no WebSocket can open",
            mend(Fault::Upgrade, proxy),
        ),
        (503, true) => Finding::warn("upgrade", "the server is about to stop", "try again when it is up"),
        (status, _) => Finding::fail(
            "upgrade",
            format!("an upgrade was answered {status}, and not by Chinwag"),
            mend(Fault::Upgrade, proxy),
        ),
    })
}

/// Wrong ones: the server says that they are wrong, if it gets them.
async fn credentials(address: &Address, proxy: Option<Proxy>) -> io::Result<Finding> {
    let bearer = ["Authorization: Bearer doctor".to_owned()];
    let user = address.ask("GET", "/api/user/getUser", &bearer, "").await?;
    let key = ["x-api-key: doctor".to_owned()];
    let app =
        address.ask("POST", "/api/user/signin", &key, r#"{"username":"doctor","password":"doctor"}"#).await?;
    let lost: Vec<&str> = [
        (user.code() != "AUTH_INVALID_TOKEN").then_some("Authorization"),
        // An early refusal for too many attempts is ours, too.
        (!["AUTH_INVALID_API_KEY", "RATE_LIMITED"].contains(&app.code().as_str())).then_some("x-api-key"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if lost.is_empty() {
        return Ok(Finding::ok("credentials", "Authorization and x-api-key reach the server"));
    }
    let says = format!("{} does not reach the server", lost.join(" and "));
    Ok(Finding::fail("credentials", says, mend(Fault::Credentials, proxy)))
}

async fn cors(address: &Address, origin: &str, proxy: Option<Proxy>) -> io::Result<Finding> {
    let headers = [
        format!("Origin: {origin}"),
        "Access-Control-Request-Method: POST".to_owned(),
        "Access-Control-Request-Headers: authorization,content-type".to_owned(),
    ];
    let preflight = address.ask("OPTIONS", "/api/chat/createChat", &headers, "").await?;
    let plain = address.ask("GET", "/api/user/getUser", &headers[..1], "").await?;
    let allow = "access-control-allow-origin";
    let exposed = plain.header("access-control-expose-headers").unwrap_or_default().to_lowercase();
    let allowed = preflight.header("access-control-allow-headers").unwrap_or_default().to_lowercase();
    let wrong = if [&preflight, &plain].iter().any(|answer| answer.headers_named(allow) > 1) {
        "Access-Control-Allow-Origin comes twice, which browsers refuse: the proxy adds one"
    } else if plain.header(allow).is_none() && preflight.header(allow).is_none() {
        let change = format!("http.allowed_origins = [\"{origin}\"]    # in the server's settings");
        return Ok(Finding::fail("CORS", format!("pages of {origin} may not call the API"), change));
    } else if preflight.status >= 300 || preflight.header(allow).is_none() {
        "preflight requests (OPTIONS) do not reach the server"
    } else if !(allowed.contains("authorization") || allowed.contains('*')) {
        "pages may not send Authorization"
    } else if !exposed.contains("authorization") {
        "pages cannot read the JWT: Authorization is not among Access-Control-Expose-Headers"
    } else {
        return Ok(Finding::ok("CORS", format!("pages of {origin} may call the API")));
    };
    Ok(Finding::fail("CORS", wrong, mend(Fault::Cors, proxy)))
}

async fn sockjs(address: &Address, proxy: Option<Proxy>) -> io::Result<Finding> {
    let info = address.ask("GET", "/api/wsConnect/info", &[], "").await?;
    if info.status == 200 && info.json()["websocket"].is_boolean() {
        return Ok(Finding::ok("SockJS", "its clients are told where to connect"));
    }
    let says =
        format!("/api/wsConnect/info was answered {}: paths below /api/wsConnect must pass too", info.status);
    Ok(Finding::fail("SockJS", says, mend(Fault::Unreachable, proxy)))
}
