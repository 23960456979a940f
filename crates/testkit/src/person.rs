//! An end user with one session: alice, bob, or eve who should see nothing. Over HTTP here; see `connects` for the rest.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::app::App;
use crate::connection::Connection;
use crate::http::{Answer, Body};
use crate::opening::Opening;

/// A signed-in user. Clones share the session.
#[derive(Clone)]
pub struct Person {
    pub app: App,
    pub id: String,
    pub name: String,
    session: Arc<Mutex<Session>>,
    /// The private chat whose messages prove that nothing came before them (see [`Connection::sees_nothing`]).
    pub(crate) fence: Arc<Mutex<Option<String>>>,
}

struct Session {
    jwt: String,
    refresh: String,
}

/// The JWT in an answer's Authorization header.
///
/// # Panics
/// If there is none.
#[track_caller]
fn jwt_of(answer: &Answer) -> String {
    let header = answer.header("authorization").unwrap_or_else(|| panic!("no Authorization: {answer:?}"));
    header.strip_prefix("Bearer ").expect("the Bearer scheme").to_owned()
}

impl Person {
    pub(crate) fn from_sign_in(app: App, answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = |name: &str| answer.body[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned();
        let session = Session { jwt: jwt_of(answer), refresh: text("refreshToken") };
        let session = Arc::new(Mutex::new(session));
        Self { app, id: text("id"), name: text("username"), session, fence: Arc::default() }
    }

    /// One more session of the same user.
    pub async fn another_device(&self) -> Self {
        Self { fence: Arc::clone(&self.fence), ..self.app.device_of(&self.name).await }
    }

    #[must_use]
    pub fn jwt(&self) -> String {
        self.session.lock().expect("no holder panics").jwt.clone()
    }

    #[must_use]
    pub fn refresh_token(&self) -> String {
        self.session.lock().expect("no holder panics").refresh.clone()
    }

    pub fn takes_jwt(&self, jwt: &str) {
        jwt.clone_into(&mut self.session.lock().expect("no holder panics").jwt);
    }

    /// Takes the JWT that an answer carries in its header.
    #[track_caller]
    pub fn takes_jwt_of(&self, answer: &Answer) {
        self.takes_jwt(&jwt_of(answer));
    }

    pub async fn sends(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let bearer = format!("Bearer {}", self.jwt());
        let url = self.app.urls.chat() + path;
        self.app.http.send(method, &url, &[("authorization", &bearer)], body.into()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.sends("GET", path, Body::Nothing).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.sends("POST", path, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.sends("DELETE", path, Body::Nothing).await
    }

    /// `POST /api/chat`: an action by the other door.
    pub async fn posts(&self, action: Value) -> Answer {
        self.post("/api/chat", action).await
    }

    /// The same when the server may be gone: none if there is no whole answer.
    pub async fn tries_to_post(&self, action: &Value) -> Option<Answer> {
        let bearer = format!("Bearer {}", self.jwt());
        let url = self.app.urls.chat() + "/api/chat";
        let headers = [("authorization", bearer.as_str())];
        self.app.http.try_send("POST", &url, &headers, action.clone().into()).await.ok()
    }

    /// Creates a chat of oneself and others, named "Tea", and returns its id.
    pub async fn creates_chat_with(&self, others: &[&str]) -> String {
        self.creates_chat("Tea", others).await["chatId"].as_str().expect("a chat id").to_owned()
    }

    pub async fn creates_chat(&self, name: &str, others: &[&str]) -> Value {
        let names: Vec<&str> = others.iter().copied().chain([self.name.as_str()]).collect();
        let chat = json!({"chatName": name, "userNames": names});
        self.post("/api/chat/createChat", chat).await.created()
    }

    pub async fn adds(&self, chat: &str, name: &str) -> Answer {
        self.post("/api/chat/addUser", json!({"chatId": chat, "newUsername": name})).await
    }

    pub async fn removes(&self, chat: &str, user: &str) -> Answer {
        self.post("/api/chat/removeUser", json!({"chatId": chat, "removeUser": user})).await
    }

    pub async fn leaves(&self, chat: &str) {
        self.removes(chat, &self.id).await.done();
    }

    pub async fn renames(&self, chat: &str, name: &str) -> Answer {
        self.post("/api/chat/changeName", json!({"chatId": chat, "newChatName": name})).await
    }

    pub async fn deletes_chat(&self, chat: &str) -> Answer {
        self.delete(&format!("/api/chat/deleteChat?chatId={chat}")).await
    }

    /// The chats of this user, but for the one that tests use as a fence.
    pub async fn chats(&self) -> Vec<Value> {
        let mut chats = list(self.get("/api/chat/getChats?size=100").await.ok(), "chats");
        let fence = self.fence.lock().expect("no holder panics").clone();
        chats.retain(|chat| chat["chatId"].as_str() != fence.as_deref());
        chats
    }

    /// That chat as this user sees it.
    pub async fn chat(&self, id: &str) -> Value {
        let chats = self.chats().await;
        chats.into_iter().find(|chat| chat["chatId"] == id).unwrap_or_else(|| panic!("no chat {id}"))
    }

    pub async fn members(&self, chat: &str) -> Vec<Value> {
        list(self.get(&format!("/api/chat/getUsers/{chat}")).await.ok(), "users")
    }

    /// A page of history before the message `last`. Without `last` this also marks the newest as read.
    pub async fn history(&self, chat: &str, size: u32, last: Option<&str>) -> Vec<Value> {
        let before = last.map(|id| format!("&lastMessage={id}")).unwrap_or_default();
        list(
            self.get(&format!("/api/messages/getMessages/{chat}?size={size}{before}")).await.ok(),
            "messages",
        )
    }

    /// The texts of the newest hundred messages, oldest first.
    pub async fn texts(&self, chat: &str) -> Vec<String> {
        let messages = self.history(chat, 100, None).await;
        messages.iter().rev().map(|message| message["content"].as_str().expect("text").to_owned()).collect()
    }

    pub async fn ticket(&self) -> String {
        let answer = self.get("/api/auth/getTicket").await.ok();
        answer["ticket"].as_str().expect("a ticket").to_owned()
    }

    /// Connects as a browser would: a ticket, STOMP 1.2, subscribed to the own queue.
    pub async fn connects(&self) -> Connection {
        Opening::default().connect(self).await
    }

    /// Connects and goes on from a cursor.
    pub async fn resumes(&self, since: &str) -> Connection {
        Opening { since: Some(since.to_owned()), ..Opening::default() }.connect(self).await
    }
}

/// The one list that an answer is.
///
/// # Panics
/// If it is anything else, or more.
#[track_caller]
fn list(mut answer: Value, name: &str) -> Vec<Value> {
    let fields: Vec<&String> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(fields, [name]);
    serde_json::from_value(answer[name].take()).expect("a list")
}
