//! Signing in and out, and JWTs that are replaced without anybody noticing.

use std::sync::{Arc, Mutex};

use chinwag_client::{Error, ErrorCode, Event, NewUser};
use chinwag_testkit::{Fault, PASSWORD, in_time};

use crate::scene::{heard, next, scene, state, text, tokens};

#[tokio::test]
async fn users_come_and_go() {
    let scene = scene().await;
    let client = scene.builder().build().expect("a client");
    assert!(matches!(client.user().await, Err(Error::NotSignedIn)));
    let alice = NewUser::new("alice", "alice@example.com", PASSWORD).first_name("Alice").surname("L.");
    let registered = client.register_user(&alice).await.expect("registered");
    assert!(client.auth().is_none());
    assert_eq!(client.register_user(&alice).await.expect_err("taken").code(), Some(ErrorCode::UsernameTaken));
    assert_eq!(client.sign_in("alice", "wrong").await.expect_err("wrong").code(), Some(ErrorCode::BadSignIn));
    assert_eq!(client.sign_in("alice", PASSWORD).await.expect("signed in"), registered);
    client.change_username("alicia").await.expect("changed");
    assert_eq!(client.user().await.expect("herself").username, "alicia");
    client.refresh().await.expect("refreshed");
    client.logout().await.expect("signed out");
    assert!(client.auth().is_none());
    client.sign_in("alicia", PASSWORD).await.expect("signed in");
    client.delete_user().await.expect("gone");
    assert_eq!(
        client.sign_in("alicia", PASSWORD).await.expect_err("gone").code(),
        Some(ErrorCode::BadSignIn)
    );
}

#[tokio::test]
async fn chats_are_made_and_changed() {
    let scene = scene().await;
    let (alice, bob) = (scene.client("alice").await, scene.client("bob").await);
    let chat = alice.create_chat("Tea", &["alice"]).await.expect("a chat");
    alice.add_user(chat.chat_id, "bob").await.expect("added");
    bob.rename_chat(chat.chat_id, "Coffee").await.expect("renamed");
    let [seen] = &bob.chats(0, 20).await.expect("chats")[..] else { panic!("one chat") };
    assert_eq!((seen.chat_name.as_str(), seen.members), ("Coffee", 2));
    let members = alice.members(chat.chat_id).await.expect("members");
    assert_eq!(members.iter().map(|member| member.username.as_str()).collect::<Vec<_>>(), ["alice", "bob"]);
    let bobs_id = bob.user().await.expect("himself").id;
    alice.remove_user(chat.chat_id, bobs_id).await.expect("removed");
    assert_eq!(bob.members(chat.chat_id).await.expect_err("not his").code(), Some(ErrorCode::ChatNotFound));
    alice.delete_chat(chat.chat_id).await.expect("deleted");
    assert!(alice.chats(0, 20).await.expect("chats").is_empty());
}

#[tokio::test]
async fn history_pages_by_itself() {
    use futures_util::TryStreamExt;
    let scene = scene().await;
    let tea = scene.tea().await;
    let calls = (0..250).map(|n| tea.alice.realtime().send_message(tea.chat, n.to_string()));
    futures_util::future::try_join_all(calls).await.expect("stored");
    let all: Vec<_> = tea.bob.history(tea.chat).try_collect().await.expect("a history");
    let texts: Vec<_> = all.iter().map(|message| message.content.content.clone()).collect();
    assert_eq!(texts, (0..250).rev().map(|n| n.to_string()).collect::<Vec<_>>());
    let before = all[200].content.message_id;
    let rest: Vec<_> = tea.bob.history_before(tea.chat, before).try_collect().await.expect("the rest");
    assert_eq!(rest, all[201..]);
}

/// Twenty calls, one exchange.
#[tokio::test]
async fn many_calls_that_meet_an_expired_jwt_refresh_it_once() {
    let scene = scene().await;
    let alice = scene.app.user("alice").await;
    let told = Arc::new(Mutex::new(0));
    let count = Arc::clone(&told);
    let client = scene.builder().tokens(tokens(&alice)).on_auth_change(move |tokens| {
        assert!(tokens.is_some());
        *count.lock().expect("no holder panics") += 1;
    });
    let client = client.build().expect("a client");
    scene.network.faults(&[Fault::Answers(401); 20]);
    let calls = (0..20).map(|_| client.user());
    let users = in_time("all of them", futures_util::future::try_join_all(calls)).await.expect("answers");
    assert!(users.iter().all(|user| user.username == "alice"));
    assert_eq!((scene.network.refreshes(), *told.lock().expect("no holder panics")), (1, 1));
}

#[tokio::test]
async fn a_session_that_ends_elsewhere_ends_here() {
    let scene = scene().await;
    let (client, mut events) = scene.connected("alice").await;
    let elsewhere = scene.builder().tokens(client.auth().expect("signed in")).build().expect("a client");
    elsewhere.logout().await.expect("signed out");
    loop {
        if let Event::Disconnected { will_reconnect: false, reason } = state(&mut events).await {
            assert!(!reason.is_empty());
            break;
        }
    }
    assert!(events.next().await.is_none(), "that was the last event");
    assert!(client.auth().is_none());
    assert!(matches!(client.realtime().connect().await, Err(Error::NotSignedIn)));
}

#[tokio::test]
async fn connecting_is_shared_and_ends_with_disconnect() {
    let scene = scene().await;
    let client = scene.client("alice").await;
    let chat = client.create_chat("Diary", &["alice"]).await.expect("a chat").chat_id;
    assert!(matches!(client.realtime().send_message(chat, "x").await, Err(Error::NotConnected)));
    let realtime = client.realtime();
    let both = in_time("both", async { tokio::join!(realtime.connect(), realtime.connect()) }).await;
    assert!(matches!(both, (Ok(()), Ok(()))));
    assert!(realtime.is_connected());
    in_time("the end", realtime.disconnect()).await;
    assert!(!realtime.is_connected());
    in_time("the connection", realtime.connect()).await.expect("again");
    realtime.send_message(chat, "x").await.expect("stored");
}

#[tokio::test]
async fn another_user_of_the_same_client_hears_nothing_of_the_first() {
    let scene = scene().await;
    let (client, mut events) = scene.connected("alice").await;
    let bob = scene.client("bob").await;
    let chat = bob.create_chat("Bob's", &["bob"]).await.expect("a chat").chat_id;
    client.set_auth(bob.auth());
    while !matches!(next(&mut events).await, Event::Resumed) {}
    client.realtime().send_message(chat, "in bob's name").await.expect("stored");
    assert_eq!(text(&heard(&mut events).await), Some("in bob's name"));
}

#[tokio::test]
async fn dropping_the_client_closes_the_connection() {
    let scene = scene().await;
    let (client, mut events) = scene.connected("alice").await;
    drop(client);
    assert!(matches!(next(&mut events).await, Event::Disconnected { will_reconnect: false, .. }));
    assert!(events.next().await.is_none());
}
