//! What cannot be reached from outside at will: moments between two commits, full disks, clocks that are set back.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use chinwag_protocol::{
    Action, ChatId, ChatName, Email, Emoji, Envelope, EventKind, MessageId, MessageText, Nonce, Timestamp,
    UserId, Username,
};
use tempfile::TempDir;

use super::erase::erase_messages;
use super::*;
use crate::clock::ManualClock;
use crate::hub::Hub;
use crate::sessions::app::Tier;
use crate::store::{Done, Erasure, NewUser, Reach};

const START: Timestamp = Timestamp(1_795_362_000_000);
const DAY_MS: i64 = 86_400_000;

struct World {
    store: Sqlite,
    writer: WriterThread,
    clock: Arc<ManualClock>,
    directory: TempDir,
}

impl World {
    fn new() -> Self {
        Self::open(tempfile::tempdir().unwrap(), START)
    }

    fn open(directory: TempDir, now: Timestamp) -> Self {
        let clock = Arc::new(ManualClock::at(now));
        let shared: Arc<dyn Clock> = clock.clone();
        let (hub, _) = Hub::new(shared.clone());
        let ids = Arc::new(Ids::new(shared.clone()));
        let (store, writer) = Sqlite::open(directory.path(), shared, ids, hub.announcements()).unwrap();
        Self { store, writer, clock, directory }
    }

    fn again_at(self, now: Timestamp) -> Self {
        drop(self.store);
        self.writer.join();
        Self::open(self.directory, now)
    }

    /// Alice in a chat of her own.
    async fn alice(&self) -> (UserId, ChatId) {
        let app = self.store.create_app(Reach::All, "Acme".to_owned(), Tier::Demo).await.unwrap().id;
        let name = Username::parse("alice".to_owned()).unwrap();
        let new = NewUser {
            app,
            username: name.clone(),
            email: Email::parse("alice@example.com".to_owned()).unwrap(),
            password_hash: String::new(),
            first_name: None,
            sur_name: None,
        };
        let alice = self.store.register_user(new).await.unwrap().id;
        let tea = ChatName::parse("tea".to_owned()).unwrap();
        let chat = self.store.create_chat(app, alice, tea, vec![name]).await.unwrap();
        (alice, chat.chat_id)
    }

    async fn does(&self, by: UserId, action: Action, nonce: Option<&str>) -> Done {
        let nonce = nonce.map(|nonce| Nonce::parse(nonce.to_owned()).unwrap());
        let envelope = Envelope { action, nonce, sender: None };
        self.store.act(by, vec![envelope]).await.await.unwrap().remove(0)
    }

    async fn says(&self, by: UserId, chat: ChatId, text: &str) -> MessageId {
        let message = MessageText::parse(text.to_owned(), 0).unwrap();
        match self.does(by, Action::Send { chat, message }, None).await.event.kind {
            EventKind::MessageSent { message_id, .. } => message_id,
            other => panic!("{other:?}"),
        }
    }
}

fn count(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO meta (name, value) VALUES (?1, '1') ON CONFLICT (name) DO UPDATE SET value = value + 1",
        [name],
    )?;
    Ok(())
}

/// A disk that is full ends the whole transaction, in the midst of a group of jobs.
#[tokio::test]
async fn each_job_of_a_group_that_met_a_full_disk_happens_once() {
    let world = World::new();
    let (go, wait) = sync_channel::<()>(1);
    let busy = world.store.submit(move |_| -> Result<(), StoreError> {
        let _ = wait.recv();
        Ok(())
    });
    let busy = busy.await;
    let before = world.store.submit(|tx| count(tx, "before")).await;
    let full = world.store.submit(|tx| -> Result<(), StoreError> {
        tx.execute_batch("PRAGMA max_page_count = 1")?;
        tx.execute("INSERT INTO meta (name, value) VALUES ('long', hex(randomblob(1000000)))", [])?;
        Ok(())
    });
    let full = full.await;
    let after = world.store.submit(|tx| count(tx, "after")).await;
    drop(go);
    busy.await.unwrap();
    assert_eq!((before.await, after.await), (Ok(()), Ok(())));
    assert_eq!(full.await, Err(StoreError::Full));
    let times = world.store.read(|connection| -> Result<(String, String), StoreError> {
        let times = |name: &str| {
            connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
        };
        Ok((times("before")?, times("after")?))
    });
    assert_eq!(times.await.unwrap(), ("1".to_owned(), "1".to_owned()));
}

