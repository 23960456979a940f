//! What is kept of people, and of who did what with it.

use std::num::NonZeroU32;

use chinwag_protocol::SessionId;
use chinwag_server::clock::Clock;
use chinwag_server::sessions::secret;
use chinwag_server::store::{
    Act, Actor, AppChanges, AuditSearch, Deed, Ended, Erasure, NewRefresh, Reach, Refreshed,
};

use crate::world::{World, react, texts};

const DAY_MS: i64 = 86_400_000;

pub(crate) async fn a_replaced_token_that_comes_back_ends_its_session(world: World) {
    let tea = world.tea().await;
    let [first, lost, second, third] = ["first", "lost", "second", "third"].map(secret::hash);
    let opened =
        world.store.open_session(tea.alice, NewRefresh { hash: first, life_days: 30 }).await.unwrap();
    let session = opened.unwrap();
    let uses = async |token, successor| {
        let used = world.store.use_refresh_token(token, session, successor).await.unwrap();
        matches!(used, Refreshed::Live(used) if used.id == session)
    };
    assert!(uses(first, None).await && uses(first, Some(lost)).await, "it is replaced");
    assert!(uses(first, Some(second)).await, "the answer was lost: once more");
    let elsewhere = SessionId(uuid::Uuid::nil());
    let other = world.store.use_refresh_token(second, elsewhere, Some(third)).await.unwrap();
    assert!(matches!(other, Refreshed::Live(_)), "nothing is changed for a session that it is not of");
    assert!(uses(second, Some(third)).await && uses(third, None).await);
    let before = world.store.last_ending().await.unwrap();

    let reused = world.store.use_refresh_token(first, session, None).await.unwrap();

    assert!(matches!(reused, Refreshed::Reused(ended) if ended.id == session && ended.user == tea.alice));
    for token in [first, lost, second, third] {
        let used = world.store.use_refresh_token(token, session, None).await;
        assert_eq!(used, Ok(Refreshed::Nothing), "nothing of that session is left");
    }
    let endings = world.store.endings_after(before).await.unwrap();
    assert_eq!(endings.iter().map(|ending| ending.ended).collect::<Vec<_>>(), [Ended::Session(session)]);
}

pub(crate) async fn deeds_are_kept_newest_first_and_forgotten_when_old(world: World) {
    let tea = world.tea().await;
    let deed = Deed::new(Actor::Operator, Act::UserDeleted).in_app(tea.app).to(tea.alice);
    world.store.note_deed(deed.from([192, 0, 2, 1].into()).saying("why not")).await.unwrap();
    world.clock.advance_ms(DAY_MS);
    world.store.note_deed(Deed::new(Actor::Server, Act::ServerStarted)).await.unwrap();
    let all = AuditSearch { size: 10, ..AuditSearch::default() };
    let entries = world.store.audit(all).await.unwrap();
    let acts: Vec<&str> = entries.iter().map(|entry| entry.act.as_str()).collect();
    assert_eq!(acts, ["SERVER_STARTED", "USER_DELETED"]);
    let told = &entries[1];
    assert_eq!((told.app, told.subject.clone()), (Some(tea.app), Some(tea.alice.to_string())));
    assert_eq!((told.address.as_deref(), told.detail.as_deref()), (Some("192.0.2.1"), Some("why not")));
    let before = AuditSearch { before: Some(entries[0].id), ..all };
    assert_eq!(world.store.audit(before).await.unwrap(), entries[1..]);
    let of_app = AuditSearch { app: Some(tea.app), ..all };
    assert_eq!(world.store.audit(of_app).await.unwrap(), entries[1..]);
    while world.store.forget_audit(world.clock.now()).await.unwrap() {}
    assert_eq!(world.store.audit(all).await.unwrap(), entries[..1]);
}

