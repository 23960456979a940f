//! What the server's process used, where the system tells (Linux, /proc).

use std::fs;
use std::net::{ToSocketAddrs, UdpSocket};
use std::time::Duration;

/// Of `utime` and `stime` in /proc, on every Linux there is.
const TICKS_PER_SECOND: u64 = 100;

/// A process on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Process(pub u32);

impl Process {
    /// The one that listens on this address, if it is this machine's and its owner lets us look (Linux).
    pub(crate) fn listening(host: &str, port: u16) -> Option<Self> {
        let addresses = (host, port).to_socket_addrs().ok()?;
        // What can be bound is one of ours.
        let is_here = addresses.into_iter().any(|at| UdpSocket::bind((at.ip(), 0)).is_ok());
        let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .filter(|_| is_here)
            .filter_map(|table| fs::read_to_string(table).ok())
            .flat_map(|table| {
                let inodes = table.lines().filter_map(|line| listener(line, port));
                inodes.map(|inode| format!("socket:[{inode}]")).collect::<Vec<_>>()
            })
            .collect();
        let owns = |pid: &u32| {
            let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
            let mut targets = open.filter_map(|entry| fs::read_link(entry.path()).ok());
            targets.any(|target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
        };
        let listed = fs::read_dir("/proc").ok().filter(|_| !sockets.is_empty())?.flatten();
        listed.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(owns).map(Self)
    }

    /// Processor time since it began; none if it cannot be seen. In steps of 10 ms.
    #[must_use]
    pub fn cpu(self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The name, in parentheses, may hold anything.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
        Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }

    /// Its share of the machine's memory in bytes (PSS); none if it cannot be seen.
    #[must_use]
    pub fn memory(self) -> Option<u64> {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.0)).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
    }
}

/// The inode of a listening socket on `port`, of a line of /proc/net/tcp.
fn listener(line: &str, port: u16) -> Option<&str> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (_, of) = fields.get(1)?.rsplit_once(':')?;
    let is_it = *fields.get(3)? == LISTEN && u16::from_str_radix(of, 16).ok()? == port;
    fields.get(9).copied().filter(|_| is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_listens_here_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(Process::listening("127.0.0.1", port).map(|process| process.0), Some(std::process::id()));
        assert_eq!(Process::listening("localhost", port).map(|process| process.0), Some(std::process::id()));
        assert!(Process::listening("192.0.2.1", port).is_none(), "that is no address of this machine");
        drop(listener);
        assert!(Process::listening("127.0.0.1", port).is_none());
    }
}
