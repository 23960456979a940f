//! Where the stories begin.

use std::time::Duration;

use chinwag_client::{Builder, ChatEvent, ChatId, Client, Event, EventKind, Events, Tokens};
use chinwag_testkit::{App, Chinwag, Network, Person, in_time};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_chinwag");

/// A server, its app, and a network before it.
pub(crate) struct Scene {
    pub(crate) chinwag: Chinwag,
    pub(crate) app: App,
    pub(crate) network: Network,
}

pub(crate) async fn scene() -> Scene {
    scene_with(&[]).await
}

pub(crate) async fn scene_with(settings: &[(&str, &str)]) -> Scene {
    let chinwag = Chinwag::start(BINARY, settings).await;
    let app = chinwag.app().await;
    let network = Network::before(&chinwag.urls).await;
    Scene { chinwag, app, network }
}

pub(crate) fn tokens(person: &Person) -> Tokens {
    let user_id = person.id.parse().expect("an id");
    Tokens { jwt: person.jwt(), refresh_token: person.refresh_token(), user_id }
}

impl Scene {
    /// A client on the other side of the network, in a hurry to come back.
    pub(crate) fn builder(&self) -> Builder {
        let hurry = (Duration::from_millis(10), Duration::from_millis(100));
        Client::builder(self.network.url()).api_key(&self.app.key).backoff(hurry.0, hurry.1)
    }

    /// A registered user's client, not connected yet.
    pub(crate) async fn client(&self, name: &str) -> Client {
        let client = self.builder().build().expect("a client");
        let _ = self.app.registers(name).await.created();
        client.sign_in(name, chinwag_testkit::PASSWORD).await.expect("to sign in");
        client
    }

    /// The same, connected, with its events from the beginning.
    pub(crate) async fn connected(&self, name: &str) -> (Client, Events) {
        let client = self.client(name).await;
        let mut events = client.realtime().events();
        in_time("the connection", client.realtime().connect()).await.expect("to connect");
        assert!(matches!(next(&mut events).await, Event::Connected));
        (client, events)
    }

    /// Alice and bob, connected, in a chat that alice made, its NEW_CHAT seen by both.
    pub(crate) async fn tea(&self) -> Tea {
        let (alice, mut alices) = self.connected("alice").await;
        let (bob, mut bobs) = self.connected("bob").await;
        let chat = alice.create_chat("Tea", &["alice", "bob"]).await.expect("a chat").chat_id;
        for events in [&mut alices, &mut bobs] {
            assert!(matches!(heard(events).await.kind, EventKind::ChatCreated { .. }));
        }
        Tea { chat, alice, alices, bob, bobs }
    }
}

pub(crate) struct Tea {
    pub(crate) chat: ChatId,
    pub(crate) alice: Client,
    pub(crate) alices: Events,
    pub(crate) bob: Client,
    pub(crate) bobs: Events,
}

pub(crate) async fn next(events: &mut Events) -> Event {
    in_time("an event", events.next()).await.expect("the stream goes on")
}

/// The next event of a chat; what is said of the connection and the outbox is passed over.
pub(crate) async fn heard(events: &mut Events) -> ChatEvent {
    loop {
        if let Event::Chat(event) = next(events).await {
            return *event;
        }
    }
}

/// The next event about the connection.
pub(crate) async fn state(events: &mut Events) -> Event {
    loop {
        match next(events).await {
            Event::Chat(event) => panic!("not now: {event:?}"),
            Event::Outbox(_) => {}
            state => return state,
        }
    }
}

/// The text of a new message.
pub(crate) fn text(event: &ChatEvent) -> Option<&str> {
    match &event.kind {
        EventKind::MessageSent { message, .. } => Some(message),
        _ => None,
    }
}
