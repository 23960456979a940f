//! All that can happen while somebody is away, as one story.

use chinwag_testkit::Person;
use serde_json::{Value, json};

use crate::scene::say;

/// Chats with names of their own, so that a test can say what became of each.
pub(crate) struct Chats {
    pub(crate) tea: String,
    pub(crate) left: String,
    pub(crate) deleted: String,
    pub(crate) rejoined: String,
    pub(crate) returned: String,
}

/// Before: bob is in five chats, and has been in one more.
pub(crate) async fn before(alice: &Person, bob: &Person) -> Chats {
    let mut ids = Vec::new();
    for name in ["tea", "left", "deleted", "rejoined", "returned"] {
        let chat = alice.creates_chat(name, &["bob"]).await["chatId"].as_str().expect("an id").to_owned();
        for text in ["one", "two", "three"] {
            said(alice, &chat, text).await;
        }
        ids.push(chat);
    }
    let [tea, left, deleted, rejoined, returned] = <[String; 5]>::try_from(ids).expect("five");
    alice.removes(&returned, &bob.id).await.done();
    Chats { tea, left, deleted, rejoined, returned }
}

/// While bob is away. Some of it is undone, overwritten or repeated, so that it can be folded.
pub(crate) async fn meanwhile(alice: &Person, bob: &Person, eve: &Person, chats: &Chats) {
    let tea = &chats.tea;
    let old = message(bob, tea, 2).await;
    let doomed = message(bob, tea, 1).await;
    let kept = message(bob, tea, 0).await;
    for text in ["v2", "v3", "v4"] {
        done(alice, json!({"type": "EDIT_MSG", "chatId": tea, "messageId": old, "message": text})).await;
    }
    let thumb = react(alice, tea, &old, "👍").await;
    react(bob, tea, &doomed, "🎉").await;
    react(alice, tea, &kept, "❤️").await;
    done(alice, json!({"type": "DELETE_REACT", "reactionId": thumb})).await;
    done(alice, json!({"type": "DELETE_MSG", "chatId": tea, "messageId": doomed})).await;
    let brief = said(alice, tea, "said and taken back").await;
    done(bob, json!({"type": "READ_MSG", "chatId": tea, "messageId": old})).await;
    done(bob, json!({"type": "READ_MSG", "chatId": tea, "messageId": brief})).await;
    done(alice, json!({"type": "DELETE_MSG", "chatId": tea, "messageId": brief})).await;
    let reply = json!({"type": "REPLY", "chatId": tea, "messageId": kept, "message": "an answer"});
    let answer = done(alice, reply).await["messageId"].as_str().expect("an id").to_owned();
    let reply = json!({"type": "REPLY", "chatId": tea, "messageId": answer, "message": "to an answer"});
    done(alice, reply).await;
    done(alice, json!({"type": "DELETE_MSG", "chatId": tea, "messageId": answer})).await;
    for name in ["green tea", "black tea"] {
        alice.renames(tea, name).await.done();
    }
    alice.adds(tea, "eve").await.done();
    done(eve, json!({"type": "READ_MSG", "chatId": tea, "messageId": kept})).await;
    eve.leaves(tea).await;
    alice.adds(tea, "eve").await.done();

    alice.removes(&chats.left, &bob.id).await.done();
    said(alice, &chats.left, "bob must not see this").await;
    said(alice, &chats.deleted, "nor this, soon").await;
    alice.deletes_chat(&chats.deleted).await.done();
    alice.removes(&chats.rejoined, &bob.id).await.done();
    said(alice, &chats.rejoined, "while bob is out").await;
    alice.adds(&chats.rejoined, "bob").await.done();
    said(alice, &chats.rejoined, "welcome back").await;
    alice.adds(&chats.returned, "bob").await.done();
    let new = alice.creates_chat("new", &["bob", "eve"]).await["chatId"].as_str().expect("an id").to_owned();
    said(eve, &new, "hello").await;
    let brief = alice.creates_chat("brief", &["bob"]).await["chatId"].as_str().expect("an id").to_owned();
    said(alice, &brief, "goodbye").await;
    alice.deletes_chat(&brief).await.done();
}

/// By `POST /api/chat`; its answer.
pub(crate) async fn done(person: &Person, action: Value) -> Value {
    person.posts(action).await.ok()
}

/// Says something and returns the message's id.
pub(crate) async fn said(person: &Person, chat: &str, text: &str) -> String {
    done(person, say(chat, text)).await["messageId"].as_str().expect("an id").to_owned()
}

async fn react(person: &Person, chat: &str, message: &str, emoji: &str) -> String {
    let action = json!({"type": "REACT", "chatId": chat, "messageId": message, "reaction": emoji});
    done(person, action).await["messageId"].as_str().expect("an id").to_owned()
}

/// The id of the nth oldest message of a chat, which is not thereby read.
async fn message(person: &Person, chat: &str, nth: usize) -> String {
    let view = person.chat_view(chat).await.expect("a member");
    view.messages.values().nth(nth).expect("a message").id.clone()
}
