//! The objects of the chat API (protocol, section 1). Absent values are `null`, never left out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ChatId, MessageId, ReactionId, UserId};
use crate::text::Emoji;
use crate::timestamp::Timestamp;

/// A chat as one of its members sees it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatDetails {
    pub chat_id: ChatId,
    pub chat_name: String,
    pub last_message_timestamp: Option<Timestamp>,
    /// The newest message's text.
    pub last_message: Option<String>,
    pub created_at: Timestamp,
    pub creator: UserId,
    /// False for a chat of one or two, true once it has had a third member.
    pub group_chat: bool,
    /// Other people's messages after the read pointer.
    #[schemars(extend("x-ext" = true))]
    pub unread_count: u64,
    #[schemars(extend("x-ext" = true))]
    pub last_read_message: Option<MessageId>,
    /// How many people are in it.
    #[schemars(extend("x-ext" = true))]
    pub members: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatUserInfo {
    pub user_id: UserId,
    pub username: String,
    pub joined_chat_at: Timestamp,
    /// The newest message they have read.
    pub last_seen_message: Option<MessageId>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageContent {
    pub chat_id: ChatId,
    pub time_stamp: Timestamp,
    pub message_id: MessageId,
    pub sender_id: UserId,
    pub content: String,
    pub edited: bool,
    pub edited_at: Option<Timestamp>,
}

/// A message in history.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    #[serde(flatten)]
    pub content: MessageContent,
    /// The original as it is now; `null` if this is no reply or the original was deleted.
    pub reply_to: Option<MessageContent>,
    pub reactions: Vec<Reaction>,
    /// Of the event that created it.
    #[schemars(extend("x-ext" = true))]
    pub seq: u64,
    /// Of the event that created or last edited it: what `ifSeq` must name.
    #[schemars(extend("x-ext" = true))]
    pub changed_seq: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    pub reaction_id: ReactionId,
    pub chat_id: ChatId,
    pub message_id: MessageId,
    pub sender_id: UserId,
    pub reaction: Emoji,
    pub created_at: Timestamp,
}
