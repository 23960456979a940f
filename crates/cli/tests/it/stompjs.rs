//! The tour by a client that is not ours: `@stomp/stompjs` under Node, as an existing application would use it.

use std::path::Path;
use std::process::{Command, Output};

use crate::scene::chinwag;

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{}", shown(&output.stdout), shown(&output.stderr));
    output
}

#[tokio::test]
async fn the_whole_tour_with_stompjs() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stompjs");
    // npm writes this file last: without it an installation was cut short.
    if !package.join("node_modules/.package-lock.json").exists() {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&package));
    }
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let (url, key) = (chinwag.urls.chat(), app.key.clone());
    let tour = move || {
        run(Command::new("node")
            .arg("tour.mjs")
            .current_dir(&package)
            .env("CHAT_URL", url)
            .env("API_KEY", key))
    };
    let output = tokio::task::spawn_blocking(tour).await.expect("the tour does not panic");
    assert!(String::from_utf8_lossy(&output.stdout).contains("the tour is complete"), "{output:?}");
}
