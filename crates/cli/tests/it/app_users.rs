//! A company looks after the users of its app (protocol, section 6, ext).

use serde_json::{Value, json};

use chinwag_testkit::{Answer, Body, Company};

use crate::scene::{NOBODY, chinwag};

async fn get(company: &Company, path: &str) -> Answer {
    company.sends("GET", path, Body::Nothing).await
}

async fn delete(company: &Company, path: &str) -> Answer {
    company.sends("DELETE", path, Body::Nothing).await
}

fn names(page: &Value) -> Vec<&str> {
    page["users"]
        .as_array()
        .expect("users")
        .iter()
        .map(|user| user["username"].as_str().expect("a name"))
        .collect()
}

#[tokio::test]
async fn users_are_found_by_a_part_of_their_name_page_by_page() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    for name in ["alice", "bob", "carol", "mal%ory", "malXory"] {
        let _ = app.registers(name).await.created();
    }
    let users = format!("/api/client/apps/{}/users", app.id);
    let first = get(&app.company, &format!("{users}?size=2")).await.ok();
    assert_eq!((names(&first), &first["more"]), (vec!["alice", "bob"], &json!(true)));
    let rest = get(&app.company, &format!("{users}?size=3&after=bob")).await.ok();
    assert_eq!((names(&rest), &rest["more"]), (vec!["carol", "mal%ory", "malXory"], &json!(false)));
    for (part, found) in
        [("ARO", vec!["carol"]), ("l%25o", vec!["mal%ory"]), ("bob@", vec!["bob"]), ("zed", vec![])]
    {
        assert_eq!(names(&get(&app.company, &format!("{users}?search={part}")).await.ok()), found, "{part}");
    }
}

#[tokio::test]
async fn a_users_sessions_are_seen_and_ended() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let phone = app.user("alice").await;
    let laptop = phone.another_device().await;
    let mut connection = laptop.connects().await;
    let alice = format!("/api/client/apps/{}/users/{}", app.id, phone.id);
    let seen = get(&app.company, &alice).await.ok();
    assert_eq!((&seen["username"], &seen["email"]), (&json!("alice"), &json!("alice@example.com")));
    assert_eq!((&seen["sessions"], &seen["connections"]), (&json!(2), &json!(1)));

    let sessions = get(&app.company, &format!("{alice}/sessions")).await.ok();
    let second = sessions[1]["id"].as_str().expect("an id").to_owned();
    connection.sees_nothing().await;
    delete(&app.company, &format!("{alice}/sessions/{second}")).await.done();
    delete(&app.company, &format!("{alice}/sessions/{second}")).await.is_refused(404, "SESSION_NOT_FOUND");
    let ending = connection.closed().await;
    assert!(ending.error.is_some(), "{ending:?}");
    laptop.get("/api/user/getUser").await.is_refused(401, "AUTH_SESSION_ENDED");
    let _ = phone.get("/api/user/getUser").await.ok();

    delete(&app.company, &format!("{alice}/sessions")).await.done();
    phone.get("/api/user/getUser").await.is_refused(401, "AUTH_SESSION_ENDED");
}

#[tokio::test]
async fn a_user_is_erased_and_their_chats_are_told() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let (alice, mut bob) = (app.user("alice").await, app.connected("bob").await);
    let chat = alice.creates_chat_with(&["bob"]).await;
    bob.expect("NEW_CHAT").await;
    let chats = format!("/api/client/apps/{}/users/{}/chats", app.id, alice.id);
    assert_eq!(get(&app.company, &chats).await.ok()["chats"][0]["chatId"], chat);

    let path = format!("/api/client/apps/{}/users/{}", app.id, alice.id);
    assert_eq!(delete(&app.company, &path).await.ok()["userId"], alice.id);
    assert_eq!(bob.expect("USER_LEAVE").await["senderId"], alice.id);
    get(&app.company, &path).await.is_refused(404, "USER_NOT_FOUND");
}

#[tokio::test]
async fn another_company_sees_nothing_of_it() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let alice = app.user("alice").await;
    let other = chinwag.company("other").await;
    let users = format!("/api/client/apps/{}/users", app.id);
    let sessions = format!("{users}/{}/sessions", alice.id);
    for path in [users.clone(), format!("{users}/{}", alice.id), sessions.clone()] {
        get(&other, &path).await.is_refused(404, "APP_NOT_FOUND");
    }
    delete(&other, &sessions).await.is_refused(404, "APP_NOT_FOUND");
    // Nor does the app's own owner by way of another of its apps.
    let second = app.company.creates_app("second").await["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/client/apps/{second}/users/{}", alice.id);
    get(&app.company, &path).await.is_refused(404, "USER_NOT_FOUND");
    get(&app.company, &format!("{users}/{NOBODY}")).await.is_refused(404, "USER_NOT_FOUND");
    let _ = alice.get("/api/user/getUser").await.ok();
}
