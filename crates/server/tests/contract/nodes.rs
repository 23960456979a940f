//! Several nodes on one PostgreSQL database.

use std::sync::Arc;

use chinwag_protocol::{Action, EventKind};
use chinwag_server::clock::{Clock, Ids};
use chinwag_server::hub::Announcements;
use chinwag_server::store::{Erasure, Occupancy, OpenError, Store};
use chinwag_testkit::Postgres;

use crate::world::{World, react, send, texts};

async fn nodes(count: usize) -> Vec<World> {
    let url = Postgres::shared().new_database();
    let mut nodes = Vec::new();
    for _ in 0..count {
        nodes.push(World::node(&url).await);
    }
    nodes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_they_write_has_one_order() {
    let nodes = nodes(3).await;
    let tea = nodes[0].tea().await;
    let other = nodes[1].chat(tea.app, tea.bob, &["alice", "bob"]).await;
    let (mut answers, mut expected) = (Vec::new(), Vec::new());
    for n in 0..300 {
        let chat = if n % 2 == 0 { tea.chat } else { other };
        let node = &nodes[n % nodes.len()];
        answers.push(node.queued(tea.alice, send(chat, &n.to_string()), None).await);
        expected.push(n.to_string());
    }
    let mut positions = Vec::new();
    for answer in answers {
        positions.push(answer.await.unwrap()[0].event.position);
    }
    positions.sort_unstable();
    assert_eq!(positions, (3..=302).collect::<Vec<_>>(), "two chats, then these");
    let mut first: Option<Vec<_>> = None;
    for node in &nodes {
        let told = node.told(tea.bob, 2, 50).await;
        for chat in [tea.chat, other] {
            let seqs = told.iter().filter(|event| event.chat_id == chat).filter_map(|event| event.seq);
            assert_eq!(seqs.collect::<Vec<_>>(), (2..=151).collect::<Vec<_>>());
        }
        let mut said = texts(&told);
        assert_eq!(first.get_or_insert_with(|| said.clone()), &said, "every node tells the same");
        said.sort_unstable();
        expected.sort_unstable();
        assert_eq!(said, expected);
    }
}

/// A client that lost its connection says it again on another node, while the first is still at it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_at_the_same_instant_happens_once() {
    let nodes = nodes(2).await;
    let tea = nodes[0].tea().await;
    let hello = nodes[0].says(tea.alice, tea.chat, "hello").await;
    for round in 0..40 {
        let nonce = round.to_string();
        let said = send(tea.chat, &nonce);
        let reacted = react(tea.chat, hello, ["👍", "🎉"][round % 2]);
        let sent = [
            nodes[0].queued(tea.alice, said.clone(), Some(&nonce)).await,
            nodes[1].queued(tea.alice, said, Some(&nonce)).await,
        ];
        let given = [
            nodes[0].queued(tea.bob, reacted.clone(), None).await,
            nodes[1].queued(tea.bob, reacted, None).await,
        ];
        let (mut seqs, mut replays) = (Vec::new(), 0);
        for answer in sent {
            let event = answer.await.unwrap().remove(0).event;
            seqs.push(event.seq);
            replays += u32::from(event.replayed);
        }
        assert_eq!((seqs[0], replays), (seqs[1], 1));
        let mut ids = Vec::new();
        for answer in given {
            let EventKind::ReactionAdded { reaction_id, .. } = answer.await.unwrap()[0].event.kind else {
                panic!("no reaction")
            };
            ids.push(reaction_id);
        }
        assert_eq!(ids[0], ids[1]);
        if round % 3 == 0 {
            nodes[round % 2].does(tea.bob, Action::Unreact { id: ids[0] }).await;
        }
    }
    assert_eq!(texts(&nodes[1].told(tea.bob, 0, 100).await).len(), 41);
}

/// The same nonce for two chats: neither waits for the other, and still only one is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nonce_is_used_in_one_place() {
    let nodes = nodes(2).await;
    let tea = nodes[0].tea().await;
    let other = nodes[0].chat(tea.app, tea.alice, &["alice"]).await;
    for round in 0..40 {
        let nonce = round.to_string();
        let here = nodes[0].queued(tea.alice, send(tea.chat, "here"), Some(&nonce)).await;
        let there = nodes[1].queued(tea.alice, send(other, "there"), Some(&nonce)).await;
        let done = usize::from(here.await.is_ok()) + usize::from(there.await.is_ok());
        assert_eq!(done, 1, "round {round}");
    }
}

/// Whoever is deleted on one node while they talk on another leaves nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_outlives_a_deleted_user() {
    let nodes = nodes(2).await;
    let tea = nodes[0].tea().await;
    let mut answers = Vec::new();
    for n in 0..200 {
        answers.push(nodes[0].queued(tea.alice, send(tea.chat, &n.to_string()), None).await);
    }
    assert!(nodes[1].store.delete_user(tea.alice).await.unwrap());
    let erased = [Erasure::User(tea.alice); 2];
    let (first, second) = tokio::join!(nodes[0].store.erase(erased[0]), nodes[1].store.erase(erased[1]));
    assert_eq!((first, second), (Ok(()), Ok(())));
    for answer in answers {
        drop(answer.await);
    }
    nodes[0].store.erase(erased[0]).await.unwrap();
    assert_eq!(nodes[0].store.history(tea.bob, tea.chat, None, 50).await.unwrap(), []);
    assert_eq!(nodes[0].store.erasures().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_to_be_alone_is() {
    let url = Postgres::shared().new_database();
    let beside = World::node(&url).await;
    let connect = || {
        let clock: Arc<dyn Clock> = beside.clock.clone();
        let ids = Arc::new(Ids::new(Arc::clone(&clock)));
        Store::connect(&url, Occupancy::Alone, clock, ids, Announcements::unheard())
    };
    let (first, writer) = connect().await.unwrap();
    assert!(matches!(connect().await, Err(OpenError::Served)));
    drop(first);
    tokio::task::spawn_blocking(move || writer.join()).await.unwrap();
    assert!(connect().await.is_ok());
}
