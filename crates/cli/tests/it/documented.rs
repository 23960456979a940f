//! The examples of the book, pasted: every `sh` block of the quick start and of the guides, which go on in its shell.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chinwag_testkit::Chinwag;

use crate::scene::{BINARY, chinwag};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// All blocks of that kind in a document, one after the other.
fn blocks(document: &str, kind: &str) -> Vec<String> {
    let text =
        std::fs::read_to_string(docs().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"));
    let begin = format!("\n```{kind}\n");
    text.split(&begin).skip(1).map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned()).collect()
}

/// Pastes the examples of the quick start and of one more document into a shell that stops at the first failure.
async fn pasted(chinwag: &Chinwag, document: Option<&str>) -> Output {
    let mut lines = vec!["set -eu".to_owned()];
    lines.extend(blocks("quick-start.md", "sh"));
    if let Some(document) = document {
        let more = blocks(document, "sh");
        assert!(!more.is_empty(), "no examples in {document}");
        lines.extend(more);
    }
    let script = lines.join("\n");
    let script = script
        .replace("http://127.0.0.1:8080", &chinwag.urls.chat())
        .replace("target/release/chinwag", BINARY);
    let mut shell = Command::new("sh");
    // The program refuses settings that it does not know, and the long test run has variables of its own.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CHINWAG_")) {
        shell.env_remove(name);
    }
    shell.args(["-c", &script]).env("CHINWAG_DATA_DIR", chinwag.data_directory());
    shell.envs(chinwag.database_url().map(|url| ("CHINWAG_DATABASE_URL", url)));
    let output = tokio::task::spawn_blocking(move || shell.output()).await;
    output.expect("a shell does not panic").expect("there is a shell")
}

/// What was shown, if nothing failed.
async fn shown(document: Option<&str>) -> String {
    let chinwag = chinwag().await;
    let output = pasted(&chinwag, document).await;
    let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{document:?}: {}: {shown}", output.status);
    shown
}

#[tokio::test]
async fn the_quick_start_does_what_it_says() {
    let shown = shown(None).await;
    assert!(shown.contains(r#""content":"Tea, Bob?""#), "it is in history: {shown}");
    assert!(shown.contains(r#"data: {"type":"SEND_MSG","message":"It gets cold.""#), "bob hears it: {shown}");
}

#[tokio::test]
async fn a_back_end_signs_its_customers_in() {
    let shown = shown(Some("guides/browser.md")).await;
    assert!(shown.contains(r#""refreshToken":"cwr_"#), "{shown}");
}

#[tokio::test]
async fn a_bot_says_that_it_is_there() {
    shown(Some("guides/bot.md")).await;
}

#[tokio::test]
async fn a_phone_catches_up_over_http() {
    let shown = shown(Some("guides/mobile.md")).await;
    let last = shown.rsplit(r#"{"events":"#).next().expect("an answer");
    assert!(last.contains(r#""message":"Are you there?""#) && last.contains(r#""more":false"#), "{shown}");
}

#[tokio::test]
async fn a_moderator_takes_out_a_message_and_a_member() {
    let shown = shown(Some("guides/moderation.md")).await;
    assert!(shown.contains(r#""type":"DELETE_MSG""#), "{shown}");
}

#[tokio::test]
async fn what_is_sent_twice_while_moving_is_there_once() {
    let shown = shown(Some("guides/migrate.md")).await;
    assert_eq!(shown.matches(r#""replayed":true"#).count(), 1, "{shown}");
}

/// What is not pasted here must not look as if it were: such lines are in blocks of the kind `console`.
#[test]
fn every_document_with_examples_is_pasted() {
    let pasted = ["quick-start.md", "browser.md", "bot.md", "mobile.md", "moderation.md", "migrate.md"];
    let mut left = Vec::new();
    for directory in [docs(), docs().join("guides")] {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let has_examples =
                name.ends_with(".md") && std::fs::read_to_string(&path).expect("text").contains("\n```sh\n");
            if has_examples && !pasted.contains(&name.as_str()) {
                left.push(name);
            }
        }
    }
    assert_eq!(left, [""; 0]);
}
