//! One event as a person was told of it.

use std::ops::Index;

use serde_json::Value;

/// The body of a MESSAGE frame, and the cursor that came with it.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    pub body: Value,
    pub cursor: Option<String>,
    /// The id of the subscription it came for.
    pub subscription: String,
}

impl Event {
    #[must_use]
    pub fn kind(&self) -> &str {
        self["type"].as_str().unwrap_or_default()
    }

    /// What it is about: `messageId`, which is a reaction's id in REACT and DELETE_REACT.
    #[must_use]
    #[track_caller]
    pub fn id(&self) -> &str {
        self["messageId"].as_str().expect("a messageId")
    }

    #[must_use]
    #[track_caller]
    pub fn chat(&self) -> &str {
        self["chatId"].as_str().expect("a chatId")
    }

    #[must_use]
    #[track_caller]
    pub fn seq(&self) -> u64 {
        self["seq"].as_u64().expect("a seq")
    }

    /// That it says exactly this. `recipientId`, `seq` and times are compared only where expected: their form was
    /// checked when the event came.
    #[track_caller]
    pub fn says(&self, expected: Value) {
        let mut told = self.body.clone();
        if let Some(told) = told.as_object_mut() {
            for varying in ["recipientId", "seq", "timeStamp", "editedAt"] {
                if expected.get(varying).is_none() {
                    told.remove(varying);
                }
            }
        }
        assert_eq!(told, expected);
    }
}

impl Index<&str> for Event {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        &self.body[field]
    }
}