pub(crate) async fn what_is_kept_of_a_user_and_what_was_removed(world: World) {
    let tea = world.tea().await;
    let theirs = world.says(tea.bob, tea.chat, "bob's").await;
    for text in ["one", "two \0", "three"] {
        world.says(tea.alice, tea.chat, text).await;
    }
    world.does(tea.alice, react(tea.chat, theirs, "👍")).await;
    let personal = world.store.personal(tea.alice).await.unwrap().unwrap();
    assert_eq!((personal.username.as_str(), personal.first_name.as_deref()), ("alice", Some("U+0000: \0")));
    assert!(personal.chats.len() == 1 && personal.chats[0].chat == tea.chat && personal.chats[0].is_member);
    let first = world.store.written(tea.alice, tea.chat, 0, 2).await.unwrap();
    let rest = world.store.written(tea.alice, tea.chat, first[1].position, 2).await.unwrap();
    let texts: Vec<&str> = first.iter().chain(&rest).map(|written| written.text.as_str()).collect();
    assert_eq!(texts, ["one", "two \0", "three"]);
    let reacted = world.store.reacted(tea.alice, tea.chat, 0, 10).await.unwrap();
    assert!(reacted.len() == 1 && reacted[0].message == theirs && reacted[0].emoji == "👍");

    assert_eq!(world.store.receipt(tea.alice).await.unwrap(), None);
    world.store.delete_user(tea.alice).await.unwrap();
    let under_way = world.store.receipt(tea.alice).await.unwrap().unwrap();
    assert_eq!(under_way.finished_at, None);
    world.store.erase(Erasure::User(tea.alice)).await.unwrap();
    assert!(world.store.scrub().await.unwrap());

    let receipt = world.store.receipt(tea.alice).await.unwrap().unwrap();
    assert_eq!((receipt.app, receipt.finished_at), (tea.app, Some(world.clock.now())));
    let count =
        |what: &str| receipt.removed.iter().find(|(name, _)| name == what).map_or(0, |(_, count)| *count);
    assert_eq!((count("messages"), count("reactions")), (3, 1), "{receipt:?}");
    assert_eq!((count("memberships"), count("profiles")), (1, 1), "{receipt:?}");
    assert_eq!(world.store.receipts(tea.app, 10).await.unwrap(), [receipt]);
    assert_eq!(world.store.personal(tea.alice).await.unwrap(), None);
}

pub(crate) async fn messages_are_removed_when_their_app_keeps_them_no_longer(world: World) {
    let tea = world.tea().await;
    let other = world.app().await;
    for n in 0..3 {
        world.says(tea.alice, tea.chat, &n.to_string()).await;
    }
    world.clock.advance_ms(DAY_MS);
    let head = world.store.head();
    world.says(tea.bob, tea.chat, "young").await;
    let changes = AppChanges { retention_days: Some(NonZeroU32::new(1)), ..AppChanges::default() };
    let app = world.store.change_app(Reach::All, tea.app, changes).await.unwrap().unwrap();
    assert_eq!(app.retention_days, NonZeroU32::new(1));
    let renamed = AppChanges { name: Some("Other".to_owned()), ..AppChanges::default() };
    let app = world.store.change_app(Reach::All, tea.app, renamed).await.unwrap().unwrap();
    assert_eq!(app.retention_days, NonZeroU32::new(1), "it stays");

    assert_eq!(world.store.expire_messages(other, world.clock.now()).await.unwrap(), 0);
    assert_eq!(world.store.expire_messages(tea.app, world.clock.now()).await.unwrap(), 3);
    assert_eq!(world.store.expire_messages(tea.app, world.clock.now()).await.unwrap(), 0);

    let told = world.told(tea.bob, head, 50).await;
    assert_eq!((told.len(), texts(&told)), (4, vec!["young".to_owned()]), "three deletions: {told:?}");
    let page = world.store.history(tea.bob, tea.chat, None, 50).await.unwrap();
    assert_eq!(page.len(), 1);
    let forever = AppChanges { retention_days: Some(None), ..AppChanges::default() };
    let app = world.store.change_app(Reach::All, tea.app, forever).await.unwrap().unwrap();
    assert_eq!(app.retention_days, None);
}
