//! The bot of README.md, as it is.

use chinwag_client::{ChatId, Client};
use chinwag_testkit::{Dice, in_time};

use crate::scene::{heard, scene, text};

mod bot {
    include!("../../../client/examples/echo.rs");

    /// Its `main` is for those who run it alone.
    pub(super) async fn runs(client: Client) -> Result<(), Error> {
        let _alone = main;
        echo(client).await
    }
}

const ROUNDS: usize = 12;

#[tokio::test]
async fn the_bot_of_the_readme_echoes_once_whenever_the_server_dies() {
    let mut scene = scene().await;
    let bot = scene.client("bot").await;
    let running = tokio::spawn(bot::runs(bot.clone()));
    let mut tea = scene.tea().await;
    tea.alice.add_user(tea.chat, "bot").await.expect("added");
    let mut dice = Dice::of(5);
    for round in 0..ROUNDS {
        tea.alice.realtime().send_message(tea.chat, round.to_string()).await.expect("stored");
        // Before the bot has heard it, before its echo is stored, or after.
        for _ in 0..dice.below(200) {
            tokio::task::yield_now().await;
        }
        scene.chinwag.kill().await;
        scene.chinwag.start_again().await;
    }
    let mut words = Vec::new();
    while words.len() < 2 * ROUNDS {
        let event = in_time("an echo", heard(&mut tea.bobs)).await;
        words.extend(text(&event).map(str::to_owned));
    }
    for round in 0..ROUNDS {
        assert_eq!(words.iter().filter(|word| **word == round.to_string()).count(), 2, "{words:?}");
    }
    assert_eq!(history(&tea.alice, tea.chat).await, 2 * ROUNDS);
    running.abort();
}

async fn history(client: &Client, chat: ChatId) -> usize {
    use futures_util::TryStreamExt;
    let all: Vec<_> = client.history(chat).try_collect().await.expect("a history");
    all.len()
}

#[test]
fn the_readme_shows_the_bot_as_it_is() {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let bot = std::fs::read_to_string(crates.join("client/examples/echo.rs")).expect("the bot");
    let readme = std::fs::read_to_string(crates.join("client/README.md")).expect("the readme");
    assert!(readme.contains(&format!("```rust\n{bot}```\n")), "copy examples/echo.rs into README.md");
    assert!(bot.lines().count() <= 25, "{} lines", bot.lines().count());
}
