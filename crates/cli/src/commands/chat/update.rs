//! From one state to the next, and what is to be done for it. Pure.

mod heard;
mod keys;
mod scroll;

use chinwag_client::{ChatDetails, ChatId, ChatUserInfo, Event, Message, MessageId, ReactionId, UserId};
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Size;

use super::editor::Editor;
use super::state::{Form, Link, Room, State};

/// Whatever can happen.
pub(crate) enum Input {
    Key(KeyEvent),
    Paste(String),
    Resized(Size),
    Told(Event),
    /// Who it is, or why nobody is.
    SignedIn(Result<(UserId, String), String>),
    /// The process is to end.
    Stop,
    /// The connection is over.
    Over(String),
    Chats(Vec<ChatDetails>),
    Members(ChatId, Vec<ChatUserInfo>),
    /// Newest first; those before a message, or the newest.
    History(ChatId, Option<MessageId>, Vec<Message>),
    Failed(String),
    /// Time has passed.
    Clock(i64),
}

/// Whatever is to be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    Quit,
    SignIn { url: String, key: String, name: String, password: String },
    LoadChats,
    LoadMembers(ChatId),
    LoadHistory(ChatId, Option<MessageId>),
    Send(ChatId, String),
    Reply(ChatId, MessageId, String),
    Edit(ChatId, MessageId, String, u64),
    Delete(ChatId, MessageId),
    React(ChatId, MessageId, String),
    Unreact(ReactionId),
    Read(ChatId, MessageId),
    Type(ChatId),
    Retry(String),
    Discard(String),
}

pub(crate) fn update(state: &mut State, input: Input) -> Vec<Effect> {
    let mut effects = match input {
        Input::Key(key) => keys::pressed(state, key),
        Input::Paste(text) => keys::pasted(state, &text),
        Input::Resized(size) => {
            state.size = size;
            Vec::new()
        }
        Input::Told(event) => heard::told(state, event),
        Input::SignedIn(Ok((me, username))) => {
            (state.form, state.link) = (None, Link::Connecting);
            (state.me, state.username) = (Some(me), username);
            Vec::new()
        }
        Input::Stop => vec![Effect::Quit],
        Input::SignedIn(Err(why)) => {
            if let Some(form) = &mut state.form {
                form.busy = false;
            }
            state.notice = Some(why);
            Vec::new()
        }
        Input::Over(why) => {
            over(state, why);
            Vec::new()
        }
        Input::Chats(chats) => heard::chats(state, chats),
        Input::Members(chat, members) => {
            heard::members(state, chat, members);
            Vec::new()
        }
        Input::History(chat, before, page) => {
            heard::history(state, chat, before, page);
            Vec::new()
        }
        Input::Failed(why) => {
            if let Some(room) = &mut state.room {
                room.loading = false;
            }
            state.notice = Some(why);
            Vec::new()
        }
        Input::Clock(now) => {
            state.now = now;
            Vec::new()
        }
    };
    effects.extend(scroll::older_if_needed(state));
    effects.extend(read_if_seen(state));
    effects
}

/// The connection is over for good: to go on, somebody has to sign in again.
fn over(state: &mut State, why: String) {
    state.link = Link::Over(why.clone());
    state.notice = Some(why);
    let mut form = state.form.take().unwrap_or_default();
    form.fields[0] = Editor::of(&state.url);
    form.fields[2] = Editor::of(&state.username);
    form.busy = false;
    form.focus = Form::first_empty(&form);
    state.form = Some(form);
}

/// Opens a chat, keeping what was being written in the one before.
fn open(state: &mut State, chat: ChatId) -> Vec<Effect> {
    if let Some(before) = state.room.take() {
        let draft = std::mem::take(&mut state.editor);
        if draft.is_empty() {
            state.drafts.remove(&before.chat);
        } else {
            state.drafts.insert(before.chat, draft);
        }
    }
    state.mode = super::state::Mode::Write;
    state.editor = state.drafts.remove(&chat).unwrap_or_default();
    state.room = Some(Room::new(chat));
    vec![Effect::LoadMembers(chat), Effect::LoadHistory(chat, None)]
}

/// What somebody else wrote counts as read when it stands at the bottom of the screen.
fn read_if_seen(state: &mut State) -> Option<Effect> {
    let (me, room) = (state.me?, state.room.as_mut()?);
    if state.link != Link::Live || room.bottom.is_some() || state.help || state.form.is_some() {
        return None;
    }
    let newest = room.messages.iter().rev().find(|message| message.content.sender_id != me)?;
    let (id, seq) = (newest.content.message_id, newest.seq);
    let read = room.reads.get(&me).and_then(|id| room.message(*id)).map_or(0, |message| message.seq);
    if seq <= read {
        return None;
    }
    let chat = room.chat;
    room.reads.insert(me, id);
    state.chat_mut(chat)?.unread_count = 0;
    Some(Effect::Read(chat, id))
}

impl Form {
    fn first_empty(&self) -> usize {
        self.fields.iter().position(Editor::is_empty).unwrap_or(0)
    }

    /// Where something is known already.
    pub(crate) fn filled(url: &str, key: &str, name: &str) -> Self {
        let fields = [Editor::of(url), Editor::of(key), Editor::of(name), Editor::default()];
        let form = Self { fields, ..Self::default() };
        Self { focus: form.first_empty(), ..form }
    }
}
