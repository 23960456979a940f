//! What the machine allows the server, as the server itself says on its management listener, if it runs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chinwag_server::config::Settings;
use rustix::process::{Resource, getrlimit};

use super::finding::Finding;
use super::line::{Address, Answer};

/// Of open files: one for each connection.
const FILES_PLENTY: u64 = 65_536;
const FILES_FEW: u64 = 4096;
const RAISE: &str = "systemd: LimitNOFILE=1048576 in [Service]\n\
                     Docker:  --ulimit nofile=1048576:1048576\n\
                     shell:   ulimit -Hn 1048576, or a line in /etc/security/limits.conf";

pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let metrics = metrics(settings).await;
    let Some(metrics) = metrics else {
        let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
        let change = "chinwag serve, and again: what it may open and which version it is, it says itself";
        let no_server = Finding::warn(
            "server here",
            format!("nothing answers on {} (management_listen)", settings.management_listen),
            change,
        );
        return vec![no_server, files(limit, "a server started from here")];
    };
    let limit = value(&metrics, "process_max_fds").unwrap_or_default();
    let mut found = vec![version(&metrics), files(limit as u64, "the server")];
    if let (Some(open), true) = (value(&metrics, "process_open_fds"), limit > 0.0)
        && open > limit * 0.8
    {
        let says = format!("{open} of {limit} are open");
        found.push(Finding::warn("open files", says, RAISE));
    }
    found
}

/// Prometheus text of the server of these settings; none if it does not answer, or not to us.
async fn metrics(settings: &Settings) -> Option<String> {
    let listen = settings.management_listen;
    let host = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST).to_string(),
        IpAddr::V6(ip) if ip.is_unspecified() => format!("[{}]", Ipv6Addr::LOCALHOST),
        IpAddr::V6(ip) => format!("[{ip}]"),
        ip => ip.to_string(),
    };
    let address = Address::parse(&format!("http://{host}:{}", listen.port())).ok()?;
    let token = settings.metrics.token.as_ref();
    let headers: Vec<String> =
        token.iter().map(|token| format!("Authorization: Bearer {}", token.reveal())).collect();
    let answer: Answer = address.ask("GET", "/metrics", &headers, "").await.ok()?;
    (answer.status == 200).then(|| answer.text().to_owned())
}

fn value(metrics: &str, name: &str) -> Option<f64> {
    let mut rows = metrics.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    rows.next()?.trim().parse().ok()
}

fn version(metrics: &str) -> Finding {
    let row = metrics.lines().find_map(|line| line.strip_prefix("chinwag_build_info{")).unwrap_or_default();
    let version = row.split("version=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("?");
    let own = env!("CARGO_PKG_VERSION");
    if version == own {
        return Finding::ok("server here", format!("version {version} runs"));
    }
    let says = format!("the server is version {version}, and this is {own}");
    Finding::warn("server here", says, "restart the server, or use the program it was started from")
}

fn files(limit: u64, whose: &str) -> Finding {
    let says = if limit == u64::MAX {
        format!("{whose} may open any number of files")
    } else {
        format!("{whose} may open {limit} files and sockets")
    };
    match limit {
        ..FILES_FEW => Finding::fail("open files", says, RAISE),
        FILES_FEW..FILES_PLENTY => Finding::warn("open files", says, RAISE),
        _ => Finding::ok("open files", says),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn metrics_are_read_by_their_whole_name() {
        let text = "process_max_fds_other 1\nprocess_max_fds 20000\nchinwag_build_info{commit=\"a\",version=\"9.9.9\"} 1\n";
        assert_eq!(value(text, "process_max_fds"), Some(20_000.0));
        assert_eq!(value(text, "process_open_fds"), None);
        assert_eq!(version(text).level, Level::Warn);
        assert_eq!([files(1024, "x").level, files(20_000, "x").level], [Level::Fail, Level::Warn]);
    }
}
