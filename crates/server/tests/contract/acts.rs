//! The eight actions, many at once.

use std::future::poll_fn;
use std::time::Duration;

use chinwag_protocol::{Action, EventKind, Nonce, ReactionId};
use chinwag_server::chat::Refusal;
use chinwag_server::store::ActError;

use crate::world::{World, edit, envelope, message_id, react, send, texts};

/// Far more than anything takes.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn seqs_and_positions_have_no_hole(world: World) {
    let tea = world.tea().await;
    let other = world.chat(tea.app, tea.bob, &["bob"]).await;
    let head = world.store.head();
    let mut answers = Vec::new();
    for n in 0..400 {
        let (by, chat) = if n % 3 == 0 { (tea.bob, other) } else { (tea.alice, tea.chat) };
        answers.push((chat, world.queued(by, send(chat, &n.to_string()), None).await));
    }
    let mut positions = Vec::new();
    let mut seqs = std::collections::HashMap::from([(tea.chat, 1), (other, 1)]);
    for (chat, answer) in answers {
        let event = answer.await.unwrap().remove(0).event;
        let seq = seqs.get_mut(&chat).unwrap();
        *seq += 1;
        assert_eq!(event.seq, Some(*seq), "in the order in which they were queued");
        positions.push(event.position);
    }
    assert_eq!(positions, (head + 1..=head + 400).collect::<Vec<_>>());
    assert_eq!(world.store.head(), head + 400);
    let told = world.told(tea.bob, head, 37).await;
    assert_eq!(texts(&told), (0..400).map(|n| n.to_string()).collect::<Vec<_>>());
}

pub(crate) async fn listeners_hear_all_that_comes_after(world: World) {
    let tea = world.tea().await;
    let before = world.queued(tea.alice, send(tea.chat, "before"), None).await;
    let (outbox, head) = world.listens(tea.bob).await;
    assert_eq!(before.await.unwrap()[0].event.position, head);
    for n in 0..50 {
        drop(world.queued(tea.alice, send(tea.chat, &n.to_string()), None).await);
    }
    let mut heard = Vec::new();
    while heard.len() < 50 {
        let taken = poll_fn(|context| outbox.poll_take(context, 1 << 20, &mut heard));
        tokio::time::timeout(PATIENCE, taken).await.expect("it comes").unwrap();
    }
    let positions: Vec<u64> = heard.iter().map(|delivery| delivery.position).collect();
    assert_eq!(positions, (head + 1..=head + 50).collect::<Vec<_>>());
}

pub(crate) async fn a_nonce_does_once_whatever_waits_beside_it(world: World) {
    let tea = world.tea().await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(world.queued(tea.alice, send(tea.chat, "once"), Some("n")).await);
        drop(world.queued(tea.bob, send(tea.chat, "else"), None).await);
    }
    let reused = world.queued(tea.alice, send(tea.chat, "other"), Some("n")).await;
    let mut first = None;
    for answer in answers {
        let event = answer.await.unwrap().remove(0).event;
        assert_eq!(event.replayed, first.is_some());
        let known = (event.seq, event.kind.clone());
        assert_eq!(first.get_or_insert(known), &(event.seq, event.kind));
    }
    let refused = reused.await.unwrap_err();
    assert_eq!(refused, ActError::Refused { index: 0, refusal: Refusal::NonceReused });
    // Of another person it is another nonce.
    assert!(!world.queued(tea.bob, send(tea.chat, "once"), Some("n")).await.await.unwrap()[0].event.replayed);
    let once = texts(&world.told(tea.bob, 0, 100).await).into_iter().filter(|text| text == "once").count();
    assert_eq!(once, 2);
}

