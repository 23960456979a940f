//! Clients that are not ours, as existing applications would use them: each plays the one scenario that all do, and some
//! make a tour beyond it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::node::{package, plays, run};
use crate::scene::chinwag;

const LAST_WORDS: &str = " is complete";

async fn tours(name: &str) {
    node(package(name), "tour.mjs").await;
}

async fn node(package: PathBuf, script: &str) {
    let chinwag = chinwag().await;
    let (url, key) = (chinwag.urls.chat(), chinwag.app().await.key);
    let place = [("CHAT_URL", url.as_str()), ("API_KEY", key.as_str())];
    plays(package, script, &place, LAST_WORDS).await;
}

#[tokio::test]
async fn the_scenario_with_stompjs_and_without_a_library() {
    node(package("stompjs"), "scenario.mjs").await;
}

#[tokio::test]
async fn the_scenario_with_webstomp_client() {
    node(package("webstomp"), "scenario.mjs").await;
}

/// Server-sent events by `curl -N`, actions over plain HTTP.
#[tokio::test]
async fn the_scenario_with_curl() {
    node(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenario"), "with-curl.mjs").await;
}

#[tokio::test]
async fn the_whole_tour_with_stompjs() {
    tours("stompjs").await;
}

#[tokio::test]
async fn the_short_tour_with_webstomp_client() {
    tours("webstomp").await;
}

#[tokio::test]
async fn the_short_tour_with_stomp_py() {
    python("tour.py").await;
}

#[tokio::test]
async fn the_scenario_with_stomp_py() {
    python("scenario.py").await;
}

/// Python's stomp.py over WebSocket.
async fn python(script: &str) {
    let (package, libraries) = installed();
    let chinwag = chinwag().await;
    let mut command = Command::new("python3");
    command.arg(script).current_dir(&package);
    command.env("PYTHONPATH", &libraries).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("CHAT_URL", chinwag.urls.chat()).env("API_KEY", chinwag.app().await.key);
    let output = tokio::task::spawn_blocking(move || run(&mut command)).await.expect("python does not panic");
    assert!(String::from_utf8_lossy(&output.stdout).contains(LAST_WORDS), "{output:?}");
}

/// That package of this directory, and what it depends on.
fn installed() -> (PathBuf, PathBuf) {
    static ONCE: Mutex<()> = Mutex::new(());
    let _once = ONCE.lock();
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
    (package, libraries)
}
