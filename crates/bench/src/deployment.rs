//! Where it is measured, and the people there.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::BenchError;

/// Requests at once while people are made: each costs the server a password hash.
const AT_ONCE: usize = 8;
const PASSWORD: &str = "measured and forgotten";

/// A server, and an API key of an app on it.
#[derive(Clone, Debug)]
pub struct Deployment {
    url: String,
    host: String,
    api_key: String,
    client: Client,
}

/// Somebody who has signed in.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) jwt: String,
}

impl Deployment {
    /// `url` is the address of the chat listener, `http://host:port`.
    pub fn new(url: &str, api_key: &str) -> Result<Self, BenchError> {
        let host = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let host = host.filter(|host| host.contains(':') && !host.contains('/'));
        let host = host.ok_or_else(|| BenchError::Url(url.to_owned()))?.to_owned();
        Ok(Self { url: format!("http://{host}"), host, api_key: api_key.to_owned(), client: Client::new() })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// So many people, signed in; `made` is called as they come. Their names are new in every run.
    pub(crate) async fn people(&self, count: usize, made: impl Fn(usize)) -> Result<Vec<User>, BenchError> {
        let mut run = [0; 4];
        let _ = getrandom::fill(&mut run);
        let run = u32::from_be_bytes(run);
        let (done, made) = (std::cell::Cell::new(0), &made);
        stream::iter(0..count)
            .map(|n| async move { self.user(&format!("bench-{run:08x}-{n}")).await })
            .buffered(AT_ONCE)
            .inspect_ok(|_| {
                done.set(done.get() + 1);
                made(done.get());
            })
            .try_collect()
            .await
    }

    async fn user(&self, name: &str) -> Result<User, BenchError> {
        let email = format!("{name}@bench.invalid");
        let register = json!({"username": name, "email": email, "password": PASSWORD});
        let request = self.client.post(self.at("/api/user/registerUser")).header("x-api-key", &self.api_key);
        answered("register", request.json(&register)).await?;
        let sign_in = json!({"username": name, "password": PASSWORD});
        let request = self.client.post(self.at("/api/user/signin")).header("x-api-key", &self.api_key);
        let answer = answered("sign in", request.json(&sign_in)).await?;
        let jwt = answer.headers().get("authorization").and_then(|value| value.to_str().ok());
        let jwt = jwt.unwrap_or_default().trim_start_matches("Bearer ").to_owned();

        Ok(User { name: name.to_owned(), jwt })
    }

    /// A chat that the first of them makes; its id.
    pub(crate) async fn chat(&self, members: &[&User]) -> Result<String, BenchError> {
        let names: Vec<&str> = members.iter().map(|user| user.name.as_str()).collect();
        let create = json!({"chatName": "bench", "userNames": names});
        let request = self.client.post(self.at("/api/chat/createChat")).bearer_auth(&members[0].jwt);
        let request = request.json(&create);
        Ok(text(&body(answered("create a chat", request).await?).await?, "chatId"))
    }

    pub(crate) async fn ticket(&self, user: &User) -> Result<String, BenchError> {
        let request = self.client.get(self.at("/api/auth/getTicket")).bearer_auth(&user.jwt);
        Ok(text(&body(answered("a ticket", request).await?).await?, "ticket"))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

/// The answer, once the server has room for the request: what it asks to wait for is waited for.
async fn answered(what: &str, request: RequestBuilder) -> Result<Response, BenchError> {
    loop {
        let again = request.try_clone();
        let attempt =
            again.ok_or_else(|| BenchError::Protocol(format!("{what}: a body that cannot be sent again")))?;
        let answer = attempt.send().await.map_err(|error| BenchError::Http(what.to_owned(), error))?;
        let wait = retry_after(&answer);
        match answer.status() {
            status if status.is_success() => return Ok(answer),
            StatusCode::TOO_MANY_REQUESTS => tokio::time::sleep(wait).await,
            status => {
                let (what, status) = (what.to_owned(), status.as_u16());
                return Err(BenchError::Refused {
                    what,
                    status,
                    body: answer.text().await.unwrap_or_default(),
                });
            }
        }
    }
}

fn retry_after(answer: &Response) -> Duration {
    let header = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
    Duration::from_secs(header.and_then(|seconds| seconds.parse().ok()).unwrap_or(1))
}

async fn body(answer: Response) -> Result<Value, BenchError> {
    answer.json().await.map_err(|error| BenchError::Http("an answer".to_owned(), error))
}

fn text(body: &Value, field: &str) -> String {
    body[field].as_str().unwrap_or_default().to_owned()
}
