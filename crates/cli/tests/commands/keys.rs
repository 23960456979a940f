//! `chinwag key`.

use crate::program::{Place, fields, text};

#[test]
fn one_command_leads_to_a_key() {
    let place = Place::new();
    let key = place.json("key create --app shop");
    assert_eq!(fields(&key), ["appId", "audience", "createdAt", "id", "keyPrefix", "tier", "token"]);
    assert!(text(&key, "token").starts_with("cwk_"));
    assert_eq!(&text(&key, "token")[..12], text(&key, "keyPrefix"));
    let apps = place.json("app list");
    assert_eq!((&apps[0]["id"], text(&apps[0], "name")), (&key["appId"], "shop"));

    let second = place.json("key create --app shop");
    assert_eq!(second["appId"], key["appId"], "the app is there now");
    let keys = place.json("key list --app shop");
    assert_eq!(fields(&keys[0]), ["audience", "createdAt", "id", "keyPrefix", "tier"]);
    assert_eq!([&keys[0]["id"], &keys[1]["id"]], [&key["id"], &second["id"]]);
}

#[test]
fn people_are_told_the_key_once() {
    let place = Place::new();
    let made = place.chinwag("key create --app shop");
    assert!(made.stderr.starts_with("made the app shop, id "), "{made:?}");
    let lines = made.lines();
    assert_eq!(lines[0], "app  shop");
    assert!(lines[1].starts_with("id   ") && lines[2].starts_with("key  cwk_"), "{lines:?}");
    assert_eq!(lines[3..], ["", "Keep the key: it is not shown again."]);
    assert_eq!(place.chinwag("key create --app shop").stderr, "");

    let (id, token) = (&lines[1][5..], &lines[2][5..]);
    let list = place.chinwag("key list --app shop").lines();
    assert_eq!(list.len(), 3);
    assert!(list[1].starts_with(&format!("{id}  {}  ", &token[..12])), "{list:?}");
    assert!(list.iter().all(|line| !line.contains(token)), "{list:?}");
}

#[test]
fn a_key_is_rotated_and_revoked_by_id_or_prefix() {
    let place = Place::new();
    let first = place.json("key create --app shop");
    let second = place.json(&format!("key rotate {}", text(&first, "id")));
    assert_eq!(second["replaces"], first["id"]);
    assert_eq!(second["appId"], first["appId"]);
    place.chinwag(&format!("key rotate {}", text(&first, "id"))).fails_with("there is no key");

    let rotated = place.chinwag(&format!("key rotate {}", text(&second, "keyPrefix")));
    assert_eq!(rotated.lines()[4], "Keep the key: it is not shown again.");
    let third = place.json("key list --app shop")[0].clone();
    let revoked = place.json(&format!("key revoke {}", text(&third, "id")));
    assert_eq!(revoked, serde_json::json!({"id": third["id"], "appId": first["appId"], "revoked": true}));
    let none = place.chinwag("key list --app shop");
    assert_eq!((none.ok().as_str(), none.stderr.as_str()), ("", "the app shop has no keys\n"));

    let fourth = place.json("key create --app shop");
    let revoked = place.chinwag(&format!("key revoke {}", text(&fourth, "keyPrefix"))).lines();
    assert_eq!(revoked, [format!("revoked  {}", text(&fourth, "id"))]);
}

#[test]
fn a_key_that_may_not_be_made() {
    let place = Place::new();
    for _ in 0..5 {
        place.chinwag("key create --app shop").ok();
    }
    place.chinwag("key create --app shop").fails_with("5 active keys");
    place.chinwag("app suspend shop").ok();
    place.chinwag("key create --app shop").fails_with("suspended");
}
