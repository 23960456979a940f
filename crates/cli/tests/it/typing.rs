//! Typing: a whisper to the others, never written down.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::scene::{new_chat, tea, tea_with};

#[tokio::test]
async fn the_others_see_who_is_typing_and_nothing_is_kept() {
    let mut tea = tea().await;
    let mut eve = tea.app.connected("eve").await;
    let mut tablet = tea.alice.another_device().await.connects().await;

    tea.alice.types(&tea.chat).await;

    tea.bob
        .expect("TYPING")
        .await
        .says(json!({"type": "TYPING", "chatId": tea.chat, "senderId": tea.alice.id}));
    for person in [&mut tea.alice, &mut tablet, &mut eve] {
        person.sees_nothing().await;
    }
    assert_eq!(tea.alice.says(&tea.chat, "done").await.seq(), 2, "typing takes no place in the chat");
    assert_eq!(tea.bob.texts(&tea.chat).await, ["done"]);
}

#[tokio::test]
async fn it_is_let_through_at_most_every_two_seconds() {
    let mut tea = tea_with(&[("limits.actions_per_second", "0")]).await;
    let other = new_chat(&mut tea.alice, &mut tea.bob).await;

    let start = Instant::now();
    for _ in 0..5 {
        tea.alice.types(&tea.chat).await;
    }
    assert!(start.elapsed() < Duration::from_secs(2), "five actions within two seconds");
    tea.bob.expect("TYPING").await;
    tea.bob.sees_nothing().await;

    tea.alice.types(&other).await;
    assert_eq!(tea.bob.expect("TYPING").await.chat(), other, "each chat for itself");
    tea.bob.types(&tea.chat).await;
    assert_eq!(tea.alice.expect("TYPING").await["senderId"], *tea.bob.id, "each person for themselves");

    let again = loop {
        tokio::select! {
            event = tea.bob.expect("TYPING") => break event,
            () = tea.alice.types(&tea.chat) => {}
        }
    };
    assert_eq!(again.chat(), tea.chat);
    // The server's clock counts whole milliseconds.
    assert!(start.elapsed() > Duration::from_millis(1999), "{:?}", start.elapsed());
}
