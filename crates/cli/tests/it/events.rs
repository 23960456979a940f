//! The third door: server-sent events, as curl reads them.

use chinwag_testkit::{Person, in_time};
use serde_json::Value;

use crate::scene::tea;

/// What a stream of server-sent events says, event by event.
pub(crate) struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(person: &Person, last_event_id: Option<&str>) -> Self {
        Self::at(person.app.urls().chat() + "/api/chat/events", &person.jwt(), last_event_id).await
    }

    pub(crate) async fn at(url: String, token: &str, last_event_id: Option<&str>) -> Self {
        let mut request = reqwest::Client::new().get(url).bearer_auth(token);
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event's id and data, past comments.
    pub(crate) async fn next(&mut self) -> (String, Value) {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if !block.starts_with(':') {
                    let line = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
                    let id = line("id: ").unwrap_or_default().to_owned();
                    return (id, serde_json::from_str(line("data: ").expect("data")).expect("JSON"));
                }
            }
            let chunk = in_time("more of the stream", self.response.chunk()).await.expect("a chunk");
            self.text.push_str(&String::from_utf8_lossy(&chunk.expect("the stream goes on")));
        }
    }

    /// The comment that says that events are heard from now on.
    pub(crate) async fn listening(mut self) -> Self {
        while !self.text.contains(": listening\n\n") {
            let chunk = in_time("the beginning", self.response.chunk()).await.expect("a chunk");
            self.text.push_str(&String::from_utf8_lossy(&chunk.expect("the stream goes on")));
        }
        self
    }

    pub(crate) async fn ends(mut self) {
        while let Ok(Some(_)) = in_time("the end", self.response.chunk()).await {}
    }
}

#[tokio::test]
async fn bob_reads_what_alice_says_and_goes_on_where_he_stopped() {
    let mut tea = tea().await;
    let bob = tea.bob.another_device().await;
    let mut stream = Stream::open(&bob, None).await.listening().await;
    tea.alice.says(&tea.chat, "hello").await;
    let (cursor, event) = stream.next().await;
    assert_eq!((&event["type"], &event["message"]), (&"SEND_MSG".into(), &"hello".into()));
    assert_eq!(event["recipientId"], Value::from(bob.id.clone()));

    drop(stream);
    tea.alice.says(&tea.chat, "are you there?").await;
    tea.alice.says(&tea.chat, "well").await;
    let mut stream = Stream::open(&bob, Some(&cursor)).await;
    let read = [stream.next().await.1, stream.next().await.1].map(|event| event["message"].clone());
    assert_eq!(read, ["are you there?", "well"]);
    assert_eq!(stream.next().await.1["type"], "RESUMED");
    tea.alice.says(&tea.chat, "bye").await;
    assert_eq!(stream.next().await.1["message"], "bye");
}

#[tokio::test]
async fn a_cursor_that_means_nothing_is_answered_with_resync() {
    let tea = tea().await;
    let mut stream = Stream::open(&tea.bob, Some("yesterday")).await;
    assert_eq!(stream.next().await.1["type"], "RESYNC");
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_needs_one_to_begin() {
    let tea = tea().await;
    let bob = tea.bob.another_device().await;
    let stream = Stream::open(&bob, None).await.listening().await;
    let _ = bob.post("/api/auth/logoutAll", serde_json::json!({})).await.ok();
    stream.ends().await;
    bob.get("/api/chat/events").await.is_refused(401, "AUTH_SESSION_ENDED");
}
