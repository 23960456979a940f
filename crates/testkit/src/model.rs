//! The rules of chat on one screen: what every server must do, as plain maps and no thought of speed, disks or sockets.
//!
//! Where the protocol says "must", this says how. It is given what only a server can choose (ids and times) and says
//! the rest: whether an action is refused, which seq it gets, and what everyone sees afterwards.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::view::{ChatView, MessageView, View};

/// What a user can do. Ids are the server's.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    Create { name: String, users: Vec<String> },
    Add { chat: String, user: String },
    Remove { chat: String, user: String },
    Rename { chat: String, name: String },
    DeleteChat { chat: String },
    Send { chat: String, text: String },
    Reply { chat: String, message: String, text: String },
    Edit { chat: String, message: String, text: String, if_seq: Option<u64> },
    Delete { chat: String, message: String, if_seq: Option<u64> },
    React { chat: String, message: String, emoji: String },
    Unreact { reaction: String },
    Read { chat: String, message: String },
}

/// What the server chose: the id of what was made, and the time.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub id: String,
    pub at: String,
}

/// The code of a refusal.
pub type Refused = &'static str;

#[derive(Clone, Debug, Default)]
pub struct Model {
    chats: BTreeMap<String, Chat>,
    /// Grows with every message and chat: the chat with the highest is the most recently active.
    activity: u64,
}

#[derive(Clone, Debug, Default)]
struct Chat {
    name: String,
    creator: String,
    group: bool,
    /// Of the newest event.
    seq: u64,
    activity: u64,
    /// The seq of the event that brought each member in.
    members: BTreeMap<String, u64>,
    messages: BTreeMap<u64, Message>,
    /// The seq of the newest message that each has read, be it deleted since. Kept for who left.
    reads: BTreeMap<String, u64>,
}

#[derive(Clone, Debug)]
struct Message {
    seen: MessageView,
    /// The seq of its creation or newest edit.
    changed: u64,
}

impl Chat {
    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// A message's seq, if it is in this chat.
    fn find(&self, message: &str) -> Result<u64, Refused> {
        let mut all = self.messages.iter();
        all.find(|(_, found)| found.seen.id == message).map(|(seq, _)| *seq).ok_or("MESSAGE_NOT_FOUND")
    }

    /// A message that `by` may change, if it is as it was at `if_seq`.
    fn changeable(&self, id: &str, may: impl Fn(&str) -> bool, if_seq: Option<u64>) -> Result<u64, Refused> {
        let seq = self.find(id)?;
        let message = &self.messages[&seq];
        if !may(&message.seen.sender) {
            return Err("NOT_MESSAGE_SENDER");
        }
        if if_seq.is_some_and(|seq| seq != message.changed) { Err("CONFLICT") } else { Ok(seq) }
    }

    fn unread(&self, user: &str) -> usize {
        let read = self.reads.get(user).copied().unwrap_or(0);
        self.messages.range(read + 1..).filter(|(_, message)| message.seen.sender != user).count()
    }

    fn newest_read(&self, user: &str) -> Option<&String> {
        let read = self.reads.get(user)?;
        self.messages.range(..=read).next_back().map(|(_, message)| &message.seen.id)
    }
}

impl Model {
    /// Does what a user wants, or refuses. Returns the seq of the event, if there is one.
    pub fn act(&mut self, by: &str, act: &Act, given: &Given) -> Result<Option<u64>, Refused> {
        match act {
            Act::Create { name, users } => {
                self.activity += 1;
                let members: BTreeMap<String, u64> = users.iter().map(|user| (user.clone(), 1)).collect();
                let (name, creator, group) = (name.clone(), by.to_owned(), members.len() > 2);
                let activity = self.activity;
                let chat = Chat { name, creator, group, seq: 1, activity, members, ..Chat::default() };
                self.chats.insert(given.id.clone(), chat);
                Ok(Some(1))
            }
            Act::Send { chat, text } => self.says(by, chat, text, None, given),
            Act::Reply { chat, message, text } => {
                self.chat(by, chat)?.find(message)?;
                self.says(by, chat, text, Some(message.clone()), given)
            }
            Act::Unreact { reaction } => self.unreact(by, reaction),
            Act::DeleteChat { chat } => {
                let found = self.chat(by, chat)?;
                if found.creator != by {
                    return Err("NOT_CHAT_CREATOR");
                }
                let seq = found.next_seq();
                self.chats.remove(chat);
                Ok(Some(seq))
            }
            Act::Remove { chat, user } => self.remove(by, chat, user),
            Act::Add { chat, .. }
            | Act::Rename { chat, .. }
            | Act::Edit { chat, .. }
            | Act::Delete { chat, .. }
            | Act::React { chat, .. }
            | Act::Read { chat, .. } => self.chat(by, chat)?.act(by, act, given),
        }
    }

