//! Alice at a terminal of eighty columns and twelve rows.

use chinwag_client::{
    Action, ChatDetails, ChatEvent, ChatId, ChatUserInfo, Error, Event, EventKind, Message, MessageContent,
    MessageId, OutboxEntry, OutboxState, Timestamp, UserId,
};
use chinwag_protocol::{Emoji, MessageText};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::state::{Form, Link, Room, State};
use super::super::update::{Effect, Input, update};
use super::super::view::view;

pub(super) const ALICE: u128 = 1;
pub(super) const BOB: u128 = 2;
/// 2026-11-22T15:40:00Z
const NOW: Timestamp = Timestamp(1_795_362_000_000);

pub(super) fn user(n: u128) -> UserId {
    UserId(uuid(n))
}

pub(super) fn chat(n: u128) -> ChatId {
    ChatId(uuid(n))
}

/// The message of that seq.
pub(super) fn id(seq: u64) -> MessageId {
    MessageId(uuid(seq.into()))
}

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

pub(super) fn event(sender: u128, seq: u64, kind: EventKind) -> ChatEvent {
    let seq = Some(seq).filter(|seq| *seq > 0);
    let (recipient_id, sender_id) = (user(ALICE), user(sender));
    ChatEvent { kind, chat_id: chat(1), recipient_id, sender_id, seq, nonce: None, replayed: false }
}

pub(super) fn sent(sender: u128, seq: u64, text: &str) -> ChatEvent {
    let kind = EventKind::MessageSent { message: text.to_owned(), message_id: id(seq), time_stamp: NOW };
    event(sender, seq, kind)
}

pub(super) fn edited(seq: u64, text: &str) -> EventKind {
    EventKind::MessageEdited { message: text.to_owned(), message_id: id(seq), edited_at: NOW }
}

pub(super) fn deleted(seq: u64) -> EventKind {
    EventKind::MessageDeleted { message_id: id(seq), time_stamp: NOW }
}

pub(super) fn reacted(seq: u64, emoji: &str) -> EventKind {
    let reaction = Emoji::parse(emoji.to_owned()).unwrap();
    EventKind::ReactionAdded {
        reaction_id: uuid(99).into(),
        reaction,
        parent_message_id: id(seq),
        time_stamp: NOW,
    }
}

pub(super) fn message(sender: u128, seq: u64, text: &str) -> Message {
    let (chat_id, sender_id, message_id) = (chat(1), user(sender), id(seq));
    let (content, edited, edited_at) = (text.to_owned(), false, None);
    let content =
        MessageContent { chat_id, time_stamp: NOW, message_id, sender_id, content, edited, edited_at };
    Message { content, reply_to: None, reactions: Vec::new(), seq, changed_seq: seq }
}

pub(super) fn waiting(state: OutboxState, text: &str) -> Event {
    let action = Action::Send { chat: chat(1), message: MessageText::parse(text.to_owned(), 0).unwrap() };
    let error = (state == OutboxState::Refused).then_some(Error::OutboxFull);
    let mut entry = OutboxEntry::new("n", user(ALICE), action, NOW);
    (entry.state, entry.error) = (state, error);
    Event::Outbox(Box::new(entry))
}

fn details(n: u128, name: &str) -> ChatDetails {
    ChatDetails {
        chat_id: chat(n),
        chat_name: name.to_owned(),
        last_message_timestamp: None,
        last_message: None,
        created_at: NOW,
        creator: user(BOB),
        group_chat: false,
        unread_count: 0,
        last_read_message: None,
        members: 2,
    }
}

pub(super) struct Scene {
    state: State,
    terminal: Terminal<TestBackend>,
}

impl Scene {
    pub(super) fn at_the_door() -> Self {
        let state = State { form: Some(Form::default()), ..State::default() };
        let mut scene = Self { state, terminal: Terminal::new(TestBackend::new(80, 12)).unwrap() };
        scene.is(80, 12);
        scene
    }

    /// Signed in, in the first of two chats, where nothing was said.
    pub(super) fn live() -> Self {
        let mut scene = Self::at_the_door();
        scene.state.form = None;
        (scene.state.me, scene.state.username) = (Some(user(ALICE)), "alice".to_owned());
        scene.state.link = Link::Live;
        scene.takes(Input::Chats(vec![details(1, "Tea"), details(2, "Coffee")]));
        let member = |n, name: &str| ChatUserInfo {
            user_id: user(n),
            username: name.to_owned(),
            joined_chat_at: NOW,
            last_seen_message: None,
        };
        scene.takes(Input::Members(chat(1), vec![member(ALICE, "alice"), member(BOB, "bob")]));
        scene.takes(Input::History(chat(1), None, Vec::new()));
        scene
    }

    pub(super) fn room(&mut self) -> &mut Room {
        self.state.room.as_mut().unwrap()
    }

    pub(super) fn takes(&mut self, input: Input) -> Vec<Effect> {
        update(&mut self.state, input)
    }

    pub(super) fn told(&mut self, event: Event) -> Vec<Effect> {
        self.takes(Input::Told(event))
    }

    pub(super) fn hears(&mut self, event: ChatEvent) -> Vec<Effect> {
        self.told(Event::Chat(Box::new(event)))
    }

    pub(super) fn presses(&mut self, key: KeyCode) -> Vec<Effect> {
        self.takes(Input::Key(KeyEvent::new(key, KeyModifiers::NONE)))
    }

    pub(super) fn presses_with(&mut self, letter: char, modifiers: KeyModifiers) -> Vec<Effect> {
        self.takes(Input::Key(KeyEvent::new(KeyCode::Char(letter), modifiers)))
    }

    pub(super) fn types(&mut self, text: &str) -> Vec<Effect> {
        text.chars().flat_map(|letter| self.presses(KeyCode::Char(letter))).collect()
    }

    pub(super) fn is(&mut self, width: u16, height: u16) {
        self.terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        self.takes(Input::Resized((width, height).into()));
    }

    /// What stands there, without what is white at the ends of lines.
    pub(super) fn screen(&mut self) -> String {
        self.terminal.draw(|frame| view(&self.state, frame)).unwrap();
        let buffer = self.terminal.backend().buffer();
        let rows = buffer.area.rows().map(|row| {
            let mut line = String::new();
            let mut hidden = 0;
            for at in row.columns() {
                let symbol = buffer[(at.x, at.y)].symbol();
                // A wide character stands in the first of its cells.
                if hidden > 0 {
                    hidden -= 1;
                    continue;
                }
                hidden = super::super::text::width(symbol).saturating_sub(1);
                line += symbol;
            }
            line.trim_end().to_owned()
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    pub(super) fn shows(&mut self, rows: &[&str]) {
        assert_eq!(self.screen().lines().collect::<Vec<_>>(), rows, "\n{}\n", self.screen());
    }
}
