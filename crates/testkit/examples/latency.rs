//! How long one SEND takes to be acknowledged when nothing else happens, how long the disk takes to sync, and how long
//! the server takes to start with an empty directory.
//!
//! `cargo run --release -p chinwag-testkit --example latency -- target/release/chinwag`. The data is under `TMPDIR`.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use chinwag_testkit::{Chinwag, Connection, Spread, send};
use serde_json::json;

const STARTS: usize = 20;
/// Not counted: caches are cold, statements not yet prepared.
const WARM_UP: usize = 50;
const SENDS: usize = 1000;
const SYNCS: usize = 500;

#[tokio::main]
async fn main() {
    let binary = std::env::args().nth(1).expect("the path of the chinwag binary");
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let before = Instant::now();
        let _chinwag = Chinwag::start(&binary, &[]).await;
        starts.push(before.elapsed());
    }
    println!("start until the URLs are printed   {}", Spread::from_iter(starts));

    // One after the other, alice sends more in a second than people do.
    let chinwag = Chinwag::start(&binary, &[("limits.actions_per_second", "0")]).await;
    let app = chinwag.app().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let chat = alice.creates_chat_with(&[&bob.name]).await;
    let mut alice = alice.connects().await;
    let bob = bob.connects().await;
    let hearing = tokio::spawn(hear(bob));

    println!("fdatasync of 4 KiB, same disk      {}", syncs(chinwag.data_directory()));
    let mut sends = Vec::new();
    for _ in 0..WARM_UP + SENDS {
        sends.push(acknowledged(&mut alice, &chat).await);
    }
    println!("SEND until its RECEIPT             {}", Spread::from_iter(sends.split_off(WARM_UP)));
    let mut posts = Vec::new();
    for _ in 0..WARM_UP + SENDS {
        let before = Instant::now();
        let _ = alice.posts(json!({"type": "SEND_MSG", "chatId": chat, "message": "hello"})).await.ok();
        posts.push(before.elapsed());
    }
    println!("POST /api/chat until its answer    {}", Spread::from_iter(posts.split_off(WARM_UP)));
    println!("fdatasync of 4 KiB, once more      {}", syncs(chinwag.data_directory()));
    hearing.abort();
}

/// Reads everything, as a member who is there does.
async fn hear(mut bob: Connection) {
    loop {
        bob.socket.next_whenever().await;
    }
}

async fn acknowledged(alice: &mut Connection, chat: &str) -> Duration {
    let action = json!({"type": "SEND_MSG", "chatId": chat, "message": "hello"});
    let frame = send(&action).with("receipt", "r");
    let before = Instant::now();
    alice.socket.send(frame).await;
    while alice.socket.next_frame().await.command != "RECEIPT" {}
    before.elapsed()
}

/// What the disk alone takes for as much as a commit writes at least.
fn syncs(directory: &Path) -> Spread {
    let mut file = File::create(directory.join("syncs")).expect("room for a file");
    let page = [7; 4096];
    file.write_all(&page.repeat(SYNCS)).and_then(|()| file.sync_all()).expect("room for the pages");
    file.rewind().expect("a file can be rewound");
    let sync = |_| {
        let before = Instant::now();
        file.write_all(&page).and_then(|()| file.sync_data()).expect("the pages are there");
        before.elapsed()
    };
    (0..SYNCS).map(sync).collect()
}