    /// The chat, if the user is in it: to all others it does not exist.
    fn chat(&mut self, by: &str, chat: &str) -> Result<&mut Chat, Refused> {
        self.chats.get_mut(chat).filter(|chat| chat.members.contains_key(by)).ok_or("CHAT_NOT_FOUND")
    }

    fn says(
        &mut self,
        by: &str,
        chat: &str,
        text: &str,
        reply_to: Option<String>,
        given: &Given,
    ) -> Result<Option<u64>, Refused> {
        let activity = self.activity + 1;
        let chat = self.chat(by, chat)?;
        chat.activity = activity;
        let seq = chat.next_seq();
        let seen = MessageView {
            id: given.id.clone(),
            sender: by.to_owned(),
            text: text.to_owned(),
            at: given.at.clone(),
            edited_at: None,
            reply_to,
            reactions: BTreeMap::new(),
        };
        chat.messages.insert(seq, Message { seen, changed: seq });
        self.activity = activity;
        Ok(Some(seq))
    }

    fn unreact(&mut self, by: &str, reaction: &str) -> Result<Option<u64>, Refused> {
        let mine = self.chats.values_mut().filter(|chat| chat.members.contains_key(by));
        for chat in mine {
            let mut messages = chat.messages.values_mut();
            let Some(message) = messages.find(|message| message.seen.reactions.contains_key(reaction)) else {
                continue;
            };
            if message.seen.reactions[reaction].0 != by {
                return Err("NOT_REACTION_SENDER");
            }
            message.seen.reactions.remove(reaction);
            return Ok(Some(chat.next_seq()));
        }
        Err("REACTION_NOT_FOUND")
    }

    /// The creator removes anyone, everyone themselves. The longest-standing member inherits; the last one takes the
    /// chat along.
    fn remove(&mut self, by: &str, chat: &str, user: &str) -> Result<Option<u64>, Refused> {
        let found = self.chat(by, chat)?;
        if by != user && by != found.creator {
            return Err("NOT_CHAT_CREATOR");
        }
        found.members.remove(user).ok_or("USER_NOT_FOUND")?;
        let seq = found.next_seq();
        let heir = found.members.iter().min_by_key(|(_, joined)| **joined).map(|(user, _)| user.clone());
        match heir {
            None => drop(self.chats.remove(chat)),
            Some(heir) if found.creator == user => found.creator = heir,
            Some(_) => {}
        }
        Ok(Some(seq))
    }

    /// What a user sees.
    #[must_use]
    pub fn view(&self, user: &str) -> View {
        let mine = self.chats.iter().filter(|(_, chat)| chat.members.contains_key(user));
        mine.map(|(id, chat)| (id.clone(), chat.view())).collect()
    }

    /// What a user's list of chats says, the most recently active first: the fields that rules decide.
    #[must_use]
    pub fn list(&self, user: &str) -> Vec<Value> {
        let mine = self.chats.iter().filter(|(_, chat)| chat.members.contains_key(user));
        let mut mine: Vec<(&String, &Chat)> = mine.collect();
        mine.sort_by_key(|(_, chat)| std::cmp::Reverse(chat.activity));
        mine.into_iter()
            .map(|(id, chat)| {
                let last = chat.messages.values().next_back().map(|message| &message.seen);
                json!({
                    "chatId": id, "chatName": chat.name, "creator": chat.creator, "groupChat": chat.group,
                    "members": chat.members.len(), "unreadCount": chat.unread(user),
                    "lastReadMessage": chat.newest_read(user),
                    "lastMessage": last.map(|message| &message.text),
                    "lastMessageTimestamp": last.map(|message| &message.at),
                })
            })
            .collect()
    }

