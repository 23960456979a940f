//! A client's memory: what a user sees, put together from events alone, as an SDK would do it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::person::Person;
use crate::view::{ChatView, MessageView, View, text};

/// The chats of one user, as far as they were told.
#[derive(Clone, Debug, Default)]
pub struct Replica {
    user: String,
    chats: BTreeMap<String, Chat>,
    /// Chats that this user was told to be out of, or that are gone.
    out_of: BTreeSet<String>,
}

#[derive(Clone, Debug, Default)]
struct Chat {
    name: String,
    members: BTreeSet<String>,
    messages: BTreeMap<u64, MessageView>,
    /// By message id: the seq of its creation.
    seqs: BTreeMap<String, u64>,
    /// How far each user has read: the seq of a message, which may be deleted. Kept for who left, as they may return.
    reads: BTreeMap<String, u64>,
    newest: u64,
}

/// What an event does not tell, so that it is to be read by HTTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reload {
    /// The cursor was not honoured.
    Everything,
    /// This user was brought into a chat that has a past.
    Chat(String),
    /// Who is in a new chat; or what somebody who came back had read.
    Members(String),
}

impl Replica {
    /// Knows nothing yet.
    #[must_use]
    pub fn of(user: &str) -> Self {
        Self { user: user.to_owned(), ..Self::default() }
    }

    /// Takes in one event, as a client does: what it does not know it ignores.
    ///
    /// # Panics
    /// If an event of a known chat is not newer than the one before, or of one that this user is not in.
    pub fn apply(&mut self, event: &Value) -> Option<Reload> {
        if event["replayed"] == true || matches!(kind(event), "TYPING" | "ERROR" | "RESUMED" | "HEAD") {
            return None;
        }
        if kind(event) == "RESYNC" {
            return Some(Reload::Everything);
        }
        let id = text(event, "chatId");
        let seq = event["seq"].as_u64().unwrap_or_else(|| panic!("no seq: {event}"));
        if let Some(chat) = self.chats.get_mut(&id) {
            assert!(seq > chat.newest, "told again, after seq {}: {event}", chat.newest);
            chat.newest = seq;
        }
        let ends =
            kind(event) == "DELETE_CHAT" || (kind(event) == "USER_LEAVE" && event["senderId"] == *self.user);
        let begins = kind(event) == "USER_JOIN" && event["message"] == *self.user;
        if ends {
            self.chats.remove(&id);
            self.out_of.insert(id);
            return None;
        }
        assert!(begins || !self.out_of.contains(&id), "of a chat that one is not in: {event}");
        match kind(event) {
            "NEW_CHAT" => {
                let chat = Chat { name: text(event, "message"), newest: seq, ..Chat::default() };
                self.chats.insert(id.clone(), chat);
                Some(Reload::Members(id))
            }
            "USER_JOIN" if begins => {
                self.out_of.remove(&id);
                Some(Reload::Chat(id))
            }
            "USER_JOIN" => {
                let chat = self.chats.get_mut(&id)?;
                chat.members.insert(text(event, "message"));
                Some(Reload::Members(id))
            }
            _ => {
                self.chats.get_mut(&id)?.apply(event, seq);
                None
            }
        }
    }

    /// Reads by HTTP what an event did not tell.
    pub async fn reload(&mut self, what: &Reload, by: &Person) {
        match what {
            Reload::Everything => {
                self.chats.clear();
                self.out_of.clear();
                for (id, view) in by.view().await {
                    self.chats.insert(id, Chat::of(view));
                }
            }
            Reload::Chat(id) => {
                let name = by
                    .all_chats()
                    .await
                    .iter()
                    .find(|chat| chat["chatId"] == **id)
                    .map(|chat| text(chat, "chatName"));
                if let (Some(name), Some(view)) = (name, by.chat_view(id).await) {
                    self.chats.insert(id.clone(), Chat::of(ChatView { name, ..view }));
                }
            }
            Reload::Members(id) => {
                if let (Some(chat), Some((members, reads))) =
                    (self.chats.get_mut(id), by.member_view(id).await)
                {
                    chat.members = members;
                    chat.take_reads(reads);
                }
            }
        }
    }

