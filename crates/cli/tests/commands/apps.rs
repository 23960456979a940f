//! `chinwag app`, and what goes for every command: where the data is, and what a wrong call is answered with.

use chinwag_testkit::Postgres;
use serde_json::json;

use crate::program::{BINARY, Place, fields, text};

const NO_APP: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[test]
fn an_app_is_made_listed_and_changed() {
    let place = Place::new();
    let shop = place.json("app create shop");
    let expected = [
        "clientId",
        "clusterId",
        "createdAt",
        "id",
        "name",
        "retentionDays",
        "status",
        "tier",
        "type",
        "updatedAt",
    ];
    assert_eq!(fields(&shop), expected);
    assert_eq!(shop["clientId"], json!(null));
    assert_eq!([&shop["name"], &shop["status"], &shop["tier"]], ["shop", "ACTIVE", "MULTI_TENANT"]);
    let demo = place.json("app create demo --tier demo");
    assert_eq!(demo["tier"], "DEMO");
    assert_eq!(place.json("app create big --tier dedicated")["tier"], "DEDICATED");
    assert_eq!(place.json("app list").as_array().map(Vec::len), Some(3));
    assert_eq!(place.json("app list")[0], shop, "the oldest first, told as when it was made");

    let id = text(&shop, "id");
    assert_eq!(place.json("app rename shop store")["name"], "store");
    assert_eq!(place.json("app suspend store")["status"], "SUSPENDED");
    assert_eq!(place.json(&format!("app activate {id}"))["status"], "ACTIVE");
    assert_eq!(place.json("app delete store"), json!({"id": id, "name": "store", "status": "DELETED"}));
    place.chinwag(&format!("app suspend {id}")).fails_with("there is no app");
    assert_eq!(place.json("app list").as_array().map(Vec::len), Some(2));
}

#[test]
fn people_read_columns() {
    let place = Place::new();
    let made = place.chinwag("app create a-name-that-is-long").lines();
    let words: Vec<&str> = made[0].split("  ").collect();
    assert!(matches!(words[..], ["made", _, "a-name-that-is-long"]), "{made:?}");
    let id = words[1];
    place.chinwag("app create x --tier demo").ok();

    let list = place.chinwag("app list").lines();
    assert_eq!(list.len(), 3);
    assert!(list[0].starts_with("ID ") && list[1].starts_with(id), "{list:?}");
    for (head, cells) in [("STATUS", ["ACTIVE", "ACTIVE"]), ("TIER", ["MULTI_TENANT", "DEMO"])] {
        let column = list[0].find(head).expect("a head");
        assert!(list[1][column..].starts_with(cells[0]), "{list:?}");
        assert!(list[2][column..].starts_with(cells[1]), "{list:?}");
    }
    assert_eq!(place.chinwag("app suspend x").lines()[0].split("  ").next(), Some("suspended"));
    assert_eq!(place.chinwag("app activate x").lines()[0].split("  ").next(), Some("activated"));
    assert_eq!(place.chinwag("app rename x y").lines()[0].split("  ").last(), Some("y"));
    assert_eq!(place.chinwag("app delete y").lines()[0].split("  ").last(), Some("y"));
}

#[test]
fn nothing_to_list_is_said_to_people_only() {
    let place = Place::new();
    place.chinwag("app create shop").ok();
    place.chinwag("app delete shop").ok();
    let list = place.chinwag("app list");
    assert_eq!((list.ok().as_str(), list.stderr.as_str()), ("", "there are no apps\n"));
    assert_eq!(place.json("app list"), json!([]));
}

#[test]
fn a_name_that_two_apps_have_is_not_enough() {
    let place = Place::new();
    let ids = [place.json("app create twin"), place.json("app create twin")];
    let refused = place.chinwag("app suspend twin");
    refused.fails_with("several apps are named twin");
    for app in &ids {
        assert!(refused.stderr.contains(text(app, "id")), "{refused:?}");
    }
    assert_eq!(place.json(&format!("app suspend {}", text(&ids[1], "id")))["status"], "SUSPENDED");
}

#[test]
fn what_is_not_there_fails_and_makes_nothing() {
    let place = Place::new();
    for command in ["app list", "key list --app shop", "user list --app shop"] {
        place.chinwag(command).fails_with("there is no data in");
    }
    assert!(!place.data_dir.exists(), "a wrong --data-dir leaves no trace");

    place.chinwag("app create shop").ok();
    place.chinwag("app rename nothing x").fails_with("there is no app nothing");
    place.chinwag(&format!("key list --app {NO_APP}")).fails_with("there is no app");
    place.chinwag(&format!("key create --app {NO_APP}")).fails_with("there is no app");
    place.chinwag("key revoke cwk_nothing1").fails_with("there is no key");
    place.chinwag(&format!("key rotate {NO_APP}")).fails_with("there is no key");
    place.chinwag("user delete nobody --app shop").fails_with("there is no user nobody in the app shop");
    place.chinwag("user sign-out nobody").fails_with("give an id, or a name and --app");
    place.chinwag(&format!("user sessions {NO_APP}")).fails_with("there is no user");
}

#[test]
fn the_program_says_which_it_is() {
    let version = std::process::Command::new(BINARY).arg("--version").output().expect("the program");
    let version = String::from_utf8(version.stdout).expect("text");
    assert!(version.starts_with(concat!("chinwag ", env!("CARGO_PKG_VERSION"))), "{version}");
}

#[test]
fn a_wrong_call_is_a_matter_of_usage() {
    let place = Place::new();
    let too_long = format!("app create {}", "x".repeat(201));
    for command in ["app", "app create", "key create", "app create x --tier huge", "user create x", &too_long]
    {
        let done = place.chinwag(command);
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done:?}");
    }
    assert!(!place.data_dir.exists());
}

#[test]
fn data_in_postgresql_is_administered_there() {
    let place = Place::new();
    let file = place.data_dir.with_extension("toml");
    std::fs::write(&file, format!("database_url = '{}'", Postgres::shared().new_database()))
        .expect("room to write");
    let made = place.chinwag(&format!("app create shop --config {}", file.display()));
    assert_eq!(made.code, Some(0), "{made:?}");
    let listed = place.chinwag(&format!("app list --config {}", file.display()));
    assert!(listed.stdout.contains("shop"), "{listed:?}");
    let away = place.chinwag("app list --database-url postgres://chinwag:hunter2@127.0.0.1:1/chinwag");
    away.fails_with("unable to open the database");
    assert!(!away.stderr.contains("hunter2"), "{away:?}");
    let wrong = place.chinwag("app list --database-url postgres://chinwag:hunter2@:x");
    wrong.fails_with("database_url");
    assert!(!wrong.stderr.contains("hunter2") && !place.data_dir.exists(), "{wrong:?}");
}
