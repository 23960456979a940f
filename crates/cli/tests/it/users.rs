//! Who a user is: registering, signing in, changing the name, and going away for good.

use serde_json::{Value, json};

use chinwag_testkit::PASSWORD;

use crate::scene::{chinwag, chinwag_with, tea};

#[tokio::test]
async fn registering_and_signing_in() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let user = json!({"username": "alice", "email": "alice@example.com", "password": PASSWORD,
                      "firstName": "Alice", "surName": "Liddell"});
    let registered = app.posts("/api/user/registerUser", user).await.created();
    let id = &registered["id"];
    assert_eq!(registered, json!({"id": id, "username": "alice", "email": "alice@example.com"}));

    let answer = app.signs_in("alice", PASSWORD).await;
    let refresh = answer.body["refreshToken"].clone();
    assert!(answer.header("authorization").is_some_and(|value| value.starts_with("Bearer ey")), "{answer:?}");
    assert_eq!(
        answer.ok(),
        json!({"id": id, "username": "alice", "email": "alice@example.com", "refreshToken": refresh,
               "roles": ["USER"]})
    );
    let alice = app.device_of("alice").await;
    assert_eq!(
        alice.get("/api/user/getUser").await.ok(),
        json!({"id": id, "username": "alice", "email": "alice@example.com", "role": ["USER"]})
    );
}

#[tokio::test]
async fn a_registration_that_is_refused() {
    let chinwag = chinwag().await;
    let mut app = chinwag.app().await;
    let _ = app.registers("alice").await.created();
    let user = |name: &str, email: &str, password: &str| json!({"username": name, "email": email, "password": password});
    for (user, code) in [
        (user("alice", "other@example.com", PASSWORD), "USERNAME_TAKEN"),
        (user("bob", "alice@example.com", PASSWORD), "EMAIL_TAKEN"),
        (user("bob", "ALICE@example.com", PASSWORD), "EMAIL_TAKEN"),
        (user("", "bob@example.com", PASSWORD), "VALIDATION_FAILED"),
        (user(&"x".repeat(65), "bob@example.com", PASSWORD), "VALIDATION_FAILED"),
        (user("b\u{0}b", "bob@example.com", PASSWORD), "VALIDATION_FAILED"),
        (user("bob", "bob", PASSWORD), "VALIDATION_FAILED"),
        (user("bob", "bob@example.com", "short"), "VALIDATION_FAILED"),
        (user("bob", "bob@example.com", &"x".repeat(257)), "VALIDATION_FAILED"),
        (json!({"username": "bob", "email": "bob@example.com"}), "VALIDATION_FAILED"),
        (json!({"username": 7, "email": "bob@example.com", "password": PASSWORD}), "VALIDATION_FAILED"),
    ] {
        app.posts("/api/user/registerUser", user).await.is_refused(400, code);
    }
    app.signs_in("bob", PASSWORD).await.is_refused(401, "AUTH_BAD_CREDENTIALS");

    let other = app.company.app("second").await;
    let _ = other.registers("alice").await.created();
    app.key = "cwk_nonsense".to_owned();
    app.registers("carol").await.is_refused(401, "AUTH_INVALID_API_KEY");
    app.signs_in("alice", PASSWORD).await.is_refused(401, "AUTH_INVALID_API_KEY");
    let url = chinwag.urls.chat() + "/api/user/signin";
    let credentials = json!({"username": "alice", "password": PASSWORD});
    let nobody = chinwag.http.send("POST", &url, &[], credentials.into()).await;
    nobody.is_refused(401, "AUTH_MISSING_CREDENTIALS");
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_alike() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let _ = app.registers("alice").await.created();
    let wrong_password = app.signs_in("alice", "not the password").await;
    let wrong_name = app.signs_in("alicia", PASSWORD).await;
    wrong_password.is_refused(401, "AUTH_BAD_CREDENTIALS");
    assert_eq!(wrong_password.body, wrong_name.body);
}

