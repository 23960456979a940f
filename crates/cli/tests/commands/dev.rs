//! `chinwag dev` for the first time: what it tells, and that it does what it says.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::program::Place;
use crate::running_dev::{Dev, Shell, pasted};

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn it_tells_everything_that_is_needed_and_no_more() {
    let place = Place::new();
    let dev = Dev::start(&place.data_dir, &[]);
    assert!(dev.told("chat ").starts_with("http://127.0.0.1:"));
    assert!(dev.told("management ").starts_with("http://127.0.0.1:"));
    assert_eq!(dev.told("data "), place.data_dir.to_str().expect("text"));
    assert!(dev.told("API key ").starts_with("cwk_"));
    assert!(dev.told("users ").starts_with("alice"));
    for name in ["bob", "carol"] {
        let line = dev.printed.iter().find(|line| line.trim().starts_with(name));
        assert!(line.is_some_and(|line| line.contains(" password ")), "{:?}", dev.printed);
    }
    assert!(dev.printed.len() <= 35, "it fits on a screen: {:?}", dev.printed);
    assert!(dev.printed.iter().all(|line| line.chars().count() <= 120), "{:?}", dev.printed);
    assert!(!dev.printed.join("").contains("  jq"), "curl and sh suffice");
    let management = dev.told("management ").to_owned();
    let (email, password) =
        dev.told("console ").split_once("  password ").expect("an address and a password");
    let account = serde_json::json!({"email": email, "password": password});
    let signed_in = pasted(&format!(
        "curl -s {management}/api/auth/login -H 'content-type: application/json' -d '{account}'"
    ));
    let token = json(&signed_in[0])["accessToken"].as_str().expect("a token").to_owned();
    let apps = pasted(&format!("curl -s {management}/api/client/apps -H 'authorization: Bearer {token}'"));
    assert!(apps[0].contains(r#""name":"dev""#), "the console shows what dev made: {apps:?}");
    dev.stop();

    let secrets = place.data_dir.join("dev.toml");
    let mode = std::fs::metadata(secrets).expect("the secrets").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn pasted_lines_send_as_alice_and_show_what_bob_sees() {
    let place = Place::new();
    let dev = Dev::start(&place.data_dir, &[]);
    let bob = Shell::pastes(&dev.lines_under("Watch bob's events"));
    let alice = pasted(&dev.lines_under("Send a message as alice"));

    let [chats, sent] = alice.as_slice() else { panic!("{alice:?}") };
    let (chats, sent) = (json(chats), json(sent));
    assert_eq!(chats["chats"][0]["chatName"], "Welcome");
    assert_eq!(chats["chats"][0]["members"], 3);
    assert_eq!([&sent["type"], &sent["message"]], ["SEND_MSG", "hello"]);
    assert_eq!(sent["chatId"], chats["chats"][0]["chatId"]);

    let seen = bob.event();
    assert_eq!([&seen["message"], &seen["messageId"]], ["hello", sent["messageId"].as_str().expect("an id")]);
    assert_ne!(seen["recipientId"], sent["senderId"], "bob's copy");
    pasted(&dev.lines_under("Send a message as alice").replace("hello", r#"a \\n \"cursor\":\"x\" ]"#));
    assert_eq!(bob.event()["message"], r#"a \n "cursor":"x" ]"#, "each is seen once, in order");
}

#[test]
fn watching_goes_on_when_the_token_has_expired() {
    let place = Place::new();
    let dev = Dev::start(&place.data_dir, &[("CHINWAG_TOKENS__JWT_SECONDS", "4")]);
    let bob = Shell::pastes(&dev.lines_under("Watch bob's events"));
    let send = dev.lines_under("Send a message as alice");
    pasted(&send);
    assert_eq!(bob.event()["message"], "hello");
    // Bob's token was made before this one, so when this one has expired his has, too.
    let url = dev.told("chat ");
    let expired = format!(
        "{}while curl -sf {url}/api/user/getUser -H \"Authorization: Bearer $JWT\" > /dev/null; do :; done\n",
        send.split_inclusive("=$(sign_in)\n").next().expect("a sign-in")
    );
    pasted(&expired);
    pasted(&send.replace("hello", "later"));
    assert_eq!(bob.event()["message"], "later");
}

#[test]
fn a_port_that_is_taken_is_named_by_its_flag() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for command in ["dev", "serve"] {
        let chat = place.chinwag(&format!("{command} --listen {address} --management-listen 127.0.0.1:0"));
        chat.fails_with(&address);
        chat.fails_with("choose another address with --listen");
        let management =
            place.chinwag(&format!("{command} --listen 127.0.0.1:0 --management-listen {address}"));
        management.fails_with("choose another address with --management-listen");
    }
}

#[test]
fn its_chat_page_may_be_any_of_its_users_on_this_machine_only() {
    let place = Place::new();
    let dev = Dev::start(&place.data_dir, &[]);
    let url = dev.told("chat ");
    let ask = |arguments: &str, path: &str| pasted(&format!("curl -s {arguments} {url}{path}")).join("\n");
    assert!(ask("-i", "/").contains("content-security-policy: default-src 'none'"));

    let told = json(&ask("", "/dev/users"));
    assert_eq!(told["baseUrl"], url);
    assert_eq!(told["apiKey"], dev.told("API key "));
    let alice = &told["users"][0];
    assert!(dev.told("users ").contains(alice["password"].as_str().expect("a password")));
    let signed_in = ask(
        &format!(
            "-H 'content-type: application/json' -H 'x-api-key: {}' -d '{}'",
            dev.told("API key "),
            serde_json::json!({"username": alice["username"], "password": alice["password"]})
        ),
        "/api/user/signin",
    );
    assert_eq!(json(&signed_in)["username"], "alice");

    // A page of another site cannot read it, under its own name or under one that it gave this machine.
    assert!(
        !ask("-i -H 'origin: https://evil.example'", "/dev/users").contains("access-control-allow-origin")
    );
    assert_eq!(json(&ask("-H 'host: evil.example'", "/dev/users"))["code"], "NOT_FOUND");
    dev.stop();
}
