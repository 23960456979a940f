//! A company that uses the service, at the management listener (protocol, section 6).

use serde_json::{Value, json};

use crate::app::{App, PASSWORD};
use crate::http::{Answer, Body, Http};
use crate::server::{Chinwag, Urls};

/// An account, signed in.
#[derive(Clone)]
pub struct Company {
    http: Http,
    urls: Urls,
    pub email: String,
    /// The access token. Tests may replace it by another, or by nonsense.
    pub token: String,
    /// The refresh cookie as a browser would return it, `name=value`.
    pub cookie: String,
}

impl Chinwag {
    /// A request to the management listener by nobody in particular.
    pub async fn manages(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.http.send(method, &(self.urls.management() + path), &[], body.into()).await
    }

    /// Registers an account `<name>@example.com` and signs it in.
    pub async fn company(&self, name: &str) -> Company {
        let email = format!("{name}@example.com");
        let account = json!({"companyName": name, "email": email, "password": PASSWORD});
        let _ = self.manages("POST", "/api/auth/register", account).await.created();
        let sign_in = json!({"email": email, "password": PASSWORD});
        let signed_in = self.manages("POST", "/api/auth/login", sign_in).await;
        let cookie = signed_in.header("set-cookie").expect("a refresh cookie");
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let token = signed_in.body["accessToken"].as_str().expect("an access token").to_owned();
        Company { http: self.http.clone(), urls: self.urls.clone(), email, token, cookie }
    }

    /// A company with one app and one API key.
    pub async fn app(&self) -> App {
        self.company("acme").await.app("chat").await
    }
}

impl Company {
    /// A request with the account's access token.
    pub async fn sends(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let url = self.urls.management() + path;
        self.http.send(method, &url, &[("authorization", &bearer)], body.into()).await
    }

    /// A request with the refresh cookie only.
    pub async fn sends_cookie(&self, method: &str, path: &str) -> Answer {
        let url = self.urls.management() + path;
        self.http.send(method, &url, &[("cookie", &self.cookie)], Body::Nothing).await
    }

    pub async fn creates_app(&self, name: &str) -> Value {
        self.sends("POST", "/api/client/apps", json!({"name": name})).await.created()
    }

    pub async fn creates_key(&self, app: &str) -> Value {
        let path = format!("/api/client/apps/{app}/keys");
        self.sends("POST", &path, Body::Nothing).await.created()
    }

    pub async fn sets_status(&self, app: &str, status: &str) {
        let path = format!("/api/client/apps/{app}");
        let _ = self.sends("PUT", &path, json!({"status": status})).await.ok();
    }

    /// Creates an app and a key for it.
    pub async fn app(&self, name: &str) -> App {
        let id = self.creates_app(name).await["id"].as_str().expect("an id").to_owned();
        let key = self.creates_key(&id).await;
        App {
            http: self.http.clone(),
            urls: self.urls.clone(),
            company: self.clone(),
            id,
            key_id: key["id"].as_str().expect("an id").to_owned(),
            key: key["token"].as_str().expect("a token").to_owned(),
        }
    }
}
