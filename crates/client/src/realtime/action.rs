//! An action as it is written, and what its event says was stored.

use chinwag_protocol::{Action, ChatId, EventKind, MessageId, ReactionId, Timestamp};
use serde_json::{Value, json};

use crate::error::Error;
use crate::model::ChatEvent;

/// The body of a SEND, or of `POST /api/chat`.
pub(crate) fn to_json(action: &Action, nonce: Option<&str>) -> Value {
    let mut body = match action {
        Action::Send { chat, message } => json!({"chatId": chat, "message": message}),
        Action::Edit { chat, id, message, if_seq } => {
            json!({"chatId": chat, "messageId": id, "message": message, "ifSeq": if_seq})
        }
        Action::Delete { chat, id, if_seq } => json!({"chatId": chat, "messageId": id, "ifSeq": if_seq}),
        Action::Reply { chat, original, message } => {
            json!({"chatId": chat, "messageId": original, "message": message})
        }
        Action::Typing { chat } => json!({"chatId": chat}),
        Action::React { chat, id, reaction } => {
            json!({"chatId": chat, "messageId": id, "reaction": reaction})
        }
        Action::Unreact { id } => json!({"reactionId": id}),
        Action::Read { chat, id } => json!({"chatId": chat, "messageId": id}),
    };
    body["type"] = json!(action.kind());
    if let Some(nonce) = nonce {
        body["nonce"] = json!(nonce);
    }
    body
}

/// What the server stored of an action. It is on its disk.
///
/// ```no_run
/// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
/// let stored = client.realtime().send_message(chat, "hello").await?;
/// println!("{} is number {:?} of its chat, stored at {:?}", stored.id, stored.seq, stored.time);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Stored<Id> {
    /// Of the message or reaction that was made, changed, deleted or read.
    pub id: Id,
    /// In which chat.
    pub chat: ChatId,
    /// The event's place in its chat. None if the action changed nothing: the reaction was given before, the messages
    /// were read already.
    pub seq: Option<u64>,
    /// By the server's clock. Taking a reaction back and reading have none.
    pub time: Option<Timestamp>,
    /// The server had done it before this answer was asked for: an earlier answer was lost.
    pub replayed: bool,
}

/// An id that an action's event carries.
pub(crate) trait StoredId: Sized {
    /// None if the event is not of such an action.
    fn of(kind: &EventKind) -> Option<Self>;
}

impl StoredId for MessageId {
    fn of(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::MessageSent { message_id, .. }
            | EventKind::MessageEdited { message_id, .. }
            | EventKind::MessageDeleted { message_id, .. }
            | EventKind::Replied { message_id, .. }
            | EventKind::MessageRead { message_id, .. } => Some(*message_id),
            _ => None,
        }
    }
}

impl StoredId for ReactionId {
    fn of(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::ReactionAdded { reaction_id, .. } | EventKind::ReactionRemoved { reaction_id, .. } => {
                Some(*reaction_id)
            }
            _ => None,
        }
    }
}

/// What an event says of the action that caused it.
pub(crate) fn stored<Id: StoredId>(event: &ChatEvent) -> Result<Stored<Id>, Error> {
    let what = "the answer is that to another action";
    let id = Id::of(&event.kind).ok_or(Error::UnexpectedAnswer { status: 200, what })?;
    let time = match &event.kind {
        EventKind::MessageSent { time_stamp, .. }
        | EventKind::MessageDeleted { time_stamp, .. }
        | EventKind::Replied { time_stamp, .. }
        | EventKind::ReactionAdded { time_stamp, .. } => Some(*time_stamp),
        EventKind::MessageEdited { edited_at, .. } => Some(*edited_at),
        _ => None,
    };
    Ok(Stored { id, chat: event.chat_id, seq: event.seq, time, replayed: event.replayed })
}

#[cfg(test)]
mod tests {
    use chinwag_protocol::{Emoji, Envelope, MessageText};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_server_reads_what_is_written() {
        let (chat, id) = (ChatId(Uuid::from_u128(1)), MessageId(Uuid::from_u128(2)));
        let message = || MessageText::parse("\"hi\"\n".to_owned(), 0).unwrap();
        for action in [
            Action::Send { chat, message: message() },
            Action::Edit { chat, id, message: message(), if_seq: Some(7) },
            Action::Edit { chat, id, message: message(), if_seq: None },
            Action::Delete { chat, id, if_seq: Some(7) },
            Action::Reply { chat, original: id, message: message() },
            Action::Typing { chat },
            Action::React { chat, id, reaction: Emoji::parse("🌱".to_owned()).unwrap() },
            Action::Unreact { id: ReactionId(Uuid::from_u128(3)) },
            Action::Read { chat, id },
        ] {
            let envelope = Envelope::parse(to_json(&action, Some("n")).to_string().as_bytes(), 0).unwrap();
            assert_eq!(envelope.action, action);
            assert_eq!(envelope.nonce.unwrap().as_str(), "n");
        }
    }
}
