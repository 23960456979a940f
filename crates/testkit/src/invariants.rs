//! What holds for every MESSAGE of a connection, whatever the story.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::event::Event;
use crate::stomp::Frame;

/// The fields of each event beside those that all have (protocol, section 4).
const FIELDS: &[(&str, &[&str])] = &[
    ("SEND_MSG", &["message", "messageId", "timeStamp"]),
    ("EDIT_MSG", &["message", "messageId", "editedAt"]),
    ("DELETE_MSG", &["messageId", "timeStamp"]),
    ("REPLY", &["message", "messageId", "replyTo", "timeStamp"]),
    ("TYPING", &[]),
    ("REACT", &["message", "messageId", "parentMessageId", "timeStamp"]),
    ("DELETE_REACT", &["messageId", "parentMessageId"]),
    ("READ_MSG", &["messageId"]),
    ("USER_JOIN", &["message", "username"]),
    ("USER_LEAVE", &["message", "timeStamp"]),
    ("NEW_CHAT", &["message", "timeStamp"]),
    ("DELETE_CHAT", &[]),
    ("CHAT_RENAMED", &["message", "timeStamp"]),
];
/// What an event may have beside.
const EXTENSIONS: &[&str] = &["nonce", "replayed", "unreadCount"];
/// Told to one connection about itself; no events of a chat.
const NOTICES: &[&str] = &["ERROR", "RESUMED", "RESYNC", "HEAD"];

/// What a connection has seen so far, as far as it binds what may come.
pub(crate) struct Watch {
    person: String,
    name: String,
    /// Destination by subscription id.
    subscriptions: HashMap<String, String>,
    message_ids: HashSet<String>,
    /// The newest seq by subscription and chat.
    seqs: HashMap<(String, String), u64>,
}

impl Watch {
    pub(crate) fn of(person: &str, name: &str) -> Self {
        Self {
            person: person.to_owned(),
            name: name.to_owned(),
            subscriptions: HashMap::new(),
            message_ids: HashSet::new(),
            seqs: HashMap::new(),
        }
    }

    pub(crate) fn subscribed(&mut self, id: &str, destination: &str) {
        self.subscriptions.insert(id.to_owned(), destination.to_owned());
    }

    /// Checks one MESSAGE and returns its event.
    ///
    /// # Panics
    /// If any promise is broken.
    pub(crate) fn check(&mut self, frame: &Frame) -> Event {
        let header = |name: &str| frame.get(name).unwrap_or_else(|| panic!("no {name} header: {frame:?}"));
        let subscription = header("subscription").to_owned();
        let destination = self.subscriptions.get(&subscription);
        assert_eq!(destination.map(String::as_str), Some(header("destination")), "{frame:?}");
        assert!(self.message_ids.insert(header("message-id").to_owned()), "repeated message-id: {frame:?}");
        assert!(header("content-type").starts_with("application/json"), "{frame:?}");
        assert_eq!(header("content-length").parse(), Ok(frame.body.len()), "{frame:?}");
        let body: Value = serde_json::from_str(&frame.body).unwrap_or_else(|_| panic!("no JSON: {frame:?}"));
        let event = Event { body, cursor: frame.get("cursor").map(str::to_owned), subscription };
        if !NOTICES.contains(&event.kind()) {
            self.check_event(&event);
        }
        event
    }

    fn check_event(&mut self, event: &Event) {
        check_fields(event);
        assert_eq!(event["recipientId"], *self.person, "not for this person: {event:?}");
        for id in ["chatId", "recipientId", "senderId", "messageId", "parentMessageId"] {
            assert!(event[id].is_null() || is_id(&event[id]), "{id}: {event:?}");
        }
        for time in ["timeStamp", "editedAt"] {
            assert!(event[time].is_null() || is_time(&event[time]), "{time}: {event:?}");
        }
        if event.kind() != "TYPING" {
            self.check_seq(event);
        }
    }

    /// Events of a chat are dense from the first one seen, but for what happened while the person was not in it.
    fn check_seq(&mut self, event: &Event) {
        let place = (event.subscription.clone(), event.chat().to_owned());
        let newest = self.seqs.get(&place).copied();
        if event["replayed"] == true {
            return;
        }
        if let Some(newest) = newest {
            assert_eq!(event.seq(), newest + 1, "not the next of its chat: {event:?}");
        }
        if event.kind() == "NEW_CHAT" {
            assert_eq!(event.seq(), 1, "{event:?}");
        }
        // Who was removed is named only in the text.
        if event.kind() == "USER_LEAVE" && event["message"] == format!("{} left the chat", self.name) {
            self.seqs.remove(&place);
        } else {
            self.seqs.insert(place, event.seq());
        }
    }
}

fn check_fields(event: &Event) {
    let kind = event.kind();
    let known = FIELDS.iter().find(|(name, _)| *name == kind);
    let (_, further) = known.unwrap_or_else(|| panic!("unknown event: {event:?}"));
    let mut required = vec!["type", "chatId", "recipientId", "senderId"];
    required.extend(*further);
    if kind != "TYPING" {
        required.push("seq");
    }
    let fields = event.body.as_object().expect("an object");
    for field in &required {
        assert!(fields.contains_key(*field), "no {field}: {event:?}");
    }
    for field in fields.keys().map(String::as_str) {
        assert!(required.contains(&field) || EXTENSIONS.contains(&field), "unknown {field}: {event:?}");
    }
}

/// A UUID in lower-case hyphenated text.
fn is_id(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => matches!(c, '0'..='9' | 'a'..='f'),
        })
}

/// RFC 3339 in UTC with milliseconds and `Z`.
fn is_time(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let form = "0000-00-00T00:00:00.000Z";
    text.len() == form.len()
        && text.chars().zip(form.chars()).all(|(c, f)| if f == '0' { c.is_ascii_digit() } else { c == f })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_and_times_have_one_form() {
        assert!(is_id(&json!("01890a5d-ac96-774b-bcce-b302099a8057")));
        assert!(!is_id(&json!("01890A5D-ac96-774b-bcce-b302099a8057")));
        assert!(is_time(&json!("2026-11-22T15:40:00.007Z")));
        assert!(!is_time(&json!("2026-11-22T15:40:00Z")));
    }
}
