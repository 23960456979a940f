//! A PostgreSQL whose connections end in the midst of it: what was answered is there, what is there is answered.

use chinwag_server::store::{ActError, StoreError};
use chinwag_testkit::Postgres;

use crate::proxy::Proxy;
use crate::world::{World, send, texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_lost_is_found_again() {
    let proxy = Proxy::to(&Postgres::shared().new_database()).await;
    let world = World::node(&proxy.url).await;
    let tea = world.tea().await;
    let (outbox, head) = world.listens(tea.bob).await;
    for n in 0..10 {
        proxy.loses_an_answer();
        let event = world.queued(tea.alice, send(tea.chat, &n.to_string()), Some("n")).await;
        // It is the first with its nonce, or one that was refused because the nonce was used: it is in the database.
        let outcome = event.await;
        assert_eq!(outcome.is_ok(), n == 0, "{outcome:?}");
    }
    for n in 0..10_u64 {
        proxy.loses_an_answer();
        let event = world.does(tea.alice, send(tea.chat, &n.to_string())).await;
        assert_eq!((event.seq, event.position), (Some(3 + n), head + 2 + n), "once, and in its place");
    }
    assert!(proxy.losses() >= 11, "{}", proxy.losses());
    assert_eq!(texts(&world.told(tea.bob, head, 50).await).len(), 11);
    let mut heard = Vec::new();
    while heard.len() < 11 {
        std::future::poll_fn(|context| outbox.poll_take(context, 1 << 20, &mut heard)).await.unwrap();
    }
    let positions: Vec<u64> = heard.iter().map(|delivery| delivery.position).collect();
    assert_eq!(
        positions,
        (head + 1..=head + 11).collect::<Vec<_>>(),
        "those who listen are told all the same"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_arrived_is_sent_again() {
    let proxy = Proxy::to(&Postgres::shared().new_database()).await;
    let world = World::node(&proxy.url).await;
    let tea = world.tea().await;
    for n in 0..10 {
        proxy.loses_a_request();
        assert_eq!(world.does(tea.alice, send(tea.chat, &n.to_string())).await.seq, Some(2 + n));
    }
    assert!(proxy.losses() >= 10, "{}", proxy.losses());
    assert_eq!(texts(&world.told(tea.bob, 0, 50).await).len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_the_server() {
    let postgres = Postgres::start();
    let url = postgres.new_database();
    let world = World::node(&url).await;
    let tea = world.tea().await;
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let mut answers = Vec::new();
        for n in 0..600 {
            let text = format!("{round}.{n}");
            answers.push((text.clone(), world.queued(tea.alice, send(tea.chat, &text), Some(&text)).await));
        }
        // Half of them are done, or about to be; what was under way is not answered before it is known what became of
        // it, and so not before the server is back.
        let half = answers.split_off(answers.len() / 2);
        for (text, answer) in answers {
            answer.await.unwrap();
            acknowledged.push(text);
        }
        postgres.stop();
        postgres.start_again();
        for (text, answer) in half {
            match answer.await {
                Ok(_) => {}
                Err(ActError::Store(StoreError::Unavailable(_))) => {
                    world.queued(tea.alice, send(tea.chat, &text), Some(&text)).await.await.unwrap();
                }
                Err(other) => panic!("{other:?}"),
            }
            acknowledged.push(text);
        }
        world.store.check().await.unwrap();
    }
    postgres.stop();
    assert!(world.store.check().await.is_err(), "it is not ready while the database is away");
    postgres.start_again();
    assert_eq!(world.store.check().await, Ok(()));
    let mut there = texts(&world.told(tea.bob, 0, 100).await);
    there.sort_unstable();
    acknowledged.sort_unstable();
    assert_eq!(there, acknowledged, "each once");
    let seqs: Vec<_> = world.told(tea.bob, 0, 100).await.iter().filter_map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=1801).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_ended_by_the_server_is_made_anew() {
    let world = World::postgres().await;
    let tea = world.tea().await;
    for n in 0..5 {
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let ended = Postgres::shared().sql(&world.url, sql);
        assert_ne!(ended.trim(), "0");
        assert_eq!(world.does(tea.alice, send(tea.chat, "hello")).await.seq, Some(2 + n));
        world.listens(tea.bob).await;
    }
}
