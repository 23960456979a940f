//! SockJS over HTTP, from the protocol's document: single requests, so that a story can do them in any order.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::header::HeaderMap;
use tokio::task::JoinHandle;

use crate::http::{Answer, Body, Http};
use crate::in_time;
use crate::person::Person;
use crate::stomp::Frame;

static SESSIONS: AtomicU32 = AtomicU32::new(0);

/// A session that a person may open: its URLs, and a ticket for it. Clones are the same session.
#[derive(Clone)]
pub struct SockJs {
    http: Http,
    base: String,
    /// `/server/session` of the URL.
    pub path: String,
    /// What stands behind the question mark.
    pub query: String,
}

impl SockJs {
    /// A new session id and a new ticket. Nothing is sent to the session yet.
    pub async fn of(person: &Person) -> Self {
        let base = person.app.urls().chat() + "/api/wsConnect";
        let path = format!("/000/session-{}", SESSIONS.fetch_add(1, Ordering::Relaxed));
        let query = format!("ticket={}", person.ticket().await);
        Self { http: person.app.http().clone(), base, path, query }
    }

    /// The same for another session: `/server/session` of the URL.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }

    /// The same with something else behind the question mark.
    #[must_use]
    pub fn with_query(&self, query: &str) -> Self {
        Self { query: query.to_owned(), ..self.clone() }
    }

    /// The same requests from another address of this machine.
    #[must_use]
    pub fn from_address(&self, address: impl Into<IpAddr>) -> Self {
        Self { http: self.http.at(address.into()), ..self.clone() }
    }

    #[must_use]
    pub fn url(&self, transport: &str) -> String {
        let separator = if transport.contains('?') { '&' } else { '?' };
        format!("{}{}/{transport}{separator}{}", self.base, self.path, self.query)
    }

    pub async fn asks(&self, method: &str, transport: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        self.http.send(method, &self.url(transport), headers, body).await
    }

    /// One `xhr` poll.
    pub async fn polls(&self) -> Answer {
        self.asks("POST", "xhr", &[], Body::Nothing).await
    }

    /// The text of one `xhr` poll.
    ///
    /// # Panics
    /// If it is no success.
    pub async fn hears(&self) -> String {
        let answer = self.polls().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.text
    }

    /// A poll that waits, as the session's receiver. Of two at once the second is refused, and that tells that the
    /// first has begun.
    ///
    /// # Panics
    /// If neither is refused.
    pub async fn begins_to_poll(&self) -> JoinHandle<String> {
        let [mut one, mut other] = [(); 2].map(|()| {
            let session = self.clone();
            tokio::spawn(async move { session.hears().await })
        });
        let (refused, waiting) = tokio::select! {
            refused = &mut one => (refused, other),
            refused = &mut other => (refused, one),
        };
        assert_eq!(refused.expect("a poll does not panic"), "c[2010,\"Another connection still open\"]\n");
        waiting
    }

    /// One `xhr_send` with this body.
    pub async fn posts(&self, body: impl Into<Vec<u8>>) -> Answer {
        self.asks("POST", "xhr_send", &[], Body::Raw(Some("text/plain"), body.into())).await
    }

    /// Says one STOMP frame by `xhr_send`.
    ///
    /// # Panics
    /// If it is not taken.
    pub async fn says(&self, frame: &Frame) {
        let answer = self.posts(serde_json::json!([frame.to_wire("1.2")]).to_string()).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    /// The frames that the next poll brings; heart-beats are passed over.
    ///
    /// # Panics
    /// If it brings anything but messages.
    pub async fn hears_frames(&self) -> Vec<Frame> {
        loop {
            let text = self.hears().await;
            if text != "h\n" {
                return stomp_frames(text.trim_end());
            }
        }
    }

    /// Opens by polling, connects, subscribes: what is heard next is an event.
    pub async fn connects(&self, person: &Person) {
        assert_eq!(self.hears().await, "o\n");
        self.says(&crate::Opening::default().connect_frame(&person.jwt())).await;
        let connected = self.hears_frames().await;
        assert_eq!(connected[0].command, "CONNECTED", "{connected:?}");
        let subscribe = Frame::new("SUBSCRIBE").with("id", "0").with("destination", "/user/queue/messages");
        self.says(&subscribe.with("receipt", "subscribed")).await;
        assert_eq!(self.hears_frames().await[0].get("receipt-id"), Some("subscribed"));
    }

    /// A request whose response is read as it comes.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn streams(&self, method: &str, transport: &str) -> Streaming {
        let response = in_time("the response's head", self.http.stream(method, &self.url(transport))).await;
        Streaming {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            response,
            read: Vec::new(),
        }
    }
}

/// The STOMP frames in one `a[...]` frame.
///
/// # Panics
/// If it is another frame.
#[must_use]
#[track_caller]
pub fn stomp_frames(frame: &str) -> Vec<Frame> {
    let array = frame.strip_prefix('a').unwrap_or_else(|| panic!("no messages: {frame}"));
    let texts: Vec<String> = serde_json::from_str(array).unwrap_or_else(|error| panic!("{error}: {frame}"));
    let mut frames = Vec::new();
    for text in &texts {
        let mut rest = text.trim_start_matches('\n');
        while !rest.is_empty() {
            let (frame, following) = Frame::from_wire(rest, "1.2");
            frames.push(frame);
            rest = following.trim_start_matches('\n');
        }
    }
    frames
}

/// A response that is still coming. Dropped, its connection is cut.
pub struct Streaming {
    pub status: u16,
    pub headers: HeaderMap,
    response: reqwest::Response,
    read: Vec<u8>,
}

impl Streaming {
    /// That exactly this comes next.
    ///
    /// # Panics
    /// If something else does.
    pub async fn brings(&mut self, expected: &str) {
        while self.read.len() < expected.len() && self.reads_more().await {}
        let len = self.read.len().min(expected.len());
        let came = String::from_utf8_lossy(&self.read[..len]).into_owned();
        assert_eq!(came, expected);
        self.read.drain(..len);
    }

    /// What comes up to and with `end`.
    ///
    /// # Panics
    /// If it ends before.
    pub async fn until(&mut self, end: &str) -> String {
        loop {
            let text = String::from_utf8_lossy(&self.read).into_owned();
            if let Some(at) = text.find(end) {
                let len = at + end.len();
                self.read.drain(..len);
                return text[..len].to_owned();
            }
            assert!(self.reads_more().await, "it ended: {text}");
        }
    }

    /// That nothing more comes: the response is whole.
    ///
    /// # Panics
    /// If something does.
    pub async fn ends(&mut self) {
        let more = self.reads_more().await;
        assert!(!more && self.read.is_empty(), "{}", String::from_utf8_lossy(&self.read));
    }

    async fn reads_more(&mut self) -> bool {
        let chunk = in_time("more of the response", self.response.chunk()).await;
        match chunk.expect("a response that does not break off") {
            Some(chunk) => {
                self.read.extend_from_slice(&chunk);
                true
            }
            None => false,
        }
    }
}
