//! Rules for messages: who may reply, edit and delete.

use chinwag_protocol::{ChatId, UserId};

use super::{Member, Refusal};

/// What the rules need to know of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageFacts {
    pub chat: ChatId,
    pub sender: UserId,
    /// Where it stands among all events.
    pub position: u64,
    /// The seq of its creation or newest edit.
    pub changed_seq: u64,
    /// Its number among all messages ever sent in the chat.
    pub nth: u64,
}

/// What keeps a change from being made; the store adds the current state to a conflict.
#[derive(Clone, PartialEq, Debug)]
pub enum Objection {
    Refused(Refusal),
    /// The message changed since the seq the caller gave.
    Changed,
}

impl From<Refusal> for Objection {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The message, if it is in the member's chat.
pub fn in_chat(by: &Member, message: Option<MessageFacts>) -> Result<MessageFacts, Refusal> {
    message.filter(|message| message.chat == by.chat()).ok_or(Refusal::MessageNotFound)
}

/// Only its sender edits a message.
pub fn edit(
    by: &Member,
    message: Option<MessageFacts>,
    if_seq: Option<u64>,
) -> Result<MessageFacts, Objection> {
    let message = in_chat(by, message)?;
    if message.sender != by.user() {
        return Err(Refusal::NotSender.into());
    }
    unchanged(message, if_seq)
}

/// Its sender or the chat's creator deletes a message.
pub fn delete(
    by: &Member,
    message: Option<MessageFacts>,
    if_seq: Option<u64>,
) -> Result<MessageFacts, Objection> {
    let message = in_chat(by, message)?;
    if message.sender != by.user() && !by.is_creator() {
        return Err(Refusal::NotSender.into());
    }
    unchanged(message, if_seq)
}

fn unchanged(message: MessageFacts, if_seq: Option<u64>) -> Result<MessageFacts, Objection> {
    if if_seq.is_none_or(|seq| seq == message.changed_seq) { Ok(message) } else { Err(Objection::Changed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Membership;
    use uuid::Uuid;

    fn member(user: u128, creator: u128) -> Member {
        let id = |n| Uuid::from_u128(n);
        Member::of(Some(Membership {
            chat: id(9).into(),
            user: id(user).into(),
            creator: id(creator).into(),
            read_position: 0,
            read_nth: 0,
        }))
        .unwrap()
    }

    fn message(sender: u128, chat: u128) -> Option<MessageFacts> {
        let (chat, sender) = (Uuid::from_u128(chat).into(), Uuid::from_u128(sender).into());
        Some(MessageFacts { chat, sender, position: 5, changed_seq: 3, nth: 1 })
    }

    #[test]
    fn only_the_sender_edits() {
        assert!(edit(&member(1, 1), message(1, 9), None).is_ok());
        assert_eq!(edit(&member(1, 1), message(2, 9), None), Err(Refusal::NotSender.into()));
    }

    #[test]
    fn the_sender_and_the_creator_delete() {
        assert!(delete(&member(2, 1), message(2, 9), None).is_ok());
        assert!(delete(&member(1, 1), message(2, 9), None).is_ok());
        assert_eq!(delete(&member(3, 1), message(2, 9), None), Err(Refusal::NotSender.into()));
    }

    #[test]
    fn a_message_of_another_chat_is_not_there() {
        assert_eq!(in_chat(&member(1, 1), message(1, 8)), Err(Refusal::MessageNotFound));
        assert_eq!(in_chat(&member(1, 1), None), Err(Refusal::MessageNotFound));
    }

    #[test]
    fn a_condition_holds_only_for_the_seq_last_seen() {
        assert!(edit(&member(1, 1), message(1, 9), Some(3)).is_ok());
        assert_eq!(edit(&member(1, 1), message(1, 9), Some(2)), Err(Objection::Changed));
    }
}
