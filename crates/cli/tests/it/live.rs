//! What the owner of an app sees of it as it happens, and what an operator sees of the server.

use serde_json::{Value, json};

use chinwag_testkit::{Answer, Body, Chinwag, Company};

use crate::events::Stream;
use crate::scene::{BINARY, NOBODY, chinwag, tea};

async fn get(company: &Company, path: &str) -> Answer {
    company.sends("GET", path, Body::Nothing).await
}

async fn watches(chinwag: &Chinwag, company: &Company, path: &str) -> Stream {
    Stream::at(chinwag.urls.management() + path, &company.token, None).await
}

#[tokio::test]
async fn figures_tell_what_was_said_and_delivered_and_refused() {
    let mut tea = tea().await;
    let app = tea.app.clone();
    let mut figures =
        watches(&tea.chinwag, &app.company, &format!("/api/client/apps/{}/figures", app.id)).await;
    let before = figures.next().await.1;
    assert_eq!((&before["messages"], &before["users"]), (&json!(0), &json!(2)));
    for text in ["one", "two", "three"] {
        tea.alice.says(&tea.chat, text).await;
        tea.bob.expect("SEND_MSG").await;
    }
    tea.alice.tries(json!({"type": "DELETE_MSG", "chatId": tea.chat, "messageId": NOBODY})).await;
    // Told every second.
    let now = loop {
        let now = figures.next().await.1;
        if now["messages"] == 3 && now["errors"] == 1 {
            break now;
        }
    };
    assert_eq!((&now["messagesPerMinute"], &now["errorsPerMinute"]), (&json!(3), &json!(1)));
    assert_eq!((&now["connections"], &now["users"]), (&json!(2), &json!(2)));
    // Two connections heard three messages, and of the chat that it was made.
    assert!(now["deliveries"].as_u64().is_some_and(|deliveries| deliveries >= 6), "{now}");
    assert!(now["deliveryP50Ms"].as_f64() <= now["deliveryP99Ms"].as_f64(), "{now}");
    assert!(now["deliveryP50Ms"].is_number(), "{now}");
}

#[tokio::test]
async fn an_inspector_shows_a_chat_or_a_user_and_is_written_down() {
    let mut tea = tea().await;
    let app = tea.app.clone();
    let events = format!("/api/client/apps/{}/events", app.id);
    let at_chat = watches(&tea.chinwag, &app.company, &format!("{events}?chat={}", tea.chat)).await;
    let mut at_chat = at_chat.listening().await;
    let at_bob = watches(&tea.chinwag, &app.company, &format!("{events}?user={}", tea.bob.id)).await;
    let mut at_bob = at_bob.listening().await;

    tea.alice.says(&tea.chat, "hello").await;
    let (seen, seen_by_bob) = (at_chat.next().await.1, at_bob.next().await.1);
    assert_eq!((&seen["type"], &seen["message"]), (&json!("SEND_MSG"), &json!("hello")));
    assert_eq!(seen["recipientId"], "00000000-0000-0000-0000-000000000000");
    assert_eq!(seen_by_bob["recipientId"], *tea.bob.id);
    tea.alice.types(&tea.chat).await;
    for stream in [&mut at_chat, &mut at_bob] {
        assert_eq!(stream.next().await.1["type"], "TYPING");
    }
    let elsewhere = tea.alice.creates_chat_with(&["bob"]).await;
    tea.alice.expect("NEW_CHAT").await;
    assert_eq!(at_bob.next().await.1["chatId"], *elsewhere);
    tea.alice.says(&tea.chat, "again").await;
    assert_eq!(at_chat.next().await.1["message"], "again", "nothing of other chats");

    let log = tea.chinwag.stderr();
    let lines: Vec<&str> =
        log.lines().filter(|line| line.contains("an event inspector was opened")).collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.contains(&app.id)), "{log}");
}

#[tokio::test]
async fn what_is_watched_is_ones_own_and_for_as_long_as_one_is_signed_in() {
    let tea = tea().await;
    let app = tea.app.clone();
    let other = tea.chinwag.company("other").await;
    let base = format!("/api/client/apps/{}", app.id);
    let chat = &tea.chat;
    for path in [
        format!("{base}/figures"),
        format!("{base}/events?chat={chat}"),
        format!("{base}/messages/{NOBODY}/trace"),
    ] {
        get(&other, &path).await.is_refused(404, "APP_NOT_FOUND");
    }
    let second = other.creates_app("second").await["id"].as_str().expect("an id").to_owned();
    let elsewhere = format!("/api/client/apps/{second}/events");
    get(&other, &format!("{elsewhere}?chat={chat}")).await.is_refused(404, "CHAT_NOT_FOUND");
    get(&other, &format!("{elsewhere}?user={}", tea.alice.id)).await.is_refused(404, "USER_NOT_FOUND");
    for query in ["", &format!("?chat={chat}&user={}", tea.alice.id), "?chat=x"] {
        get(&app.company, &format!("{base}/events{query}")).await.is_refused(400, "VALIDATION_FAILED");
    }

    let mut crowd = Vec::new();
    for _ in 0..14 {
        crowd.push(watches(&tea.chinwag, &app.company, &format!("{base}/figures")).await);
    }
    let figures = watches(&tea.chinwag, &app.company, &format!("{base}/figures")).await;
    let events = watches(&tea.chinwag, &app.company, &format!("{base}/events?chat={chat}")).await;
    get(&app.company, &format!("{base}/figures")).await.is_refused(503, "OVERLOADED");
    app.company.sends("POST", "/api/auth/logout", Body::Nothing).await.done();
    figures.ends().await;
    events.ends().await;
}

