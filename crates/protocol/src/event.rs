//! What a client is told (protocol, section 4).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ErrorCode;
use crate::ids::{ChatId, MessageId, ReactionId, UserId};
use crate::model::{Message, MessageContent};
use crate::text::{Emoji, Nonce};
use crate::timestamp::Timestamp;

/// Something that happened in a chat, as one member is told of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    #[serde(flatten)]
    pub kind: EventKind,
    pub chat_id: ChatId,
    pub recipient_id: UserId,
    pub sender_id: UserId,
    /// The event's place in its chat: from 1, without holes. Absent on what is not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-ext" = true))]
    pub seq: Option<u64>,
    /// Only to the one whose action carried it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-ext" = true))]
    pub nonce: Option<Nonce>,
    /// Only on the answer to a repeated nonce: this is the first result again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("x-ext" = true))]
    pub replayed: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum EventKind {
    /// A message was sent.
    #[serde(rename = "SEND_MSG")]
    MessageSent { message: String, message_id: MessageId, time_stamp: Timestamp },
    /// A message has another text.
    #[serde(rename = "EDIT_MSG")]
    MessageEdited { message: String, message_id: MessageId, edited_at: Timestamp },
    /// A message is gone; `senderId` is who deleted it.
    #[serde(rename = "DELETE_MSG")]
    MessageDeleted { message_id: MessageId, time_stamp: Timestamp },
    /// A message was sent that refers to another.
    #[serde(rename = "REPLY")]
    Replied {
        message: String,
        message_id: MessageId,
        /// The original as it is now; `null` once it was deleted.
        reply_to: Option<MessageContent>,
        time_stamp: Timestamp,
    },
    /// A member is typing. Not stored.
    #[serde(rename = "TYPING")]
    Typing,
    /// Somebody reacted. `messageId` is the reaction's own id, `message` the emoji, `parentMessageId` the message's.
    #[serde(rename = "REACT")]
    ReactionAdded {
        #[serde(rename = "messageId")]
        reaction_id: ReactionId,
        #[serde(rename = "message")]
        reaction: Emoji,
        parent_message_id: MessageId,
        time_stamp: Timestamp,
    },
    /// A reaction was taken back. `messageId` is the reaction's id.
    #[serde(rename = "DELETE_REACT")]
    ReactionRemoved {
        #[serde(rename = "messageId")]
        reaction_id: ReactionId,
        #[schemars(extend("x-ext" = true))]
        parent_message_id: MessageId,
    },
    /// A member, `senderId`, has read up to this message.
    #[serde(rename = "READ_MSG")]
    MessageRead {
        message_id: MessageId,
        /// Only to the reader's own devices.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(extend("x-ext" = true))]
        unread_count: Option<u64>,
    },
    /// A user was added by `senderId`.
    #[serde(rename = "USER_JOIN")]
    UserJoined {
        /// The new member.
        #[serde(rename = "message")]
        user_id: UserId,
        username: String,
    },
    /// A member, `senderId`, left or was removed. `message` is for people.
    #[serde(rename = "USER_LEAVE")]
    UserLeft { message: String, time_stamp: Timestamp },
    /// A chat was made.
    #[serde(rename = "NEW_CHAT")]
    ChatCreated {
        #[serde(rename = "message")]
        chat_name: String,
        time_stamp: Timestamp,
    },
    /// The chat is gone; `senderId` is who deleted it.
    #[serde(rename = "DELETE_CHAT")]
    ChatDeleted,
    /// The chat has another name.
    #[serde(rename = "CHAT_RENAMED")]
    ChatRenamed {
        #[serde(rename = "message")]
        chat_name: String,
        time_stamp: Timestamp,
    },
}

/// What one connection is told about itself. Existing clients ignore unknown types, so these are additive.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum Notice {
    /// An action of this connection was refused and changed nothing.
    #[serde(rename = "ERROR")]
    Refused {
        code: ErrorCode,
        message: String,
        /// The refused action's type, as far as it could be read.
        action: Option<String>,
        receipt: Option<String>,
        nonce: Option<String>,
        /// With `CONFLICT`: the message as it is now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        current: Option<Box<Message>>,
    },
    /// Everything missed since the given cursor has been sent; what follows is live.
    #[serde(rename = "RESUMED")]
    Resumed { cursor: String },
    /// The given cursor cannot be honoured: reload by HTTP, then go on from `cursor`.
    #[serde(rename = "RESYNC")]
    Resync { cursor: String },
    /// Everything up to `cursor` has been sent, though nothing new may have happened.
    #[serde(rename = "HEAD")]
    Head { cursor: String },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn event(kind: EventKind, seq: Option<u64>) -> Event {
        let nil = Uuid::nil();
        Event {
            kind,
            chat_id: nil.into(),
            recipient_id: nil.into(),
            sender_id: nil.into(),
            seq,
            nonce: None,
            replayed: false,
        }
    }

    #[test]
    fn a_reaction_is_spelled_as_the_published_api_has_it() {
        let nil = Uuid::nil();
        let reaction = EventKind::ReactionAdded {
            reaction_id: nil.into(),
            reaction: Emoji::parse("👍".into()).unwrap(),
            parent_message_id: nil.into(),
            time_stamp: Timestamp(0),
        };
        assert_eq!(
            serde_json::to_value(event(reaction, Some(3))).unwrap(),
            json!({"type": "REACT", "chatId": nil, "recipientId": nil, "senderId": nil, "messageId": nil,
                   "message": "👍", "parentMessageId": nil, "timeStamp": "1970-01-01T00:00:00.000Z", "seq": 3})
        );
    }

    #[test]
    fn reads_back_what_it_wrote() {
        for kind in [
            EventKind::Typing,
            EventKind::ChatDeleted,
            EventKind::MessageSent {
                message: "\"recipientId\":\"".into(),
                message_id: Uuid::nil().into(),
                time_stamp: Timestamp(7),
            },
        ] {
            let event = event(kind, None);
            let text = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        }
    }
}
