//! What the server tells.

use chinwag_client::{
    ChatDetails, ChatEvent, ChatId, ChatUserInfo, Event, EventKind, Message, MessageContent, MessageId,
    OutboxState, Reaction, UserId,
};

use super::super::state::{Link, MESSAGES_MAX, Room, State};
use super::super::text::plain;
use super::{Effect, open};

/// How long somebody counts as typing who says nothing more: a little longer than clients wait before they say it again.
const TYPING_MS: i64 = 4_000;

pub(super) fn told(state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::Connected => {
            state.link = Link::Live;
            return vec![Effect::LoadChats];
        }
        Event::Resumed => state.link = Link::Live,
        Event::Resync => {
            state.link = Link::Live;
            let reload = state.room.as_ref().map(|room| room.chat);
            let mut effects = vec![Effect::LoadChats];
            effects.extend(reload.map(|chat| open(state, chat)).into_iter().flatten());
            return effects;
        }
        Event::Disconnected { reason, will_reconnect: true } => {
            state.link = Link::Lost { attempt: 0, reason }
        }
        Event::Disconnected { reason, will_reconnect: false } => super::over(state, reason),
        Event::Reconnecting { attempt, reason } => state.link = Link::Lost { attempt, reason },
        Event::Outbox(entry) => {
            let place = state.pending.iter().position(|pending| pending.nonce == entry.nonce);
            let discarded = matches!(entry.error, Some(chinwag_client::Error::Discarded));
            match place {
                Some(at) if entry.state == OutboxState::Stored || discarded => drop(state.pending.remove(at)),
                Some(at) => state.pending[at] = *entry,
                None if entry.state == OutboxState::Stored || discarded => {}
                None => state.pending.push(*entry),
            }
        }
        Event::Chat(event) => return happened(state, &event),
        _ => {}
    }
    Vec::new()
}

pub(super) fn chats(state: &mut State, chats: Vec<ChatDetails>) -> Vec<Effect> {
    state.chats = chats;
    for chat in &mut state.chats {
        chat.chat_name = plain(&chat.chat_name).replace('\n', " ");
    }
    let gone = state.room.as_ref().is_some_and(|room| state.chat(room.chat).is_none());
    if gone {
        state.room = None;
    }
    match state.chats.first() {
        Some(first) if state.room.is_none() => open(state, first.chat_id),
        _ => Vec::new(),
    }
}

pub(super) fn members(state: &mut State, chat: ChatId, members: Vec<ChatUserInfo>) {
    let Some(room) = state.room.as_mut().filter(|room| room.chat == chat) else { return };
    for member in members {
        room.names.insert(member.user_id, plain(&member.username).replace('\n', " "));
        if let Some(read) = member.last_seen_message {
            room.reads.insert(member.user_id, read);
        }
    }
}

pub(super) fn history(state: &mut State, chat: ChatId, before: Option<MessageId>, page: Vec<Message>) {
    let me = state.me;
    let Some(room) = state.room.as_mut().filter(|room| room.chat == chat) else { return };
    room.loading = false;
    room.complete |= page.is_empty();
    if before.is_none()
        && let (Some(me), Some(newest)) = (me, page.first())
    {
        // The server counts it as read when it is asked for.
        room.reads.insert(me, newest.content.message_id);
    }
    for message in page {
        room.put(message);
    }
    if before.is_none()
        && let Some(chat) = state.chat_mut(chat)
    {
        chat.unread_count = 0;
    }
}

fn happened(state: &mut State, event: &ChatEvent) -> Vec<Effect> {
    let (me, chat, sender) = (event.recipient_id, event.chat_id, event.sender_id);
    match &event.kind {
        EventKind::ChatCreated { .. } => return vec![Effect::LoadChats],
        EventKind::UserJoined { user_id, .. } if *user_id == me => return vec![Effect::LoadChats],
        EventKind::ChatDeleted => return left(state, chat),
        EventKind::UserLeft { .. } if sender == me => return left(state, chat),
        EventKind::ChatRenamed { chat_name, .. } => {
            if let Some(chat) = state.chat_mut(chat) {
                chat.chat_name = plain(chat_name).replace('\n', " ");
            }
        }
        EventKind::MessageSent { message, time_stamp, .. }
        | EventKind::Replied { message, time_stamp, .. } => {
            if let Some(at) = state.chats.iter().position(|known| known.chat_id == chat) {
                let mut known = state.chats.remove(at);
                known.last_message = Some(message.clone());
                known.last_message_timestamp = Some(*time_stamp);
                known.unread_count += u64::from(sender != me);
                state.chats.insert(0, known);
            }
        }
        EventKind::MessageRead { unread_count: Some(unread), .. } if sender == me => {
            if let Some(chat) = state.chat_mut(chat) {
                chat.unread_count = *unread;
            }
        }
        _ => {}
    }
    let now = state.now;
    if let Some(room) = state.room.as_mut().filter(|room| room.chat == chat) {
        room.happened(event, now);
    }
    Vec::new()
}

