//! What both engines keep of a nonce.

use chinwag_protocol::model::MessageContent;
use chinwag_protocol::{Action, ChatId, EventKind, MessageId, Nonce, Timestamp, UserId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::chat::{ChatEvent, Refusal};

/// What the first action with a nonce came to.
pub(super) struct Kept {
    pub(super) digest: [u8; 32],
    /// The time that its event told.
    pub(super) at: Timestamp,
    pub(super) chat: ChatId,
    pub(super) seq: Option<u64>,
    pub(super) subject: Option<Uuid>,
    pub(super) parent: Option<Uuid>,
}

impl Kept {
    /// The first event again, in the place of `position`; refused if it was for another action. `original`: what a
    /// reply was to, as it is now, if its sender may see it.
    pub(super) fn again(
        &self,
        by: UserId,
        nonce: &Nonce,
        action: &Action,
        position: u64,
        original: Option<MessageContent>,
    ) -> Result<ChatEvent, Refusal> {
        if self.digest != digest(action) {
            return Err(Refusal::NonceReused);
        }
        Ok(ChatEvent {
            position,
            chat: self.chat,
            sender: by,
            seq: self.seq,
            kind: self.kind(action, original),
            nonce: Some(nonce.clone()),
            unread_count: None,
            replayed: true,
        })
    }

    /// What the action says, with the ids and times that it was given then.
    fn kind(&self, action: &Action, original: Option<MessageContent>) -> EventKind {
        let subject = self.subject.unwrap_or_default();
        match action {
            Action::Send { message, .. } => EventKind::MessageSent {
                message: message.as_str().to_owned(),
                message_id: MessageId(subject),
                time_stamp: self.at,
            },
            Action::Reply { message, .. } => EventKind::Replied {
                message: message.as_str().to_owned(),
                message_id: MessageId(subject),
                reply_to: original,
                time_stamp: self.at,
            },
            Action::Edit { id, message, .. } => EventKind::MessageEdited {
                message: message.as_str().to_owned(),
                message_id: *id,
                edited_at: self.at,
            },
            Action::Delete { id, .. } => EventKind::MessageDeleted { message_id: *id, time_stamp: self.at },
            Action::Typing { .. } => EventKind::Typing,
            Action::React { id, reaction, .. } => EventKind::ReactionAdded {
                reaction_id: subject.into(),
                reaction: reaction.clone(),
                parent_message_id: *id,
                time_stamp: self.at,
            },
            Action::Unreact { id } => EventKind::ReactionRemoved {
                reaction_id: *id,
                parent_message_id: self.parent.unwrap_or_default().into(),
            },
            Action::Read { id, .. } => EventKind::MessageRead { message_id: *id, unread_count: None },
        }
    }
}

/// The time that the event told: a reaction given before keeps its own.
pub(super) fn told_at(kind: &EventKind, now: Timestamp) -> Timestamp {
    match kind {
        EventKind::ReactionAdded { time_stamp, .. } => *time_stamp,
        _ => now,
    }
}

/// Stands for the action's content, whatever the order or spelling of its JSON.
pub(super) fn digest(action: &Action) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(action.kind().as_bytes());
    match action {
        Action::Send { chat, message } => {
            part(chat.0.as_bytes());
            part(message.as_str().as_bytes());
        }
        Action::Edit { chat, id, message, if_seq } => {
            part(chat.0.as_bytes());
            part(id.0.as_bytes());
            part(message.as_str().as_bytes());
            part(format!("{if_seq:?}").as_bytes());
        }
        Action::Delete { chat, id, if_seq } => {
            part(chat.0.as_bytes());
            part(id.0.as_bytes());
            part(format!("{if_seq:?}").as_bytes());
        }
        Action::Reply { chat, original, message } => {
            part(chat.0.as_bytes());
            part(original.0.as_bytes());
            part(message.as_str().as_bytes());
        }
        Action::Typing { chat } => part(chat.0.as_bytes()),
        Action::React { chat, id, reaction } => {
            part(chat.0.as_bytes());
            part(id.0.as_bytes());
            part(reaction.as_str().as_bytes());
        }
        Action::Unreact { id } => part(id.0.as_bytes()),
        Action::Read { chat, id } => {
            part(chat.0.as_bytes());
            part(id.0.as_bytes());
        }
    }
    hash.finalize().into()
}
