//! What is kept of people: it is theirs to have, gone when they want it gone, and no older than their app keeps it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use chinwag_testkit::{App, Body, Chinwag, in_time};

use crate::scene::{chinwag, tea};

const SECRET: &str = "the treasure lies under the third oak";

/// Whether any file of the data directory holds these bytes.
fn stands_in(directory: &Path, text: &str) -> Vec<String> {
    let files = fs::read_dir(directory).expect("the data directory").map(|file| file.expect("a file").path());
    let holds = |path: &std::path::PathBuf| {
        fs::read(path).is_ok_and(|bytes| bytes.windows(text.len()).any(|piece| piece == text.as_bytes()))
    };
    files.filter(|path| path.is_file()).filter(holds).map(|path| path.display().to_string()).collect()
}

async fn company(app: &App, method: &str, path: &str) -> Value {
    app.company.sends(method, &format!("/api/client/apps/{}{path}", app.id), Body::Nothing).await.ok()
}

#[tokio::test]
async fn what_was_erased_is_in_no_file() {
    let mut tea = tea().await;
    let on_files = tea.chinwag.database_url().is_none();
    let long = SECRET.repeat(300); // over several pages
    let hers = tea.bob.says(&tea.chat, "what will she say?").await;
    tea.alice.expect("SEND_MSG").await;
    let said = tea.alice.says(&tea.chat, SECRET).await;
    tea.alice.says(&tea.chat, &long).await;
    tea.alice.edits(&tea.chat, said.id(), &format!("{SECRET}, or the fourth")).await;
    tea.alice.reacts(&tea.chat, hers.id(), "🦉").await;
    let directory = tea.chinwag.data_directory().to_owned();
    if on_files {
        assert!(!stands_in(&directory, SECRET).is_empty(), "or this test sees nothing");
    }
    let id = tea.alice.id.clone();
    let _ = tea.alice.delete("/api/user/deleteUser").await.ok();
    if on_files {
        // A reader may have held the log for a moment: then it is emptied soon after.
        in_time("clean files", async {
            for text in [SECRET, "alice@example.com", "🦉"] {
                while !stands_in(&directory, text).is_empty() {
                    tokio::task::yield_now().await;
                }
            }
        })
        .await;
    }
    let receipt = company(&tea.app, "GET", &format!("/erasures/{id}")).await;
    assert!(receipt["finishedAt"].is_string(), "{receipt}");
    assert_eq!(receipt["removed"]["messages"], 2, "{receipt}");
    assert_eq!(receipt["removed"]["reactions"], 1, "{receipt}");
    for what in ["sessions", "memberships", "profiles"] {
        assert_eq!(receipt["removed"][what], 1, "{what}: {receipt}");
    }
    assert!(!receipt.to_string().contains("alice"), "{receipt}");
}

#[tokio::test]
async fn the_owner_of_an_app_gets_a_receipt_for_whom_they_erase() {
    let tea = tea().await;
    let bob = tea.bob.id.clone();
    let path = format!("/users/{bob}");
    let receipt = company(&tea.app, "DELETE", &path).await;
    assert_eq!(
        (&receipt["userId"], &receipt["removed"]["memberships"]),
        (&json!(bob), &json!(1)),
        "{receipt}"
    );
    let listed = company(&tea.app, "GET", "/erasures").await;
    assert_eq!(listed["erasures"], json!([receipt]));
    let other = tea.chinwag.company("other").await.app("theirs").await;
    let path = format!("/api/client/apps/{}/erasures/{bob}", other.id);
    other.company.sends("GET", &path, Body::Nothing).await.is_refused(404, "USER_NOT_FOUND");
}

#[tokio::test]
async fn people_have_all_that_is_kept_of_them_and_nothing_of_others() {
    let mut tea = tea().await;
    let first = tea.alice.says(&tea.chat, "one").await;
    tea.bob.expect("SEND_MSG").await;
    tea.bob.says(&tea.chat, "not hers").await;
    tea.alice.expect("SEND_MSG").await;
    tea.alice.replies(&tea.chat, first.id(), "two \"quoted\"").await;
    tea.alice.reacts(&tea.chat, first.id(), "👍").await;
    let empty = tea.alice.creates_chat("Alone", &[]).await;

    let own = tea.alice.get("/api/user/export").await.ok();
    assert_eq!(
        (&own["user"]["username"], &own["user"]["email"]),
        (&json!("alice"), &json!("alice@example.com"))
    );
    assert_eq!(own["sessions"].as_array().map(Vec::len), Some(1));
    let chats = own["chats"].as_array().expect("chats");
    let texts: Vec<&Value> =
        chats[0]["messages"].as_array().expect("hers").iter().map(|one| &one["content"]).collect();
    assert_eq!(texts, [&json!("one"), &json!("two \"quoted\"")]);
    assert_eq!(chats[0]["messages"][1]["replyTo"], json!(first.id()));
    assert_eq!(chats[0]["reactions"][0]["reaction"], "👍");
    assert_eq!((&chats[1]["chatId"], &chats[1]["messages"]), (&empty["chatId"], &json!([])));
    assert!(!own.to_string().contains("not hers"), "{own}");

    let told = company(&tea.app, "GET", &format!("/users/{}/export", tea.alice.id)).await;
    assert_eq!((&told["user"], &told["chats"]), (&own["user"], &own["chats"]));
}

