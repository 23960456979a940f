//! Chats as wholes, and what is kept of everything.

use chinwag_protocol::{Action, ChatName, EventKind};
use chinwag_server::chat::Refusal;
use chinwag_server::clock::Clock;
use chinwag_server::store::{ChatError, Ended, Erasure, NewRefresh, Page};

use crate::world::{World, edit, react, send, texts, username};

pub(crate) async fn who_is_in_and_who_inherits(world: World) {
    let tea = world.tea().await;
    let carol = world.user(tea.app, "carol").await;
    let add = |name: &str| world.store.add_member(tea.app, tea.bob, tea.chat, username(name));
    add("carol").await.unwrap();
    assert_eq!(add("carol").await, Err(ChatError::Refused(Refusal::AlreadyMember("carol".into()))));
    assert_eq!(add("dave").await, Err(ChatError::Refused(Refusal::UserNotFound("dave".into()))));
    let members = world.store.members(carol, tea.chat).await.unwrap();
    let names: Vec<&str> = members.iter().map(|member| member.username.as_str()).collect();
    assert_eq!(names.len(), 3);
    assert_eq!(names[2], "carol");
    let not_creator = world.store.remove_member(tea.bob, tea.chat, carol).await;
    assert_eq!(not_creator, Err(ChatError::Refused(Refusal::NotCreator)));
    world.store.remove_member(tea.alice, tea.chat, tea.alice).await.unwrap();
    let gone = world.store.members(tea.alice, tea.chat).await;
    assert_eq!(gone.unwrap_err(), ChatError::Refused(Refusal::ChatNotFound));
    let chats = world.store.chats(carol, Page { offset: 0, size: 5 }).await.unwrap();
    assert_eq!((chats[0].creator, chats[0].members, chats[0].group_chat), (tea.bob, 2, true));
    // Alice comes back, and is told of what she sees from there on.
    world.store.add_member(tea.app, carol, tea.chat, username("alice")).await.unwrap();
    world.store.rename_chat(tea.alice, tea.chat, ChatName::parse("coffee".into()).unwrap()).await.unwrap();
    let told = world.told(tea.alice, world.store.head() - 2, 9).await;
    let kinds: Vec<&EventKind> = told.iter().map(|event| &event.kind).collect();
    assert!(matches!(kinds[..], [EventKind::UserJoined { .. }, EventKind::ChatRenamed { .. }]), "{kinds:?}");
    for user in [tea.bob, carol, tea.alice] {
        world.store.remove_member(user, tea.chat, user).await.unwrap();
    }
    assert_eq!(world.store.erasures().await.unwrap(), [Erasure::Chat(tea.chat)]);
}

pub(crate) async fn paging_goes_on_where_a_message_was(world: World) {
    let tea = world.tea().await;
    let other = world.chat(tea.app, tea.bob, &["bob"]).await;
    let mut said = Vec::new();
    for n in 0..9 {
        said.push(world.says(tea.alice, tea.chat, &n.to_string()).await);
    }
    let elsewhere = world.says(tea.bob, other, "elsewhere").await;
    world.does(tea.alice, Action::Delete { chat: tea.chat, id: said[5], if_seq: None }).await;
    let page = async |before| {
        let page = world.store.history(tea.bob, tea.chat, before, 3).await?;
        Ok(page.into_iter().map(|message| message.content.content).collect::<Vec<_>>())
    };
    assert_eq!(page(None).await, Ok(vec!["8".to_owned(), "7".into(), "6".into()]));
    for before in [said[5], said[6]] {
        // The fifth is gone: before it is what is before the sixth.
        assert_eq!(page(Some(before)).await, Ok(["4", "3", "2"].map(str::to_owned).to_vec()));
    }
    assert_eq!(page(Some(said[0])).await, Ok(vec![]));
    assert_eq!(page(Some(elsewhere)).await, Err(ChatError::Refused(Refusal::MessageNotFound)));
    let nowhere = uuid::Uuid::from_u128(5).into();
    assert_eq!(page(Some(nowhere)).await, Err(ChatError::Refused(Refusal::MessageNotFound)));
}

