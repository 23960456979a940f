//! Reactions: one emoji of one person on one message.

use serde_json::json;

use crate::scene::{NOBODY, tea};

#[tokio::test]
async fn a_reaction_is_seen_by_all_and_kept_with_the_message() {
    let mut tea = tea().await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    tea.bob.expect("SEND_MSG").await;

    let reaction = tea.bob.reacts(&tea.chat, hello.id(), "👍🏽").await;
    reaction.says(json!({"type": "REACT", "chatId": tea.chat, "senderId": tea.bob.id, "message": "👍🏽",
                         "messageId": reaction.id(), "parentMessageId": hello.id(), "seq": 3}));
    assert_eq!(tea.alice.expect("REACT").await.id(), reaction.id());
    assert_ne!(reaction.id(), hello.id());

    let message = &tea.alice.history(&tea.chat, 1, None).await[0];
    assert_eq!(
        message["reactions"],
        json!([{"reactionId": reaction.id(), "chatId": tea.chat, "messageId": hello.id(), "senderId": tea.bob.id,
                "reaction": "👍🏽", "createdAt": reaction["timeStamp"]}])
    );
    assert_eq!(message["edited"], false);
}

#[tokio::test]
async fn the_same_emoji_twice_is_one_reaction() {
    let mut tea = tea().await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    tea.bob.expect("SEND_MSG").await;
    let first = tea.bob.reacts(&tea.chat, hello.id(), "🎉").await;
    tea.alice.expect("REACT").await;

    let again = json!({"type": "REACT", "chatId": tea.chat, "messageId": hello.id(), "reaction": "🎉"});
    assert_eq!(tea.bob.posts(again.clone()).await.ok()["messageId"], first.id());
    tea.bob.does(again).await;
    tea.bob.sees_nothing().await;
    tea.alice.sees_nothing().await;

    tea.bob.reacts(&tea.chat, hello.id(), "❤️").await;
    tea.alice.expect("REACT").await;
    tea.alice.reacts(&tea.chat, hello.id(), "🎉").await;
    tea.bob.expect("REACT").await;
    let message = &tea.bob.history(&tea.chat, 1, None).await[0];
    assert_eq!(message["reactions"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_reaction_is_taken_back_by_who_made_it() {
    let mut tea = tea().await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    tea.bob.expect("SEND_MSG").await;
    let reaction = tea.bob.reacts(&tea.chat, hello.id(), "🎉").await;
    tea.alice.expect("REACT").await;

    let refused = tea.alice.tries(json!({"type": "DELETE_REACT", "reactionId": reaction.id()})).await;
    assert_eq!(refused["code"], "NOT_REACTION_SENDER");

    let removal = tea.bob.unreacts(reaction.id()).await;
    removal.says(json!({"type": "DELETE_REACT", "chatId": tea.chat, "senderId": tea.bob.id,
                        "messageId": reaction.id(), "parentMessageId": hello.id(), "seq": 4}));
    assert_eq!(tea.alice.expect("DELETE_REACT").await.id(), reaction.id());
    assert_eq!(tea.alice.history(&tea.chat, 1, None).await[0]["reactions"], json!([]));

    tea.alice.expect("READ_MSG").await; // the look into history
    tea.bob.expect("READ_MSG").await;
    let again = tea.bob.reacts(&tea.chat, hello.id(), "🎉").await;
    assert_ne!(again.id(), reaction.id());
}

#[tokio::test]
async fn reactions_go_with_their_message() {
    let mut tea = tea().await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    tea.bob.expect("SEND_MSG").await;
    let reaction = tea.bob.reacts(&tea.chat, hello.id(), "🎉").await;
    tea.alice.expect("REACT").await;
    tea.alice.deletes(&tea.chat, hello.id()).await;
    tea.bob.expect("DELETE_MSG").await;

    let refused = tea.bob.tries(json!({"type": "DELETE_REACT", "reactionId": reaction.id()})).await;
    assert_eq!(refused["code"], "REACTION_NOT_FOUND");
    let react = json!({"type": "REACT", "chatId": tea.chat, "messageId": hello.id(), "reaction": "🎉"});
    assert_eq!(tea.bob.tries(react).await["code"], "MESSAGE_NOT_FOUND");
    tea.alice.sees_nothing().await;
}

#[tokio::test]
async fn only_an_emoji_is_a_reaction() {
    let mut tea = tea().await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    let react = |emoji: &str| json!({"type": "REACT", "chatId": tea.chat, "messageId": hello.id(), "reaction": emoji});
    let family = "👨‍👩‍👧‍👦".repeat(4);
    for text in ["", "ok", "1", "❤", "👍👍", "👍 ", " 👍", "👍a", "🇩", &family] {
        tea.alice.posts(react(text)).await.is_refused(400, "INVALID_REACTION");
        assert_eq!(tea.alice.tries(react(text)).await["code"], "INVALID_REACTION");
    }
    for emoji in ["❤️", "1️⃣", "🇩🇪", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈"]
    {
        assert_eq!(tea.alice.reacts(&tea.chat, hello.id(), emoji).await["message"], emoji);
    }
    let unknown = json!({"type": "DELETE_REACT", "reactionId": NOBODY});
    tea.alice.posts(unknown).await.is_refused(404, "REACTION_NOT_FOUND");
}
