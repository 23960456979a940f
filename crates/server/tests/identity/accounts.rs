use chinwag_server::store::{NewAccount, RegisterAccountError};

use crate::world::{World, email, new_refresh};

const DAY_MS: i64 = 86_400_000;

fn acme() -> NewAccount {
    NewAccount {
        company_name: "Acme".to_owned(),
        email: email("boss@acme.example"),
        password_hash: "hash".to_owned(),
    }
}

#[tokio::test]
async fn an_account_is_known_by_its_address_in_any_case() {
    let world = World::new().await;
    let registered = world.store.register_account(acme(), new_refresh()).await.unwrap();
    let known = world.store.account_credentials(email("Boss@ACME.example")).await.unwrap();
    assert_eq!(known, Some((registered.account.id, "hash".to_owned())));
    let again = NewAccount { email: email("BOSS@acme.example"), ..acme() };
    let refused = world.store.register_account(again, new_refresh()).await;
    assert_eq!(refused, Err(RegisterAccountError::EmailTaken));
}

#[tokio::test]
async fn a_refresh_token_works_once_and_keeps_the_session() {
    let world = World::new().await;
    let (first, second, third) = (new_refresh(), new_refresh(), new_refresh());
    let registered = world.store.register_account(acme(), first).await.unwrap();
    let rotated = world.store.rotate_account_session(first.hash, second).await.unwrap().unwrap();
    assert_eq!(rotated, registered);
    assert_eq!(world.store.rotate_account_session(first.hash, third).await, Ok(None));
    assert!(world.store.rotate_account_session(second.hash, third).await.unwrap().is_some());
}

#[tokio::test]
async fn a_session_ends_by_sign_out_or_time() {
    let world = World::new().await;
    let refresh = new_refresh();
    let first = world.store.register_account(acme(), refresh).await.unwrap();
    let other = world.store.open_account_session(first.account.id, new_refresh()).await.unwrap();
    let kept = new_refresh();
    let last = world.store.open_account_session(first.account.id, kept).await.unwrap();
    assert!(world.store.end_account_session_of(refresh.hash).await.unwrap());
    assert!(!world.store.end_account_session_of(refresh.hash).await.unwrap());
    world.store.end_account_session(other.session).await.unwrap();
    for (session, live) in [(first.session, false), (other.session, false), (last.session, true)] {
        assert_eq!(world.store.account_session(session, world.now()).await.unwrap().is_some(), live);
    }
    world.clock.advance_ms(30 * DAY_MS);
    assert_eq!(world.store.account_session(last.session, world.now()).await, Ok(None));
    assert_eq!(world.store.rotate_account_session(kept.hash, new_refresh()).await, Ok(None));
}

#[tokio::test]
async fn an_account_may_change_its_name() {
    let world = World::new().await;
    let session = world.store.register_account(acme(), new_refresh()).await.unwrap();
    world.store.rename_account(session.account.id, "Acme & Sons".to_owned()).await.unwrap();
    let now = world.store.account_session(session.session, world.now()).await.unwrap().unwrap();
    assert_eq!(now.account.company_name, "Acme & Sons");
}
