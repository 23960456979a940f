//! HTTP requests without opinions about credentials, and the upgrade to WebSocket.

mod base_url;
mod tls;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client as Pool, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Cause, Error, Refusal};
pub(crate) use base_url::BaseUrl;

/// A request that is not answered in this time has failed.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// A hundred messages of the greatest length that a server can be set to take, and some more.
const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024 * 1024 - 1;

/// A pool of connections to one server.
#[derive(Clone)]
pub(crate) struct Http {
    pub(crate) base: BaseUrl,
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// What opens the door.
#[derive(Clone, Copy)]
pub(crate) enum Credential<'a> {
    ApiKey(&'a str),
    Bearer(&'a str),
}

/// One request, but for its credential.
#[derive(Clone)]
pub(crate) struct Call {
    method: Method,
    /// From `/api` on, with its query.
    path: String,
    body: Option<Value>,
}

/// A success.
pub(crate) struct Answer {
    body: Bytes,
    /// Of the header `Authorization`, without its scheme.
    pub(crate) jwt: Option<String>,
}

impl Call {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None }
    }

    pub(crate) fn post(path: &str, body: Value) -> Self {
        Self { method: Method::POST, path: path.to_owned(), body: Some(body) }
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, path: path.into(), body: None }
    }
}

impl Answer {
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let what = "the answer is not what it should be";
        serde_json::from_slice(&self.body).map_err(|_| Error::UnexpectedAnswer { status: 200, what })
    }
}

impl Http {
    pub(crate) fn new(base: BaseUrl) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(Duration::from_secs(10)));
        let connector = tls::connector(tcp);
        // A server that is gone closes its idle connections, but a network that is gone says nothing.
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Self { base, pool }
    }

    /// Fails unless the answer is a success.
    pub(crate) async fn send(&self, call: &Call, credential: Credential<'_>) -> Result<Answer, Error> {
        let request = self.request(call, credential)?;
        let exchange = async {
            let response =
                self.pool.request(request).await.map_err(|error| self.no_answer(Arc::new(error)))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| self.no_answer(Arc::from(error)))?.to_bytes();
            Ok::<_, Error>(Response::from_parts(head, body))
        };
        let response = tokio::time::timeout(ANSWER_WITHIN, exchange).await;
        let response = response.map_err(|elapsed| self.no_answer(Arc::new(elapsed)))??;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            return Err(refusal(head.status, &head.headers, &body));
        }
        let jwt = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        Ok(Answer { body, jwt: jwt.map(|jwt| without_scheme(jwt).to_owned()) })
    }

    fn request(&self, call: &Call, credential: Credential<'_>) -> Result<Request<Full<Bytes>>, Error> {
        let mut request = Request::builder().method(call.method.clone()).uri(self.base.join(&call.path));
        request = match credential {
            Credential::ApiKey(key) => request.header("x-api-key", key),
            Credential::Bearer(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
        };
        let mut body = Bytes::new();
        if let Some(json) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json");
            body = json.to_string().into();
        }
        // Of what is put together here, only a credential can be something that no header takes.
        request.body(Full::new(body)).map_err(|_| {
            let code = chinwag_protocol::ErrorCode::InvalidToken;
            let message = "the token or key has signs in it that no token has: look where it was copied from";
            Error::Refused(Box::new(Refusal::new(code, message.to_owned())))
        })
    }

    pub(crate) fn no_answer(&self, cause: Cause) -> Error {
        Error::Network { server: self.base.to_string(), cause }
    }
}

fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    let seconds = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let status = status.as_u16();
    match Refusal::read(status, body, seconds.map(Duration::from_secs)) {
        Some(refusal) => Error::Refused(Box::new(refusal)),
        None => Error::UnexpectedAnswer { status, what: "the answer is not Chinwag's" },
    }
}

/// Servers and stored tokens may carry the scheme, even twice.
pub(crate) fn without_scheme(mut token: &str) -> &str {
    token = token.trim();
    while let Some((scheme, rest)) = token.split_once(' ')
        && scheme.eq_ignore_ascii_case("bearer")
    {
        token = rest.trim_start();
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_remains_without_its_schemes() {
        for text in ["abc", "Bearer abc", "bearer  Bearer abc", " Bearer abc "] {
            assert_eq!(without_scheme(text), "abc", "{text:?}");
        }
    }
}
