//! Administering while a server runs on the same data: what a command does, the server's clients see.

use std::time::{Duration, Instant};

use chinwag_testkit::{App, Body, Chinwag, Connection, PASSWORD};
use serde_json::Value;

use crate::program::{BINARY, chinwag, chinwag_told, json, text};

/// The protocol says a second; the rest is for a machine that does more than this.
const ENDED_WITHIN: Duration = Duration::from_secs(2);

struct Tea {
    server: Chinwag,
    app: App,
    alice: Connection,
    bob: Connection,
    chat: String,
}

/// Alice and bob, connected, in a chat.
async fn tea() -> Tea {
    let server = Chinwag::start(BINARY, &[]).await;
    let app = server.app().await;
    let (mut alice, mut bob) = (app.connected("alice").await, app.connected("bob").await);
    let chat = alice.creates_chat_with(&["bob"]).await;
    for member in [&mut alice, &mut bob] {
        member.expect("NEW_CHAT").await;
    }
    Tea { server, app, alice, bob, chat }
}

impl Tea {
    fn json(&self, command: &str) -> Value {
        json(self.server.data_directory(), command)
    }
}

async fn close_in_time(connections: impl IntoIterator<Item = Connection>) {
    let start = Instant::now();
    for connection in connections {
        connection.closed().await;
    }
    assert!(start.elapsed() < ENDED_WITHIN, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_key_and_a_user_made_beside_a_server_work_at_once() {
    let server = Chinwag::start(BINARY, &[]).await;
    let (mut app, data_dir) = (server.app().await, server.data_directory());
    let key = json(data_dir, "key create --app shop");
    let made = json(data_dir, "user create alice --app shop");
    let command = "user create bob --app shop --password-stdin --json";
    chinwag_told(data_dir, command, &format!("{PASSWORD}\n")).ok();
    text(&key, "token").clone_into(&mut app.key);

    assert_eq!(app.signs_in("alice", text(&made, "password")).await.ok()["id"], made["id"]);
    let bob = app.device_of("bob").await;
    let mut bob = bob.connects().await;
    let chat = bob.creates_chat_with(&["alice"]).await;
    bob.expect("NEW_CHAT").await;
    assert_eq!(bob.says(&chat, "hello").await.seq(), 2, "the server goes on giving positions");
    assert_eq!(json(data_dir, "user sessions bob --app shop").as_array().map(Vec::len), Some(1));
    let sessions = chinwag(data_dir, "user sessions bob --app shop").lines();
    assert!(sessions[0].starts_with("ID ") && sessions.len() == 2, "{sessions:?}");

    let rotated = json(data_dir, &format!("key rotate {}", text(&key, "id")));
    app.signs_in("bob", PASSWORD).await.is_refused(401, "AUTH_INVALID_API_KEY");
    text(&rotated, "token").clone_into(&mut app.key);
    let _ = app.signs_in("bob", PASSWORD).await.ok();
    json(data_dir, &format!("key revoke {}", text(&rotated, "id")));
    app.signs_in("bob", PASSWORD).await.is_refused(401, "AUTH_INVALID_API_KEY");
    bob.says(&chat, "still here").await;
    assert_eq!(server.stderr(), "");
}

#[tokio::test]
async fn what_the_management_api_tells_the_commands_tell_too() {
    let server = Chinwag::start(BINARY, &[]).await;
    let app = server.app().await;
    let data_dir = server.data_directory();
    let apps = app.company.sends("GET", "/api/client/apps", Body::Nothing).await.ok();
    assert_eq!(json(data_dir, "app list"), apps);
    let keys = app.company.sends("GET", &format!("/api/client/apps/{}/keys", app.id), Body::Nothing).await;
    assert_eq!(json(data_dir, &format!("key list --app {}", app.id)), keys.ok());
}

#[tokio::test]
async fn suspending_an_app_closes_its_connections() {
    let tea = tea().await;
    tea.json(&format!("app suspend {}", tea.app.id));
    let alice = (*tea.alice).clone();
    close_in_time([tea.alice, tea.bob]).await;
    tea.app.signs_in("alice", PASSWORD).await.is_refused(403, "APP_SUSPENDED");

    json(tea.server.data_directory(), &format!("app activate {}", tea.app.id));
    assert_eq!(alice.another_device().await.chats().await.len(), 1);
}

#[tokio::test]
async fn deleting_an_app_closes_its_connections() {
    let tea = tea().await;
    tea.json(&format!("app delete {}", tea.app.id));
    close_in_time([tea.alice, tea.bob]).await;
    tea.app.signs_in("alice", PASSWORD).await.is_refused(401, "AUTH_INVALID_API_KEY");
}

#[tokio::test]
async fn signing_a_user_out_closes_their_connections() {
    let mut tea = tea().await;
    tea.json(&format!("user sign-out bob --app {}", tea.app.id));
    let phone = (*tea.bob).clone();
    close_in_time([tea.bob]).await;
    phone.get("/api/user/getUser").await.is_refused(401, "AUTH_SESSION_ENDED");
    tea.alice.says(&tea.chat, "bob?").await;
    assert_eq!(phone.another_device().await.texts(&tea.chat).await, ["bob?"]);
}

#[tokio::test]
async fn the_server_erases_a_user_that_a_command_deletes() {
    let mut tea = tea().await;
    let said = tea.bob.says(&tea.chat, "forget me").await;
    tea.alice.expect("SEND_MSG").await;
    let start = Instant::now();
    let deleted = tea.json(&format!("user delete {}", tea.bob.id));
    assert_eq!(deleted["erased"], false, "that is the server's");

    let gone = tea.alice.expect("DELETE_MSG").await;
    assert_eq!((gone.id(), gone.seq()), (said.id(), said.seq() + 1));
    assert_eq!(tea.alice.expect("USER_LEAVE").await["message"], "bob left the chat");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    close_in_time([tea.bob]).await;
    assert_eq!(tea.alice.history(&tea.chat, 50, None).await.len(), 0);

    let carol = tea.app.user("carol").await;
    let said = chinwag(tea.server.data_directory(), &format!("user delete {}", carol.id)).lines();
    assert_eq!(
        said[1],
        "The running server is erasing what they wrote; chinwag user receipt tells what it removed."
    );
}

#[tokio::test]
async fn without_a_server_the_command_erases_and_the_others_learn_of_it_later() {
    let mut tea = tea().await;
    let said = tea.bob.says(&tea.chat, "forget me").await;
    tea.alice.expect("SEND_MSG").await;
    tea.server.stop().await;
    assert_eq!(tea.json(&format!("user delete {}", tea.bob.id))["erased"], true);

    tea.server.start_again().await;
    assert_eq!(tea.alice.history(&tea.chat, 50, None).await.len(), 0);
    assert_eq!(tea.alice.members(&tea.chat).await.len(), 1);
    let mut alice = tea.alice.connects().await;
    assert_eq!(alice.says(&tea.chat, "bob?").await.seq(), said.seq() + 3, "after DELETE_MSG and USER_LEAVE");
}

#[tokio::test]
async fn a_server_of_another_version_is_left_alone() {
    let server = Chinwag::start(BINARY, &[]).await;
    let database = server.data_directory().join("chinwag.db");
    let sqlite = rusqlite::Connection::open(&database).expect("SQLite");
    for (version, word) in [(1_000_000, "newer"), (0, "older")] {
        sqlite.pragma_update(None, "user_version", version).expect("room to write");
        chinwag(server.data_directory(), "app create shop").fails_with(word);
    }
}

#[tokio::test]
async fn commands_at_the_same_time_do_not_disturb_each_other() {
    let place = crate::program::Place::new();
    let commands = (0..8).map(|number| {
        let data_dir = place.data_dir.clone();
        std::thread::spawn(move || json(&data_dir, &format!("key create --app app-{number}")))
    });
    for command in commands.collect::<Vec<_>>() {
        command.join().expect("each makes its app and key, the first makes the data directory too");
    }
    assert_eq!(place.json("app list").as_array().map(Vec::len), Some(8));
}
