//! Everything that is on the screen, and nothing else. Pure.

use std::collections::HashMap;

use chinwag_client::{ChatDetails, ChatId, Message, MessageId, OutboxEntry, UserId};
use ratatui::layout::Size;

use super::editor::Editor;

/// Messages of the open chat that are held; older ones are read again when somebody scrolls there.
pub(crate) const MESSAGES_MAX: usize = 5_000;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) size: Size,
    pub(crate) form: Option<Form>,
    pub(crate) me: Option<UserId>,
    pub(crate) username: String,
    /// Of the server.
    pub(crate) url: String,
    pub(crate) link: Link,
    /// Most recent activity first.
    pub(crate) chats: Vec<ChatDetails>,
    pub(crate) room: Option<Room>,
    pub(crate) mode: Mode,
    pub(crate) editor: Editor,
    pub(crate) drafts: HashMap<ChatId, Editor>,
    /// Of all chats: what waits or was refused.
    pub(crate) pending: Vec<OutboxEntry>,
    /// Said once, until the next key.
    pub(crate) notice: Option<String>,
    pub(crate) help: bool,
    /// Milliseconds, by this machine's clock.
    pub(crate) now: i64,
}

/// How the connection is.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) enum Link {
    #[default]
    Connecting,
    Live,
    Lost {
        attempt: u32,
        reason: String,
    },
    Over(String),
}

/// What the line at the bottom is for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Mode {
    #[default]
    Write,
    Reply(MessageId),
    /// `seen`: its `changedSeq`.
    Edit {
        message: MessageId,
        seen: u64,
    },
    React(MessageId),
    /// Asked to be sure.
    Delete(MessageId),
}

/// The open chat.
pub(crate) struct Room {
    pub(crate) chat: ChatId,
    pub(crate) names: HashMap<UserId, String>,
    /// Oldest first, by seq.
    pub(crate) messages: Vec<Message>,
    /// There is nothing older.
    pub(crate) complete: bool,
    pub(crate) loading: bool,
    /// How far each has read.
    pub(crate) reads: HashMap<UserId, MessageId>,
    /// Who types, and until when that holds.
    pub(crate) typing: HashMap<UserId, i64>,
    pub(crate) selected: Option<MessageId>,
    /// The lowest message on the screen; none for the newest there is.
    pub(crate) bottom: Option<MessageId>,
}

/// Where to sign in, and as whom.
#[derive(Clone, Default)]
pub(crate) struct Form {
    /// Server, API key, name, password.
    pub(crate) fields: [Editor; 4],
    pub(crate) focus: usize,
    pub(crate) busy: bool,
}

pub(crate) const FIELDS: [&str; 4] = ["server", "API key", "name", "password"];
/// From here on what is typed is a secret.
pub(crate) const SECRETS: [usize; 2] = [1, 3];

impl Room {
    pub(crate) fn new(chat: ChatId) -> Self {
        Self {
            chat,
            names: HashMap::new(),
            messages: Vec::new(),
            complete: false,
            loading: true,
            reads: HashMap::new(),
            typing: HashMap::new(),
            selected: None,
            bottom: None,
        }
    }

    pub(crate) fn position(&self, id: MessageId) -> Option<usize> {
        self.messages.iter().position(|message| message.content.message_id == id)
    }

    pub(crate) fn message(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(self.position(id)?)
    }

    /// What somebody is called; who left is called by the beginning of their id.
    pub(crate) fn name(&self, user: UserId) -> String {
        self.names.get(&user).cloned().unwrap_or_else(|| user.to_string().chars().take(8).collect())
    }

    /// One past the lowest message on the screen.
    pub(crate) fn end(&self) -> usize {
        self.bottom.and_then(|id| self.position(id)).map_or(self.messages.len(), |at| at + 1)
    }
}

impl State {
    pub(crate) fn chat(&self, id: ChatId) -> Option<&ChatDetails> {
        self.chats.iter().find(|chat| chat.chat_id == id)
    }

    pub(crate) fn chat_mut(&mut self, id: ChatId) -> Option<&mut ChatDetails> {
        self.chats.iter_mut().find(|chat| chat.chat_id == id)
    }

    /// Who types in the open chat now, by name.
    pub(crate) fn typists(&self) -> Vec<String> {
        let Some(room) = &self.room else { return Vec::new() };
        let typing = room.typing.iter().filter(|(_, until)| **until > self.now);
        let mut names: Vec<String> = typing.map(|(user, _)| room.name(*user)).collect();
        names.sort();
        names
    }
}
