//! Where it is measured, and the people there.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http_body_util::{BodyExt, Full};
use hyper::http::request::Builder;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::BenchError;
use crate::address::Address;
use crate::process::Process;
use crate::stream::Stream;

/// Requests at once while people are made: each costs the server a password hash.
const AT_ONCE: usize = 8;
const PASSWORD: &str = "measured and forgotten";
/// A JWT lives five minutes by default, and making thousands of people takes longer than that.
const JWT_FRESH: Duration = Duration::from_secs(60);

/// A server, and an API key of an app on it.
#[derive(Clone)]
pub struct Deployment {
    address: Address,
    api_key: String,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    tls: Arc<rustls::ClientConfig>,
}

/// Somebody who has signed in.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    refresh_token: String,
    /// The newest, and when it was given.
    jwt: Mutex<(String, Instant)>,
}

struct Answer {
    headers: HeaderMap,
    body: Bytes,
}

impl Deployment {
    /// `url` is the address of the chat listener, `http://host:port`, or `https://host` of a proxy before it.
    pub fn new(url: &str, api_key: &str) -> Result<Self, BenchError> {
        let tls = crate::tls::config();
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { address: Address::parse(url)?, api_key: api_key.to_owned(), client, tls: Arc::new(tls) })
    }

    pub(crate) fn url(&self) -> String {
        self.address.url()
    }

    pub(crate) fn host(&self) -> &str {
        &self.address.authority
    }

    /// The server's process, if it is on this machine and may be looked at. With TLS it is a proxy that listens, whose
    /// process says nothing of the server's.
    #[must_use]
    pub fn process(&self) -> Option<Process> {
        let address = Some(&self.address).filter(|address| !address.is_secure)?;
        Process::listening(&address.name, address.port)
    }

    pub(crate) async fn connect(&self) -> std::io::Result<Stream> {
        Stream::connect(&self.address, &self.tls).await
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
        self.with_key("register", "/api/user/registerUser", &register).await?;
        let sign_in = json!({"username": name, "password": PASSWORD});
        let answer = self.with_key("sign in", "/api/user/signin", &sign_in).await?;
        let refresh_token = text(&answer.json()?, "refreshToken");
        let jwt = Mutex::new((answer.jwt(), Instant::now()));
        Ok(User { name: name.to_owned(), refresh_token, jwt })
    }

    /// A chat that the first of them makes; its id.
    pub(crate) async fn chat(&self, members: &[&User]) -> Result<String, BenchError> {
        let names: Vec<&str> = members.iter().map(|user| user.name.as_str()).collect();
        let create = json!({"chatName": "bench", "userNames": names}).to_string();
        let jwt = self.jwt(members[0]).await?;
        let request =
            || self.request("POST", "/api/chat/createChat", &jwt).header("content-type", "application/json");
        Ok(text(&self.ask("create a chat", request, create).await?.json()?, "chatId"))
    }

    /// What one connection is opened with: a ticket, and a JWT.
    pub(crate) async fn ticket(&self, user: &User) -> Result<(String, String), BenchError> {
        let jwt = self.jwt(user).await?;
        let request = || self.request("GET", "/api/auth/getTicket", &jwt);
        let ticket = text(&self.ask("a ticket", request, String::new()).await?.json()?, "ticket");
        Ok((ticket, jwt))
    }

    /// One that will not expire soon.
    async fn jwt(&self, user: &User) -> Result<String, BenchError> {
        let (jwt, given) = user.jwt.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if given.elapsed() < JWT_FRESH {
            return Ok(jwt);
        }
        let refresh = json!({"expiredJwt": jwt}).to_string();
        let request = || {
            let request = self.request("POST", "/api/auth/refresh", &user.refresh_token);
            request.header("content-type", "application/json")
        };
        let jwt = self.ask("refresh", request, refresh).await?.jwt();
        *user.jwt.lock().unwrap_or_else(PoisonError::into_inner) = (jwt.clone(), Instant::now());
        Ok(jwt)
    }

    fn request(&self, method: &str, path: &str, token: &str) -> Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.url()));
        request.header("authorization", format!("Bearer {token}"))
    }

    async fn with_key(&self, what: &str, path: &str, body: &Value) -> Result<Answer, BenchError> {
        let request = || {
            let request = Request::post(format!("{}{path}", self.url())).header("x-api-key", &self.api_key);
            request.header("content-type", "application/json")
        };
        self.ask(what, request, body.to_string()).await
    }

    /// The answer, once the server has room for the request: what it asks to wait for is waited for.
    async fn ask(
        &self,
        what: &str,
        request: impl Fn() -> Builder,
        body: String,
    ) -> Result<Answer, BenchError> {
        let failed = |error: &dyn std::error::Error| {
            let cause = std::iter::successors(Some(error), |error| error.source()).last();
            BenchError::Http(what.to_owned(), cause.map(ToString::to_string).unwrap_or_default())
        };
        loop {
            let request = request().body(Full::from(body.clone())).map_err(|error| failed(&error))?;
            let answer = self.client.request(request).await.map_err(|error| failed(&error))?;
            let (head, body) = answer.into_parts();
            let body = body.collect().await.map_err(|error| failed(&error))?.to_bytes();
            match head.status {
                status if status.is_success() => return Ok(Answer { headers: head.headers, body }),
                StatusCode::TOO_MANY_REQUESTS => tokio::time::sleep(retry_after(&head.headers)).await,
                status => {
                    let body = String::from_utf8_lossy(&body).into_owned();
                    return Err(BenchError::Refused { what: what.to_owned(), status: status.as_u16(), body });
                }
            }
        }
    }
}

impl Answer {
    fn json(&self) -> Result<Value, BenchError> {
        let failed = |_| BenchError::Protocol(String::from_utf8_lossy(&self.body).into_owned());
        serde_json::from_slice(&self.body).map_err(failed)
    }

    fn jwt(&self) -> String {
        let jwt = self.headers.get("authorization").and_then(|value| value.to_str().ok());
        jwt.unwrap_or_default().trim_start_matches("Bearer ").to_owned()
    }
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let header = headers.get("retry-after").and_then(|value| value.to_str().ok());
    Duration::from_secs(header.and_then(|seconds| seconds.parse().ok()).unwrap_or(1))
}

fn text(body: &Value, field: &str) -> String {
    body[field].as_str().unwrap_or_default().to_owned()
}
