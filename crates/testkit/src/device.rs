//! A device of a user as an SDK makes it: it remembers how far it has come, loses its connection, comes back, and must
//! always end up knowing what there is to know.

use std::collections::HashMap;

use futures_util::FutureExt;
use serde_json::Value;

use crate::connection::send;
use crate::event::Event;
use crate::invariants::Watch;
use crate::opening::Opening;
use crate::person::Person;
use crate::replica::Replica;
use crate::socket::{Closing, Incoming, Socket};
use crate::stomp::Frame;

/// Where a device's frames come from while it is connected.
struct Line {
    socket: Socket,
    watch: Watch,
    /// Whether all that was missed has been told.
    live: bool,
}

/// One thing that a device was told.
#[derive(Debug)]
pub enum Told {
    Event(Event),
    /// This action is stored.
    Receipt(String),
    /// The connection is gone.
    Closed(Closing),
}

/// A device of a [`Person`]. It reads only when told to, so it is as slow as a test wants it.
pub struct Device {
    pub person: Person,
    pub replica: Replica,
    /// The cursor of the newest MESSAGE that was read.
    pub cursor: String,
    remembers: bool,
    line: Option<Line>,
    named: u32,
    /// How often the server named it slow.
    pub slow: u32,
    /// Actions that were sent and not yet acknowledged or refused, by their receipt.
    pub waiting: HashMap<String, Value>,
}

impl Device {
    /// Not connected, and it knows nothing: its first cursor is honoured by nobody.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        Self {
            person: person.clone(),
            replica: Replica::of(&person.id),
            cursor: "none".to_owned(),
            remembers: true,
            line: None,
            named: 0,
            slow: 0,
            waiting: HashMap::new(),
        }
    }

    /// One that takes nothing into its replica, and so never asks by HTTP, where there may be no answer.
    #[must_use]
    pub fn forgetful(person: &Person) -> Self {
        Self { remembers: false, ..Self::of(person) }
    }

    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.line.is_some()
    }

    /// Connects and says where it stopped; false if there is no server.
    pub async fn connects(&mut self) -> bool {
        let opening = Opening::default();
        let url = format!("{}{}", self.person.app.urls().chat(), opening.path);
        let jwt = self.person.jwt();
        let Some(mut socket) = Socket::try_open(&url, &jwt).await else { return false };
        let destination = format!("/user/{}/queue/messages", self.person.id);
        let subscribe = Frame::new("SUBSCRIBE")
            .with("id", 0)
            .with("destination", &destination)
            .with("since", &self.cursor);
        socket.version = "1.2".to_owned();
        socket.send(opening.connect_frame(&jwt)).await;
        socket.send(subscribe).await;
        self.waiting.clear();
        let mut watch = Watch::of(&self.person.id);
        watch.subscribed("0", &destination, true);
        self.line = Some(Line { socket, watch, live: false });
        true
    }

    /// Loses its connection without a word. What was sent may or may not have been done.
    pub fn vanishes(&mut self) {
        self.line = None;
    }

    /// Sends an action and returns the name of its receipt, which may never come.
    pub async fn sends(&mut self, action: &Value) -> String {
        self.named += 1;
        let receipt = format!("r{}", self.named);
        self.waiting.insert(receipt.clone(), action.clone());
        if let Some(line) = &mut self.line {
            line.socket.send(send(action).with("receipt", &receipt)).await;
        }
        receipt
    }

    /// What comes next. Events are taken into the replica.
    ///
    /// # Panics
    /// If nothing comes in time, or a promise is broken, or it is not connected.
    pub async fn hears(&mut self) -> Told {
        loop {
            let incoming = self.line.as_mut().expect("connected").socket.next().await;
            if let Some(told) = self.hears_this(incoming).await {
                return told;
            }
        }
    }

    /// What has come already; none if nothing has.
    ///
    /// # Panics
    /// If a promise is broken, or it is not connected.
    pub async fn hears_now(&mut self) -> Option<Told> {
        loop {
            let line = self.line.as_mut().expect("connected");
            let incoming = line.socket.next_whenever().now_or_never()?;
            if let Some(told) = self.hears_this(incoming).await {
                return Some(told);
            }
        }
    }

    async fn hears_this(&mut self, incoming: Incoming) -> Option<Told> {
        let line = self.line.as_mut().expect("connected");
        let frame = match incoming {
            Incoming::Frame(frame) => frame,
            Incoming::HeartBeat => return None,
            Incoming::Closed(closing) => {
                self.line = None;
                return Some(Told::Closed(closing));
            }
        };
        match frame.command.as_str() {
            "CONNECTED" => None,
            "MESSAGE" => {
                let event = line.watch.check(&frame);
                line.live |= matches!(event.kind(), "RESUMED" | "RESYNC");
                self.takes(&event).await;
                Some(Told::Event(event))
            }
            "RECEIPT" => {
                let id = frame.get("receipt-id").expect("a receipt-id").to_owned();
                assert!(self.waiting.remove(&id).is_some(), "for nothing that waits: {frame:?}");
                Some(Told::Receipt(id))
            }
            "ERROR" => {
                self.line = None;
                self.slow += u32::from(frame.get("message") == Some("slow consumer"));
                Some(Told::Closed(Closing { error: Some(frame), code: None }))
            }
            _ => panic!("{} heard {frame:?}", self.person.name),
        }
    }

    async fn takes(&mut self, event: &Event) {
        if event.kind() == "ERROR" {
            self.waiting.remove(event["receipt"].as_str().unwrap_or_default());
        }
        self.cursor.clone_from(event.cursor.as_ref().expect("checked"));
        if !self.remembers {
            return;
        }
        let reload = self.replica.apply(&event.body);
        if let Some(reload) = reload {
            self.replica.reload(&reload, &self.person).await;
        }
    }

    /// Connects if need be, as often as it takes, and reads until it has been told all that it had missed.
    ///
    /// # Panics
    /// If there is no server.
    pub async fn goes_live(&mut self) {
        while !self.line.as_ref().is_some_and(|line| line.live) {
            if !self.is_connected() {
                assert!(self.connects().await, "there is no server");
            }
            self.hears().await;
        }
    }

    /// Reads on, connecting as often as it takes, until it has heard of that event or a later one of its chat.
    ///
    /// # Panics
    /// If there is no server.
    pub async fn hears_up_to(&mut self, chat: &str, seq: u64) {
        loop {
            self.goes_live().await;
            if self.replica.newest(chat) >= seq {
                return;
            }
            self.hears().await;
        }
    }
}
