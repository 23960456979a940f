//! The outbox against testdata/outbox.json, which the other SDK can read too.

use std::time::Duration;

use chinwag_protocol::{Envelope, ErrorCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::error::Refusal;

/// The vectors name things by single words.
fn id(word: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes[..word.len().min(16)].copy_from_slice(&word.as_bytes()[..word.len().min(16)]);
    Uuid::from_bytes(bytes)
}

fn action(mut value: Value, repeat: &Value) -> Action {
    for name in ["chatId", "messageId", "reactionId"] {
        if let Some(word) = value[name].as_str() {
            value[name] = json!(id(word));
        }
    }
    if let (Some(times), Some(text)) = (repeat.as_u64(), value["message"].as_str()) {
        value["message"] = json!(text.repeat(usize::try_from(times).unwrap()));
    }
    Envelope::parse(value.to_string().as_bytes(), 0).unwrap().action
}

struct Player {
    outbox: Outbox,
    start: Instant,
}

impl Player {
    fn at(&self, ms: &Value) -> Instant {
        self.start + Duration::from_millis(ms.as_u64().unwrap())
    }

    fn add(&mut self, step: &Value) {
        let user = UserId(id(step["user"].as_str().unwrap_or("me")));
        let now = Timestamp(step["now"].as_i64().unwrap());
        let nonce = step["nonce"].as_str().unwrap().to_owned();
        self.outbox.add(action(step["add"].clone(), &step["repeat"]), nonce, user, now).unwrap();
    }

    fn restore(&mut self, step: &Value) {
        let kept = step["restore"].as_array().unwrap().iter().map(|kept| OutboxEntry {
            attempts: u32::try_from(kept["attempts"].as_u64().unwrap()).unwrap(),
            ..OutboxEntry::new(
                kept["nonce"].as_str().unwrap(),
                UserId(id("me")),
                action(kept["action"].clone(), &Value::Null),
                Timestamp(kept["queuedAt"].as_i64().unwrap()),
            )
        });
        self.outbox.restore(kept.collect(), Timestamp(step["now"].as_i64().unwrap()));
    }

    fn refuse(&mut self, nonce: &str, step: &Value) {
        let transient = step["transient"] == true;
        let code = if transient { ErrorCode::RateLimited } else { ErrorCode::ChatNotFound };
        let error = Error::Refused(Box::new(Refusal::new(code, String::new())));
        let not_before = self.at(&step["notBefore"]);
        self.outbox.refused(nonce, error, not_before);
    }

    /// What the step expects, and what there is.
    fn step(&mut self, step: &Value) -> Option<(Value, Value)> {
        let nonce = |name: &str| step[name].as_str();
        if step.get("add").is_some() {
            self.add(step);
        } else if step.get("restore").is_some() {
            self.restore(step);
        } else if step.get("take").is_some() {
            let now = self.at(&step["take"]);
            let taken = self.outbox.take(now, UserId(id("me"))).into_iter().map(|(entry, door)| {
                format!("{} by {}", entry.nonce, if door == Door::Stomp { "stomp" } else { "http" })
            });
            return Some((step["expect"].clone(), json!(taken.collect::<Vec<_>>())));
        } else if let Some(nonce) = nonce("stored") {
            self.outbox.stored(nonce);
        } else if let Some(nonce) = nonce("refused") {
            self.refuse(nonce, step);
        } else if step.get("due").is_some() {
            return Some((json!(self.at(&step["due"]) - self.start), json!(self.outbox.due()? - self.start)));
        } else if step.get("overdue").is_some() {
            self.outbox.overdue(self.at(&step["overdue"]));
        } else if step["interrupted"] == true {
            self.outbox.interrupted();
        } else if let Some(nonce) = nonce("retry") {
            let done = self.outbox.retry(nonce, Timestamp(step["now"].as_i64()?));
            return Some((step["expect"].clone(), json!(done)));
        } else if let Some(nonce) = nonce("discard") {
            return Some((step["expect"].clone(), json!(self.outbox.discard(nonce))));
        } else {
            let entries = self.outbox.entries().into_iter().map(|entry| {
                let state = match entry.state {
                    OutboxState::Queued => "queued",
                    OutboxState::Sent => "sending",
                    OutboxState::Stored => "stored",
                    OutboxState::Refused => "failed",
                };
                format!("{} {state}", entry.nonce)
            });
            return Some((step["entries"].clone(), json!(entries.collect::<Vec<_>>())));
        }
        None
    }
}

#[test]
fn does_what_the_vectors_say() {
    let vectors: Value = serde_json::from_str(include_str!("../../../testdata/outbox.json")).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let mut player = Player { outbox: Outbox::new(false), start: Instant::now() };
        for step in case["steps"].as_array().unwrap() {
            if let Some((expected, there_is)) = player.step(step) {
                assert_eq!(expected, there_is, "{}: {step}", case["name"]);
            }
        }
    }
}

fn say(text: &str) -> Action {
    action(json!({"type": "SEND_MSG", "chatId": "tea", "message": text}), &Value::Null)
}

#[test]
fn has_a_bound() {
    let (mut outbox, me) = (Outbox::new(false), UserId(id("me")));
    for n in 0..ENTRIES_MAX {
        outbox.add(say("x"), n.to_string(), me, Timestamp(0)).unwrap();
    }
    let one_more = outbox.add(say("x"), "one more".to_owned(), me, Timestamp(0));
    assert!(matches!(one_more, Err(Error::OutboxFull)));
    let mut outbox = Outbox::new(false);
    let much = "x".repeat(BYTES_MAX / 2);
    outbox.add(say(&much), "1".to_owned(), me, Timestamp(0)).unwrap();
    outbox.add(say(&much), "2".to_owned(), me, Timestamp(0)).unwrap();
    assert!(outbox.add(say("x"), "3".to_owned(), me, Timestamp(0)).is_err());
    assert!(outbox.discard("1"));
    outbox.add(say("x"), "3".to_owned(), me, Timestamp(0)).unwrap();
}

#[test]
fn sends_nothing_that_is_not_in_the_file_yet() {
    let (mut outbox, me) = (Outbox::new(true), UserId(id("me")));
    outbox.add(say("x"), "1".to_owned(), me, Timestamp(0)).unwrap();
    outbox.add(say("y"), "2".to_owned(), me, Timestamp(0)).unwrap();
    outbox.kept("2");
    assert!(outbox.take(Instant::now(), me).is_empty(), "the second does not overtake the first");
    outbox.kept("1");
    assert_eq!(outbox.take(Instant::now(), me).len(), 1);
}

#[test]
fn forgets_the_oldest_of_many_refusals() {
    let (mut outbox, me) = (Outbox::new(false), UserId(id("me")));
    for n in 0..REFUSED_MAX + 1 {
        outbox.add(say("x"), n.to_string(), me, Timestamp(0)).unwrap();
        outbox.take(Instant::now(), me);
        outbox.refused(&n.to_string(), Error::NoApiKey, Instant::now());
    }
    let entries = outbox.entries();
    assert_eq!((entries.len(), entries[0].nonce.as_str()), (REFUSED_MAX, "1"));
}
