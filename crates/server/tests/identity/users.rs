use chinwag_server::store::{Ended, Erasure, Refreshed, RegisterError, RenameError};

use crate::world::{World, new_refresh, new_user, username};

const DAY_MS: i64 = 86_400_000;

#[tokio::test]
async fn names_and_addresses_are_unique_in_an_app() {
    let world = World::new().await;
    let (app, other_app) = (world.app().await, world.app().await);
    let alice = world.user(app, "alice").await;
    let register = |new| world.store.register_user(new);
    let taken = register(new_user(app, "alice", "else@example.com")).await;
    assert_eq!(taken, Err(RegisterError::UsernameTaken));
    let taken = register(new_user(app, "eve", "ALICE@example.com")).await;
    assert_eq!(taken, Err(RegisterError::EmailTaken));
    assert!(register(new_user(app, "Alice", "other@example.com")).await.is_ok());
    assert!(register(new_user(other_app, "alice", "alice@example.com")).await.is_ok());
    assert_eq!(world.store.user(alice.id).await, Ok(Some(alice.clone())));
    assert_eq!(world.store.user_named(app, username("alice")).await, Ok(Some(alice)));
    assert_eq!(world.store.users(app, None).await.unwrap().len(), 2);
    assert_eq!(world.store.users(app, Some(username("Alice"))).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_changed_name_frees_the_old_one() {
    let world = World::new().await;
    let app = world.app().await;
    let (alice, _bob) = (world.user(app, "alice").await, world.user(app, "bob").await);
    let rename = |name| world.store.change_username(alice.id, username(name));
    assert_eq!(rename("bob").await, Err(RenameError::UsernameTaken));
    assert_eq!(rename("alice").await, Ok(alice.clone()));
    assert_eq!(rename("alicia").await.unwrap().username, "alicia");
    assert!(world.store.register_user(new_user(app, "alice", "second@example.com")).await.is_ok());
}

#[tokio::test]
async fn a_deleted_user_is_nobody_from_then_on() {
    let world = World::new().await;
    let app = world.app().await;
    let alice = world.user(app, "alice").await;
    let (session, refresh) = world.session(alice.id).await;
    let before = world.store.last_ending().await.unwrap();
    assert!(world.store.delete_user(alice.id).await.unwrap());
    assert!(!world.store.delete_user(alice.id).await.unwrap());
    assert_eq!(world.store.user(alice.id).await, Ok(None));
    assert_eq!(world.store.user_credentials(app, username("alice")).await, Ok(None));
    assert_eq!(world.store.session(session, world.now()).await, Ok(None));
    assert_eq!(world.store.use_refresh_token(refresh.hash, session, None).await, Ok(Refreshed::Nothing));
    assert_eq!(world.store.open_session(alice.id, new_refresh()).await, Ok(None));
    assert_eq!(world.store.change_username(alice.id, username("eve")).await, Err(RenameError::UserNotFound));
    let endings = world.store.endings_after(before).await.unwrap();
    assert_eq!(endings.iter().map(|ending| ending.ended).collect::<Vec<_>>(), [Ended::User(alice.id)]);
    assert_eq!(world.store.erasures().await, Ok(vec![Erasure::User(alice.id)]));
    let again = world.user(app, "alice").await;
    assert_ne!(again.id, alice.id);
    world.store.erase(Erasure::User(alice.id)).await.unwrap();
    assert_eq!(world.store.erasures().await, Ok(vec![]));
}

#[tokio::test]
async fn a_session_ends_by_its_own_users_refresh_token() {
    let world = World::new().await;
    let app = world.app().await;
    let (alice, bob) = (world.user(app, "alice").await, world.user(app, "bob").await);
    let (session, refresh) = world.session(alice.id).await;
    let (kept, _) = world.session(alice.id).await;
    assert_eq!(world.store.end_session(bob.id, refresh.hash).await, Ok(false));
    assert_eq!(world.store.end_session(alice.id, refresh.hash).await, Ok(true));
    assert_eq!(world.store.end_session(alice.id, refresh.hash).await, Ok(false));
    assert_eq!(world.store.session(session, world.now()).await, Ok(None));
    let live = world.store.session_is_live(kept, world.now()).await.unwrap().unwrap();
    assert_eq!((live.user, live.app, live.username.as_str()), (alice.id, app, "alice"));
    let endings = world.store.endings_after(0).await.unwrap();
    assert_eq!(endings.iter().map(|ending| ending.ended).collect::<Vec<_>>(), [Ended::Session(session)]);
}

#[tokio::test]
async fn all_sessions_end_but_not_the_next_one() {
    let world = World::new().await;
    let app = world.app().await;
    let (alice, bob) = (world.user(app, "alice").await, world.user(app, "bob").await);
    let (phone, _) = world.session(alice.id).await;
    let (desk, _) = world.session(alice.id).await;
    let (others, _) = world.session(bob.id).await;
    world.store.end_sessions(alice.id).await.unwrap();
    let (next, _) = world.session(alice.id).await;
    for (session, live) in [(phone, false), (desk, false), (others, true), (next, true)] {
        assert_eq!(world.store.session(session, world.now()).await.unwrap().is_some(), live);
    }
    let endings = world.store.endings_after(0).await.unwrap();
    let mut ended: Vec<_> = endings.iter().map(|ending| ending.ended).collect();
    ended.sort_by_key(|ended| format!("{ended:?}"));
    assert_eq!(ended, [Ended::Session(phone), Ended::Session(desk)]);
    assert_eq!(world.store.last_ending().await.unwrap(), endings[1].id);
}

#[tokio::test]
async fn a_refresh_token_serves_until_its_time_is_over() {
    let world = World::new().await;
    let app = world.app().await;
    let alice = world.user(app, "alice").await;
    let (session, refresh) = world.session(alice.id).await;
    world.clock.advance_ms(30 * DAY_MS - 1);
    for _ in 0..2 {
        let used = world.store.use_refresh_token(refresh.hash, session, None).await.unwrap();
        assert!(matches!(used, Refreshed::Live(used) if (used.id, used.user) == (session, alice.id)));
    }
    world.clock.advance_ms(1);
    assert_eq!(world.store.use_refresh_token(refresh.hash, session, None).await, Ok(Refreshed::Nothing));
    assert_eq!(world.store.session(session, world.now()).await, Ok(None));
}

#[tokio::test]
async fn old_endings_and_expired_sessions_are_forgotten() {
    let world = World::new().await;
    let app = world.app().await;
    let alice = world.user(app, "alice").await;
    world.session(alice.id).await;
    world.store.end_sessions(alice.id).await.unwrap();
    let last = world.store.last_ending().await.unwrap();
    world.clock.advance_ms(DAY_MS + 1);
    let (fresh, _) = world.session(alice.id).await;
    world.store.forget_expired().await.unwrap();
    assert_eq!(world.store.endings_after(0).await, Ok(vec![]));
    assert_eq!(world.store.last_ending().await, Ok(last));
    assert!(world.store.session(fresh, world.now()).await.unwrap().is_some());
}