#[tokio::test]
async fn a_new_name_is_everywhere_and_the_old_one_is_free() {
    let mut tea = tea().await;
    let path = "/api/user/changeUsername";
    tea.bob.post(path, json!({"newUsername": "alice"})).await.is_refused(400, "USERNAME_TAKEN");
    tea.bob.post(path, json!({"newUsername": " "})).await.is_refused(400, "VALIDATION_FAILED");
    tea.bob.post(path, json!({})).await.is_refused(400, "VALIDATION_FAILED");

    let changed = tea.bob.post(path, json!({"newUsername": "robert"})).await;
    tea.bob.takes_jwt_of(&changed);
    changed.done();
    assert_eq!(tea.bob.get("/api/user/getUser").await.ok()["username"], "robert");
    let members = tea.alice.members(&tea.chat).await;
    assert!(members.iter().any(|member| member["username"] == "robert" && member["userId"] == *tea.bob.id));

    tea.app.signs_in("bob", PASSWORD).await.is_refused(401, "AUTH_BAD_CREDENTIALS");
    assert_eq!(tea.app.signs_in("robert", PASSWORD).await.ok()["id"], *tea.bob.id);
    let other = json!({"username": "bob", "email": "bob2@example.com", "password": PASSWORD});
    let _ = tea.app.posts("/api/user/registerUser", other).await.created();

    tea.alice.removes(&tea.chat, &tea.bob.id).await.done();
    assert_eq!(tea.alice.expect("USER_LEAVE").await["message"], "robert left the chat");
}

#[tokio::test]
async fn a_deleted_user_takes_their_words_with_them() {
    let mut tea = tea().await;
    let alices = tea.alice.says(&tea.chat, "I was here").await;
    tea.bob.expect("SEND_MSG").await;
    let bobs = tea.bob.says(&tea.chat, "so was I").await;
    tea.alice.expect("SEND_MSG").await;
    tea.alice.reacts(&tea.chat, bobs.id(), "👍").await;
    tea.bob.expect("REACT").await;

    tea.alice.delete("/api/user/deleteUser").await.done();

    // What disappears is told in any order, and the leaving after all else or before.
    let mut kinds: Vec<String> = Vec::new();
    while !(kinds.iter().any(|kind| kind == "USER_LEAVE") && kinds.iter().any(|kind| kind == "DELETE_MSG")) {
        let event = tea.bob.next_event().await;
        match event.kind() {
            "DELETE_MSG" => assert_eq!(event.id(), alices.id()),
            "USER_LEAVE" => assert_eq!(event["message"], "alice left the chat"),
            "DELETE_REACT" => assert_eq!(event["parentMessageId"], bobs.id()),
            _ => panic!("{event:?}"),
        }
        kinds.push(event.kind().to_owned());
    }
    let message = &tea.bob.history(&tea.chat, 10, None).await[..];
    assert_eq!(message.iter().map(|message| &message["content"]).collect::<Vec<_>>(), ["so was I"]);
    assert_eq!(message[0]["reactions"], json!([]));
    assert_eq!(tea.bob.chat(&tea.chat).await["creator"], *tea.bob.id);
    let members = tea.bob.members(&tea.chat).await;
    assert_eq!(members.iter().map(|member| &member["username"]).collect::<Vec<&Value>>(), ["bob"]);

    let gone = tea.alice.get("/api/user/getUser").await;
    assert_eq!(gone.status, 401, "{gone:?}");
    tea.app.signs_in("alice", PASSWORD).await.is_refused(401, "AUTH_BAD_CREDENTIALS");
    tea.alice.closed().await;

    let again = tea.app.user("alice").await;
    assert!(again.chats().await.is_empty());
}

#[tokio::test]
async fn sign_ins_and_registrations_have_their_pace() {
    let settings = [("limits.sign_ins_per_minute", "3"), ("limits.registrations_per_minute", "2")];
    let chinwag = chinwag_with(&settings).await;
    let app = chinwag.app().await;
    let other = app.company.app("second").await;
    for name in ["alice", "bob"] {
        let _ = app.registers(name).await.created();
    }
    app.registers("carol").await.is_refused(429, "RATE_LIMITED");
    let _ = other.registers("carol").await.created();

    for password in ["wrong password", "another wrong one"] {
        app.signs_in("alice", password).await.is_refused(401, "AUTH_BAD_CREDENTIALS");
    }
    let _ = app.signs_in("alice", PASSWORD).await.ok();
    app.signs_in("alice", PASSWORD).await.is_refused(429, "RATE_LIMITED");

    let credentials = json!({"email": app.company.email, "password": PASSWORD});
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(chinwag.manages("POST", "/api/auth/login", credentials.clone()).await);
    }
    answers[3].is_refused(429, "RATE_LIMITED");
}

/// A password's hash takes 19 MiB for a moment. Memory given back to the allocator each time was once spread over its
/// arenas: a gigabyte after forty users.
#[tokio::test]
async fn many_who_sign_in_cost_the_memory_of_few() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let names: Vec<String> = (0..40).map(|n| format!("user{n}")).collect();
    futures_util::future::join_all(names.iter().map(|name| app.user(name))).await;
    // Each turn at hashing keeps its memory, and there is one for each core but one.
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let peak = chinwag.memory_peak_kib() / 1024;
    assert!(peak < 100 + 20 * cores, "{peak} MiB");
}
