//! The tour of README.md, pasted.

use std::path::Path;
use std::process::Command;

use crate::scene::{BINARY, chinwag};

/// The lines of the tour, for this server instead of one on the usual ports.
fn tour(url: &str) -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).expect("README.md");
    let tour = readme.split("\n## A tour\n").nth(1).and_then(|rest| rest.split("```sh\n").nth(1));
    let tour = tour.and_then(|rest| rest.split("```").next()).expect("a tour");
    assert!(tour.lines().count() <= 10, "ten lines");
    tour.replace("http://127.0.0.1:8080", url).replace("target/release/chinwag", BINARY)
}

#[tokio::test]
async fn the_tour_does_what_it_says() {
    let chinwag = chinwag().await;
    let mut shell = Command::new("sh");
    shell.args(["-c", &tour(&chinwag.urls.chat())]);
    // The program refuses settings that it does not know, and the long test run has variables of its own.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CHINWAG_")) {
        shell.env_remove(name);
    }
    shell.env("CHINWAG_DATA_DIR", chinwag.data_directory());
    shell.envs(chinwag.database_url().map(|url| ("CHINWAG_DATABASE_URL", url)));
    let output = tokio::task::spawn_blocking(move || shell.output()).await;
    let output = output.expect("a shell does not panic").expect("there is a shell");
    let shown = [output.stdout, output.stderr].concat();
    let shown = String::from_utf8_lossy(&shown);

    let count = |text: &str| shown.matches(text).count();
    assert_eq!(count(r#""replayed":true"#), 1, "the second answer: {shown}");
    assert_eq!(count(r#"data: {"type":"SEND_MSG","message":"Tea, Bob?""#), 1, "bob sees it once: {shown}");
    assert_eq!(count(r#"data: {"type":"READ_MSG""#), 1, "and that he read it: {shown}");
    assert_eq!(count(r#""content":"Tea, Bob?""#), 1, "it is in history: {shown}");
}