pub(crate) async fn all_or_none(world: World) {
    let tea = world.tea().await;
    let hello = world.says(tea.alice, tea.chat, "hello").await;
    let head = world.store.head();
    let actions = vec![
        envelope(send(tea.chat, "one"), Some("a")),
        envelope(edit(tea.chat, hello, "two", None), None),
        envelope(edit(tea.chat, hello, "three", None), None),
        envelope(Action::Unreact { id: ReactionId(hello.0) }, None),
    ];
    let refused = world.store.act(tea.alice, actions).await.await.unwrap_err();
    assert_eq!(refused, ActError::Refused { index: 3, refusal: Refusal::ReactionNotFound });
    assert_eq!((world.store.head(), world.told(tea.bob, head, 9).await.len()), (head, 0));
    assert!(
        !world.queued(tea.alice, send(tea.chat, "one"), Some("a")).await.await.unwrap()[0].event.replayed
    );
}

/// Each action of a transaction sees what those before it did.
pub(crate) async fn one_after_the_other_in_one_breath(world: World) {
    let tea = world.tea().await;
    let hello = world.says(tea.alice, tea.chat, "hello").await;
    let head = world.store.head();
    let actions = [
        react(tea.chat, hello, "👍"),
        react(tea.chat, hello, "👍"),
        send(tea.chat, "more"),
        edit(tea.chat, hello, "first", Some(2)),
        edit(tea.chat, hello, "second", Some(5)),
        Action::Read { chat: tea.chat, id: hello },
        Action::Delete { chat: tea.chat, id: hello, if_seq: Some(6) },
    ];
    let actions = actions.into_iter().map(|action| envelope(action, None)).collect();
    let done = world.store.act(tea.alice, actions).await.await.unwrap();
    let seqs: Vec<Option<u64>> = done.iter().map(|done| done.event.seq).collect();
    assert_eq!(seqs, [Some(3), None, Some(4), Some(5), Some(6), Some(7), Some(8)]);
    let positions: Vec<u64> = done.iter().map(|done| done.event.position - head).collect();
    assert_eq!(positions, [1, 1, 2, 3, 4, 5, 6]);
    let told = world.told(tea.bob, head, 9).await;
    assert_eq!(told.iter().filter_map(|event| event.seq).collect::<Vec<_>>(), [4, 7, 8]);

    // The last of them changes nothing, and those before it are kept all the same.
    let more = world.says(tea.bob, tea.chat, "more").await;
    let twice = [react(tea.chat, more, "👍"), react(tea.chat, more, "👍")];
    let twice = twice.into_iter().map(|action| envelope(action, None)).collect();
    let done = world.store.act(tea.alice, twice).await.await.unwrap();
    assert_eq!((done[0].event.seq, done[1].event.seq), (Some(10), None));
    let page = world.store.history(tea.bob, tea.chat, None, 1).await.unwrap();
    assert_eq!(page[0].reactions.len(), 1);
    assert_eq!(world.says(tea.bob, tea.chat, "on").await, {
        let page = world.store.history(tea.bob, tea.chat, None, 1).await.unwrap();
        page[0].content.message_id
    });
}

pub(crate) async fn of_two_edits_of_the_same_state_one_is_done(world: World) {
    let tea = world.tea().await;
    let hello = world.says(tea.alice, tea.chat, "hello").await;
    world.does(tea.bob, react(tea.chat, hello, "👍")).await;
    let first = world.queued(tea.alice, edit(tea.chat, hello, "first", Some(2)), None).await;
    let second = world.queued(tea.alice, edit(tea.chat, hello, "second", Some(2)), None).await;
    assert!(first.await.is_ok());
    let ActError::Refused { refusal: Refusal::Conflict(current), .. } = second.await.unwrap_err() else {
        panic!("no conflict")
    };
    assert_eq!((current.content.content.as_str(), current.changed_seq), ("first", 4));
    assert_eq!(current.reactions.len(), 1);
}

