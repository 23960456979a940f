//! What the server leans on: its database, and NATS.

use std::io;

use chinwag_server::clock::{Clock, SystemClock};
use chinwag_server::config::Settings;
use chinwag_server::store::{Store, Survey};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::door::skew;
use super::finding::Finding;
use super::line::PATIENCE;

/// A node holds so many connections at most.
const DATABASE_CONNECTIONS: u32 = 14;

pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let mut found = match &settings.database_url {
        None => vec![Finding::ok("database", format!("SQLite {}, built in", Store::embedded_version()))],
        Some(url) => match Store::survey(url.reveal()).await {
            Ok(survey) => postgres(&survey),
            Err(error) => {
                let change = "is it up, does database_url name it, does pg_hba.conf let this machine in?";
                vec![Finding::fail("database", format!("PostgreSQL: {error}"), change)]
            }
        },
    };
    if let Some(url) = &settings.nats_url {
        found.push(nats(url.reveal()).await);
    }
    found
}

fn postgres(survey: &Survey) -> Vec<Finding> {
    let behind = SystemClock.now().seconds() - survey.now.seconds();
    let mut found = vec![
        Finding::ok("database", format!("PostgreSQL {}, answered in {:.1?}", survey.version, survey.took)),
        skew("PostgreSQL's clock", behind),
    ];
    let off: Vec<&str> = survey.unsafe_settings.iter().map(String::as_str).collect();
    found.push(if off.is_empty() {
        Finding::ok("durability", "PostgreSQL writes what it acknowledges (fsync, full_page_writes)")
    } else {
        let lines: Vec<String> = off.iter().map(|name| format!("ALTER SYSTEM SET {name} = on;")).collect();
        let change = format!("{}\nSELECT pg_reload_conf();", lines.join("\n"));
        Finding::fail(
            "durability",
            format!("{} is off in PostgreSQL: a crash may lose messages", off.join(", ")),
            change,
        )
    });
    if survey.connections_max < DATABASE_CONNECTIONS + 5 {
        let says = format!(
            "PostgreSQL allows {} connections, and a node takes up to {DATABASE_CONNECTIONS}",
            survey.connections_max
        );
        found.push(Finding::warn(
            "database",
            says,
            "ALTER SYSTEM SET max_connections = 100;    -- and restart it",
        ));
    }
    found
}

/// By its own protocol: it introduces itself, and answers PING to who may connect.
async fn nats(url: &str) -> Finding {
    let asked = tokio::time::timeout(PATIENCE, ask_nats(url)).await;
    match asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(Ok(version)) => Finding::ok("NATS", format!("version {version}")),
        Ok(Err(refusal)) => Finding::fail(
            "NATS",
            format!("it refuses us: {refusal}"),
            "nats_url must carry what it wants: nats://user:password@host:4222",
        ),
        Err(error) => Finding::fail(
            "NATS",
            format!("unable to reach it; {error}"),
            "is nats-server up, and does nats_url name it?",
        ),
    }
}

/// Its version, or its own words of why not.
async fn ask_nats(url: &str) -> io::Result<Result<String, String>> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let (user, host) = rest.rsplit_once('@').map_or((None, rest), |(user, host)| (Some(user), host));
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:4222") };
    let mut stream = BufReader::new(TcpStream::connect(&host).await?);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let info = line.strip_prefix("INFO ").ok_or_else(|| io::Error::other(format!("{host} is not NATS")))?;
    let info: Value = serde_json::from_str(info.trim()).map_err(io::Error::other)?;
    let version = info["version"].as_str().unwrap_or("?").to_owned();
    if info["tls_required"] == true {
        // Further than this a password would have to travel.
        return Ok(Ok(format!("{version}, with TLS")));
    }
    let options = match user.map(|user| user.split_once(':')) {
        None => serde_json::json!({"verbose": false}),
        Some(Some((user, password))) => serde_json::json!({"verbose": false, "user": user, "pass": password}),
        Some(None) => serde_json::json!({"verbose": false, "auth_token": user}),
    };
    stream.write_all(format!("CONNECT {options}\r\nPING\r\n").as_bytes()).await?;
    line.clear();
    stream.read_line(&mut line).await?;
    Ok(if line.starts_with("PONG") { Ok(version) } else { Err(line.trim().to_owned()) })
}
