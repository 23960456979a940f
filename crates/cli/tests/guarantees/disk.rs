//! A full disk: nothing more is stored, everything is read, and when there is room again it goes on.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use chinwag_testkit::{Chinwag, Device};
use serde_json::{Value, json};

use crate::absence::done;
use crate::load::{Database, is_sound, seqs_are_dense};
use crate::scene::{BINARY, Tea, UNLIMITED, say, tea_on};

/// A file system of a few MiB, unmounted when dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    /// None where mounting is not allowed.
    fn of(mib: u32) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "chinwag-test"])
            .arg(directory.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(directory));
        }
        eprintln!("NOT TESTED: a full disk takes the right to mount one; run as root");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it up to the last byte.
    fn fills(&self) -> PathBuf {
        let path = self.path().join("ballast");
        let mut ballast = File::create(&path).expect("a file");
        for size in [1 << 20, 1 << 12, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn with_nonce(mut action: Value, nonce: &str) -> Value {
    action["nonce"] = json!(nonce);
    action
}

async fn tea_on_disk(disk: &Disk) -> Tea {
    let mut chinwag = Chinwag::prepared_in(disk.path(), BINARY, UNLIMITED);
    chinwag.start_again().await;
    tea_on(chinwag).await
}

/// Says things until there is no more room; how many were stored.
async fn says_until_full(tea: &Tea, from: usize) -> usize {
    let text = "x".repeat(8000);
    for n in from..from + 8000 {
        let action = with_nonce(say(&tea.chat, &format!("{n} {text}")), &n.to_string());
        let answer = tea.alice.posts(action).await;
        if answer.status != 200 {
            answer.is_refused(503, "STORAGE_FULL");
            return n;
        }
    }
    panic!("more was stored than there is room for")
}

#[tokio::test]
async fn nothing_is_stored_everything_is_read_and_then_it_goes_on() {
    let Some(disk) = Disk::of(48) else { return };
    let mut tea = tea_on_disk(&disk).await;
    let mut witness = Device::of(&tea.bob);
    witness.goes_live().await;
    let since = tea.bob.cursor().await;
    let mut stored = 0;
    for round in 0..3 {
        for n in stored..stored + 20 {
            done(&tea.alice, with_nonce(say(&tea.chat, &format!("{n} room")), &n.to_string())).await;
        }
        stored += 20;
        let ballast = disk.fills();
        stored = says_until_full(&tea, stored).await;

        let mut connection = tea.alice.connects().await;
        for _ in 0..3 {
            let long = with_nonce(say(&tea.chat, &"y".repeat(16_000)), "long");
            assert_eq!(connection.tries(long).await["code"], "STORAGE_FULL");
        }
        assert_eq!(tea.bob.chat_view(&tea.chat).await.expect("a member").messages.len(), stored);
        assert_eq!(tea.bob.resumes(&since).await.catches_up().await.len(), stored);
        witness.hears_up_to(&tea.chat, stored as u64 + 1).await;
        assert_eq!(witness.replica.view(), tea.bob.view().await);
        if round == 1 {
            // Not even a death on a full disk costs more than what was not promised.
            tea.chinwag.kill().await;
            tea.chinwag.start_again().await;
            assert_eq!(tea.bob.chat_view(&tea.chat).await.expect("a member").messages.len(), stored);
        }
        std::fs::remove_file(ballast).expect("it is ours");

        // What was refused is said again, and again.
        let again =
            with_nonce(say(&tea.chat, &format!("{stored} {}", "x".repeat(8000))), &stored.to_string());
        let first = done(&tea.alice, again.clone()).await;
        assert_eq!((&first["replayed"], first["seq"].as_u64()), (&json!(null), Some(stored as u64 + 2)));
        assert_eq!(done(&tea.alice, again).await["replayed"], true);
        stored += 1;
    }
    witness.hears_up_to(&tea.chat, stored as u64 + 1).await;
    assert_eq!(witness.replica.view(), tea.bob.view().await);
    tea.chinwag.stop().await;
    let database = Database::of(&tea.chinwag);
    is_sound(&database);
    seqs_are_dense(&database);
    drop(database);
    drop(tea);
}

/// What fills a small disk may be the log of changes that are long overwritten: that is no reason to refuse more.
#[tokio::test]
async fn a_small_disk_is_not_filled_by_what_is_no_more() {
    let Some(disk) = Disk::of(40) else { return };
    let tea = tea_on_disk(&disk).await;
    let message = done(&tea.alice, say(&tea.chat, "start")).await["messageId"].clone();
    let text = "x".repeat(16_000);
    for n in 0..4000 {
        let edit = json!({"type": "EDIT_MSG", "chatId": tea.chat, "messageId": message,
                          "message": format!("{n} {text}")});
        done(&tea.alice, edit).await;
    }
    drop(tea);
}
