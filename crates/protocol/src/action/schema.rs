//! JSON Schema of the eight actions, which are read by hand (`action.rs`) and so have none of their own. The tests
//! below hold it against the reader.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::Envelope;
use crate::ids::{ChatId, MessageId, ReactionId, UserId};
use crate::text::{Emoji, MessageText, Nonce};

/// An action's `type`, the name of its schema, what it does, and its fields: required, and not.
type Shape = (&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const SHAPES: [Shape; 8] = [
    ("SEND_MSG", "SendMessage", "Sends a message.", &["chatId", "message"], &[]),
    ("EDIT_MSG", "EditMessage", "Replaces a message's text; only its sender.", &["chatId", "messageId", "message"], &["ifSeq"]),
    ("DELETE_MSG", "DeleteMessage", "Takes a message and its reactions out of history; its sender or the chat's creator.", &["chatId", "messageId"], &["ifSeq"]),
    ("REPLY", "ReplyToMessage", "Sends a message that refers to `messageId`.", &["chatId", "messageId", "message"], &[]),
    ("TYPING", "SendTyping", "Tells the other members; nothing is stored.", &["chatId"], &[]),
    ("REACT", "AddReaction", "Reacts to a message with one emoji.", &["chatId", "messageId", "reaction"], &[]),
    ("DELETE_REACT", "RemoveReaction", "Takes one's own reaction back.", &["reactionId"], &[]),
    ("READ_MSG", "MarkAsRead", "Marks the message and all before it as read.", &["chatId", "messageId"], &[]),
];
/// What every action may carry.
const ALWAYS: [&str; 3] = ["senderId", "nonce", "timeStamp"];

fn field(name: &str, generator: &mut SchemaGenerator) -> Value {
    let schema = match name {
        "chatId" => generator.subschema_for::<ChatId>(),
        "messageId" => generator.subschema_for::<MessageId>(),
        "reactionId" => generator.subschema_for::<ReactionId>(),
        "message" => generator.subschema_for::<MessageText>(),
        "reaction" => generator.subschema_for::<Emoji>(),
        "senderId" => with_words(generator.subschema_for::<UserId>(), "If given, the caller."),
        "nonce" => generator.subschema_for::<Nonce>(),
        "ifSeq" => json_schema!({
            "type": "integer",
            "minimum": 0,
            "description": "Do it only if this is the `seq` of the message's creation or newest edit.",
        }),
        _ => json_schema!({"description": "Accepted and ignored: the server's clock decides."}),
    };
    schema.to_value()
}

fn with_words(mut schema: Schema, words: &str) -> Schema {
    schema.insert("description".to_owned(), words.into());
    schema
}

impl Envelope {
    /// Each action's `type`, the name of its schema, and the schema.
    pub fn schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, &'static str, Value)> {
        let shapes = SHAPES.iter().map(|(kind, name, does, required, optional)| {
            let mut properties = Map::new();
            properties.insert("type".to_owned(), json!({"const": kind}));
            for name in required.iter().chain(*optional).chain(&ALWAYS) {
                properties.insert((*name).to_owned(), field(name, generator));
            }
            let required: Vec<&str> = std::iter::once("type").chain(required.iter().copied()).collect();
            let schema = json!({
                "type": "object",
                "title": name,
                "description": does,
                "properties": properties,
                "required": required,
            });
            (*kind, *name, schema)
        });
        shapes.collect()
    }
}

impl JsonSchema for Envelope {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Action")
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let actions: Vec<Value> = Self::schemas(generator).into_iter().map(|(_, _, schema)| schema).collect();
        json_schema!({"oneOf": actions, "description": "One of the eight things a member does in a chat."})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn sample(field: &str, kind: &str) -> Value {
        match field {
            "type" => kind.into(),
            "message" => "hello".into(),
            "reaction" => "👍".into(),
            "ifSeq" => 3.into(),
            "nonce" => "n1".into(),
            "timeStamp" => "whenever".into(),
            _ => ID.into(),
        }
    }

    fn refusal(body: &Value) -> Option<(ErrorCode, String)> {
        let refused = Envelope::parse(body.to_string().as_bytes(), 0).err()?;
        Some((refused.code, refused.detail))
    }

    fn names(list: &Value) -> Vec<&str> {
        list.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
    }

    #[test]
    fn what_the_schemas_require_is_what_the_reader_requires() {
        for (kind, name, schema) in Envelope::schemas(&mut SchemaGenerator::default()) {
            let fields: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
            let whole: Value = fields
                .iter()
                .map(|field| ((*field).clone(), sample(field, kind)))
                .collect::<Map<_, _>>()
                .into();
            assert_eq!(refusal(&whole), None, "{name}");
            for field in fields {
                let mut without = whole.clone();
                without.as_object_mut().unwrap().remove(field);
                let required = names(&schema["required"]).contains(&field.as_str());
                assert_eq!(refusal(&without).is_some(), required, "{name} without {field}");
            }
        }
    }

    /// A field that is read and not listed would be refused with another type here, and nobody told of it.
    #[test]
    fn the_reader_looks_at_no_other_field() {
        let all = ["chatId", "messageId", "message", "reaction", "reactionId", "ifSeq", "senderId", "nonce"];
        for (kind, name, schema) in Envelope::schemas(&mut SchemaGenerator::default()) {
            let mut body = json!({});
            for field in names(&schema["required"]) {
                body[field] = sample(field, kind);
            }
            for field in all {
                let mut wrong = body.clone();
                wrong[field] = json!([]);
                let listed = schema["properties"].get(field).is_some();
                assert_eq!(refusal(&wrong).is_some(), listed, "{name}: {field}");
            }
        }
    }
}
