//! Somebody for the examination: a user who is registered for it and erased after it, in the app of the key that was
//! given, or in one that is made for it and deleted.

use std::io;
use std::time::Duration;

use chinwag_protocol::AppId;
use chinwag_server::sessions::app::{Audience, Tier};
use chinwag_server::store::{NewKey, Reach};
use serde_json::{Value, json};

use super::finding::Finding;
use super::line::Address;
use super::proxies::Proxy;
use super::visit;
use crate::administration::{Administration, Desk, Missing};
use crate::commands::Failure;
use crate::settings::PlaceFlags;

/// Signed in, in a chat of their own.
pub(super) struct Guest {
    pub(super) jwt: String,
    pub(super) chat: String,
}

/// What only somebody who is signed in can see.
pub(super) async fn examine(
    place: &PlaceFlags,
    address: &Address,
    key: Option<&str>,
    is_here: bool,
    idle: Duration,
    proxy: Option<Proxy>,
) -> Vec<Finding> {
    if let Some(key) = key {
        return visited(address, key, idle, proxy).await;
    }
    if !is_here {
        let change = "--api-key KEY, or CHINWAG_API_KEY: a user is registered for it and deleted again";
        return vec![Finding::warn("connections", "not examined: nobody to connect as", change)];
    }
    match borrowed(place).await {
        Err(error) => {
            let change = "--api-key KEY, of an app of the server behind the URL";
            vec![Finding::warn("connections", format!("not examined: {error}"), change)]
        }
        Ok((app, key)) => {
            let mut found = visited(address, &key, idle, proxy).await;
            if let Err(error) = returned(place, app).await {
                let change = format!("chinwag app delete {app}");
                found.push(Finding::warn(
                    "connections",
                    format!("the app made for this is left; {error}"),
                    change,
                ));
            }
            found
        }
    }
}

/// An app of the server here, and a key of it.
async fn borrowed(place: &PlaceFlags) -> Result<(AppId, String), Failure> {
    at_the_desk(place, async |by| {
        let app = by.store.create_app(Reach::All, "chinwag doctor".to_owned(), Tier::MultiTenant).await?;
        let (token, new) = NewKey::generate(Audience::Chat);
        by.store.create_key(Reach::All, app.id, new).await?;
        Ok((app.id, token.reveal().to_owned()))
    })
    .await
}

async fn returned(place: &PlaceFlags, app: AppId) -> Result<(), Failure> {
    at_the_desk(place, async move |by| Ok(by.store.delete_app(Reach::All, app).await.map(drop)?)).await
}

/// The desk has a run time of its own.
async fn at_the_desk<T: Send + 'static>(
    place: &PlaceFlags,
    work: impl AsyncFnOnce(Administration) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let desk = Desk { place: place.clone(), json: false };
    tokio::task::spawn_blocking(move || desk.open(Missing::Refuse, work)).await?
}

async fn visited(address: &Address, key: &str, idle: Duration, proxy: Option<Proxy>) -> Vec<Finding> {
    let guest = match Guest::arrive(address, key).await {
        Ok(guest) => guest,
        Err(error) => {
            let change = "is the key one of the server behind the URL? chinwag key list --app APP";
            return vec![Finding::fail(
                "connections",
                format!("unable to sign in as a new user; {error}"),
                change,
            )];
        }
    };
    let found = visit::examine(address, &guest, idle, proxy).await;
    // Gone with all it wrote. Where that fails, a user named doctor-... stays behind, which harms nobody.
    let _ = address.ask("DELETE", "/api/user/deleteUser", &[guest.bearer()], "").await;
    found
}

impl Guest {
    async fn arrive(address: &Address, key: &str) -> io::Result<Self> {
        let (token, _) = NewKey::generate(Audience::Chat);
        let name = format!("doctor-{}", &token.reveal()[token.reveal().len() - 12..]);
        let password = token.reveal();
        let key = [format!("x-api-key: {key}")];
        let new = json!({"username": name, "email": format!("{name}@doctor.invalid"), "password": password});
        answered(address, "registerUser", "/api/user/registerUser", &key, &new).await?;
        let signin = json!({"username": name, "password": password});
        let (jwt, _) = answered(address, "signin", "/api/user/signin", &key, &signin).await?;
        let guest = Self { jwt: jwt.unwrap_or_default(), chat: String::new() };
        let chat = json!({"chatName": "doctor", "userNames": [name]});
        let (_, chat) =
            answered(address, "createChat", "/api/chat/createChat", &[guest.bearer()], &chat).await?;
        Ok(Self { chat: chat["chatId"].as_str().unwrap_or_default().to_owned(), ..guest })
    }

    pub(super) fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.jwt)
    }

    pub(super) async fn ticket(&self, address: &Address) -> io::Result<String> {
        let answer = address.ask("GET", "/api/auth/getTicket", &[self.bearer()], "").await?;
        let ticket = answer.json()["ticket"].as_str().map(str::to_owned);
        ticket.ok_or_else(|| io::Error::other(format!("getTicket was answered {}", answer.status)))
    }
}

/// The JWT in the answer's header, and its body.
async fn answered(
    address: &Address,
    what: &str,
    path: &str,
    headers: &[String],
    body: &Value,
) -> io::Result<(Option<String>, Value)> {
    let answer = address.ask("POST", path, headers, &body.to_string()).await?;
    if answer.status >= 300 {
        return Err(io::Error::other(format!("{what} was answered {} {}", answer.status, answer.code())));
    }
    let jwt = answer.header("authorization").and_then(|value| value.split(' ').next_back());
    if what == "signin" && jwt.is_none() {
        return Err(io::Error::other("the answer to signin lost its header Authorization on the way"));
    }
    Ok((jwt.map(str::to_owned), answer.json()))
}
