//! `chinwag dev` on what an earlier one left, whole or not.

use crate::program::{Place, text};
use crate::running_dev::{Dev, pasted};

/// What it told, but for the ports and the cursor, which are new each time.
fn told(dev: &Dev) -> Vec<String> {
    let url = [dev.told("chat "), dev.told("management ")];
    let lines = dev.printed.iter().filter(|line| !line.contains("Last-Event-ID"));
    lines.map(|line| line.replace(url[0], "CHAT").replace(url[1], "MANAGEMENT")).collect()
}

/// Whether the lines it printed for alice send a message.
fn works(dev: &Dev) -> bool {
    pasted(&dev.lines_under("Send a message as alice")).last().is_some_and(|line| line.contains("\"hello\""))
}

#[test]
fn the_second_time_it_tells_the_same() {
    let place = Place::new();
    let first = Dev::start(&place.data_dir, &[]);
    let before = told(&first);
    assert!(works(&first));
    first.stop();
    let second = Dev::start(&place.data_dir, &[]);
    assert_eq!(told(&second), before);
    assert!(works(&second));
    assert_eq!(place.json("app list").as_array().map(Vec::len), Some(1));
    assert_eq!(place.json("key list --app dev").as_array().map(Vec::len), Some(1));
    assert_eq!(place.json("user list --app dev").as_array().map(Vec::len), Some(3));
}

#[test]
fn a_second_one_at_the_same_time_is_refused() {
    let place = Place::new();
    let first = Dev::start(&place.data_dir, &[]);
    let ports = "--listen 127.0.0.1:0 --management-listen 127.0.0.1:0";
    place.chinwag(&format!("dev {ports}")).fails_with("another chinwag is running on it");
    assert!(works(&first));
}

#[test]
fn what_was_revoked_or_deleted_is_made_again() {
    let place = Place::new();
    let first = Dev::start(&place.data_dir, &[]);
    let key = first.told("API key ").to_owned();
    place.json(&format!("key revoke {}", &key[..12]));
    place.json("user delete carol --app dev");
    first.stop();
    let second = Dev::start(&place.data_dir, &[]);
    assert_ne!(second.told("API key "), key);
    let chats = pasted(&second.lines_under("Send a message as alice"))[0].clone();
    let chats: serde_json::Value = serde_json::from_str(&chats).expect("JSON");
    assert_eq!(chats["chats"][0]["members"], 3, "carol is back: {chats}");
    assert_eq!(text(&place.json("app list")[0], "name"), "dev");

    let key = second.told("API key ").to_owned();
    place.json("user delete alice --app dev");
    second.stop();
    let third = Dev::start(&place.data_dir, &[]);
    assert_eq!(third.told("API key "), key);
    assert!(works(&third), "a new alice has a new chat");

    place.json("app delete dev");
    third.stop();
    let fourth = Dev::start(&place.data_dir, &[]);
    assert_ne!(fourth.told("API key "), key);
    assert!(works(&fourth), "all is new");
}

#[test]
fn secrets_that_cannot_be_read_are_named() {
    let place = Place::new();
    Dev::start(&place.data_dir, &[]).stop();
    let secrets = place.data_dir.join("dev.toml");
    std::fs::write(&secrets, "app = 5").expect("room to write");
    let ports = "--listen 127.0.0.1:0 --management-listen 127.0.0.1:0";
    place.chinwag(&format!("dev {ports}")).fails_with("dev.toml");
    std::fs::remove_file(&secrets).expect("ours");
    assert!(works(&Dev::start(&place.data_dir, &[])), "without it, all is new");
}
