//! What counting a delivery costs the connection that makes it: `cargo run --release -p chinwag-server --example counting`.

use std::sync::Arc;
use std::time::Instant;

use chinwag_protocol::{EventKind, Timestamp};
use chinwag_server::chat::ChatEvent;
use chinwag_server::clock::{Clock, SystemClock};
use chinwag_server::hub::Encoded;
use chinwag_server::telemetry::{AppFigures, Delivered};
use uuid::Uuid;

const WRITES: u32 = 5_000_000;
/// Of `utime` in /proc, on every Linux there is.
const TICK_NANOSECONDS: u64 = 10_000_000;
const THREADS: u64 = 2;

fn main() {
    let event = ChatEvent {
        position: 1,
        chat: Uuid::nil().into(),
        sender: Uuid::nil().into(),
        seq: Some(1),
        kind: EventKind::MessageDeleted { message_id: Uuid::nil().into(), time_stamp: Timestamp(0) },
        nonce: None,
        unread_count: None,
        replayed: false,
    };
    let encoded = Encoded::event(&event, "e");
    for (what, threads, watched) in [
        ("one thread", 1, false),
        ("all threads", THREADS, false),
        ("one thread, the app watched", 1, true),
        ("all threads, the app watched", THREADS, true),
    ] {
        let figures = AppFigures::default();
        if watched {
            figures.watch(SystemClock.now());
        }
        let began = ticks();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let to = Delivered { user: Uuid::nil().into(), clock: &SystemClock, tracer: None };
                    let deliveries = [Arc::clone(&encoded)];
                    for _ in 0..WRITES {
                        figures.delivered(&to, &deliveries, Instant::now());
                    }
                });
            }
        });
        let nanoseconds = (ticks() - began) * TICK_NANOSECONDS / (u64::from(WRITES) * threads);
        println!("{nanoseconds:>4} ns for a write of one event, {what}");
    }
}

/// Time that the processor spent on this process: others may be running beside it (proc(5)).
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = stat.rsplit(')').next().expect("fields after the name");
    fields.split_whitespace().nth(11).and_then(|ticks| ticks.parse().ok()).expect("utime")
}
