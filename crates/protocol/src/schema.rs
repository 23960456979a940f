//! JSON Schema (2020-12) of the types whose form serde does not know: ids, times, text and codes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::error::ErrorCode;
use crate::ids::{AccountId, AppId, ChatId, HookId, KeyId, MessageId, ReactionId, SessionId, UserId};
use crate::limits::{
    CHAT_NAME_CHARS_MAX, EMAIL_CHARS_MAX, EMOJI_BYTES_MAX, NONCE_CHARS_MAX, USERNAME_CHARS_MAX,
};
use crate::text::{ChatName, Email, Emoji, MessageText, Nonce, Username};
use crate::timestamp::Timestamp;

macro_rules! schemas {
    ($($inline:literal $($name:ident),+ => $schema:tt;)+) => {$($(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                $inline
            }

            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+)+};
}

schemas! {
    true AccountId, AppId, ChatId, HookId, KeyId, MessageId, ReactionId, SessionId, UserId => {
        "type": "string",
        "format": "uuid",
    };
    true Timestamp => {
        "type": "string",
        "format": "date-time",
        "examples": ["2026-11-22T15:40:00.007Z"],
    };
    // Its bound is in bytes, and a character has at least one.
    true Emoji => {
        "type": "string",
        "minLength": 1,
        "maxLength": EMOJI_BYTES_MAX,
        "description": "One emoji.",
        "examples": ["👍"],
    };
    true Nonce => {
        "type": "string",
        "pattern": "\\S",
        "maxLength": NONCE_CHARS_MAX,
        "description": "A client's own name for one action: the same nonce from the same user is the same action.",
    };
    true MessageText => {
        "type": "string",
        "pattern": "\\S",
        "description": "Not only white space. Its greatest length in bytes is the operator's `limits.message_bytes`.",
    };
    true ChatName => {
        "type": "string",
        "pattern": "\\S",
        "maxLength": CHAT_NAME_CHARS_MAX,
    };
    true Username => {
        "type": "string",
        "pattern": "\\S",
        "maxLength": USERNAME_CHARS_MAX,
        "description": "Unique in its app. White space at its ends is dropped.",
    };
    true Email => {
        "type": "string",
        "pattern": "^[^@]+@[^@]+$",
        "maxLength": EMAIL_CHARS_MAX,
    };
}

impl JsonSchema for ErrorCode {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("ErrorCode")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Vec<&str> = Self::ALL.iter().map(|code| code.as_str()).collect();
        json_schema!({
            "type": "string",
            "enum": codes,
            "description": "A stable code. Clients may match on it; texts may change.",
        })
    }
}
