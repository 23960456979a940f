//! What a client asks for (protocol, section 3), parsed once from JSON into something that cannot be wrong.

mod schema;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::error::ErrorCode;
use crate::ids::{ChatId, MessageId, ReactionId, UserId};
use crate::limits::NONCE_CHARS_MAX;
use crate::text::{Emoji, InvalidText, MessageText, Nonce};

/// One of the eight things a member does in a chat.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    Send {
        chat: ChatId,
        message: MessageText,
    },
    /// `if_seq`: only if this is still the seq of the message's last change.
    Edit {
        chat: ChatId,
        id: MessageId,
        message: MessageText,
        if_seq: Option<u64>,
    },
    Delete {
        chat: ChatId,
        id: MessageId,
        if_seq: Option<u64>,
    },
    Reply {
        chat: ChatId,
        original: MessageId,
        message: MessageText,
    },
    Typing {
        chat: ChatId,
    },
    React {
        chat: ChatId,
        id: MessageId,
        reaction: Emoji,
    },
    Unreact {
        id: ReactionId,
    },
    Read {
        chat: ChatId,
        id: MessageId,
    },
}

/// An action and what its sender said about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    pub action: Action,
    /// If given it must be the caller: the door that knows the caller checks.
    pub sender: Option<UserId>,
    pub nonce: Option<Nonce>,
}

/// Why a body is no action, and as much of it as could be read, for the answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct MalformedAction {
    pub code: ErrorCode,
    pub detail: String,
    pub action: Option<String>,
    pub nonce: Option<String>,
}

/// An action's fields as they came. Each is any JSON, so that a wrong one can be named.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields {
    r#type: Option<Value>,
    sender_id: Option<Value>,
    nonce: Option<Value>,
    chat_id: Option<Value>,
    message_id: Option<Value>,
    message: Option<Value>,
    reaction: Option<Value>,
    reaction_id: Option<Value>,
    if_seq: Option<Value>,
}

type Refused = (ErrorCode, String);

impl Action {
    /// The action's `type` on the wire.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Action::Send { .. } => "SEND_MSG",
            Action::Edit { .. } => "EDIT_MSG",
            Action::Delete { .. } => "DELETE_MSG",
            Action::Reply { .. } => "REPLY",
            Action::Typing { .. } => "TYPING",
            Action::React { .. } => "REACT",
            Action::Unreact { .. } => "DELETE_REACT",
            Action::Read { .. } => "READ_MSG",
        }
    }

    /// Bytes of what people wrote in it: what holding it costs beyond its fixed size.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        match self {
            Action::Send { message, .. } | Action::Edit { message, .. } | Action::Reply { message, .. } => {
                message.as_str().len()
            }
            Action::React { reaction, .. } => reaction.as_str().len(),
            Action::Delete { .. } | Action::Typing { .. } | Action::Unreact { .. } | Action::Read { .. } => 0,
        }
    }
}

impl Envelope {
    /// Reads one action. `message_bytes_max` is the operator's limit; 0 means none.
    ///
    /// Fails with `MALFORMED_JSON` if the body is not a JSON object, otherwise with the code of the first field
    /// that is wrong.
    pub fn parse(body: &[u8], message_bytes_max: usize) -> Result<Self, MalformedAction> {
        let not_an_object = |why: String| MalformedAction {
            code: ErrorCode::MalformedJson,
            detail: format!("the body is not a JSON object: {why}"),
            action: None,
            nonce: None,
        };
        // serde would read an array as a struct's fields in order.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(not_an_object("it does not begin with {".to_owned()));
        }
        // Whole, not field by field: serde passes over what it ignores without a look at its encoding.
        let text = std::str::from_utf8(body).map_err(|error| not_an_object(error.to_string()))?;
        let mut fields: Fields = serde_json::from_str(text).map_err(|error| {
            // Half of a surrogate pair is JSON, though it is no text: a field is wrong, not the frame.
            if serde_json::from_str::<IgnoredAny>(text).is_ok() {
                let code = ErrorCode::ValidationFailed;
                MalformedAction { code, detail: error.to_string(), action: None, nonce: None }
            } else {
                not_an_object(error.to_string())
            }
        })?;
        let kind = text_of(fields.r#type.as_ref());
        let nonce = text_of(fields.nonce.as_ref());
        fields.envelope(message_bytes_max).map_err(|(code, detail)| MalformedAction {
            code,
            detail,
            action: kind,
            nonce,
        })
    }
}

/// What was said, as far as it is worth saying back.
fn text_of(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(|text| text.chars().take(NONCE_CHARS_MAX).collect())
}

impl Fields {
    fn envelope(&mut self, message_bytes_max: usize) -> Result<Envelope, Refused> {
        let action = self.action(message_bytes_max)?;
        let sender = optional(&mut self.sender_id).map(|value| id("senderId", value)).transpose()?;
        let nonce = optional(&mut self.nonce)
            .map(|value| text("nonce", value).and_then(|text| Nonce::parse(text).map_err(invalid)))
            .transpose()?;
        Ok(Envelope { action, sender, nonce })
    }