#[tokio::test]
async fn a_trace_tells_what_became_of_a_message() {
    let mut tea = tea().await;
    let app = tea.app.clone();
    let trace = |message: &Value| {
        let message = message.as_str().expect("an id");
        format!("/api/client/apps/{}/messages/{message}/trace", app.id)
    };
    let early = tea.alice.says(&tea.chat, "before anybody looked").await;
    tea.bob.expect("SEND_MSG").await;
    let traced = get(&app.company, &trace(&early["messageId"])).await.ok();
    assert_eq!((&traced["noted"], &traced["acceptedAt"]), (&json!(false), &Value::Null));
    assert_eq!(traced["storedAt"], early["timeStamp"]);
    assert_eq!(traced["members"][0]["deliveredAt"], json!([]));

    let message = tea.alice.says(&tea.chat, "now").await;
    let id = message["messageId"].as_str().expect("an id").to_owned();
    tea.bob.expect("SEND_MSG").await;
    tea.bob.reads(&tea.chat, &id).await;
    let traced = get(&app.company, &trace(&message["messageId"])).await.ok();
    assert_eq!((&traced["noted"], &traced["seq"]), (&json!(true), &message["seq"]));
    assert!(traced["acceptedAt"].as_str() <= traced["storedAt"].as_str(), "{traced}");
    let member = |name: &str| {
        let members = traced["members"].as_array().expect("members");
        members.iter().find(|member| member["username"] == name).expect(name).clone()
    };
    for name in ["alice", "bob"] {
        let delivered = member(name)["deliveredAt"].clone();
        assert_eq!(delivered.as_array().map(Vec::len), Some(1), "{traced}");
        assert!(delivered[0].as_str() >= traced["acceptedAt"].as_str(), "{traced}");
    }
    assert_eq!((&member("bob")["read"], &member("alice")["read"]), (&json!(true), &json!(false)));
    assert!(member("bob")["readAt"].is_string() && member("alice")["readAt"].is_null(), "{traced}");

    get(&app.company, &trace(&json!(NOBODY))).await.is_refused(404, "MESSAGE_NOT_FOUND");
    tea.alice.expect("READ_MSG").await;
    tea.alice.deletes(&tea.chat, &id).await;
    get(&app.company, &trace(&message["messageId"])).await.is_refused(404, "MESSAGE_NOT_FOUND");
}

/// The value of one row of the metrics.
fn value(metrics: &str, row: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(row)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {row} in {metrics}")).parse().expect("a number")
}

#[tokio::test]
async fn metrics_count_what_happens() {
    let mut tea = tea().await;
    for text in ["one", "two"] {
        tea.alice.says(&tea.chat, text).await;
        tea.bob.expect("SEND_MSG").await;
    }
    tea.alice.tries(json!({"type": "DELETE_MSG", "chatId": tea.chat, "messageId": NOBODY})).await;
    let answer = tea.chinwag.manages("GET", "/metrics", Body::Nothing).await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let metrics = answer.text;
    assert!((value(&metrics, "chinwag_connections") - 2.0).abs() < 0.5);
    for (row, count) in [
        ("chinwag_connected_users", 2.0),
        ("chinwag_store_up", 1.0),
        (r#"chinwag_actions_total{type="SEND_MSG",outcome="done"}"#, 2.0),
        (r#"chinwag_actions_total{type="DELETE_MSG",outcome="refused"}"#, 1.0),
        (r#"chinwag_actions_total{type="REACT",outcome="done"}"#, 0.0),
        ("chinwag_action_seconds_count", 2.0),
        (r#"chinwag_action_seconds_bucket{le="+Inf"}"#, 2.0),
        (r#"chinwag_connection_drops_total{reason="slow_consumer"}"#, 0.0),
    ] {
        assert!((value(&metrics, row) - count).abs() < 0.5, "{row} is {}", value(&metrics, row));
    }
    assert!(value(&metrics, "chinwag_deliveries_total") >= 4.0);
    assert!(value(&metrics, "chinwag_commit_seconds_sum") > 0.0);
    assert!(value(&metrics, "chinwag_commit_jobs_total") >= value(&metrics, "chinwag_commit_seconds_count"));
    assert!(value(&metrics, "process_resident_memory_bytes") > 1e6);
    assert!(value(&metrics, "chinwag_store_position") >= 3.0);
    for line in metrics.lines().filter(|line| line.starts_with("# TYPE ")) {
        let name = line.split(' ').nth(2).expect("a name");
        assert!(metrics.contains(&format!("# HELP {name} ")), "{name}");
    }
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_for_who_has_the_token() {
    let open = chinwag().await;
    let url = open.urls.management() + "/metrics";
    let forwarded = [("x-forwarded-for", "203.0.113.7")];
    open.http.send("GET", &url, &forwarded, Body::Nothing).await.is_refused(404, "NOT_FOUND");

    let locked = Chinwag::start(BINARY, &[("metrics.token", "watch me")]).await;
    let url = locked.urls.management() + "/metrics";
    let ask = async |authorization: &str| {
        locked.http.send("GET", &url, &[("authorization", authorization)], Body::Nothing).await
    };
    locked.manages("GET", "/metrics", Body::Nothing).await.is_refused(401, "AUTH_MISSING_CREDENTIALS");
    ask("Bearer watch you").await.is_refused(401, "AUTH_INVALID_TOKEN");
    assert_eq!(ask("Bearer watch me").await.status, 200);
}
