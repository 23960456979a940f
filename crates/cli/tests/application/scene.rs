//! Where the stories begin: an app with a server key.

use serde_json::{Value, json};

use chinwag_testkit::{Answer, App, Body, Chinwag};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_chinwag");

/// A well-formed id that nothing has.
pub(crate) const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Webhooks may go to this machine, and wait briefly.
pub(crate) const NEAR: &[(&str, &str)] =
    &[("webhooks.allow_private", "true"), ("webhooks.timeout_seconds", "2")];

/// An app, and its application's own server.
pub(crate) struct Backend {
    pub(crate) chinwag: Chinwag,
    pub(crate) app: App,
    pub(crate) key: String,
}

pub(crate) async fn backend() -> Backend {
    backend_with(&[]).await
}

pub(crate) async fn backend_with(settings: &[(&str, &str)]) -> Backend {
    let chinwag = Chinwag::start(BINARY, settings).await;
    let app = chinwag.app().await;
    let key = server_key(&app).await;
    Backend { chinwag, app, key }
}

pub(crate) async fn server_key(app: &App) -> String {
    let path = format!("/api/client/apps/{}/keys", app.id);
    let made = app.company.sends("POST", &path, json!({"audience": "server"})).await.created();
    assert_eq!(made["audience"], "server");
    made["token"].as_str().expect("a token").to_owned()
}

impl Backend {
    pub(crate) async fn sends(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let url = self.chinwag.urls.chat() + path;
        self.chinwag.http.send(method, &url, &[("x-api-key", &self.key)], body.into()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.sends("GET", path, Body::Nothing).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.sends("POST", path, body).await
    }

    /// A user who is only a name. Returns their id.
    pub(crate) async fn makes(&self, name: &str) -> String {
        let made = self.post("/api/app/users", json!({"username": name})).await.created();
        made["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) async fn manages(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let path = format!("/api/client/apps/{}{path}", self.app.id);
        self.app.company.sends(method, &path, body).await
    }

    /// Says something as a user, and returns the event.
    pub(crate) async fn says(&self, user: &str, chat: &str, text: &str) -> Value {
        let action = json!({"type": "SEND_MSG", "chatId": chat, "message": text});
        self.post(&format!("/api/app/users/{user}/chat"), action).await.ok()
    }

    /// Everything that is pulled from a cursor on, in parts of `limit`, and the last cursor.
    pub(crate) async fn pulls(&self, since: &str, limit: usize) -> (Vec<Value>, String) {
        let (mut events, mut cursor) = (Vec::new(), since.to_owned());
        loop {
            let since = if cursor.is_empty() { String::new() } else { format!("&since={cursor}") };
            let part = self.get(&format!("/api/app/events?limit={limit}{since}")).await.ok();
            let told = part["events"].as_array().expect("events");
            assert!(told.len() <= limit);
            events.extend(told.iter().cloned());
            part["cursor"].as_str().expect("a cursor").clone_into(&mut cursor);
            if part["more"] == false {
                return (events, cursor);
            }
        }
    }
}

/// The types of events, in order.
pub(crate) fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

pub(crate) fn id(of: &Value, field: &str) -> String {
    of[field].as_str().unwrap_or_else(|| panic!("no {field}: {of}")).to_owned()
}
