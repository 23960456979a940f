//! Reading back what was said, page by page.

use serde_json::{Value, json};

use chinwag_testkit::{Person, send};

use crate::scene::{NOBODY, new_chat, tea, tea_with};

/// Every message from the newest page to the oldest, oldest first.
async fn all_pages(person: &Person, chat: &str, size: u32) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::new();
    loop {
        let last = messages.last().map(|message| message["messageId"].as_str().expect("an id").to_owned());
        let page = person.history(chat, size, last.as_deref()).await;
        if page.is_empty() {
            messages.reverse();
            return messages;
        }
        assert!(page.len() <= size.clamp(1, 100) as usize);
        messages.extend(page);
    }
}

#[tokio::test]
async fn pages_meet_without_hole_or_overlap() {
    let mut tea = tea_with(&[("limits.actions_per_second", "0")]).await;
    let other = new_chat(&mut tea.alice, &mut tea.bob).await;
    let texts: Vec<String> = (0..250).map(|i| format!("message {i}")).collect();
    for text in &texts {
        for chat in [&tea.chat, &other] {
            let action = json!({"type": "SEND_MSG", "chatId": chat, "message": text});
            tea.alice.socket.send_all([send(&action)]).await;
        }
    }
    for _ in 0..500 {
        tea.bob.expect("SEND_MSG").await;
    }
    for size in [7, 50, 100, 1000] {
        let messages = all_pages(&tea.bob, &tea.chat, size).await;
        let read: Vec<&Value> = messages.iter().map(|message| &message["content"]).collect();
        assert_eq!(read, texts.iter().collect::<Vec<_>>(), "pages of {size}");
        assert!(messages.iter().all(|message| message["chatId"] == *tea.chat));
        assert!(messages.is_sorted_by_key(|message| message["seq"].as_u64()));
    }
    assert_eq!(
        tea.bob.get(&format!("/api/messages/getMessages/{other}")).await.ok()["messages"][49]["content"],
        texts[200],
        "fifty unless asked otherwise"
    );
}

#[tokio::test]
async fn a_page_is_unmoved_by_what_happens_after_it() {
    let mut tea = tea().await;
    let mut ids = Vec::new();
    for i in 0..10 {
        ids.push(tea.alice.says(&tea.chat, &format!("{i}")).await.id().to_owned());
    }
    let newest = tea.bob.history(&tea.chat, 4, None).await;
    assert_eq!(
        newest.iter().map(|message| message["messageId"].as_str()).collect::<Vec<_>>(),
        ids.iter().rev().take(4).map(|id| Some(id.as_str())).collect::<Vec<_>>()
    );
    tea.alice.expect("READ_MSG").await;

    tea.alice.says(&tea.chat, "newer").await;
    tea.alice.deletes(&tea.chat, &ids[4]).await;
    let before = tea.bob.history(&tea.chat, 4, Some(&ids[6])).await;
    let read: Vec<&Value> = before.iter().map(|message| &message["content"]).collect();
    assert_eq!(read, ["5", "3", "2", "1"]);

    tea.alice.deletes(&tea.chat, &ids[2]).await;
    let before = tea.bob.history(&tea.chat, 4, Some(&ids[2])).await;
    let read: Vec<&Value> = before.iter().map(|message| &message["content"]).collect();
    assert_eq!(read, ["1", "0"], "the place of a deleted message is remembered");
}

#[tokio::test]
async fn whose_history_it_is() {
    let mut tea = tea().await;
    let eve = tea.app.user("eve").await;
    let hello = tea.alice.says(&tea.chat, "hello").await;
    let other = new_chat(&mut tea.alice, &mut tea.bob.another_device().await.connects().await).await;

    for chat in [&tea.chat, NOBODY] {
        let path = format!("/api/messages/getMessages/{chat}");
        eve.get(&path).await.is_refused(404, "CHAT_NOT_FOUND");
        eve.get(&format!("{path}?lastMessage={}", hello.id())).await.is_refused(404, "CHAT_NOT_FOUND");
    }
    let cursor = format!("/api/messages/getMessages/{other}?lastMessage={}", hello.id());
    tea.alice.get(&cursor).await.is_refused(404, "MESSAGE_NOT_FOUND");
    let path = format!("/api/messages/getMessages/{}", tea.chat);
    for query in ["?lastMessage=yesterday", "?size=many"] {
        tea.alice.get(&format!("{path}{query}")).await.is_refused(400, "VALIDATION_FAILED");
    }
    tea.alice.get("/api/messages/getMessages/tea").await.is_refused(400, "VALIDATION_FAILED");
}