/// It is half written when the store fails, and has no savepoint of its own.
#[tokio::test]
async fn a_send_that_the_store_fails_leaves_nothing_and_takes_nobody_along() {
    let world = World::new();
    let (alice, chat) = world.alice().await;
    let fail = "CREATE TRIGGER fail BEFORE INSERT ON messages WHEN new.text = 'poison'
                BEGIN SELECT raise(ABORT, 'no'); END";
    world.store.write(move |tx| -> Result<(), StoreError> { Ok(tx.execute_batch(fail)?) }).await.unwrap();
    let (go, wait) = sync_channel::<()>(1);
    let busy = world.store.submit(move |_| -> Result<(), StoreError> {
        let _ = wait.recv();
        Ok(())
    });
    let busy = busy.await;
    let mut sent = Vec::new();
    for text in ["one", "poison", "two"] {
        let action = Action::Send { chat, message: MessageText::parse(text.to_owned(), 0).unwrap() };
        let envelope = Envelope { action, nonce: None, sender: None };
        sent.push(world.store.act(alice, vec![envelope]).await);
    }
    drop(go);
    busy.await.unwrap();
    let mut seqs = Vec::new();
    for answer in sent {
        seqs.push(answer.await.ok().and_then(|done| done[0].event.seq));
    }
    assert_eq!(seqs, [Some(2), None, Some(3)]);
    assert_eq!(world.store.head(), 3);
}

/// A deleted chat's members are told of its end by its last event: nothing may come after it.
#[tokio::test]
async fn what_an_erased_user_said_in_a_deleted_chat_is_not_told_of() {
    let world = World::new();
    let (alice, chat) = world.alice().await;
    let message = world.says(alice, chat, "hello").await;
    let since = world.store.head();
    world.store.delete_chat(alice, chat).await.unwrap();
    world.store.write(move |tx| erase_messages(tx, alice, &[message])).await.unwrap();
    for _ in 0..2 {
        let missed = world.store.missed(alice, since, 100).await.unwrap();
        let kinds: Vec<EventKind> = missed.events.into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::ChatDeleted]);
        world.store.erase(Erasure::Chat(chat)).await.unwrap();
    }
    world.store.erase(Erasure::User(alice)).await.unwrap();
}

/// A nonce is kept from when it was used, whenever what it named happened first.
#[tokio::test]
async fn a_nonce_for_an_old_reaction_is_kept_as_long_as_any() {
    let world = World::new();
    let (alice, chat) = world.alice().await;
    let id = world.says(alice, chat, "hello").await;
    let react = || Action::React { chat, id, reaction: Emoji::parse("👍".to_owned()).unwrap() };
    let first = world.does(alice, react(), None).await.event.kind;
    world.clock.advance_ms(3 * DAY_MS);
    let again = world.does(alice, react(), Some("n")).await.event.kind;
    assert_eq!(again, first);
    let EventKind::ReactionAdded { reaction_id, .. } = first else { panic!("{first:?}") };
    world.does(alice, Action::Unreact { id: reaction_id }, None).await;

    while world.store.forget_nonces().await.unwrap() {}
    let repeated = world.does(alice, react(), Some("n")).await.event;
    assert_eq!((repeated.replayed, repeated.kind), (true, first));
    world.clock.advance_ms(3 * DAY_MS);
    assert!(world.store.forget_nonces().await.unwrap());
}

/// History goes on before a message that was deleted, which takes that ids grow, whatever the clock does.
#[tokio::test]
async fn ids_grow_across_a_restart_with_the_clock_set_back() {
    let world = World::new();
    let (alice, chat) = world.alice().await;
    let first = world.says(alice, chat, "one").await;
    let second = world.says(alice, chat, "two").await;
    world.does(alice, Action::Delete { chat, id: second, if_seq: None }, None).await;
    let world = world.again_at(Timestamp(START.0 - DAY_MS));
    let third = world.says(alice, chat, "three").await;
    assert!(second < third);
    let page = world.store.history(alice, chat, Some(second), 10).await.unwrap();
    assert_eq!(page.iter().map(|message| message.content.message_id).collect::<Vec<_>>(), [first]);
    let missed = world.store.missed(alice, 0, 100).await.unwrap();
    assert!(missed.events.is_sorted_by_key(|event| event.seq), "in order of seq, not of time");
}

#[tokio::test]
async fn a_clock_that_is_set_back_changes_no_order() {
    let world = World::new();
    let (alice, chat) = world.alice().await;
    let since = world.store.head();
    let mut said = Vec::new();
    for step in [0, -DAY_MS, 5, DAY_MS, -1, 0] {
        world.clock.advance_ms(step);
        said.push(world.says(alice, chat, "tick").await);
    }
    let missed = world.store.missed(alice, since, 3).await.unwrap();
    let rest = world.store.missed(alice, missed.position, 100).await.unwrap();
    let told: Vec<u64> = missed.events.iter().chain(&rest.events).filter_map(|event| event.seq).collect();
    assert_eq!(told, [2, 3, 4, 5, 6, 7]);
    let page = world.store.history(alice, chat, None, 100).await.unwrap();
    let ids: Vec<MessageId> = page.iter().rev().map(|message| message.content.message_id).collect();
    assert_eq!(ids, said, "newest first");
    let before = world.store.history(alice, chat, Some(said[3]), 100).await.unwrap();
    assert_eq!(before.len(), 3);
}