    #[must_use]
    pub fn view(&self) -> View {
        self.chats.iter().map(|(id, chat)| (id.clone(), chat.view())).collect()
    }

    /// The seq of the newest event of a chat that was told here, or 0.
    #[must_use]
    pub fn newest(&self, chat: &str) -> u64 {
        self.chats.get(chat).map_or(0, |chat| chat.newest)
    }
}

fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap_or_default()
}

impl Chat {
    fn of(view: ChatView) -> Self {
        let seqs = view.messages.iter().map(|(seq, message)| (message.id.clone(), *seq)).collect();
        let ChatView { name, members, messages, reads } = view;
        let mut chat = Self { name, members, messages, seqs, ..Self::default() };
        chat.take_reads(reads);
        chat
    }

    fn take_reads(&mut self, reads: BTreeMap<String, String>) {
        for (user, message) in reads {
            self.read(user, &message);
        }
    }

    /// A message that is not here was deleted: who read it had nothing newer to read that is still there.
    fn read(&mut self, user: String, message: &str) {
        if let Some(seq) = self.seqs.get(message) {
            let read = self.reads.entry(user).or_default();
            *read = (*read).max(*seq);
        }
    }

    fn message(&mut self, id: &str) -> Option<&mut MessageView> {
        self.messages.get_mut(self.seqs.get(id)?)
    }

    fn apply(&mut self, event: &Value, seq: u64) {
        let sender = text(event, "senderId");
        let id = event["messageId"].as_str().unwrap_or_default().to_owned();
        let parent = event["parentMessageId"].as_str().unwrap_or_default();
        match kind(event) {
            "SEND_MSG" | "REPLY" => {
                self.seqs.insert(id.clone(), seq);
                let message = MessageView {
                    id,
                    sender,
                    text: text(event, "message"),
                    at: text(event, "timeStamp"),
                    edited_at: None,
                    reply_to: event["replyTo"]["messageId"].as_str().map(str::to_owned),
                    reactions: BTreeMap::new(),
                };
                self.messages.insert(seq, message);
            }
            "EDIT_MSG" => {
                if let Some(message) = self.message(&id) {
                    message.text = text(event, "message");
                    message.edited_at = Some(text(event, "editedAt"));
                }
            }
            "DELETE_MSG" => {
                if let Some(seq) = self.seqs.get(&id) {
                    self.messages.remove(seq);
                }
            }
            "REACT" => {
                if let Some(message) = self.message(parent) {
                    message.reactions.insert(id, (sender, text(event, "message")));
                }
            }
            "DELETE_REACT" => {
                if let Some(message) = self.message(parent) {
                    message.reactions.remove(&id);
                }
            }
            "READ_MSG" => self.read(sender, &id),
            "USER_LEAVE" => {
                self.members.remove(&sender);
            }
            "CHAT_RENAMED" => self.name = text(event, "message"),
            other => panic!("unknown event {other}: {event}"),
        }
    }

    fn view(&self) -> ChatView {
        let there = |id: &String| self.seqs.get(id).is_some_and(|seq| self.messages.contains_key(seq));
        let messages = self.messages.iter().map(|(seq, message)| {
            let reply_to = message.reply_to.clone().filter(there);
            (*seq, MessageView { reply_to, ..message.clone() })
        });
        let reads = self.reads.iter().filter(|(user, _)| self.members.contains(*user));
        let reads = reads.filter_map(|(user, upto)| {
            let (_, newest) = self.messages.range(..=upto).next_back()?;
            Some((user.clone(), newest.id.clone()))
        });
        ChatView {
            name: self.name.clone(),
            members: self.members.clone(),
            messages: messages.collect(),
            reads: reads.collect(),
        }
    }
}
