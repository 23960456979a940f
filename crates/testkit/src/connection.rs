//! A person who is connected: speaks by STOMP, hears by STOMP, and insists on what holds for every frame.

use std::collections::{HashSet, VecDeque};
use std::ops::Deref;

use serde_json::{Value, json};

use crate::event::Event;
use crate::invariants::Watch;
use crate::person::Person;
use crate::socket::{Closing, Incoming, Socket};
use crate::stomp::Frame;

/// A connected and subscribed [`Person`].
///
/// Every MESSAGE is checked as it arrives: its subscription and destination, a message-id never seen before, the
/// content length, the recipient, exactly the fields of its type, ids and times in their one form, and that each chat's
/// events come in seq order without a hole. An ERROR frame fails the test unless it waits in [`Connection::closed`].
pub struct Connection {
    person: Person,
    pub socket: Socket,
    watch: Watch,
    events: VecDeque<Event>,
    receipts: HashSet<String>,
    /// Receipts that must never come, as their actions were refused.
    refused: HashSet<String>,
    named: u32,
    /// The newest message in the person's private chat.
    fence: Option<String>,
}

impl Deref for Connection {
    type Target = Person;

    fn deref(&self) -> &Person {
        &self.person
    }
}

impl Connection {
    /// Of a socket that has been through CONNECT, subscribed to nothing yet.
    pub(crate) fn new(person: &Person, socket: Socket) -> Self {
        Self {
            person: person.clone(),
            socket,
            watch: Watch::of(&person.id),
            events: VecDeque::new(),
            receipts: HashSet::new(),
            refused: HashSet::new(),
            named: 0,
            fence: None,
        }
    }

    /// Subscribes, and waits until that is in effect.
    pub async fn subscribes(&mut self, id: &str, destination: &str, since: Option<&str>) {
        self.watch.subscribed(id, destination, since.is_some());
        let mut frame = Frame::new("SUBSCRIBE").with("id", id).with("destination", destination);
        if let Some(cursor) = since {
            frame = frame.with("since", cursor);
        }
        self.sends_frame(frame).await;
    }

    /// Sends a frame with a receipt header and waits for the receipt.
    pub async fn sends_frame(&mut self, frame: Frame) {
        let receipt = self.new_receipt();
        self.socket.send(frame.with("receipt", &receipt)).await;
        self.receipt(&receipt).await;
    }

    fn new_receipt(&mut self) -> String {
        self.named += 1;
        format!("receipt-{}", self.named)
    }

    /// Waits for that RECEIPT.
    ///
    /// # Panics
    /// If the action is refused instead.
    pub async fn receipt(&mut self, id: &str) {
        while !self.receipts.remove(id) {
            self.takes_one().await;
            let refusal =
                self.events.back().filter(|event| event.kind() == "ERROR" && event["receipt"] == id);
            assert_eq!(refusal, None, "{} was refused", self.name);
        }
    }

    /// Does an action and waits until it is stored.
    pub async fn does(&mut self, action: Value) {
        self.sends_frame(send(&action)).await;
    }

    /// Does an action and returns one's own echo of it, which must be the next event.
    async fn does_and_hears(&mut self, action: Value) -> Event {
        self.does(action.clone()).await;
        let echo = self.expect(action["type"].as_str().expect("a type")).await;
        assert_eq!(echo["senderId"], *self.id, "{echo:?}");
        echo
    }

    /// Does an action that is refused, and returns the ERROR event, which must be the next one.
    pub async fn tries(&mut self, action: Value) -> Event {
        let receipt = self.new_receipt();
        self.refused.insert(receipt.clone());
        self.socket.send(send(&action).with("receipt", &receipt)).await;
        let refusal = self.expect("ERROR").await;
        assert_eq!(refusal["receipt"], receipt, "{refusal:?}");
        refusal
    }

    pub async fn says(&mut self, chat: &str, text: &str) -> Event {
        self.does_and_hears(json!({"type": "SEND_MSG", "chatId": chat, "message": text})).await
    }

    pub async fn replies(&mut self, chat: &str, to: &str, text: &str) -> Event {
        self.does_and_hears(json!({"type": "REPLY", "chatId": chat, "messageId": to, "message": text})).await
    }

    pub async fn edits(&mut self, chat: &str, message: &str, text: &str) -> Event {
        self.does_and_hears(
            json!({"type": "EDIT_MSG", "chatId": chat, "messageId": message, "message": text}),
        )
        .await
    }

    pub async fn deletes(&mut self, chat: &str, message: &str) -> Event {
        self.does_and_hears(json!({"type": "DELETE_MSG", "chatId": chat, "messageId": message})).await
    }

