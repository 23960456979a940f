//! Why the chat says no. The doors turn it into their own syntax; the words are for the person at the other end.

use chinwag_protocol::model::Message;
use chinwag_protocol::{ErrorCode, UserId};

/// An action or request that was understood and not done. It changed nothing.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Refusal {
    /// Also when the chat exists and the caller is not in it: membership must not be guessable.
    #[error("there is no such chat, or you are not in it")]
    ChatNotFound,
    #[error("there is no such message in this chat")]
    MessageNotFound,
    #[error("there is no such reaction, or it is not in one of your chats")]
    ReactionNotFound,
    #[error("there is no user named {0:?}")]
    UserNotFound(String),
    #[error("there is no user {0} in this app")]
    NoUser(UserId),
    /// History is imported into a chat that nobody is in yet.
    #[error("this chat is open: history is imported before that, into a chat made by POST /api/app/imports")]
    ImportClosed,
    #[error("replyTo must be the nonce of a message that was imported before; there is none with {0:?}")]
    OriginalNotImported(String),
    #[error("that user is not in this chat")]
    MemberNotFound,
    #[error("{0:?} is already in this chat")]
    AlreadyMember(String),
    #[error("userNames must include your own name")]
    CreatorNotIncluded,
    #[error("only the sender of a message may change it")]
    NotSender,
    #[error("only the chat's creator may do this")]
    NotCreator,
    #[error("only the one who reacted may take the reaction back")]
    NotReactor,
    #[error("you have reacted to this message with as many emoji as one may")]
    TooManyReactions,
    #[error("this nonce came with another action before")]
    NonceReused,
    #[error("the message has changed since")]
    Conflict(Box<Message>),
}

impl Refusal {
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Refusal::ChatNotFound => ErrorCode::ChatNotFound,
            Refusal::MessageNotFound => ErrorCode::MessageNotFound,
            Refusal::ReactionNotFound => ErrorCode::ReactionNotFound,
            Refusal::UserNotFound(_) | Refusal::NoUser(_) | Refusal::MemberNotFound => {
                ErrorCode::UserNotFound
            }
            Refusal::ImportClosed => ErrorCode::ImportClosed,
            Refusal::OriginalNotImported(_) => ErrorCode::MessageNotFound,
            Refusal::AlreadyMember(_) => ErrorCode::AlreadyMember,
            Refusal::CreatorNotIncluded => ErrorCode::CreatorNotIncluded,
            Refusal::NotSender => ErrorCode::NotSender,
            Refusal::NotCreator => ErrorCode::NotCreator,
            Refusal::NotReactor => ErrorCode::NotReactor,
            Refusal::TooManyReactions => ErrorCode::TooManyReactions,
            Refusal::NonceReused => ErrorCode::NonceReused,
            Refusal::Conflict(_) => ErrorCode::Conflict,
        }
    }
}
