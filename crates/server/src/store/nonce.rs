//! What both engines keep of a nonce.

use chinwag_protocol::{Action, EventKind, Timestamp};
use sha2::{Digest, Sha256};

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