pub(crate) async fn what_was_missed_is_told_from_anywhere(world: World) {
    let tea = world.tea().await;
    let carol = world.user(tea.app, "carol").await;
    let other = world.chat(tea.app, tea.bob, &["bob", "carol"]).await;
    let (mut said, mut positions) = (Vec::new(), vec![0]);
    for n in 0..12 {
        let chat = if n % 3 == 0 { other } else { tea.chat };
        said.push((chat, world.says(tea.bob, chat, &n.to_string()).await));
        positions.push(world.store.head());
    }
    for (chat, id) in &said[..4] {
        world.does(tea.bob, edit(*chat, *id, "edited", None)).await;
        world.does(tea.bob, react(*chat, *id, "👍")).await;
        world.does(tea.bob, Action::Read { chat: *chat, id: *id }).await;
        positions.push(world.store.head());
    }
    world
        .does(
            tea.bob,
            Action::Reply { chat: tea.chat, original: said[1].1, message: crate::world::text("re") },
        )
        .await;
    world.store.remove_member(carol, other, carol).await.unwrap();
    for user in [tea.alice, tea.bob, carol] {
        for since in &positions {
            let whole = world.told(user, *since, 1000).await;
            for size in [1, 2, 7] {
                assert_eq!(world.told(user, *since, size).await, whole, "since {since} in parts of {size}");
            }
        }
    }
    let carols = world.told(carol, positions[5], 100).await;
    assert_eq!(carols.len(), 1, "who has left is told of that only: {carols:?}");
    let bobs = world.told(tea.bob, positions[12], 100).await;
    let unread: Vec<_> = bobs
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::MessageRead { unread_count, .. } => Some(*unread_count),
            _ => None,
        })
        .collect();
    assert_eq!(unread, [Some(0), Some(0)], "of each chat the newest, with what is unread now");
    assert!(bobs.iter().any(|event| matches!(&event.kind,
        EventKind::Replied { reply_to: Some(original), .. } if original.content == "edited")));
}

/// Who is out of a chat is told nothing of it before they are told that they are in again.
pub(crate) async fn who_came_and_went_twice_starts_at_their_last_joining(world: World) {
    let tea = world.tea().await;
    let carol = world.user(tea.app, "carol").await;
    let (mut positions, mut is_in) = (vec![], vec![]);
    for _ in 0..3 {
        positions.push(world.store.head());
        is_in.push(false);
        world.says(tea.bob, tea.chat, "without carol").await;
        world.store.add_member(tea.app, tea.alice, tea.chat, username("carol")).await.unwrap();
        positions.push(world.store.head());
        is_in.push(true);
        world.says(tea.bob, tea.chat, "with carol").await;
        world.store.remove_member(carol, tea.chat, carol).await.unwrap();
    }
    world.store.add_member(tea.app, tea.alice, tea.chat, username("carol")).await.unwrap();
    let said = world.says(tea.bob, tea.chat, "with carol again").await;
    for (since, was_in) in positions.into_iter().zip(is_in) {
        let told = world.told(carol, since, 100).await;
        let first = told.first().map(|event| &event.kind);
        let joins = matches!(first, Some(EventKind::UserJoined { user_id, .. }) if *user_id == carol);
        assert_eq!(joins, !was_in, "since {since}: {told:?}");
        let last = told.last().map(|event| &event.kind);
        assert!(
            matches!(last, Some(EventKind::MessageSent { message_id, .. }) if *message_id == said),
            "{told:?}"
        );
    }
}

pub(crate) async fn an_erased_user_leaves_nothing_but_that(world: World) {
    let tea = world.tea().await;
    let ours = world.says(tea.bob, tea.chat, "stays").await;
    for n in 0..3 {
        world.says(tea.alice, tea.chat, &n.to_string()).await;
    }
    world.does(tea.alice, react(tea.chat, ours, "👍")).await;
    let head = world.store.head();
    assert!(world.store.delete_user(tea.alice).await.unwrap());
    assert!(!world.store.delete_user(tea.alice).await.unwrap());
    assert!(world.queued(tea.alice, send(tea.chat, "too late"), None).await.await.is_err());
    let again = world.user(tea.app, "alice").await;
    assert_ne!(again, tea.alice);
    assert_eq!(world.store.erasures().await.unwrap(), [Erasure::User(tea.alice)]);
    for _ in 0..2 {
        world.store.erase(Erasure::User(tea.alice)).await.unwrap();
    }
    assert_eq!(world.store.erasures().await.unwrap(), []);
    let page = world.store.history(tea.bob, tea.chat, None, 50).await.unwrap();
    assert_eq!(page.iter().map(|message| message.content.message_id).collect::<Vec<_>>(), [ours]);
    assert!(page[0].reactions.is_empty());
    let members = world.store.members(tea.bob, tea.chat).await.unwrap();
    assert_eq!(members.iter().map(|member| member.user_id).collect::<Vec<_>>(), [tea.bob]);
    let told = world.told(tea.bob, head, 50).await;
    assert_eq!(told.len(), 5, "three deletions, a reaction taken back, and that they left: {told:?}");
    assert!(matches!(&told[4].kind, EventKind::UserLeft { message, .. } if !message.contains("alice")));
}