/// More than is read at once.
#[tokio::test]
async fn a_long_history_is_exported_whole() {
    let chinwag = Chinwag::start(crate::scene::BINARY, &[("limits.actions_per_second", "0")]).await;
    let alice = chinwag.app().await.user("alice").await;
    let chat = alice.creates_chat_with(&[]).await;
    let mut connection = alice.connects().await;
    for number in 0..1001 {
        connection
            .sends_frame(chinwag_testkit::send(&json!({
                "type": "SEND_MSG", "chatId": chat, "message": number.to_string(),
            })))
            .await;
    }
    in_time("all of them", async {
        while alice.history(&chat, 1, None).await.first().map(|newest| newest["content"].clone())
            != Some(json!("1000"))
        {}
    })
    .await;
    let own = alice.get("/api/user/export").await.ok();
    let texts = own["chats"][0]["messages"].as_array().expect("messages");
    assert!(
        texts.iter().map(|one| one["content"].as_str().expect("text")).eq((0..1001).map(|n| n.to_string()))
    );
}

#[tokio::test]
async fn messages_are_kept_no_longer_than_their_app_wants() {
    let mut tea = tea().await;
    if tea.chinwag.database_url().is_some() {
        return; // what is old is made old in the file
    }
    for text in ["old", "older", "young"] {
        tea.alice.says(&tea.chat, text).await;
    }
    let path = format!("/api/client/apps/{}", tea.app.id);
    let set = tea.app.company.sends("PUT", &path, json!({"retentionDays": 30})).await.ok();
    assert_eq!(set["retentionDays"], 30);
    tea.chinwag.stop().await;
    let database =
        rusqlite::Connection::open(tea.chinwag.data_directory().join("chinwag.db")).expect("SQLite");
    let day = 86_400_000_i64;
    database
        .execute("UPDATE messages SET sent_at = sent_at - ?1 WHERE text LIKE 'old%'", [31 * day])
        .expect("room to write");
    drop(database);
    tea.chinwag.start_again().await;
    in_time("the old ones' end", async { while tea.alice.texts(&tea.chat).await != ["young"] {} }).await;
    let log = tea.app.company.sends("GET", "/api/client/audit", Body::Nothing).await.ok();
    let acts: Vec<&str> =
        log["entries"].as_array().expect("entries").iter().filter_map(|one| one["act"].as_str()).collect();
    assert!(acts.contains(&"RETENTION_APPLIED") && acts.contains(&"APP_CHANGED"), "{log}");
    let set = tea.app.company.sends("PUT", &path, json!({"retentionDays": 0})).await.ok();
    assert_eq!(set["retentionDays"], Value::Null);
}

#[tokio::test]
async fn an_account_sees_what_was_done_with_it_and_others_do_not() {
    let chinwag = chinwag().await;
    let (acme, other) = (chinwag.company("acme").await, chinwag.company("other").await);
    let app = acme.app("shop").await;
    let user = app.user("alice").await;
    let users = format!("/api/client/apps/{}/users/{}", app.id, user.id);
    let _ = acme.sends("DELETE", &format!("{users}/sessions"), Body::Nothing).await.ok();
    let _ = acme.sends("DELETE", &users, Body::Nothing).await.ok();
    let _ = acme.sends("DELETE", &format!("/api/client/apps/{}", app.id), Body::Nothing).await.ok();

    let mut acts = Vec::new();
    let mut before = String::new();
    loop {
        let page = acme.sends("GET", &format!("/api/client/audit?size=2{before}"), Body::Nothing).await.ok();
        let entries = page["entries"].as_array().expect("entries").clone();
        for entry in &entries {
            assert_eq!(
                (&entry["actor"], &entry["address"]),
                (&json!("ACCOUNT"), &json!("127.0.0.1")),
                "{entry}"
            );
            acts.push(entry["act"].as_str().expect("an act").to_owned());
        }
        if page["more"] == false {
            break;
        }
        before = format!("&before={}", entries[entries.len() - 1]["id"]);
    }
    let expected =
        ["APP_DELETED", "USER_DELETED", "USER_SIGNED_OUT", "KEY_CREATED", "APP_CREATED", "ACCOUNT_SIGNED_IN"];
    assert_eq!(acts[..6], expected);
    assert_eq!(acts[6..], ["ACCOUNT_REGISTERED"]);
    let theirs = other.sends("GET", "/api/client/audit", Body::Nothing).await.ok();
    assert_eq!(theirs["entries"].as_array().map(Vec::len), Some(2), "{theirs}");
    assert!(!theirs.to_string().contains(&app.key) && !theirs.to_string().contains("cwk_"));
}
