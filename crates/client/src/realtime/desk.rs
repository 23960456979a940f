//! What the calls of an application and the task that owns the connection share: the outbox with its promises and its file,
//! and who listens.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use chinwag_protocol::{Action, ChatId, UserId};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::catch_up::CatchUp;
use super::keeping::{Line, OutboxFile};
use super::outbox::{Change, Outbox, OutboxState};
use crate::clock;
use crate::error::Error;
use crate::event::Event;
use crate::model::ChatEvent;

/// The server lets one through in two seconds, for each user and chat.
const TYPING_EVERY: Duration = Duration::from_secs(2);

/// How an action ended.
pub(super) type Outcome = Result<ChatEvent, Error>;

/// How far somebody has come.
#[derive(Default)]
pub(super) struct Place {
    /// Whose cursor it is, if that is known.
    pub(super) user: Option<UserId>,
    pub(super) catch_up: CatchUp,
}

pub(super) struct Desk {
    pub(super) outbox: Outbox,
    promised: HashMap<String, oneshot::Sender<Outcome>>,
    typed_at: HashMap<ChatId, Instant>,
    /// Where somebody types, and it was not told yet.
    typing: Vec<ChatId>,
    /// Absent while a batch of lines is being written.
    file: Option<OutboxFile>,
    lines: Vec<Line>,
    keeps: bool,
    /// Whether the task is there, or about to be.
    pub(super) running: bool,
    /// The task is to end.
    pub(super) leaving: bool,
    /// Between two connections.
    pub(super) place: Option<Place>,
}

impl Desk {
    pub(super) fn new(file: Option<OutboxFile>, since: Option<String>) -> Self {
        let mut outbox = Outbox::new(file.is_some());
        if let Some(file) = &file {
            outbox.restore(file.entries(), clock::now());
        }
        Self {
            outbox,
            promised: HashMap::new(),
            typed_at: HashMap::new(),
            typing: Vec::new(),
            keeps: file.is_some(),
            file,
            lines: Vec::new(),
            running: false,
            leaving: false,
            place: Some(Place { user: None, catch_up: CatchUp::from(since) }),
        }
    }

    /// Queues an action.
    pub(super) fn add(&mut self, action: Action, user: UserId) -> Result<oneshot::Receiver<Outcome>, Error> {
        if !self.running || self.leaving {
            return Err(Error::NotConnected);
        }
        let nonce = clock::unique();
        self.outbox.add(action, nonce.clone(), user, clock::now())?;
        Ok(self.promise(nonce))
    }

    fn promise(&mut self, nonce: String) -> oneshot::Receiver<Outcome> {
        let (tell, told) = oneshot::channel();
        self.promised.insert(nonce, tell);
        told
    }

    /// The server's answer to one of ours.
    pub(super) fn stored(&mut self, nonce: &str, event: &ChatEvent) {
        self.outbox.stored(nonce);
        if let Some(tell) = self.promised.remove(nonce) {
            // Nobody may wait any more.
            let _ = tell.send(Ok(event.clone()));
        }
    }

    /// Says that somebody types, unless that was said just now.
    pub(super) fn types(&mut self, chat: ChatId, now: Instant) {
        self.typed_at.retain(|_, at| now < *at + TYPING_EVERY);
        if let Entry::Vacant(untold) = self.typed_at.entry(chat) {
            untold.insert(now);
            self.typing.push(chat);
        }
    }

    pub(super) fn take_typing(&mut self) -> Vec<ChatId> {
        std::mem::take(&mut self.typing)
    }

    /// Draws the consequences of what changed in the outbox, and gives what is to be told.
    pub(super) fn settle(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        for Change { entry, gone, keep } in self.outbox.changes() {
            if self.keeps && keep {
                self.lines.push(if gone { Line::Gone(entry.nonce.clone()) } else { Line::put(&entry) });
            }
            if entry.state == OutboxState::Refused
                && let (Some(error), Some(tell)) = (&entry.error, self.promised.remove(&entry.nonce))
            {
                let _ = tell.send(Err(error.clone()));
            }
            events.push(Event::Outbox(Box::new(entry)));
        }
        events
    }

    /// The file and what is to be written into it, if there is something and nobody does so.
    pub(super) fn take_lines(&mut self) -> Option<(OutboxFile, Vec<Line>)> {
        if self.lines.is_empty() {
            return None;
        }
        Some((self.file.take()?, std::mem::take(&mut self.lines)))
    }

    /// The file is back.
    pub(super) fn wrote(&mut self, file: OutboxFile, lines: &[Line], outcome: &Result<(), Error>) {
        self.file = Some(file);
        for line in lines {
            match (line.waits(), outcome) {
                (Some(nonce), Ok(())) => self.outbox.kept(nonce),
                (Some(nonce), Err(error)) => self.outbox.not_kept(nonce, error.clone()),
                // What is done may be done again: it has its nonce.
                (None, _) => {}
            }
        }
    }

    /// The task is gone: who waits for an answer is told why none comes.
    pub(super) fn ended(&mut self, why: &Error) {
        self.running = false;
        self.leaving = false;
        self.typing.clear();
        self.outbox.interrupted();
        for (_, tell) in self.promised.drain() {
            let _ = tell.send(Err(why.clone()));
        }
    }
}
