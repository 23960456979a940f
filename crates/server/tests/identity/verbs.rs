use std::net::IpAddr;

use chinwag_server::config::Settings;
use chinwag_server::sessions::password::Password;
use chinwag_server::sessions::sign_in::{Registration, SignedIn};
use chinwag_server::sessions::tickets::Connected;
use chinwag_server::sessions::{SessionError, Sessions};
use chinwag_server::store::KeyHolder;

use crate::world::{World, email, username};

const NOBODY: Connected<'_> = Connected { users: 0, includes: &|_| false };
const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn password() -> Password {
    Password::chosen("correct horse".to_owned()).unwrap()
}

fn registration(name: &str) -> Registration {
    Registration {
        username: username(name),
        email: email(&format!("{name}@example.com")),
        password: password(),
        first_name: None,
        sur_name: None,
    }
}

async fn sign_in(sessions: &Sessions, key: &KeyHolder, name: &str) -> SignedIn {
    sessions.sign_in(key, name.to_owned(), "correct horse".to_owned(), HOME).await.unwrap()
}

async fn app(world: &World, settings: &Settings) -> (Sessions, KeyHolder) {
    let sessions = world.sessions(settings);
    let key = world.key(world.app().await).await;
    let holder = sessions.authorize_key(key.reveal()).await.unwrap();
    (sessions, holder)
}

#[tokio::test]
async fn alice_signs_in_with_her_name_and_password_only() {
    let world = World::new().await;
    let (sessions, key) = app(&world, &Settings::default()).await;
    sessions.register(&key, registration("alice")).await.unwrap();
    for (name, password) in [
        ("alice", "battery staple"),
        ("nobody", "correct horse"),
        ("", "correct horse"),
        ("alice", &"x".repeat(10_000)),
    ] {
        let refused = sessions.sign_in(&key, name.to_owned(), password.to_owned(), HOME).await.unwrap_err();
        assert_eq!(refused, SessionError::BadSignIn);
    }
    let signed_in = sign_in(&sessions, &key, " alice ").await;
    let session = sessions.authenticate(&signed_in.jwt).await.unwrap();
    assert_eq!((session.user, session.username.as_str()), (signed_in.user.id, "alice"));
    assert_eq!(sessions.authorize_key("cwk_guessed").await, Err(SessionError::InvalidKey));
}

#[tokio::test]
async fn an_expired_token_is_renewed_with_the_refresh_token_it_came_with() {
    let world = World::new().await;
    let (sessions, key) = app(&world, &Settings::default()).await;
    sessions.register(&key, registration("alice")).await.unwrap();
    let (phone, desk) = (sign_in(&sessions, &key, "alice").await, sign_in(&sessions, &key, "alice").await);
    world.clock.advance_ms(300_000);
    assert_eq!(sessions.authenticate(&phone.jwt).await, Err(SessionError::ExpiredToken));
    let doubled = format!("Bearer {}", phone.jwt);
    let renewed = sessions.refresh(phone.refresh.reveal(), &doubled, false).await.unwrap().jwt;
    let session = sessions.authenticate(&renewed).await.unwrap();
    let again = sessions.refresh(phone.refresh.reveal(), &renewed, false).await.unwrap().jwt;
    assert_eq!(sessions.authenticate(&again).await, Ok(session));
    let mixed = sessions.refresh(phone.refresh.reveal(), &desk.jwt, false).await;
    assert_eq!(mixed, Err(SessionError::InvalidRefreshToken));
    let forged = sessions.refresh(phone.refresh.reveal(), "x.y.z", false).await;
    assert_eq!(forged, Err(SessionError::InvalidToken));
}

#[tokio::test]
async fn who_signed_out_is_out_at_once_on_that_device() {
    let world = World::new().await;
    let (sessions, key) = app(&world, &Settings::default()).await;
    sessions.register(&key, registration("alice")).await.unwrap();
    let (phone, desk) = (sign_in(&sessions, &key, "alice").await, sign_in(&sessions, &key, "alice").await);
    let by = sessions.authenticate(&desk.jwt).await.unwrap().into();
    sessions.sign_out(&by, phone.refresh.reveal()).await.unwrap();
    assert_eq!(sessions.authenticate(&phone.jwt).await, Err(SessionError::SessionEnded));
    let spent = sessions.refresh(phone.refresh.reveal(), &phone.jwt, false).await;
    assert_eq!(spent, Err(SessionError::InvalidRefreshToken));
    assert_eq!(sessions.sign_out(&by, phone.refresh.reveal()).await, Err(SessionError::InvalidRefreshToken));
    sessions.sign_out_everywhere(&by).await.unwrap();
    assert_eq!(sessions.authenticate(&desk.jwt).await, Err(SessionError::SessionEnded));
}

#[tokio::test]
async fn a_changed_name_is_in_the_new_token_and_known_to_the_old_one() {
    let world = World::new().await;
    let (sessions, key) = app(&world, &Settings::default()).await;
    sessions.register(&key, registration("alice")).await.unwrap();
    let signed_in = sign_in(&sessions, &key, "alice").await;
    let by = sessions.authenticate(&signed_in.jwt).await.unwrap().into();
    let renamed = sessions.change_username(by, username("alicia")).await.unwrap();
    for jwt in [&renamed, &signed_in.jwt] {
        assert_eq!(sessions.authenticate(jwt).await.unwrap().username, "alicia");
    }
}

