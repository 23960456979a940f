//! Who does not keep up is disconnected by name, costs nothing, holds up nobody, and loses nothing.

use std::time::Duration;

use chinwag_testkit::{Chinwag, Connection, Device, PATIENCE, Told, send};
use futures_util::future::join_all;

use crate::scene::{Tea, say, tea_with};

const MIB: u64 = 1024 * 1024;
const QUEUE: &[(&str, &str)] = &[("limits.queue_bytes", "262144")];
const LONG: usize = 16 * 1024;
/// More than the system holds for a socket whose other end does not read.
const MESSAGES: usize = 800;
/// Said before it is listened to.
const AHEAD: usize = 8;
/// How long the server waits for a slow receiver to take its name.
const LAST_WORDS: Duration = Duration::from_secs(30);

/// Says long things to who listens, so that what is heard is never far behind what is said.
async fn says_and_is_heard(speaker: &mut Connection, listener: &mut Connection, chat: &str, count: usize) {
    let text = "x".repeat(LONG);
    for _ in 0..count / AHEAD {
        speaker.socket.send_all((0..AHEAD).map(|_| send(&say(chat, &text)))).await;
        for _ in 0..AHEAD {
            speaker.expect("SEND_MSG").await;
            listener.expect("SEND_MSG").await;
        }
    }
}

/// Stuck receivers, none of whom reads anything from now on.
async fn stuck(tea: &Tea, count: usize) -> Vec<Device> {
    let mut devices: Vec<Device> = (0..count).map(|_| Device::of(&tea.bob)).collect();
    join_all(devices.iter_mut().map(Device::goes_live)).await;
    devices
}

#[tokio::test]
async fn who_stops_reading_is_named_and_loses_nothing() {
    const STUCK: usize = 20;
    let tea = tea_with(QUEUE).await;
    let carol = tea.app.user("carol").await;
    tea.alice.adds(&tea.chat, "carol").await.done();
    let (mut speaker, mut listener) = (tea.alice.connects().await, carol.connects().await);
    says_and_is_heard(&mut speaker, &mut listener, &tea.chat, 40).await;
    let mut devices = stuck(&tea, STUCK).await;
    let before = tea.chinwag.resident_bytes();
    let start = tokio::time::Instant::now();

    says_and_is_heard(&mut speaker, &mut listener, &tea.chat, MESSAGES).await;
    let (grown, unread) = (tea.chinwag.resident_bytes().saturating_sub(before), STUCK * MESSAGES * LONG);
    println!("{} MiB more for {} MiB unread", grown / MIB, unread as u64 / MIB);
    assert!(grown < 48 * MIB, "{} MiB more", grown / MIB);

    for device in &mut devices {
        while device.is_connected() {
            if let Told::Closed(closing) = device.hears().await
                && start.elapsed() < LAST_WORDS
            {
                assert_eq!(closing.message(), "slow consumer");
            }
        }
    }
    let newest = tea.bob.view().await;
    for device in &mut devices {
        device.goes_live().await;
        assert_eq!(device.replica.view(), newest);
    }
}

/// The bound over all queues holds too, and the server is well afterwards.
#[tokio::test]
async fn all_queues_together_are_bounded() {
    let settings = [("limits.queue_bytes", "1073741824"), ("limits.queue_bytes_total", "4194304")];
    let tea = tea_with(&settings).await;
    let mut speaker = tea.alice.connects().await;
    let mut devices = stuck(&tea, 8).await;
    let before = tea.chinwag.resident_bytes();
    let text = "x".repeat(LONG / 2);
    // Heard only when all is said: alice's own echoes are queued as well, and she may be too slow herself.
    for n in 0..1500 {
        let _ = tea.alice.posts(say(&tea.chat, &format!("{n} {text}"))).await.ok();
        if n % 4 == 0 {
            for _ in 0..4 {
                if n > 0 {
                    speaker.expect("SEND_MSG").await;
                }
            }
        }
    }
    let grown = tea.chinwag.resident_bytes().saturating_sub(before);
    assert!(grown < 48 * MIB, "{} MiB more", grown / MIB);
    let newest = tea.bob.view().await;
    for device in &mut devices {
        let seq = newest[&tea.chat].messages.keys().next_back().copied().expect("messages");
        device.hears_up_to(&tea.chat, seq).await;
        assert_eq!(device.replica.view(), newest);
    }
    assert!(devices.iter().any(|device| device.slow > 0), "somebody was named");
}

/// Who never reads again, and promised no heart-beats, is let go all the same: after half a minute for last words.
#[tokio::test]
async fn who_never_reads_again_is_let_go() {
    let tea = tea_with(QUEUE).await;
    let carol = tea.app.user("carol").await;
    tea.alice.adds(&tea.chat, "carol").await.done();
    let (mut speaker, mut listener) = (tea.alice.connects().await, carol.connects().await);
    let before = settled(&tea.chinwag, |_| true).await;
    let devices = stuck(&tea, 20).await;
    says_and_is_heard(&mut speaker, &mut listener, &tea.chat, MESSAGES).await;
    // Lines to PostgreSQL are opened as they are needed, and kept.
    let lines = if tea.chinwag.database_url().is_some() { 12 } else { 0 };
    settled(&tea.chinwag, |open| open <= before + 2 + lines).await;
    assert!(devices.iter().all(Device::is_connected), "none of them has noticed");
}

/// Waits until the number of the server's open files is as it should be.
async fn settled(chinwag: &Chinwag, as_it_should_be: impl Fn(usize) -> bool) -> usize {
    let mut looks = tokio::time::interval(Duration::from_millis(250));
    let deadline = tokio::time::Instant::now() + 5 * PATIENCE;
    loop {
        looks.tick().await;
        let open = chinwag.open_files();
        if as_it_should_be(open) {
            return open;
        }
        assert!(tokio::time::Instant::now() < deadline, "{open} files are open");
    }
}