fn left(state: &mut State, chat: ChatId) -> Vec<Effect> {
    let remaining: Vec<_> = state.chats.drain(..).filter(|known| known.chat_id != chat).collect();
    chats(state, remaining)
}

impl Room {
    /// In its place by seq; what was there under that id is replaced.
    fn put(&mut self, mut message: Message) {
        message.content.content = plain(&message.content.content);
        if let Some(original) = &mut message.reply_to {
            original.content = plain(&original.content);
        }
        match self.messages.binary_search_by_key(&message.seq, |known| known.seq) {
            Ok(at) => self.messages[at] = message,
            Err(at) => self.messages.insert(at, message),
        }
        // The old ones go first, unless it is they who are looked at.
        if self.messages.len() > MESSAGES_MAX && self.bottom.is_none() {
            self.messages.drain(..self.messages.len() - MESSAGES_MAX / 2);
            self.complete = false;
        }
    }

    fn happened(&mut self, event: &ChatEvent, now: i64) {
        let (chat_id, sender_id, seq) = (event.chat_id, event.sender_id, event.seq.unwrap_or(0));
        match event.kind.clone() {
            EventKind::MessageSent { message, message_id, time_stamp } => {
                self.typing.remove(&sender_id);
                let content = said(chat_id, sender_id, message_id, message, time_stamp);
                self.put(Message { content, reply_to: None, reactions: Vec::new(), seq, changed_seq: seq });
            }
            EventKind::Replied { message, message_id, reply_to, time_stamp } => {
                self.typing.remove(&sender_id);
                let content = said(chat_id, sender_id, message_id, message, time_stamp);
                self.put(Message { content, reply_to, reactions: Vec::new(), seq, changed_seq: seq });
            }
            EventKind::MessageEdited { message, message_id, edited_at } => {
                let message = plain(&message);
                for known in &mut self.messages {
                    if known.content.message_id == message_id {
                        known.changed_seq = seq;
                        (known.content.edited, known.content.edited_at) = (true, Some(edited_at));
                        known.content.content.clone_from(&message);
                    }
                    if let Some(original) = known.reply_to.as_mut().filter(|of| of.message_id == message_id) {
                        original.content.clone_from(&message);
                    }
                }
            }
            EventKind::MessageDeleted { message_id, .. } => self.delete(message_id),
            EventKind::ReactionAdded { reaction_id, reaction, parent_message_id: message_id, time_stamp } => {
                if let Some(at) = self.position(message_id) {
                    let reactions = &mut self.messages[at].reactions;
                    reactions.retain(|known| known.reaction_id != reaction_id);
                    let created_at = time_stamp;
                    reactions.push(Reaction {
                        reaction_id,
                        chat_id,
                        message_id,
                        sender_id,
                        reaction,
                        created_at,
                    });
                }
            }
            EventKind::ReactionRemoved { reaction_id, parent_message_id } => {
                if let Some(at) = self.position(parent_message_id) {
                    self.messages[at].reactions.retain(|known| known.reaction_id != reaction_id);
                }
            }
            EventKind::MessageRead { message_id, .. } => drop(self.reads.insert(sender_id, message_id)),
            EventKind::Typing => drop(self.typing.insert(sender_id, now + TYPING_MS)),
            EventKind::UserJoined { user_id, username } => {
                self.names.insert(user_id, plain(&username).replace('\n', " "));
            }
            _ => {}
        }
    }

    fn delete(&mut self, id: MessageId) {
        let Some(at) = self.position(id) else { return };
        self.messages.remove(at);
        for known in &mut self.messages {
            if known.reply_to.as_ref().is_some_and(|original| original.message_id == id) {
                known.reply_to = None;
            }
        }
        // Whatever pointed at it points at the one before.
        let before = at.checked_sub(1).map(|before| self.messages[before].content.message_id);
        for place in [&mut self.selected, &mut self.bottom] {
            if *place == Some(id) {
                *place = before;
            }
        }
        self.reads.retain(|_, read| {
            let points_here = *read == id;
            *read = before.filter(|_| points_here).unwrap_or(*read);
            !points_here || before.is_some()
        });
    }
}

fn said(
    chat_id: ChatId,
    sender_id: UserId,
    message_id: MessageId,
    content: String,
    time_stamp: chinwag_client::Timestamp,
) -> MessageContent {
    MessageContent { chat_id, time_stamp, message_id, sender_id, content, edited: false, edited_at: None }
}
