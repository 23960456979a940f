//! `chinwag user`.

use serde_json::json;

use crate::program::{Place, chinwag_told, fields, text};

fn shop() -> Place {
    let place = Place::new();
    place.chinwag("app create shop").ok();
    place
}

#[test]
fn a_user_is_made_listed_and_deleted() {
    let place = shop();
    let alice = place.json("user create alice --app shop --email alice@example.com");
    assert_eq!(fields(&alice), ["appId", "createdAt", "email", "id", "password", "username"]);
    assert_eq!([&alice["username"], &alice["email"]], ["alice", "alice@example.com"]);
    assert_eq!(text(&alice, "password").len(), 16);
    let bob = place.json("user create bob --app shop");
    assert_eq!(bob["email"], "bob@chinwag.invalid");
    assert_ne!(bob["password"], alice["password"]);

    let users = place.json("user list --app shop");
    assert_eq!(fields(&users[0]), ["appId", "createdAt", "email", "id", "username"]);
    assert_eq!([&users[0]["id"], &users[1]["id"]], [&alice["id"], &bob["id"]]);
    assert_eq!(place.json("user sessions alice --app shop"), json!([]));

    let deleted = place.json("user delete alice --app shop");
    assert_eq!(fields(&deleted), ["erased", "id", "receipt", "username"]);
    assert_eq!([&deleted["id"], &deleted["erased"]], [&alice["id"], &json!(true)]);
    let removed = &deleted["receipt"]["removed"];
    assert_eq!(removed, &json!({"profiles": 1}));
    assert_eq!(place.json(&format!("user receipt {}", text(&alice, "id"))), deleted["receipt"]);
    place.chinwag("user receipt alice").fails_with("is not the id of a user who was deleted");
    place.chinwag("user delete alice --app shop").fails_with("there is no user alice");
    let again = place.json("user create alice --app shop --email alice@example.com");
    assert_ne!(again["id"], alice["id"], "name and address are free again");
}

#[test]
fn people_are_told_a_made_up_password_once() {
    let place = shop();
    let made = place.chinwag("user create alice --app shop").lines();
    let names: Vec<&str> = made.iter().filter_map(|line| line.split("  ").next()).collect();
    assert_eq!(names[..5], ["app", "id", "username", "email", "password"]);
    assert_eq!(made[6], "Keep the password: it is not shown again.");
    let id = made[1].split_whitespace().last().expect("an id");

    let list = place.chinwag("user list --app shop").lines();
    assert_eq!(list.len(), 2);
    assert!(list[1].starts_with(&format!("{id}  alice     alice@chinwag.invalid  ")), "{list:?}");
    let none = place.chinwag(&format!("user sessions {id}"));
    assert_eq!((none.ok().as_str(), none.stderr.as_str()), ("", "alice is not signed in\n"));
    assert_eq!(place.chinwag(&format!("user sign-out {id}")).lines(), [format!("signed out  {id}  alice")]);
    assert_eq!(place.json(&format!("user sign-out {id}"))["signedOut"], true);
    let deleted = place.chinwag("user delete alice --app shop").lines();
    assert_eq!(deleted[0], format!("deleted  {id}  alice"));
    assert_eq!(deleted[1..], ["REMOVED   COUNT", "profiles  1"]);
}

#[test]
fn a_chosen_password_is_not_shown() {
    let place = shop();
    let command = "user create alice --app shop --password-stdin";
    let made = chinwag_told(&place.data_dir, command, "correct horse battery\nand more");
    assert!(!made.ok().contains("correct horse"), "{made:?}");
    assert!(!made.stdout.contains("password"), "{made:?}");
    let command = "user create bob --app shop --password-stdin --json";
    let made = chinwag_told(&place.data_dir, command, "correct horse battery\r\n");
    assert!(!made.ok().contains("password"), "{made:?}");
}

#[test]
fn a_user_that_may_not_be_made() {
    let place = shop();
    place.chinwag("user create alice --app shop").ok();
    place.chinwag("user create alice --app shop").fails_with("the username is taken");
    let taken = "user create bob --app shop --email ALICE@chinwag.invalid";
    place.chinwag(taken).fails_with("the e-mail address is taken");
    place.chinwag("user create bob --app nothing").fails_with("there is no app nothing");
    place.chinwag("user create b@b --app shop").fails_with("give one with --email");
    place.chinwag("user create bob --app shop --email bob").fails_with("email must be an address");
    place.chinwag(&format!("user create {} --app shop", "x".repeat(65))).fails_with("username must not be");
    let short = chinwag_told(&place.data_dir, "user create bob --app shop --password-stdin", "short\n");
    short.fails_with("password must be");
    assert_eq!(place.json("user list --app shop").as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_kept_of_a_user_is_printed_and_what_was_done_is_written_down() {
    let place = shop();
    let alice = place.json("user create alice --app shop --email alice@example.com");
    let kept = place.json("user export alice --app shop");
    assert_eq!([&kept["user"]["id"], &kept["user"]["email"]], [&alice["id"], &alice["email"]]);
    assert_eq!([&kept["sessions"], &kept["chats"]], [&json!([]), &json!([])]);
    place.json("app retention shop 30");
    place.json("user sign-out alice --app shop");
    place.json("user delete alice --app shop");

    let log = place.json("audit --app shop");
    let acts: Vec<&str> = log.as_array().expect("a list").iter().map(|entry| text(entry, "act")).collect();
    let expected =
        ["USER_DELETED", "USER_SIGNED_OUT", "APP_CHANGED", "USER_EXPORTED", "USER_CREATED", "APP_CREATED"];
    assert_eq!(acts, expected);
    assert!(log.as_array().expect("a list").iter().all(|entry| entry["actor"] == "OPERATOR"), "{log}");
    assert_eq!([&log[0]["subject"], &log[2]["detail"]], [&alice["id"], &json!("retention 30 days")]);
    assert!(!log.to_string().contains(text(&alice, "password")));
    let before = log[1]["id"].as_i64().expect("a number");
    assert_eq!(place.json(&format!("audit --size 1 --before {before}"))[0]["act"], "APP_CHANGED");
    let lines = place.chinwag("audit").lines();
    assert!(lines[0].starts_with("NUMBER  AT") && lines[1].contains("USER_DELETED"), "{lines:?}");
}
