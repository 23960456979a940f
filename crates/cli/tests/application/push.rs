//! Webhooks, told to a real HTTP server.

use std::collections::HashMap;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use chinwag_testkit::{Body, in_time};

use crate::receiver::Receiver;
use crate::scene::{Backend, NEAR, NOBODY, backend, backend_with, id};

async fn near() -> (Backend, Receiver) {
    (backend_with(NEAR).await, Receiver::start().await)
}

/// A server that gives up after a second.
async fn impatient() -> (Backend, Receiver) {
    let settings = [NEAR, &[("webhooks.retry_seconds", "1")]].concat();
    (backend_with(&settings).await, Receiver::start().await)
}

async fn hooks(backend: &Backend, receiver: &Receiver, events: Value) -> Value {
    let new = json!({"url": receiver.url(), "events": events});
    backend.manages("POST", "/webhooks", new).await.created()
}

/// Asks for a hook until it is as wanted.
async fn becomes(backend: &Backend, hook: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    in_time(what, async {
        loop {
            let seen = backend.manages("GET", &format!("/webhooks/{hook}"), Body::Nothing).await.ok();
            if wanted(&seen) {
                return seen;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// Alice and a chat of her own.
async fn alice(backend: &Backend) -> (String, String) {
    let alice = backend.app.user("alice").await;
    let chat = alice.creates_chat_with(&[]).await;
    (alice.id, chat)
}

/// Says whether a delivery's signature is right, by Python's own library: a second reading of the scheme.
fn is_signed(secret: &str, delivery: &crate::receiver::Delivery) -> bool {
    let program = "import sys,hmac,hashlib,base64,json
ask=json.load(sys.stdin)
key=base64.b64decode(ask['secret'].removeprefix('whsec_'))
text=ask['id']+'.'+ask['time']+'.'+ask['body']
right='v1,'+base64.b64encode(hmac.new(key,text.encode(),hashlib.sha256).digest()).decode()
print(any(hmac.compare_digest(right,given) for given in ask['signature'].split(' ')))";
    let ask = json!({"secret": secret, "id": delivery.header("webhook-id"), "time": delivery.header("webhook-timestamp"),
        "body": delivery.text, "signature": delivery.header("webhook-signature")});
    let mut python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    python.stdin.take().expect("piped").write_all(ask.to_string().as_bytes()).expect("it reads");
    let output = python.wait_with_output().expect("it is ours");
    String::from_utf8(output.stdout).expect("text").trim() == "True"
}

#[tokio::test]
async fn what_happens_is_told_signed_and_as_it_is_pulled() {
    let (backend, mut receiver) = near().await;
    let hook = hooks(&backend, &receiver, json!([])).await;
    let secret = id(&hook, "secret");
    let (alice, chat) = alice(&backend).await;
    let _ = backend.says(&alice, &chat, "zażółć \u{0} gęślą").await;
    let (made, said) = (receiver.next().await, receiver.next().await);
    assert_eq!((&made.body["type"], &said.body["type"]), (&json!("NEW_CHAT"), &json!("SEND_MSG")));
    assert_eq!((said.path.as_str(), said.header("content-type")), ("/hook?x=1", "application/json"));
    assert_eq!(said.header("webhook-id"), said.body["id"]);
    assert!(is_signed(&secret, &said) && is_signed(&secret, &made));
    assert!(!is_signed(&secret.replace("whsec_", "whsec_AAAA"), &said));
    let (pulled, _) = backend.pulls("", 10).await;
    assert_eq!(pulled, [made.body, said.body]);

    // The secret is replaced: for a while both sign.
    let path = format!("/webhooks/{}/secret", id(&hook, "id"));
    let new = id(&backend.manages("POST", &path, Body::Nothing).await.created(), "secret");
    assert_ne!(new, secret);
    let _ = backend.says(&alice, &chat, "more").await;
    let more = receiver.next().await;
    assert!(is_signed(&secret, &more) && is_signed(&new, &more));
    let seen = becomes(&backend, &id(&hook, "id"), "it is up to date", |seen| seen["upToDate"] == true).await;
    assert!(seen.get("secret").is_none() && seen["lastError"].is_null(), "{seen}");
}

#[tokio::test]
async fn only_what_was_chosen_is_told_and_only_while_enabled() {
    let (backend, mut receiver) = near().await;
    let hook = id(&hooks(&backend, &receiver, json!(["DELETE_MSG", "SEND_MSG"])).await, "id");
    let (alice, chat) = alice(&backend).await;
    let said = backend.says(&alice, &chat, "one").await;
    assert_eq!(receiver.next().await.message(), "one");
    let path = format!("/webhooks/{hook}");
    let off = backend.manages("PUT", &path, json!({"enabled": false})).await.ok();
    assert_eq!(off["enabled"], false);
    let delete = json!({"type": "DELETE_MSG", "chatId": chat, "messageId": said["messageId"]});
    let _ = backend.post(&format!("/api/app/users/{alice}/chat"), delete).await.ok();
    let _ = backend.says(&alice, &chat, "two").await;
    let _ = backend.manages("PUT", &path, json!({"enabled": true, "events": ["SEND_MSG"]})).await.ok();
    assert_eq!(
        receiver.next().await.message(),
        "two",
        "nothing was lost, and what is not wanted is left out"
    );
    backend.manages("DELETE", &path, Body::Nothing).await.done();
    backend.manages("GET", &path, Body::Nothing).await.is_refused(404, "HOOK_NOT_FOUND");
    assert!(receiver.rest().is_empty());
}

#[tokio::test]
async fn each_chat_is_told_in_order_whatever_the_receiver_does() {
    let (backend, mut receiver) = near().await;
    let _ = hooks(&backend, &receiver, json!(["SEND_MSG"])).await;
    let alice = backend.app.user("alice").await;
    let mut chats = Vec::new();
    for _ in 0..4 {
        chats.push(alice.creates_chat_with(&[]).await);
    }
    let tries = std::sync::atomic::AtomicUsize::new(0);
    // Every fifth delivery is refused, in one way or another.
    receiver.answers(move |_| match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 15 {
        2 => Some(500),
        7 => Some(404),
        12 => Some(302),
        _ => Some(204),
    });
    for n in 0..6 {
        for chat in &chats {
            let _ = backend.says(&alice.id, chat, &n.to_string()).await;
        }
    }
    let mut taken: HashMap<String, Vec<String>> = HashMap::new();
    in_time("all deliveries", async {
        while taken.values().map(Vec::len).sum::<usize>() < 24 {
            let delivery = receiver.next().await;
            if delivery.status < 300 {
                let texts = taken.entry(delivery.chat().to_owned()).or_default();
                // Told again after it was taken: at least once.
                if !texts.iter().any(|text| text == delivery.message()) {
                    texts.push(delivery.message().to_owned());
                }
            }
        }
    })
    .await;
    for chat in &chats {
        assert_eq!(taken[chat], (0..6).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_receiver_that_was_down_is_told_everything_when_it_is_back() {
    let (backend, mut receiver) = near().await;
    let hook = id(&hooks(&backend, &receiver, json!(["SEND_MSG"])).await, "id");
    let (alice, chat) = alice(&backend).await;
    let _ = backend.says(&alice, &chat, "0").await;
    assert_eq!(receiver.next().await.message(), "0");
    receiver.goes_down().await;
    for n in 1..30 {
        let _ = backend.says(&alice, &chat, &n.to_string()).await;
    }
    let failing = becomes(&backend, &hook, "it fails", |seen| seen["failures"].as_i64() > Some(0)).await;
    assert!(
        failing["lastError"].as_str().is_some_and(|error| error.contains("unable to connect")),
        "{failing}"
    );
    assert_eq!(failing["upToDate"], false);
    receiver.comes_back().await;
    for n in 1..30 {
        assert_eq!(receiver.takes().await.message(), n.to_string());
    }
    let well = becomes(&backend, &hook, "it is up to date", |seen| seen["upToDate"] == true).await;
    assert_eq!((&well["failures"], &well["lastError"]), (&json!(0), &Value::Null));
}

#[tokio::test]
async fn a_server_killed_in_the_midst_goes_on_and_leaves_nothing_out() {
    let (mut backend, mut receiver) = near().await;
    let _ = hooks(&backend, &receiver, json!(["SEND_MSG"])).await;
    let (alice, chat) = alice(&backend).await;
    for n in 0..40 {
        let _ = backend.says(&alice, &chat, &n.to_string()).await;
    }
    let mut told: Vec<String> = Vec::new();
    for _ in 0..3 {
        for _ in 0..7 {
            told.push(receiver.next().await.message().to_owned());
        }
        backend.chinwag.kill().await;
        backend.chinwag.start_again().await;
    }
    while told.last().map(String::as_str) != Some("39") {
        told.push(receiver.next().await.message().to_owned());
    }
    // Some are told again; in the order of their first telling all are there.
    let mut first = Vec::new();
    told.into_iter().for_each(|text| {
        if !first.contains(&text) {
            first.push(text);
        }
    });
    assert_eq!(first, (0..40).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_slow_receiver_holds_up_neither_others_nor_those_who_chat() {
    let (backend, slow) = near().await;
    let mut quick = Receiver::start().await;
    slow.answers(|_| None);
    let stuck = id(&hooks(&backend, &slow, json!(["SEND_MSG"])).await, "id");
    let _ = hooks(&backend, &quick, json!(["SEND_MSG"])).await;
    let (alice, chat) = alice(&backend).await;
    for n in 0..20 {
        let _ = backend.says(&alice, &chat, &n.to_string()).await;
        assert_eq!(quick.next().await.message(), n.to_string());
    }
    let seen = becomes(&backend, &stuck, "it fails", |seen| seen["failures"].as_i64() > Some(0)).await;
    assert_eq!(seen["lastError"], "no answer within 2 s");
}

#[tokio::test]
async fn one_event_that_is_refused_holds_up_its_own_chat_only_and_becomes_a_dead_letter() {
    let (backend, mut receiver) = impatient().await;
    let hook = id(&hooks(&backend, &receiver, json!(["SEND_MSG"])).await, "id");
    let alice = backend.app.user("alice").await;
    let (tea, wine) = (alice.creates_chat_with(&[]).await, alice.creates_chat_with(&[]).await);
    receiver.answers(|delivery| Some(if delivery.message() == "poison" { 422 } else { 200 }));
    let _ = backend.says(&alice.id, &wine, "w0").await;
    assert_eq!(receiver.takes().await.message(), "w0");
    let poison = backend.says(&alice.id, &tea, "poison").await;
    let _ = backend.says(&alice.id, &tea, "after").await;
    assert_eq!(receiver.next().await.message(), "poison");
    let _ = backend.says(&alice.id, &wine, "w1").await;
    let mut taken = Vec::new();
    while taken.len() < 2 {
        taken.push(receiver.takes().await.message().to_owned());
    }
    taken.sort();
    assert_eq!(taken, ["after", "w1"]);
    let letters = format!("/webhooks/{hook}/deadLetters");
    let dead = backend.manages("GET", &letters, Body::Nothing).await.ok();
    let letter = &dead["deadLetters"][0];
    assert_eq!((dead["deadLetters"].as_array().map(Vec::len), &dead["more"]), (Some(1), &json!(false)));
    assert_eq!((&letter["type"], &letter["chatId"]), (&json!("SEND_MSG"), &json!(tea)));
    assert_eq!(letter["error"], "answered 422 Unprocessable Entity");

    // Tried once more it is refused again, and then, when its receiver has learnt, taken.
    let again = format!("{letters}/retry");
    let all = backend.manages("POST", &again, Body::Nothing).await.ok();
    assert_eq!(all["retried"], 1);
    assert_eq!(receiver.next().await.status, 422);
    receiver.answers(|_| Some(200));
    let _ = backend.manages("POST", &again, json!({"ids": [letter["id"]]})).await.ok();
    let taken = receiver.takes().await;
    assert_eq!(
        (taken.body["id"].clone(), &taken.body["data"]["messageId"]),
        (letter["id"].clone(), &poison["messageId"])
    );
    in_time("no dead letters", async {
        while backend.manages("GET", &letters, Body::Nothing).await.ok()["deadLetters"] != json!([]) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    backend.manages("POST", &again, json!({"ids": ["evt_x_1"]})).await.is_refused(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_receiver_that_is_away_for_too_long_loses_nothing_for_good() {
    let (backend, mut receiver) = impatient().await;
    let hook = id(&hooks(&backend, &receiver, json!(["SEND_MSG"])).await, "id");
    let (alice, chat) = alice(&backend).await;
    receiver.answers(|_| Some(503));
    for n in 0..3 {
        let _ = backend.says(&alice, &chat, &n.to_string()).await;
    }
    let _ = becomes(&backend, &hook, "it gave up", |seen| seen["upToDate"] == true).await;
    let letters = format!("/webhooks/{hook}/deadLetters");
    let dead = backend.manages("GET", &format!("{letters}?size=2"), Body::Nothing).await.ok();
    assert_eq!((dead["deadLetters"].as_array().map(Vec::len), &dead["more"]), (Some(2), &json!(true)));
    let after = id(&dead["deadLetters"][1], "id");
    let rest = backend.manages("GET", &format!("{letters}?after={after}"), Body::Nothing).await.ok();
    assert_eq!(rest["deadLetters"].as_array().map(Vec::len), Some(1));
    let _ = receiver.rest();
    receiver.answers(|_| Some(200));
    let _ = backend.manages("POST", &format!("{letters}/retry"), Body::Nothing).await.ok();
    for n in 0..3 {
        assert_eq!(receiver.takes().await.message(), n.to_string());
    }
}

#[tokio::test]
async fn everything_is_told_again_from_any_point() {
    let (backend, mut receiver) = near().await;
    let hook = id(&hooks(&backend, &receiver, json!(["SEND_MSG"])).await, "id");
    let (alice, chat) = alice(&backend).await;
    let mut told = Vec::new();
    for n in 0..5 {
        let _ = backend.says(&alice, &chat, &n.to_string()).await;
        told.push(receiver.next().await);
    }
    let replay = format!("/webhooks/{hook}/replay");
    let third = told[2].body["cursor"].clone();
    for (from, first) in [(json!("beginning"), 0), (third, 3), (json!("2020-01-01T00:00:00Z"), 0)] {
        let _ = backend.manages("POST", &replay, json!({"from": from})).await.ok();
        for before in &told[first..] {
            let again = receiver.next().await;
            assert_eq!(
                (&again.body, again.header("webhook-id")),
                (&before.body, before.header("webhook-id"))
            );
        }
    }
    let _ = backend.manages("POST", &replay, json!({"from": "now"})).await.ok();
    let _ = backend.says(&alice, &chat, "5").await;
    assert_eq!(receiver.next().await.message(), "5");
    backend.manages("POST", &replay, json!({"from": "yesterday"})).await.is_refused(400, "VALIDATION_FAILED");
    backend.manages("POST", &replay, json!({"from": "e.1"})).await.is_refused(410, "CURSOR_GONE");

    // One that is made later may begin before it was.
    let mut second = Receiver::start().await;
    let new = json!({"url": second.url(), "events": ["SEND_MSG"], "from": "beginning"});
    let _ = backend.manages("POST", "/webhooks", new).await.created();
    assert_eq!(second.next().await.message(), "0");
}

#[tokio::test]
async fn nobody_is_led_inside() {
    let backend = backend().await;
    for (url, why) in [
        ("https://127.0.0.1/", "private"),
        ("https://[::1]:8443/", "private"),
        ("https://169.254.169.254/latest/meta-data", "private"),
        ("https://localhost:8081/", "private"),
        ("http://example.com/", "https://"),
        ("https://user:secret@example.com/", "without user"),
        ("example.com", "like https"),
        ("", "like https"),
    ] {
        let refused = backend.manages("POST", "/webhooks", json!({"url": url})).await;
        let detail = refused.is_refused(400, "VALIDATION_FAILED")["detail"].to_string();
        assert!(detail.contains(why), "{url}: {detail}");
    }
    // A name leads where its owner wants, so it is looked up when it is used.
    let inside = json!({"url": "https://localtest.me.localhost.invalid/", "events": []});
    let hook = id(&backend.manages("POST", "/webhooks", inside).await.created(), "id");
    let (alice, chat) = alice(&backend).await;
    let _ = backend.says(&alice, &chat, "hi").await;
    let seen = becomes(&backend, &hook, "it fails", |seen| seen["lastError"].is_string()).await;
    assert!(seen["lastError"].as_str().is_some_and(|error| error.contains("is not known")), "{seen}");
}

/// The machine's own name leads to an address of its own, which only the look-up tells.
#[tokio::test]
async fn a_name_that_leads_inside_is_not_followed() {
    let backend = backend().await;
    let name = Command::new("hostname").output().expect("hostname");
    let name = String::from_utf8(name.stdout).expect("text").trim().to_lowercase();
    let hook = json!({"url": format!("https://{name}/")});
    let hook = id(&backend.manages("POST", "/webhooks", hook).await.created(), "id");
    let (alice, chat) = alice(&backend).await;
    let _ = backend.says(&alice, &chat, "hi").await;
    let seen = becomes(&backend, &hook, "it fails", |seen| seen["lastError"].is_string()).await;
    let error = seen["lastError"].as_str().expect("an error");
    assert!(error.contains("private network") || error.contains("is not known"), "{error}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (backend, mut receiver) = near().await;
    receiver.answers(|_| Some(307));
    let hook = id(&hooks(&backend, &receiver, json!([])).await, "id");
    let _ = alice(&backend).await;
    assert_eq!(receiver.next().await.status, 307);
    let seen = becomes(&backend, &hook, "it fails", |seen| seen["lastError"].is_string()).await;
    assert!(
        seen["lastError"].as_str().is_some_and(|error| error.contains("redirects are not followed")),
        "{seen}"
    );
}

#[tokio::test]
async fn webhooks_are_their_apps_own_and_have_a_bound() {
    let backend = backend().await;
    let other = backend.chinwag.company("other").await;
    let new = json!({"url": "https://example.com/", "enabled": false});
    let hook = id(&backend.manages("POST", "/webhooks", new.clone()).await.created(), "id");
    let path = format!("/api/client/apps/{}/webhooks", backend.app.id);
    for path in [path.clone(), format!("{path}/{hook}"), format!("{path}/{hook}/deadLetters")] {
        other.sends("GET", &path, Body::Nothing).await.is_refused(404, "APP_NOT_FOUND");
    }
    let own = id(&other.creates_app("mine").await, "id");
    let crossed = format!("/api/client/apps/{own}/webhooks/{hook}");
    other.sends("GET", &crossed, Body::Nothing).await.is_refused(404, "HOOK_NOT_FOUND");
    let nobody = format!("/webhooks/{NOBODY}");
    backend.manages("PUT", &nobody, json!({"enabled": true})).await.is_refused(404, "HOOK_NOT_FOUND");
    backend
        .manages("POST", "/webhooks", json!({"url": "https://example.com/", "events": ["DANCE"]}))
        .await
        .is_refused(400, "VALIDATION_FAILED");
    for _ in 1..20 {
        let _ = backend.manages("POST", "/webhooks", new.clone()).await.created();
    }
    backend.manages("POST", "/webhooks", new).await.is_refused(400, "HOOK_LIMIT_REACHED");
    assert_eq!(
        backend.manages("GET", "/webhooks", Body::Nothing).await.ok().as_array().map(Vec::len),
        Some(20)
    );
}