#[tokio::test]
async fn a_ticket_is_worth_nothing_once_its_session_ended() {
    let world = World::new().await;
    let (sessions, key) = app(&world, &Settings::default()).await;
    sessions.register(&key, registration("alice")).await.unwrap();
    let signed_in = sign_in(&sessions, &key, "alice").await;
    let session = sessions.authenticate(&signed_in.jwt).await.unwrap();
    let [used, left] = [0, 1].map(|_| sessions.issue_ticket(session.clone(), NOBODY).unwrap());
    assert_eq!(sessions.spend_ticket(used.reveal()).await, Ok(session.clone().into()));
    assert_eq!(sessions.spend_ticket(used.reveal()).await, Err(SessionError::InvalidTicket));
    sessions.sign_out_everywhere(&session.into()).await.unwrap();
    assert_eq!(sessions.spend_ticket(left.reveal()).await, Err(SessionError::InvalidTicket));
}

#[tokio::test]
async fn a_demo_app_has_so_many_users_at_once() {
    let world = World::new().await;
    let mut settings = Settings::default();
    settings.limits.demo_concurrent_users = 1;
    let (sessions, key) = app(&world, &settings).await;
    let mut signed_in = Vec::new();
    for name in ["alice", "bob"] {
        sessions.register(&key, registration(name)).await.unwrap();
        let jwt = sign_in(&sessions, &key, name).await.jwt;
        signed_in.push(sessions.authenticate(&jwt).await.unwrap());
    }
    let [alice, bob] = signed_in.try_into().unwrap();
    let alice_is_in = Connected { users: 1, includes: &|user| user == alice.user };
    assert!(sessions.issue_ticket(alice.clone(), alice_is_in).is_ok());
    let refused = sessions.issue_ticket(bob.clone(), alice_is_in);
    assert_eq!(refused, Err(SessionError::TooManyUsers));
    world.clock.advance_ms(20_000);
    assert!(sessions.issue_ticket(bob, NOBODY).is_ok());
}

#[tokio::test]
async fn attempts_are_limited_by_address_and_registrations_by_key() {
    let world = World::new().await;
    let mut settings = Settings::default();
    settings.limits.sign_ins_per_minute = 2;
    settings.limits.registrations_per_minute = 1;
    let (sessions, key) = app(&world, &settings).await;
    for _ in 0..2 {
        sessions.count_sign_in(HOME).unwrap();
    }
    let refused = sessions.count_sign_in(HOME).unwrap_err();
    assert_eq!(refused.retry_after().map(|wait| wait.seconds()), Some(30));
    assert_eq!(sessions.count_sign_in(IpAddr::from([192, 0, 2, 1])), Ok(()));
    sessions.register(&key, registration("alice")).await.unwrap();
    let refused = sessions.register(&key, registration("bob")).await.unwrap_err();
    assert!(refused.retry_after().is_some());
    world.clock.advance_ms(60_000);
    assert!(sessions.register(&key, registration("bob")).await.is_ok());
}

#[tokio::test]
async fn an_account_signs_in_refreshes_and_leaves() {
    let world = World::new().await;
    let sessions = world.sessions(&Settings::default());
    let address = || "boss@acme.example".to_owned();
    let registered =
        sessions.register_account("Acme".to_owned(), email(&address()), password()).await.unwrap();
    let again = sessions.register_account("Acme".to_owned(), email(&address()), password()).await;
    assert_eq!(again.unwrap_err(), SessionError::AccountExists);
    let wrong = sessions.sign_in_account(address(), "battery staple".to_owned(), HOME).await;
    let wrong = wrong.unwrap_err();
    assert_eq!(wrong, SessionError::BadAccountSignIn(registered.account.id));
    assert_eq!(wrong.to_string(), SessionError::BadSignIn.to_string(), "told no more than a stranger");
    let nobody = sessions.sign_in_account("no@one".to_owned(), "correct horse".to_owned(), HOME).await;
    assert_eq!(nobody.unwrap_err(), SessionError::BadSignIn);
    let signed_in = sessions.sign_in_account(address(), "correct horse".to_owned(), HOME).await.unwrap();
    let session = sessions.authenticate_account(&signed_in.access_token).await.unwrap();
    assert_eq!(session.account, registered.account);
    assert_eq!(sessions.authenticate(&signed_in.access_token).await, Err(SessionError::InvalidToken));
    world.clock.advance_ms(900_000);
    let expired = sessions.authenticate_account(&signed_in.access_token).await;
    assert_eq!(expired, Err(SessionError::ExpiredToken));
    let refreshed = sessions.refresh_account(signed_in.refresh.reveal()).await.unwrap();
    let spent = sessions.refresh_account(signed_in.refresh.reveal()).await.unwrap_err();
    assert_eq!(spent, SessionError::InvalidRefreshToken);
    sessions.sign_out_account(session.session).await.unwrap();
    let ended = sessions.authenticate_account(&refreshed.access_token).await;
    assert_eq!(ended, Err(SessionError::SessionEnded));
}