    /// No echo: typing is told to the others only.
    pub async fn types(&mut self, chat: &str) {
        self.does(json!({"type": "TYPING", "chatId": chat})).await;
    }

    pub async fn reacts(&mut self, chat: &str, message: &str, emoji: &str) -> Event {
        self.does_and_hears(json!({"type": "REACT", "chatId": chat, "messageId": message, "reaction": emoji}))
            .await
    }

    pub async fn unreacts(&mut self, reaction: &str) -> Event {
        self.does_and_hears(json!({"type": "DELETE_REACT", "reactionId": reaction})).await
    }

    pub async fn reads(&mut self, chat: &str, message: &str) -> Event {
        self.does_and_hears(json!({"type": "READ_MSG", "chatId": chat, "messageId": message})).await
    }

    /// The next event.
    ///
    /// # Panics
    /// If none comes in time.
    pub async fn next_event(&mut self) -> Event {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            self.takes_one().await;
        }
    }

    /// The next event, however long it takes. May be dropped while it waits: nothing is lost.
    pub async fn next_whenever(&mut self) -> Event {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            let incoming = self.socket.next_whenever().await;
            self.files(incoming);
        }
    }

    /// What was missed, up to the notice that it was all.
    ///
    /// # Panics
    /// If the cursor was not honoured.
    pub async fn catches_up(&mut self) -> Vec<Event> {
        let mut missed = Vec::new();
        loop {
            let event = self.next_event().await;
            match event.kind() {
                "RESUMED" => return missed,
                "RESYNC" => panic!("{} is to reload", self.name),
                _ => missed.push(event),
            }
        }
    }

    /// The next event, which must be of that type.
    pub async fn expect(&mut self, kind: &str) -> Event {
        let event = self.next_event().await;
        assert_eq!(event.kind(), kind, "{} saw {event:?}", self.name);
        event
    }

    /// That nothing more has come for this person.
    ///
    /// The proof is a message to oneself in a private chat: what was acknowledged before it was sent would have come
    /// before it. That chat is left out of everything a test sees.
    pub async fn sees_nothing(&mut self) {
        let chat = self.private_chat().await;
        self.named += 1;
        let mark = format!("mark {}", self.named);
        self.does(json!({"type": "SEND_MSG", "chatId": chat, "message": mark})).await;
        while self.fence.as_ref() != Some(&mark) {
            self.takes_one().await;
        }
        assert!(self.events.is_empty(), "{} saw {:?}", self.name, self.events);
    }

    async fn private_chat(&self) -> String {
        if let Some(chat) = self.known_private_chat() {
            return chat;
        }
        let chat = self.creates_chat("private", &[]).await["chatId"].as_str().expect("an id").to_owned();
        *self.person.fence.lock().expect("no holder panics") = Some(chat.clone());
        chat
    }

    fn known_private_chat(&self) -> Option<String> {
        self.person.fence.lock().expect("no holder panics").clone()
    }

    /// Takes one frame from the socket and files it.
    async fn takes_one(&mut self) {
        let incoming = self.socket.next().await;
        self.files(incoming);
    }

    fn files(&mut self, incoming: Incoming) {
        let frame = match incoming {
            Incoming::Frame(frame) => frame,
            Incoming::HeartBeat => return,
            Incoming::Closed(closing) => panic!("{}'s connection ended: {closing:?}", self.name),
        };
        match frame.command.as_str() {
            "MESSAGE" => {
                let event = self.watch.check(&frame);
                if event["chatId"].is_string()
                    && event["chatId"].as_str() == self.known_private_chat().as_deref()
                {
                    self.fence = event["message"].as_str().map(str::to_owned);
                } else {
                    self.events.push_back(event);
                }
            }
            "RECEIPT" => {
                let id = frame.get("receipt-id").unwrap_or_else(|| panic!("no receipt-id: {frame:?}"));
                assert!(!self.refused.contains(id), "a receipt for what was refused: {frame:?}");
                assert!(self.receipts.insert(id.to_owned()), "repeated: {frame:?}");
            }
            _ => panic!("{} saw {frame:?}", self.name),
        }
    }

    /// Waits for the server to close the connection.
    pub async fn closed(mut self) -> Closing {
        self.socket.closed().await
    }

    /// Leaves as a closed laptop does: without a word.
    pub fn vanishes(self) -> Person {
        self.person
    }
}

/// An action as a SEND frame, without a receipt header.
#[must_use]
pub fn send(action: &Value) -> Frame {
    Frame::new("SEND").with("destination", "/api/chat").with("content-type", "application/json").body(action)
}
