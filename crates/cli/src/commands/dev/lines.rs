//! What `dev` prints. The indented lines work as pasted into any POSIX shell that has curl; they sign in by
//! themselves, since a token lives for minutes only.

use std::path::Path;

use chinwag_protocol::ChatId;
use chinwag_server::{Server, cursor};

use super::scene::{Person, Scene};
use super::secrets::Account;

pub(super) fn lines(server: &Server, data_dir: &Path, scene: &Scene) -> String {
    let [chat, management] = server.schemes();
    let url = format!("{chat}://{}", server.chat_address);
    let store = &server.app().store;
    let now = cursor::write(store.epoch(), store.head());
    let [alice, bob, _] = &scene.people;
    [
        what_runs(server, data_dir, scene),
        format!(
            "Chat: open {url} in two windows, as alice in one and as bob in the other.\n\
             Console: open {management}://{} and sign in as above.",
            server.management_address
        ),
        format!("Watch bob's events:\n\n{}", watch(&url, &sign_in(&url, scene, bob), &now)),
        format!(
            "Send a message as alice, in another terminal:\n\n{}",
            send(&url, &sign_in(&url, scene, alice), scene.chat)
        ),
        "Ctrl-C stops it; what was said stays.".to_owned(),
    ]
    .join("\n\n")
}

fn what_runs(server: &Server, data_dir: &Path, scene: &Scene) -> String {
    let [chat, management] = server.schemes();
    let mut lines = vec![
        format!("chat        {chat}://{}", server.chat_address),
        format!("management  {management}://{}", server.management_address),
        format!("data        {}", data_dir.display()),
        format!("API key     {}", scene.key),
    ];
    if let Some(Account { email, password }) = &scene.account {
        lines.push(format!("console     {email}  password {password}"));
    }
    for (index, Person { name, password, .. }) in scene.people.iter().enumerate() {
        let label = if index == 0 { "users" } else { "" };
        lines.push(format!("{label:<10}  {name:<6} password {password}"));
    }
    lines.join("\n")
}

/// Defines a command that prints a new JWT of the person.
fn sign_in(url: &str, scene: &Scene, Person { name, password, .. }: &Person) -> String {
    let key = &scene.key;
    format!(
        r#"  sign_in() {{ curl -si {url}/api/user/signin \
    -H 'x-api-key: {key}' -H 'content-type: application/json' \
    -d '{{"username":"{name}","password":"{password}"}}' | tr -d '\r' | sed -n 's/^[Aa]uthorization: Bearer //p'; }}"#
    )
}

/// Server-sent events, from what is there now on, so that nothing is missed before curl has connected.
fn watch(url: &str, sign_in: &str, now: &str) -> String {
    format!(
        r#"{sign_in}
  curl -sN {url}/api/chat/events -H 'Last-Event-ID: {now}' \
    -H "Authorization: Bearer $(sign_in)""#
    )
}

fn send(url: &str, sign_in: &str, chat: ChatId) -> String {
    format!(
        r#"{sign_in}
  JWT=$(sign_in)
  curl -w '\n' {url}/api/chat/getChats -H "Authorization: Bearer $JWT"
  curl -w '\n' {url}/api/chat -H "Authorization: Bearer $JWT" -H 'content-type: application/json' \
    -d '{{"type":"SEND_MSG","chatId":"{chat}","message":"hello"}}'"#
    )
}
