//! Where the guarantees are put to the test: a server without a limit on how fast people act.

use chinwag_testkit::{App, Chinwag, Event, Person, Replica};
use serde_json::{Value, json};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_chinwag");

/// Nobody is too fast here, and no token expires before the test ends.
pub(crate) const UNLIMITED: &[(&str, &str)] =
    &[("limits.actions_per_second", "0"), ("tokens.jwt_seconds", "86400")];

/// Alice and bob, signed in, in a chat that alice made.
pub(crate) struct Tea {
    pub(crate) chinwag: Chinwag,
    pub(crate) app: App,
    pub(crate) alice: Person,
    pub(crate) bob: Person,
    pub(crate) chat: String,
}

pub(crate) async fn tea() -> Tea {
    tea_with(&[]).await
}

pub(crate) async fn tea_with(settings: &[(&str, &str)]) -> Tea {
    tea_on(Chinwag::start(BINARY, &[UNLIMITED, settings].concat()).await).await
}

pub(crate) async fn tea_on(chinwag: Chinwag) -> Tea {
    let app = chinwag.app().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let chat = alice.creates_chat_with(&["bob"]).await;
    Tea { chinwag, app, alice, bob, chat }
}

pub(crate) fn say(chat: &str, text: &str) -> Value {
    json!({"type": "SEND_MSG", "chatId": chat, "message": text})
}

/// An environment variable's number, or what CI takes.
pub(crate) fn setting(name: &str, ci: u64) -> u64 {
    std::env::var(name).map_or(ci, |value| value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
}

/// Takes in events in order, and reads by HTTP what they leave to be read.
pub(crate) async fn takes(replica: &mut Replica, by: &Person, events: impl IntoIterator<Item = Value>) {
    for event in events {
        if let Some(reload) = replica.apply(&event) {
            replica.reload(&reload, by).await;
        }
    }
}

pub(crate) fn bodies(events: Vec<Event>) -> Vec<Value> {
    events.into_iter().map(|event| event.body).collect()
}

/// The kinds of events, in order.
pub(crate) fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

/// What this user knows who was told everything from the start.
pub(crate) async fn replica_of(person: &Person) -> Replica {
    let mut replica = Replica::of(&person.id);
    replica.reload(&chinwag_testkit::Reload::Everything, person).await;
    replica
}
