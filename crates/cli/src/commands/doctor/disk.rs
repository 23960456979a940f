//! The disk that the embedded database is on: room, how long a sync takes, and whether it can be believed.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use chinwag_server::config::Settings;
use chinwag_server::store::Store;

use super::finding::Finding;

const SYNCS: usize = 200;
const BLOCK: [u8; 4096] = [0x5a; 4096];
/// A sync that writes to a device and waits for it takes longer than this on any we know of.
const IMPLAUSIBLE: Duration = Duration::from_micros(15);
/// Each commit waits for one: above this people notice.
const SLOW_P99: Duration = Duration::from_millis(50);
const GIB: u64 = 1 << 30;

/// File systems in memory, and those whose syncs are another machine's word (statfs(2)).
const TMPFS: u64 = 0x0102_1994;
const RAMFS: u64 = 0x8584_58f6;
const REMOTE: [(u64, &str); 5] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9p"),
];

/// Whether a server's data is on this machine, by what the settings say.
pub(super) fn is_here(settings: &Settings) -> bool {
    settings.database_url.is_some() || Store::is_in(&settings.data_dir)
}

pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    if settings.database_url.is_some() {
        return Vec::new();
    }
    let data_dir = settings.data_dir.clone();
    let examined = tokio::task::spawn_blocking(move || {
        [room(&data_dir), kind(&data_dir), syncs(&data_dir).map(|took| judged(&took))]
    });
    let examined = examined.await.unwrap_or_else(|error| [Err(io::Error::other(error)), none(), none()]);
    let told = |found: io::Result<Finding>| {
        found.unwrap_or_else(|error| {
            let where_ = settings.data_dir.display();
            let change = "run it as the user that the server runs as";
            Finding::fail("disk", format!("unable to examine {where_}; {error}"), change)
        })
    };
    examined.map(told).into()
}

fn none() -> io::Result<Finding> {
    Err(io::ErrorKind::NotFound.into())
}

fn room(data_dir: &Path) -> io::Result<Finding> {
    let stat = rustix::fs::statvfs(data_dir)?;
    let (free, all) = (stat.f_bavail * stat.f_frsize, (stat.f_blocks * stat.f_frsize).max(1));
    let share = free * 100 / all;
    let says = format!("{:.1} GiB free ({share} %) in {}", free as f64 / GIB as f64, data_dir.display());
    let change = "make room, or move data_dir to a larger disk: when it is full nothing is stored";
    Ok(if free < GIB / 4 {
        Finding::fail("disk space", says, change)
    } else if free < 2 * GIB || share < 5 {
        Finding::warn("disk space", says, change)
    } else {
        Finding::ok("disk space", says)
    })
}

fn kind(data_dir: &Path) -> io::Result<Finding> {
    let kind = u64::try_from(rustix::fs::statfs(data_dir)?.f_type).unwrap_or_default() & 0xffff_ffff;
    if kind == TMPFS || kind == RAMFS {
        let change = "move data_dir to a disk: a restart of the machine takes all of it";
        return Ok(Finding::fail("durability", "the data is in memory", change));
    }
    if let Some((_, name)) = REMOTE.iter().find(|(remote, _)| *remote == kind) {
        let change =
            "move data_dir to a local disk; over a network SQLite's locks and syncs are not to be relied on";
        return Ok(Finding::warn("durability", format!("the data is on {name}"), change));
    }
    if std::env::var("LD_PRELOAD").is_ok_and(|libraries| libraries.contains("eatmydata")) {
        return Ok(Finding::fail(
            "durability",
            "libeatmydata is loaded: no sync is done",
            "unset LD_PRELOAD",
        ));
    }
    Ok(Finding::ok("durability", "the data is on a local file system"))
}

/// How long each of some syncs took, as the write-ahead log does them: append, fdatasync.
fn syncs(data_dir: &Path) -> io::Result<Vec<Duration>> {
    let path = data_dir.join(format!("doctor-{}.tmp", std::process::id()));
    let took = sync_at(&path);
    std::fs::remove_file(&path)?;
    took
}

fn sync_at(path: &Path) -> io::Result<Vec<Duration>> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(path)?;
    let mut took = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        file.write_all(&BLOCK)?;
        let began = Instant::now();
        file.sync_data()?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(took)
}

/// Of sorted times.
fn judged(took: &[Duration]) -> Finding {
    let (p50, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    let says = format!("fdatasync takes {p50:.2?} (p50), {p99:.2?} (p99)");
    if p50 < IMPLAUSIBLE {
        let says = format!("{says}: no device is that fast");
        let change = "whatever is below promises what it does not do: a virtual disk with cache=unsafe, a file system \
                      mounted with nobarrier. A power cut may lose acknowledged messages";
        return Finding::warn("disk sync", says, change);
    }
    if p99 > SLOW_P99 {
        let change = "every acknowledgement waits for one: use a local SSD, and see what else writes to it (iostat -x 1)";
        return Finding::warn("disk sync", says, change);
    }
    Finding::ok("disk sync", says)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn level(micros: u64) -> Level {
        judged(&[Duration::from_micros(micros); 10]).level
    }

    #[test]
    fn a_sync_is_neither_too_slow_nor_too_fast_to_be_true() {
        assert_eq!([level(1), level(200), level(90_000)], [Level::Warn, Level::Ok, Level::Warn]);
    }
}
