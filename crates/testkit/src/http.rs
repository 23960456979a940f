//! HTTP as the stories need it: a request, and an answer that can be held against the contract.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::PATIENCE;
use crate::contract::{self, Listener};
use crate::server::Urls;

/// What goes in a request.
#[derive(Clone, Debug)]
pub enum Body {
    Nothing,
    Json(Value),
    /// Any bytes, with the content type they claim to be.
    Raw(Option<&'static str>, Vec<u8>),
}

impl From<Value> for Body {
    fn from(json: Value) -> Self {
        Self::Json(json)
    }
}

/// An HTTP client without redirects, cookies or proxies, so that what is seen is what was sent. What it is answered is
/// held against the documents of the API.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    urls: Urls,
}

impl Http {
    #[must_use]
    pub(crate) fn new(urls: Urls) -> Self {
        Self { client: client(None), urls }
    }

    /// The same, at that address of this machine.
    #[must_use]
    pub(crate) fn at(&self, address: IpAddr) -> Self {
        Self { client: client(Some(address)), urls: self.urls.clone() }
    }

    /// Which listener is at that URL; none if it is another server.
    fn listener(&self, url: &str) -> Option<Listener> {
        let is_at = |base: String| {
            !base.is_empty() && url.strip_prefix(&base).is_some_and(|rest| rest.starts_with('/'))
        };
        if is_at(self.urls.chat()) {
            return Some(Listener::Chat);
        }
        is_at(self.urls.management()).then_some(Listener::Management)
    }

    /// # Panics
    /// If there is no answer.
    pub(crate) async fn stream(&self, method: &str, url: &str) -> reqwest::Response {
        let request = self.client.request(method.parse::<Method>().expect("a method"), url).send().await;
        request.unwrap_or_else(|error| panic!("{method} {url}: {error:?}"))
    }

    /// # Panics
    /// If no whole answer comes.
    pub async fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        self.try_send(method, url, headers, body)
            .await
            .unwrap_or_else(|error| panic!("{method} {url}: {error:?}"))
    }

    /// For when the server may be gone before the answer.
    ///
    /// Fails if the connection is refused or breaks before the answer is whole.
    pub async fn try_send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.request(method.parse::<Method>().expect("a method"), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request = match body {
            Body::Nothing => request,
            Body::Json(json) => request.json(&json),
            Body::Raw(None, bytes) => request.body(bytes),
            Body::Raw(Some(content_type), bytes) => request.header("content-type", content_type).body(bytes),
        };
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let path = answer.url().path().to_owned();
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        if let Some(by) = self.listener(url) {
            contract::check_answer(by, method, &path, status, &headers, &body);
        }
        Ok(Answer { asked: format!("{method} {path}"), path, status, headers, text, body })
    }
}

fn client(address: Option<IpAddr>) -> reqwest::Client {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .local_address(address)
        .timeout(PATIENCE + Duration::from_secs(5));
    client.build().expect("a client without TLS needs nothing from the system")
}

/// One HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    asked: String,
    path: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// `null` if it is not JSON.
    pub body: Value,
}

impl Answer {
    /// The body of a 200.
    #[track_caller]
    #[must_use]
    pub fn ok(self) -> Value {
        self.with_status(200)
    }

    /// The body of a 201.
    #[track_caller]
    #[must_use]
    pub fn created(self) -> Value {
        self.with_status(201)
    }

    #[track_caller]
    fn with_status(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text);
        assert!(self.is_json(), "{}: content type {:?}", self.asked, self.header("content-type"));
        self.body
    }

    /// That it is a 200 with nothing to say.
    #[track_caller]
    pub fn done(self) {
        assert_eq!(self.clone().ok(), serde_json::json!({}), "{}", self.asked);
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn is_json(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.contains("json")) && !self.body.is_null()
    }

    /// That it is a refusal in a body of both documented forms, whatever it says. Returns the body.
    #[track_caller]
    pub fn is_refused_somehow(&self) -> &Value {
        let code = self.body["code"].as_str().unwrap_or_else(|| panic!("no code: {self:?}"));
        self.is_refused(self.status, code)
    }

    /// That it is this refusal, in a body of both documented forms. Returns the body.
    #[track_caller]
    pub fn is_refused(&self, status: u16, code: &str) -> &Value {
        let asked = &self.asked;
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{asked}: {}", self.text);
        assert!(self.is_json(), "{asked}: content type {:?}", self.header("content-type"));
        for text in ["type", "title", "detail"] {
            let text = self.body[text].as_str();
            assert!(text.is_some_and(|text| !text.is_empty()), "{asked}: {}", self.text);
        }
        assert_eq!(self.body["status"], status.to_string(), "{asked}: {}", self.text);
        assert_eq!(self.body["instance"], self.path, "{asked}: {}", self.text);
        assert_eq!(self.body["message"], self.body["detail"], "{asked}: {}", self.text);
        if status == 429 {
            let wait = self.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
            assert!(wait.is_some_and(|seconds| seconds >= 1), "{asked}: Retry-After {wait:?}");
        }
        &self.body
    }
}