    /// The seq that an edit or deletion must name to be sure of a message.
    #[must_use]
    pub fn changed(&self, chat: &str, message: &str) -> Option<u64> {
        let chat = self.chats.get(chat)?;
        chat.find(message).ok().map(|seq| chat.messages[&seq].changed)
    }
}

impl Chat {
    /// What concerns nothing beyond this chat, by one of its members.
    fn act(&mut self, by: &str, act: &Act, given: &Given) -> Result<Option<u64>, Refused> {
        match act {
            Act::Add { user, .. } if self.members.contains_key(user) => return Err("ALREADY_MEMBER"),
            Act::Add { user, .. } => {
                self.members.insert(user.clone(), self.seq + 1);
                self.group |= self.members.len() > 2;
            }
            Act::Rename { name, .. } => self.name.clone_from(name),
            Act::Edit { message, text, if_seq, .. } => {
                let seq = self.changeable(message, |sender| sender == by, *if_seq)?;
                let changed = self.seq + 1;
                if let Some(message) = self.messages.get_mut(&seq) {
                    message.seen.text.clone_from(text);
                    message.seen.edited_at = Some(given.at.clone());
                    message.changed = changed;
                }
            }
            Act::Delete { message, if_seq, .. } => {
                let may = |sender: &str| sender == by || self.creator == by;
                let seq = self.changeable(message, may, *if_seq)?;
                self.messages.remove(&seq);
            }
            Act::React { message, emoji, .. } => {
                let seq = self.find(message)?;
                let reaction = (by.to_owned(), emoji.clone());
                let Some(message) = self.messages.get_mut(&seq) else { return Err("MESSAGE_NOT_FOUND") };
                if message.seen.reactions.values().any(|given| *given == reaction) {
                    return Ok(None);
                }
                message.seen.reactions.insert(given.id.clone(), reaction);
            }
            Act::Read { message, .. } => {
                let seq = self.find(message)?;
                let read = self.reads.entry(by.to_owned()).or_default();
                if *read >= seq {
                    return Ok(None);
                }
                *read = seq;
            }
            other => panic!("not of one chat: {other:?}"),
        }
        Ok(Some(self.next_seq()))
    }

    fn view(&self) -> ChatView {
        let messages = self.messages.iter().map(|(seq, message)| {
            let reply_to = message.seen.reply_to.clone().filter(|original| self.find(original).is_ok());
            (*seq, MessageView { reply_to, ..message.seen.clone() })
        });
        let reads =
            self.members.keys().filter_map(|user| Some((user.clone(), self.newest_read(user)?.clone())));
        ChatView {
            name: self.name.clone(),
            members: self.members.keys().cloned().collect(),
            messages: messages.collect(),
            reads: reads.collect(),
        }
    }
}

impl Act {
    /// As it goes to `/api/chat`; none for what is asked of other paths.
    #[must_use]
    pub fn to_action(&self) -> Option<Value> {
        let mut action = match self {
            Self::Send { chat, text } => json!({"type": "SEND_MSG", "chatId": chat, "message": text}),
            Self::Reply { chat, message, text } => {
                json!({"type": "REPLY", "chatId": chat, "messageId": message, "message": text})
            }
            Self::Edit { chat, message, text, .. } => {
                json!({"type": "EDIT_MSG", "chatId": chat, "messageId": message, "message": text})
            }
            Self::Delete { chat, message, .. } => {
                json!({"type": "DELETE_MSG", "chatId": chat, "messageId": message})
            }
            Self::React { chat, message, emoji } => {
                json!({"type": "REACT", "chatId": chat, "messageId": message, "reaction": emoji})
            }
            Self::Unreact { reaction } => json!({"type": "DELETE_REACT", "reactionId": reaction}),
            Self::Read { chat, message } => {
                json!({"type": "READ_MSG", "chatId": chat, "messageId": message})
            }
            _ => return None,
        };
        if let Self::Edit { if_seq: Some(seq), .. } | Self::Delete { if_seq: Some(seq), .. } = self {
            action["ifSeq"] = json!(seq);
        }
        Some(action)
    }
}