pub(crate) async fn a_deleted_chat_is_told_of_and_erased(world: World) {
    let tea = world.tea().await;
    for n in 0..700 {
        drop(world.queued(tea.alice, send(tea.chat, &n.to_string()), None).await);
    }
    let head = world.store.head();
    world.store.delete_chat(tea.alice, tea.chat).await.unwrap();
    for _ in 0..2 {
        let told = world.told(tea.bob, head, 50).await;
        assert!(matches!(told[..], [ref event] if event.kind == EventKind::ChatDeleted), "{told:?}");
        world.store.erase(Erasure::Chat(tea.chat)).await.unwrap();
    }
    assert_eq!(world.store.erasures().await.unwrap(), []);
    assert!(texts(&world.told(tea.bob, 0, 50).await).is_empty());
}

pub(crate) async fn a_deleted_chat_is_forgotten_and_older_cursors_with_it(world: World) {
    const DAY_MS: i64 = 86_400_000;
    let tea = world.tea().await;
    let other = world.chat(tea.app, tea.bob, &["alice", "bob"]).await;
    world.says(tea.bob, tea.chat, "the end").await;
    let before = world.store.head();
    world.store.delete_chat(tea.alice, tea.chat).await.unwrap();
    world.store.erase(Erasure::Chat(tea.chat)).await.unwrap();
    let end = world.store.head();
    let forgets = async || while world.store.forget_chats(world.clock.now()).await.unwrap() {};

    world.clock.advance_ms(29 * DAY_MS);
    forgets().await;
    assert_eq!(world.store.horizon(), 0);
    assert_eq!(world.told(tea.bob, before, 50).await.len(), 1, "it is told of");
    world.says(tea.bob, other, "life goes on").await;
    let head = world.store.head();

    world.clock.advance_ms(2 * DAY_MS);
    forgets().await;
    assert_eq!(world.store.horizon(), end, "older cursors are not honoured");
    assert_eq!(world.told(tea.bob, before, 50).await.len(), 2, "but it is there still");

    world.clock.advance_ms(DAY_MS);
    forgets().await;
    assert_eq!(texts(&world.told(tea.bob, before, 50).await), ["life goes on"]);
    assert_eq!(world.told(tea.bob, before, 50).await.len(), 1, "nothing is left of it");
    assert_eq!((world.store.horizon(), world.store.head()), (end, head));
}

pub(crate) async fn endings_are_read_once_in_order(world: World) {
    let tea = world.tea().await;
    let last = world.store.last_ending().await.unwrap();
    let hash = |n: u8| NewRefresh { hash: [n; 32], life_days: 1 };
    let mut sessions = Vec::new();
    for n in 0..3 {
        sessions.push(world.store.open_session(tea.alice, hash(n)).await.unwrap().unwrap());
    }
    assert!(world.store.end_session(tea.alice, hash(0).hash).await.unwrap());
    assert!(!world.store.end_session(tea.alice, hash(0).hash).await.unwrap());
    world.store.end_sessions(tea.alice).await.unwrap();
    world.store.delete_user(tea.bob).await.unwrap();
    let endings = world.store.endings_after(last).await.unwrap();
    assert!(endings.is_sorted_by_key(|ending| ending.id));
    assert_eq!(endings[0].ended, Ended::Session(sessions[0]));
    assert_eq!((endings.len(), endings[3].ended), (4, Ended::User(tea.bob)));
    assert_eq!(world.store.last_ending().await.unwrap(), endings[3].id);
    let session = world.store.open_session(tea.alice, hash(7)).await.unwrap().unwrap();
    world.clock.advance_ms(2 * 86_400_000);
    world.store.forget_expired().await.unwrap();
    let expired = world.store.endings_after(endings[3].id).await.unwrap();
    assert_eq!(expired.iter().map(|ending| ending.ended).collect::<Vec<_>>(), [Ended::Session(session)]);
    assert_eq!(world.store.open_session(tea.bob, hash(9)).await.unwrap(), None);
}

pub(crate) async fn old_nonces_are_forgotten(world: World) {
    let tea = world.tea().await;
    let again = || world.queued(tea.alice, send(tea.chat, "hello"), Some("n"));
    assert!(!again().await.await.unwrap()[0].event.replayed);
    world.clock.advance_ms(86_400_000);
    while world.store.forget_nonces().await.unwrap() {}
    assert!(again().await.await.unwrap()[0].event.replayed, "kept for a day at least");
    world.clock.advance_ms(2 * 86_400_000);
    while world.store.forget_nonces().await.unwrap() {}
    assert!(!again().await.await.unwrap()[0].event.replayed);
}
