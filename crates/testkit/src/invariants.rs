//! What holds for every MESSAGE of a connection, whatever the story.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::contract;
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
    subscriptions: HashMap<String, Subscribed>,
    message_ids: HashSet<String>,
    /// The newest seq by subscription and chat.
    seqs: HashMap<(String, String), u64>,
}

struct Subscribed {
    destination: String,
    /// Being told what was missed: in order, and what changed twice may come once.
    catching_up: bool,
    /// The newest position in a cursor. Opaque to clients, but not to a test that none may go back.
    position: u64,
}

impl Watch {
    pub(crate) fn of(person: &str) -> Self {
        Self {
            person: person.to_owned(),
            subscriptions: HashMap::new(),
            message_ids: HashSet::new(),
            seqs: HashMap::new(),
        }
    }

    /// `resuming`: with a cursor.
    pub(crate) fn subscribed(&mut self, id: &str, destination: &str, resuming: bool) {
        let subscribed =
            Subscribed { destination: destination.to_owned(), catching_up: resuming, position: 0 };
        self.subscriptions.insert(id.to_owned(), subscribed);
    }

    /// Checks one MESSAGE and returns its event.
    ///
    /// # Panics
    /// If any promise is broken.
    pub(crate) fn check(&mut self, frame: &Frame) -> Event {
        let header = |name: &str| frame.get(name).unwrap_or_else(|| panic!("no {name} header: {frame:?}"));
        let subscription = header("subscription").to_owned();
        let subscribed = self.subscriptions.get(&subscription);
        let subscribed = subscribed.unwrap_or_else(|| panic!("for no subscription: {frame:?}"));
        assert_eq!(subscribed.destination, header("destination"), "{frame:?}");
        assert!(self.message_ids.insert(header("message-id").to_owned()), "repeated message-id: {frame:?}");
        assert!(header("content-type").starts_with("application/json"), "{frame:?}");
        assert_eq!(header("content-length").parse(), Ok(frame.body.len()), "{frame:?}");
        let body: Value = serde_json::from_str(&frame.body).unwrap_or_else(|_| panic!("no JSON: {frame:?}"));
        contract::check_event(&body);
        let event = Event { body, cursor: Some(header("cursor").to_owned()), subscription };
        self.check_cursor(&event, header("cursor"));
        match event.kind() {
            "RESUMED" => self.goes_live(&event.subscription),
            "RESYNC" => {
                self.goes_live(&event.subscription);
                self.seqs.retain(|(subscription, _), _| *subscription != event.subscription);
            }
            kind if NOTICES.contains(&kind) => {}
            _ => self.check_event(&event),
        }
        event
    }

    fn goes_live(&mut self, subscription: &str) {
        if let Some(subscribed) = self.subscriptions.get_mut(subscription) {
            subscribed.catching_up = false;
        }
    }

    /// Cursors never go back, and every stored event moves them on.
    fn check_cursor(&mut self, event: &Event, cursor: &str) {
        let position = cursor.rsplit_once('.').and_then(|(_, position)| position.parse::<u64>().ok());
        let position = position.unwrap_or_else(|| panic!("cursor {cursor}"));
        let stored = event["seq"].is_u64() && event["replayed"] != true;
        if let Some(subscribed) = self.subscriptions.get_mut(&event.subscription) {
            let newest = subscribed.position;
            assert!(position > newest || (!stored && position == newest), "after {newest}: {event:?}");
            subscribed.position = position;
        }
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

    /// Events of a chat are dense from the first one seen, but for what happened while the person was not in it. While
    /// catching up they only grow; the newest of each chat is always among them, so that it is dense again from there.
    fn check_seq(&mut self, event: &Event) {
        let place = (event.subscription.clone(), event.chat().to_owned());
        let newest = self.seqs.get(&place).copied();
        if event["replayed"] == true {
            return;
        }
        let catching_up = self.subscriptions.get(&event.subscription).is_some_and(|it| it.catching_up);
        match newest {
            Some(newest) if catching_up => assert!(event.seq() > newest, "after {newest}: {event:?}"),
            Some(newest) => assert_eq!(event.seq(), newest + 1, "not the next of its chat: {event:?}"),
            None => {}
        }
        if event.kind() == "NEW_CHAT" {
            assert_eq!(event.seq(), 1, "{event:?}");
        }
        if event.kind() == "USER_LEAVE" && event["senderId"] == *self.person {
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
    // What changed nothing has no seq, and is told only as the first result of a repeated nonce.
    let unstored = event["replayed"] == true && event["seq"].is_null();
    if kind != "TYPING" && !unstored {
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
