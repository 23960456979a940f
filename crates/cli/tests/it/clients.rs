//! Tours by clients that are not ours, as existing applications would use them.

use std::path::Path;
use std::process::Command;

use crate::node::{package, plays, run};
use crate::scene::chinwag;

const LAST_WORDS: &str = "the tour is complete";

async fn tours(name: &str) {
    let chinwag = chinwag().await;
    let (url, key) = (chinwag.urls.chat(), chinwag.app().await.key);
    let place = [("CHAT_URL", url.as_str()), ("API_KEY", key.as_str())];
    plays(package(name), "tour.mjs", &place, LAST_WORDS).await;
}

#[tokio::test]
async fn the_whole_tour_with_stompjs() {
    tours("stompjs").await;
}

#[tokio::test]
async fn the_short_tour_with_webstomp_client() {
    tours("webstomp").await;
}

/// Python's stomp.py over WebSocket.
#[tokio::test]
async fn the_short_tour_with_stomp_py() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stomppy");
    let libraries = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stomppy");
    let installed = libraries.join("installed");
    // Written last: without it an installation was cut short.
    if !installed.exists() {
        let install = ["-m", "pip", "install", "--quiet", "--upgrade", "--target"];
        let requirements = ["--no-deps", "--requirement", "requirements.txt"];
        run(Command::new("python3").args(install).arg(&libraries).args(requirements).current_dir(&package));
        std::fs::write(&installed, "").expect("room to write");
    }
    let chinwag = chinwag().await;
    let mut tour = Command::new("python3");
    tour.arg("tour.py").current_dir(&package);
    tour.env("PYTHONPATH", &libraries).env("PYTHONDONTWRITEBYTECODE", "1");
    tour.env("CHAT_URL", chinwag.urls.chat()).env("API_KEY", chinwag.app().await.key);
    let output = tokio::task::spawn_blocking(move || run(&mut tour)).await.expect("python does not panic");
    assert!(String::from_utf8_lossy(&output.stdout).contains(LAST_WORDS), "{output:?}");
}
