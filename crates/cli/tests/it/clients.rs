//! Tours by clients that are not ours, as existing applications would use them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::scene::chinwag;

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{}", shown(&output.stdout), shown(&output.stderr));
    output
}

fn package(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Runs a tour's program against a server of its own.
async fn tour(mut program: Command) {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    program.env("CHAT_URL", chinwag.urls.chat()).env("API_KEY", &app.key);
    let output =
        tokio::task::spawn_blocking(move || run(&mut program)).await.expect("the tour does not panic");
    assert!(String::from_utf8_lossy(&output.stdout).contains("the tour is complete"), "{output:?}");
}

/// Under Node, with what the package depends on.
fn node(name: &str) -> Command {
    let package = package(name);
    // npm writes this file last: without it an installation was cut short.
    if !package.join("node_modules/.package-lock.json").exists() {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&package));
    }
    let mut program = Command::new("node");
    program.arg("tour.mjs").current_dir(&package);
    program
}

#[tokio::test]
async fn the_whole_tour_with_stompjs() {
    tour(node("stompjs")).await;
}

#[tokio::test]
async fn the_short_tour_with_webstomp_client() {
    tour(node("webstomp")).await;
}

#[tokio::test]
async fn the_short_tour_with_stomp_py() {
    let package = package("stomppy");
    let libraries = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stomppy");
    let installed = libraries.join("installed");
    if !installed.exists() {
        let install = ["-m", "pip", "install", "--quiet", "--upgrade", "--target"];
        let requirements = ["--no-deps", "--requirement", "requirements.txt"];
        run(Command::new("python3").args(install).arg(&libraries).args(requirements).current_dir(&package));
        std::fs::write(&installed, "").expect("room to write");
    }
    let mut program = Command::new("python3");
    program
        .arg("tour.py")
        .current_dir(&package)
        .env("PYTHONPATH", &libraries)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    tour(program).await;
}
