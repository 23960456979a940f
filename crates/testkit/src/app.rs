//! One product of a company, as its own server uses it: with an API key.

use serde_json::{Value, json};

use crate::connection::Connection;
use crate::http::{Answer, Http};
use crate::management::Company;
use crate::person::Person;
use crate::server::Urls;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

#[derive(Clone)]
pub struct App {
    pub(crate) http: Http,
    pub(crate) urls: Urls,
    pub company: Company,
    pub id: String,
    pub key_id: String,
    /// The secret of the API key. Tests may replace it.
    pub key: String,
}

impl App {
    #[must_use]
    pub fn http(&self) -> &Http {
        &self.http
    }

    #[must_use]
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// A POST with the API key.
    pub async fn posts(&self, path: &str, body: Value) -> Answer {
        let url = self.urls.chat() + path;
        self.http.send("POST", &url, &[("x-api-key", &self.key)], body.into()).await
    }

    pub async fn registers(&self, name: &str) -> Answer {
        let user = json!({"username": name, "email": format!("{name}@example.com"), "password": PASSWORD});
        self.posts("/api/user/registerUser", user).await
    }

    pub async fn signs_in(&self, name: &str, password: &str) -> Answer {
        self.posts("/api/user/signin", json!({"username": name, "password": password})).await
    }

    /// Registers a user and signs them in.
    pub async fn user(&self, name: &str) -> Person {
        let _ = self.registers(name).await.created();
        self.device_of(name).await
    }

    /// Signs a registered user in: one session more.
    pub async fn device_of(&self, name: &str) -> Person {
        Person::from_sign_in(self.clone(), &self.signs_in(name, PASSWORD).await)
    }

    /// Registers a user, signs them in and connects them.
    pub async fn connected(&self, name: &str) -> Connection {
        self.user(name).await.connects().await
    }
}
