//! Ten people on a network that breaks all the time, and a server that is killed: every message arrives, in order, once.

use std::collections::HashMap;
use std::time::Duration;

use chinwag_client::{ChatId, Client, Event, Events};
use chinwag_testkit::{Fault, in_time};
use tokio::task::JoinSet;

use crate::scene::{heard, scene, scene_with, text};

const PEOPLE: usize = 10;
/// Of all of them together, unless `CHINWAG_SDK_MESSAGES` says otherwise.
const MESSAGES: usize = 10_000;
const CHATS: usize = 5;
/// For all of it. A storm takes its time.
const PATIENCE: Duration = Duration::from_secs(600);

fn messages() -> usize {
    std::env::var("CHINWAG_SDK_MESSAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(MESSAGES)
}

/// Everything that one of them hears until it is all.
async fn listens(mut events: Events, expected: usize) -> HashMap<ChatId, Vec<(u64, String)>> {
    let mut all: HashMap<ChatId, Vec<(u64, String)>> = HashMap::new();
    let mut count = 0;
    while count < expected {
        match events.next().await.expect("it goes on until all was heard") {
            Event::Chat(event) => {
                let Some(word) = text(&event) else { continue };
                let chat = all.entry(event.chat_id).or_default();
                let seq = event.seq.expect("it is stored");
                assert!(chat.last().is_none_or(|(last, _)| *last < seq), "{seq} after {:?}", chat.last());
                chat.push((seq, word.to_owned()));
                count += 1;
            }
            Event::Resync => panic!("nothing was put back from a backup"),
            Event::Disconnected { will_reconnect: false, reason } => panic!("{reason}"),
            _ => {}
        }
    }
    all
}

/// One word after the other in each chat; in different chats at once.
async fn talks(client: Client, name: usize, chats: Vec<ChatId>, words: usize) {
    let mut talking = JoinSet::new();
    for (place, chat) in chats.into_iter().enumerate() {
        let realtime = client.realtime().clone();
        let mine = words / CHATS + usize::from(place < words % CHATS);
        talking.spawn(async move {
            for n in 0..mine {
                let stored = realtime.send_message(chat, format!("{name} {n}")).await;
                stored.unwrap_or_else(|error| panic!("{name} {n}: {error:?}"));
            }
        });
    }
    while let Some(done) = talking.join_next().await {
        done.expect("everything is stored");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_messages_arrive_once_and_in_order() {
    let mut scene = scene_with(&[("limits.actions_per_second", "0")]).await;
    let names: Vec<String> = (0..PEOPLE).map(|n| format!("person{n}")).collect();
    let mut clients = Vec::new();
    for name in &names {
        clients.push(scene.client(name).await);
    }
    let mut chats = Vec::new();
    for _ in 0..CHATS {
        chats.push(clients[0].create_chat("Storm", &names).await.expect("a chat").chat_id);
    }
    let mut listening = JoinSet::new();
    for client in &clients {
        listening.spawn(listens(client.realtime().events(), messages()));
        in_time("the connection", client.realtime().connect()).await.expect("connected");
    }
    scene.network.storms(7);
    scene.network.cuts();
    let mut talking = JoinSet::new();
    for (name, client) in clients.iter().enumerate() {
        let mine = messages() / PEOPLE + usize::from(name < messages() % PEOPLE);
        talking.spawn(talks(client.clone(), name, chats.clone(), mine));
    }
    // The server dies whenever some have been stored, while there are any.
    let mut witness = clients[0].realtime().events();
    let (mut heard, mut deaths) = (0, 0);
    while heard < messages() {
        match tokio::time::timeout(PATIENCE, witness.next())
            .await
            .expect("something happens")
            .expect("it goes on")
        {
            Event::Chat(event) if text(&event).is_some() => heard += 1,
            _ => continue,
        }
        if heard % (messages() / 6).max(1) == 0 && heard < messages() {
            scene.chinwag.kill().await;
            scene.chinwag.start_again().await;
            deaths += 1;
        }
    }
    while let Some(done) = talking.join_next().await {
        done.expect("everybody has said everything");
    }
    scene.network.calms();
    let mut heard = Vec::new();
    while let Some(done) = tokio::time::timeout(PATIENCE, listening.join_next()).await.expect("all is heard")
    {
        heard.push(done.expect("in order"));
    }
    assert!(deaths >= 3, "it died {deaths} times");
    agree(&heard, &chats);
}

/// All heard the same, and everybody's words in the order in which they were said.
fn agree(heard: &[HashMap<ChatId, Vec<(u64, String)>>], chats: &[ChatId]) {
    for one in heard {
        assert_eq!(one, &heard[0]);
    }
    let total: usize = heard[0].values().map(Vec::len).sum();
    assert_eq!((heard.len(), total), (PEOPLE, messages()));
    for chat in chats {
        let mut said = [0; PEOPLE];
        for (_, word) in &heard[0][chat] {
            let (name, n) = word.split_once(' ').expect("a name and a number");
            let name: usize = name.parse().expect("a number");
            assert_eq!(n, said[name].to_string(), "{word}");
            said[name] += 1;
        }
    }
}

/// Takes as long as a silent server is given: twice its promise of ten seconds.
#[tokio::test]
async fn silence_is_noticed() {
    const WORDS: usize = 20;
    let scene = scene().await;
    let (alice, mut events) = scene.connected("alice").await;
    let chat = alice.create_chat("Diary", &["alice"]).await.expect("a chat").chat_id;
    heard(&mut events).await;
    alice.realtime().disconnect().await;
    scene.network.cuts();
    // The connection that brought the ticket becomes the WebSocket. It falls silent when some words have come through.
    scene.network.faults(&[Fault::Silence(3_000)]);
    let mut events = alice.realtime().events();
    in_time("the connection", alice.realtime().connect()).await.expect("connected");
    for n in 0..WORDS {
        let word = alice.realtime().send_message(chat, n.to_string());
        tokio::time::timeout(Duration::from_secs(30), word).await.expect("in time").expect("stored");
    }
    let mut resumed = false;
    let mut words = 0;
    while words < WORDS {
        match in_time("an event", events.next()).await.expect("it goes on") {
            Event::Resumed => resumed = true,
            Event::Chat(event) if text(&event) == Some(words.to_string().as_str()) => words += 1,
            Event::Chat(event) => panic!("{event:?}"),
            _ => {}
        }
    }
    assert!(resumed);
}
