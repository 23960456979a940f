//! The store opened a second time, as an administrator's command does beside a server.

use chinwag_protocol::ChatName;
use chinwag_server::sessions::app::AppStatus;
use chinwag_server::store::{AppChanges, ChatError, Ended, Occupancy, OpenError, Reach, Store, StoreError};

use crate::world::{World, username};

#[tokio::test]
async fn what_is_written_beside_is_seen_at_once() {
    let world = World::new().await;
    let app = world.app().await;
    let (beside, occupancy) = Store::open_beside(world.directory.path(), world.clock.clone()).unwrap();
    assert_eq!(occupancy, Occupancy::Shared);
    assert_eq!(beside.epoch(), world.store.epoch());

    let suspended = AppChanges { status: Some(AppStatus::Suspended), ..AppChanges::default() };
    beside.change_app(Reach::All, app, suspended).await.unwrap();

    assert_eq!(world.store.app(Reach::All, app).await.unwrap().unwrap().status, AppStatus::Suspended);
    assert_eq!(world.store.endings_after(0).await.unwrap()[0].ended, Ended::App(app));
}

#[tokio::test]
async fn no_event_is_written_beside() {
    let world = World::new().await;
    let app = world.app().await;
    let alice = world.user(app, "alice").await;
    let (beside, _) = Store::open_beside(world.directory.path(), world.clock.clone()).unwrap();
    let new_chat = async |store: &Store| {
        let name = ChatName::parse("Tea".to_owned()).unwrap();
        store.create_chat(app, alice.id, name, vec![username("alice")]).await
    };

    let refused = new_chat(&beside).await;

    assert!(matches!(refused, Err(ChatError::Store(StoreError::Unavailable(_)))), "{refused:?}");
    assert_eq!(world.store.missed(alice.id, 0, 10).await.unwrap().events, []);
    new_chat(&world.store).await.unwrap();
    assert_eq!(world.store.head(), 1);
    assert!(beside.delete_user(alice.id).await.unwrap(), "what is no event is written still");
}

#[tokio::test]
async fn a_second_server_is_refused() {
    let world = World::new().await;
    let (hub, _) = chinwag_server::hub::Hub::new(world.clock.clone());
    let ids = std::sync::Arc::new(chinwag_server::clock::Ids::new(world.clock.clone()));
    let second = Store::open(world.directory.path(), world.clock.clone(), ids, hub.announcements());
    assert!(matches!(second.err(), Some(OpenError::InUse(_))));
}
