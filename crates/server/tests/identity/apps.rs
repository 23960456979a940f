use chinwag_protocol::AccountId;
use chinwag_server::sessions::app::{AppStatus, Tier};
use chinwag_server::store::{
    ACTIVE_KEYS_MAX, AppChanges, CreateAppError, DEMO_APPS_MAX, Ended, KeyError, NewAccount, Reach, Refreshed,
};

use crate::world::{World, email, new_key, new_refresh};

async fn account(world: &World, address: &str) -> AccountId {
    let new = NewAccount {
        company_name: "Acme".to_owned(),
        email: email(address),
        password_hash: "hash".to_owned(),
    };
    world.store.register_account(new, new_refresh()).await.unwrap().account.id
}

fn suspended() -> AppChanges {
    AppChanges { status: Some(AppStatus::Suspended), ..AppChanges::default() }
}

#[tokio::test]
async fn an_app_is_seen_by_its_account_and_administrators_only() {
    let world = World::new().await;
    let owner = Reach::Account(account(&world, "a@example.com").await);
    let other = Reach::Account(account(&world, "b@example.com").await);
    let app = world.store.create_app(owner, "Shop".to_owned(), Tier::Demo).await.unwrap();
    for (reach, sees) in [(owner, true), (other, false), (Reach::All, true)] {
        assert_eq!(world.store.app(reach, app.id).await.unwrap().is_some(), sees);
        assert_eq!(world.store.apps(reach).await.unwrap().len(), usize::from(sees));
    }
    assert_eq!(world.store.change_app(other, app.id, suspended()).await, Ok(None));
    assert_eq!(world.store.delete_app(other, app.id).await, Ok(false));
    assert_eq!(world.store.create_key(other, app.id, new_key().1).await, Err(KeyError::AppNotFound));
    assert_eq!(world.store.keys(other, app.id).await, Err(KeyError::AppNotFound));
    assert_eq!(world.store.app(owner, app.id).await, Ok(Some(app)));
}

#[tokio::test]
async fn an_account_has_few_demo_apps() {
    let world = World::new().await;
    let owner = Reach::Account(account(&world, "a@example.com").await);
    let create = |tier| world.store.create_app(owner, "Shop".to_owned(), tier);
    let first = create(Tier::Demo).await.unwrap();
    for _ in 1..DEMO_APPS_MAX {
        create(Tier::Demo).await.unwrap();
    }
    assert_eq!(create(Tier::Demo).await, Err(CreateAppError::LimitReached));
    assert!(create(Tier::Dedicated).await.is_ok());
    assert!(world.store.delete_app(owner, first.id).await.unwrap());
    assert!(create(Tier::Demo).await.is_ok());
}

#[tokio::test]
async fn suspending_an_app_is_noted_for_open_connections_and_keeps_its_sessions() {
    let world = World::new().await;
    let app = world.app().await;
    let alice = world.user(app, "alice").await;
    let (session, _) = world.session(alice.id).await;
    let before = world.store.last_ending().await.unwrap();
    world.clock.advance_ms(1);
    let changed = world.store.change_app(Reach::All, app, suspended()).await.unwrap().unwrap();
    assert_eq!((changed.status, changed.updated_at), (AppStatus::Suspended, world.now()));
    world.store.change_app(Reach::All, app, suspended()).await.unwrap();
    let ended: Vec<_> = world.store.endings_after(before).await.unwrap();
    assert_eq!(ended.iter().map(|ending| ending.ended).collect::<Vec<_>>(), [Ended::App(app)]);
    assert_eq!(world.store.session_is_live(session, world.now()).await, Ok(None));
    let renamed_and_active = AppChanges {
        name: Some("Shop".to_owned()),
        status: Some(AppStatus::Active),
        ..AppChanges::default()
    };
    let changed = world.store.change_app(Reach::All, app, renamed_and_active).await.unwrap().unwrap();
    assert_eq!((changed.name.as_str(), changed.status), ("Shop", AppStatus::Active));
    assert!(world.store.session_is_live(session, world.now()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_deleted_app_takes_its_keys_and_sessions_along() {
    let world = World::new().await;
    let app = world.app().await;
    let key = world.key(app).await;
    let alice = world.user(app, "alice").await;
    let (session, refresh) = world.session(alice.id).await;
    assert!(world.store.delete_app(Reach::All, app).await.unwrap());
    assert!(!world.store.delete_app(Reach::All, app).await.unwrap());
    assert_eq!(world.store.app(Reach::All, app).await, Ok(None));
    assert_eq!(world.store.key_holder(key.hash()).await, Ok(None));
    assert_eq!(world.store.session(session, world.now()).await, Ok(None));
    assert_eq!(world.store.use_refresh_token(refresh.hash, session, None).await, Ok(Refreshed::Nothing));
    let endings = world.store.endings_after(0).await.unwrap();
    assert_eq!(endings.last().map(|ending| ending.ended), Some(Ended::App(app)));
}

#[tokio::test]
async fn a_key_works_until_it_is_revoked_or_rotated() {
    let world = World::new().await;
    let app = world.app().await;
    let (first, new) = new_key();
    let made = world.store.create_key(Reach::All, app, new).await.unwrap();
    assert_eq!(made.prefix, first.prefix());
    let holder = world.store.key_holder(first.hash()).await.unwrap().unwrap();
    assert_eq!((holder.key, holder.app, holder.tier), (made.id, app, Tier::Demo));
    let (second, new) = new_key();
    let rotated = world.store.rotate_key(Reach::All, app, made.id, new).await.unwrap();
    assert_eq!(world.store.key_holder(first.hash()).await, Ok(None));
    assert!(world.store.key_holder(second.hash()).await.unwrap().is_some());
    assert_eq!(world.store.keys(Reach::All, app).await, Ok(vec![rotated.clone()]));
    assert_eq!(
        world.store.rotate_key(Reach::All, app, made.id, new_key().1).await,
        Err(KeyError::KeyNotFound)
    );
    world.store.revoke_key(Reach::All, app, rotated.id).await.unwrap();
    assert_eq!(world.store.key_holder(second.hash()).await, Ok(None));
    assert_eq!(world.store.revoke_key(Reach::All, app, rotated.id).await, Err(KeyError::KeyNotFound));
}

#[tokio::test]
async fn an_app_has_few_keys_and_a_suspended_one_gets_none() {
    let world = World::new().await;
    let app = world.app().await;
    let create = || world.store.create_key(Reach::All, app, new_key().1);
    for _ in 1..ACTIVE_KEYS_MAX {
        create().await.unwrap();
    }
    let last = create().await.unwrap();
    assert_eq!(create().await, Err(KeyError::LimitReached));
    let rotated = world.store.rotate_key(Reach::All, app, last.id, new_key().1).await.unwrap();
    world.store.change_app(Reach::All, app, suspended()).await.unwrap();
    let refused = world.store.rotate_key(Reach::All, app, rotated.id, new_key().1).await;
    assert_eq!(refused, Err(KeyError::AppSuspended));
    world.store.revoke_key(Reach::All, app, rotated.id).await.unwrap();
    assert_eq!(create().await, Err(KeyError::AppSuspended));
}

#[tokio::test]
async fn the_cluster_keeps_its_name() {
    let world = World::new().await;
    let id = world.store.cluster_id().await.unwrap();
    assert_eq!(world.store.cluster_id().await, Ok(id));
}
