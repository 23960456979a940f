//! A store with people in it, and what they do.

use std::sync::Arc;

use chinwag_protocol::{
    Action, AppId, ChatId, ChatName, Email, Emoji, Envelope, Event, EventKind, MessageId, MessageText, Nonce,
    Timestamp, UserId, Username,
};
use chinwag_server::chat::ChatEvent;
use chinwag_server::clock::{Clock, Ids, ManualClock};
use chinwag_server::hub::{Budget, Hub, Outbox};
use chinwag_server::sessions::app::Tier;
use chinwag_server::store::{ActError, Answer, Done, NewUser, Occupancy, Reach, Store, WriterThread};
use chinwag_testkit::Postgres;

pub(crate) const START: Timestamp = Timestamp(1_795_362_000_000);

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) hub: Hub,
    pub(crate) url: String,
    _directory: tempfile::TempDir,
    _writer: WriterThread,
}

impl World {
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let shared: Arc<dyn Clock> = clock.clone();
        let (hub, fanout) = Hub::new(shared.clone());
        let ids = Arc::new(Ids::new(shared.clone()));
        let (store, writer) = Store::open(directory.path(), shared, ids, hub.announcements()).unwrap();
        fanout.run(&hub, store.epoch().into(), store.head()).unwrap();
        Self { store, clock, hub, url: String::new(), _directory: directory, _writer: writer }
    }

    pub(crate) async fn postgres() -> Self {
        Self::node(&Postgres::shared().new_database()).await
    }

    /// One more node on a database.
    pub(crate) async fn node(url: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let shared: Arc<dyn Clock> = clock.clone();
        let (hub, fanout) = Hub::new(shared.clone());
        let ids = Arc::new(Ids::new(shared.clone()));
        let announcements = hub.announcements();
        let (store, writer) =
            Store::connect(url, Occupancy::Shared, shared, ids, announcements).await.unwrap();
        fanout.run(&hub, store.epoch().into(), store.head()).unwrap();
        Self { store, clock, hub, url: url.to_owned(), _directory: directory, _writer: writer }
    }

    pub(crate) async fn app(&self) -> AppId {
        self.store.create_app(Reach::All, "Acme".to_owned(), Tier::Demo).await.unwrap().id
    }

    pub(crate) async fn user(&self, app: AppId, name: &str) -> UserId {
        let new = NewUser {
            app,
            username: username(name),
            email: Email::parse(format!("{name}@example.com")).unwrap(),
            password_hash: "hash".to_owned(),
            first_name: Some("U+0000: \0".to_owned()),
            sur_name: None,
        };
        self.store.register_user(new).await.unwrap().id
    }

    /// Alice and bob in a chat that alice made.
    pub(crate) async fn tea(&self) -> Tea {
        let app = self.app().await;
        let (alice, bob) = (self.user(app, "alice").await, self.user(app, "bob").await);
        let chat = self.chat(app, alice, &["alice", "bob"]).await;
        Tea { app, alice, bob, chat }
    }

    pub(crate) async fn chat(&self, app: AppId, by: UserId, names: &[&str]) -> ChatId {
        let names = names.iter().copied().map(username).collect();
        let tea = ChatName::parse("tea".to_owned()).unwrap();
        self.store.create_chat(app, by, tea, names).await.unwrap().chat_id
    }

    /// Queues an action; the answer comes by itself.
    pub(crate) async fn queued(
        &self,
        by: UserId,
        action: Action,
        nonce: Option<&str>,
    ) -> Answer<Vec<Done>, ActError> {
        self.store.act(by, vec![envelope(action, nonce)]).await
    }

    pub(crate) async fn does(&self, by: UserId, action: Action) -> ChatEvent {
        self.queued(by, action, None).await.await.unwrap().remove(0).event
    }

    pub(crate) async fn says(&self, by: UserId, chat: ChatId, text: &str) -> MessageId {
        message_id(&self.does(by, send(chat, text)).await)
    }

    /// Everything that a user is told from the beginning, in parts of the size given.
    pub(crate) async fn told(&self, user: UserId, since: u64, size: usize) -> Vec<Event> {
        let (mut events, mut position) = (Vec::new(), since);
        loop {
            let missed = self.store.missed(user, position, size).await.unwrap();
            assert!(missed.events.len() <= size && missed.position >= position);
            assert!(!missed.more || missed.position > position, "it goes on");
            position = missed.position;
            events.extend(missed.events.iter().map(|event| event.as_seen_by(user)));
            if !missed.more {
                return events;
            }
        }
    }

    /// A queue in which everything is that the user is told from now on, and the position of what was before.
    pub(crate) async fn listens(&self, user: UserId) -> (Arc<Outbox>, u64) {
        let outbox = Outbox::new(Budget::new(1 << 24, 1 << 24), false);
        let listener = self.hub.new_listener();
        let head = self.store.listen(user, listener, Arc::clone(&outbox)).await.await.unwrap();
        (outbox, head)
    }
}

pub(crate) struct Tea {
    pub(crate) app: AppId,
    pub(crate) alice: UserId,
    pub(crate) bob: UserId,
    pub(crate) chat: ChatId,
}

pub(crate) fn username(name: &str) -> Username {
    Username::parse(name.to_owned()).unwrap()
}

pub(crate) fn envelope(action: Action, nonce: Option<&str>) -> Envelope {
    let nonce = nonce.map(|nonce| Nonce::parse(nonce.to_owned()).unwrap());
    Envelope { action, nonce, sender: None }
}

pub(crate) fn text(text: &str) -> MessageText {
    MessageText::parse(text.to_owned(), 0).unwrap()
}

pub(crate) fn send(chat: ChatId, said: &str) -> Action {
    Action::Send { chat, message: text(said) }
}

pub(crate) fn edit(chat: ChatId, id: MessageId, said: &str, if_seq: Option<u64>) -> Action {
    Action::Edit { chat, id, message: text(said), if_seq }
}

pub(crate) fn react(chat: ChatId, id: MessageId, emoji: &str) -> Action {
    Action::React { chat, id, reaction: Emoji::parse(emoji.to_owned()).unwrap() }
}

pub(crate) fn message_id(event: &ChatEvent) -> MessageId {
    match &event.kind {
        EventKind::MessageSent { message_id, .. } | EventKind::Replied { message_id, .. } => *message_id,
        other => panic!("{other:?}"),
    }
}

/// The texts of new messages, in order.
pub(crate) fn texts(events: &[Event]) -> Vec<String> {
    let said = events.iter().filter_map(|event| match &event.kind {
        EventKind::MessageSent { message, .. } | EventKind::Replied { message, .. } => Some(message.clone()),
        _ => None,
    });
    said.collect()
}