pub(crate) async fn unread_counts_in_a_crowd(world: World) {
    let tea = world.tea().await;
    let mut said = Vec::new();
    for n in 0..6 {
        let by = if n % 2 == 0 { tea.alice } else { tea.bob };
        said.push(world.says(by, tea.chat, &n.to_string()).await);
    }
    world.does(tea.alice, Action::Delete { chat: tea.chat, id: said[2], if_seq: None }).await;
    // All at once: what bob has read, what is said meanwhile, what is deleted.
    let read = |n: usize| Action::Read { chat: tea.chat, id: said[n] };
    let answers = [
        world.queued(tea.bob, read(0), None).await,
        world.queued(tea.alice, send(tea.chat, "6"), None).await,
        world.queued(tea.bob, send(tea.chat, "7"), None).await,
        world.queued(tea.bob, read(1), None).await,
        world.queued(tea.alice, read(5), None).await,
        world.queued(tea.alice, Action::Delete { chat: tea.chat, id: said[4], if_seq: None }, None).await,
        world.queued(tea.bob, read(0), None).await,
    ];
    let mut counts = Vec::new();
    for answer in answers {
        counts.push(answer.await.unwrap()[0].event.unread_count);
    }
    // After 0: 4 (2 is gone); then 6 came; alice has 7 left after 5; 4 is deleted.
    assert_eq!(counts, [Some(1), None, None, Some(2), Some(1), None, Some(1)]);
    let page = chinwag_server::store::Page { offset: 0, size: 5 };
    let chats = world.store.chats(tea.bob, page).await.unwrap();
    assert_eq!((chats[0].unread_count, chats[0].last_read_message), (1, Some(said[1])));
    assert_eq!(chats[0].last_message.as_deref(), Some("7"));
}

pub(crate) async fn a_deletion_takes_the_reactions_along(world: World) {
    let tea = world.tea().await;
    let hello = world.says(tea.alice, tea.chat, "hello").await;
    let event = world.does(tea.bob, react(tea.chat, hello, "👍")).await;
    let EventKind::ReactionAdded { reaction_id, .. } = event.kind else { panic!("{event:?}") };
    let answers = [
        world.queued(tea.bob, react(tea.chat, hello, "👍"), None).await,
        world.queued(tea.bob, react(tea.chat, hello, "🎉"), None).await,
        world.queued(tea.alice, react(tea.chat, hello, "🎉"), None).await,
        world.queued(tea.alice, Action::Delete { chat: tea.chat, id: hello, if_seq: None }, None).await,
        world.queued(tea.bob, Action::Unreact { id: reaction_id }, None).await,
        world.queued(tea.bob, react(tea.chat, hello, "🎉"), None).await,
    ];
    let mut outcomes = Vec::new();
    for answer in answers {
        outcomes.push(answer.await.map(|done| done[0].event.seq));
    }
    let refused = |refusal| Err(ActError::Refused { index: 0, refusal });
    let gone = [refused(Refusal::ReactionNotFound), refused(Refusal::MessageNotFound)];
    assert_eq!(outcomes[..4], [Ok(None), Ok(Some(4)), Ok(Some(5)), Ok(Some(6))]);
    assert_eq!(outcomes[4..], gone);
    let told = world.told(tea.bob, 0, 100).await;
    assert_eq!(told.iter().filter_map(|event| event.seq).collect::<Vec<_>>(), [1, 6]);
}

pub(crate) async fn any_character_is_kept(world: World) {
    let tea = world.tea().await;
    let odd = "a\0b\u{202e}\u{feff} '\"\\ $1 👩‍👩‍👧";
    let nonce = Nonce::parse("n\0'".to_owned()).unwrap();
    let id = message_id(
        &world.queued(tea.alice, send(tea.chat, odd), Some(nonce.as_str())).await.await.unwrap()[0].event,
    );
    assert!(
        world.queued(tea.alice, send(tea.chat, odd), Some(nonce.as_str())).await.await.unwrap()[0]
            .event
            .replayed
    );
    assert_eq!(texts(&world.told(tea.bob, 0, 9).await), [odd]);
    world.does(tea.alice, edit(tea.chat, id, &format!("{odd}!"), None)).await;
    let page = world.store.history(tea.bob, tea.chat, None, 9).await.unwrap();
    assert_eq!(page[0].content.content, format!("{odd}!"));
}