    fn action(&mut self, message_bytes_max: usize) -> Result<Action, Refused> {
        let kind = text("type", required("type", &mut self.r#type)?)?;
        Ok(match kind.as_str() {
            "SEND_MSG" => Action::Send { chat: self.chat()?, message: self.message(message_bytes_max)? },
            "EDIT_MSG" => Action::Edit {
                chat: self.chat()?,
                id: self.message_id()?,
                message: self.message(message_bytes_max)?,
                if_seq: self.if_seq()?,
            },
            "DELETE_MSG" => {
                Action::Delete { chat: self.chat()?, id: self.message_id()?, if_seq: self.if_seq()? }
            }
            "REPLY" => Action::Reply {
                chat: self.chat()?,
                original: self.message_id()?,
                message: self.message(message_bytes_max)?,
            },
            "TYPING" => Action::Typing { chat: self.chat()? },
            "REACT" => {
                Action::React { chat: self.chat()?, id: self.message_id()?, reaction: self.reaction()? }
            }
            "DELETE_REACT" => {
                Action::Unreact { id: id("reactionId", required("reactionId", &mut self.reaction_id)?)? }
            }
            "READ_MSG" => Action::Read { chat: self.chat()?, id: self.message_id()? },
            _ => return Err((ErrorCode::UnknownAction, "type names no action".to_owned())),
        })
    }

    fn chat(&mut self) -> Result<ChatId, Refused> {
        id("chatId", required("chatId", &mut self.chat_id)?)
    }

    fn message_id(&mut self) -> Result<MessageId, Refused> {
        id("messageId", required("messageId", &mut self.message_id)?)
    }

    fn message(&mut self, bytes_max: usize) -> Result<MessageText, Refused> {
        let text = text("message", required("message", &mut self.message)?)?;
        MessageText::parse(text, bytes_max).map_err(|error| match error {
            InvalidText::TooLong { .. } => (ErrorCode::MessageTooLong, error.to_string()),
            _ => invalid(error),
        })
    }

    fn reaction(&mut self) -> Result<Emoji, Refused> {
        let text = text("reaction", required("reaction", &mut self.reaction)?)?;
        Emoji::parse(text).map_err(|error| (ErrorCode::InvalidReaction, error.to_string()))
    }

    fn if_seq(&mut self) -> Result<Option<u64>, Refused> {
        optional(&mut self.if_seq)
            .map(|value| {
                value.as_u64().ok_or_else(|| {
                    (ErrorCode::ValidationFailed, "ifSeq must be a whole number from 0".to_owned())
                })
            })
            .transpose()
    }
}

fn optional(field: &mut Option<Value>) -> Option<Value> {
    field.take().filter(|value| !value.is_null())
}

fn required(name: &'static str, field: &mut Option<Value>) -> Result<Value, Refused> {
    optional(field).ok_or_else(|| (ErrorCode::ValidationFailed, format!("{name} is required")))
}

fn text(name: &'static str, value: Value) -> Result<String, Refused> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err((ErrorCode::ValidationFailed, format!("{name} must be text"))),
    }
}

fn id<Id: std::str::FromStr>(name: &'static str, value: Value) -> Result<Id, Refused> {
    let text = text(name, value)?;
    text.parse().map_err(|_| (ErrorCode::ValidationFailed, format!("{name} must be a UUID")))
}

fn invalid(error: InvalidText) -> Refused {
    (ErrorCode::ValidationFailed, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode::*;

    const CHAT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn refusal(body: &str) -> (ErrorCode, Option<String>) {
        let refused = Envelope::parse(body.as_bytes(), 16).unwrap_err();
        (refused.code, refused.action)
    }

    #[test]
    fn a_message_is_read_and_unknown_fields_are_ignored() {
        let body = format!(r#"{{"type":"SEND_MSG","chatId":"{CHAT}","message":"hi","timeStamp":5,"x":[]}}"#);
        let envelope = Envelope::parse(body.as_bytes(), 16).unwrap();
        assert_eq!(envelope.action.kind(), "SEND_MSG");
        assert_eq!((envelope.sender, envelope.nonce), (None, None));
    }

    #[test]
    fn each_wrong_field_has_its_code() {
        assert_eq!(refusal("["), (MalformedJson, None));
        assert_eq!(refusal("[]"), (MalformedJson, None));
        assert_eq!(refusal("7"), (MalformedJson, None));
        assert_eq!(refusal("{}"), (ValidationFailed, None));
        assert_eq!(refusal(r#"{"type":"DANCE"}"#), (UnknownAction, Some("DANCE".into())));
        assert_eq!(refusal(r#"{"type":"SEND_MSG"}"#), (ValidationFailed, Some("SEND_MSG".into())));
        let long = format!(r#"{{"type":"SEND_MSG","chatId":"{CHAT}","message":"{}"}}"#, "x".repeat(17));
        assert_eq!(refusal(&long), (MessageTooLong, Some("SEND_MSG".into())));
        let typed = format!(r#"{{"type":"REACT","chatId":"{CHAT}","messageId":"{CHAT}","reaction":"no"}}"#);
        assert_eq!(refusal(&typed).0, InvalidReaction);
    }
}
