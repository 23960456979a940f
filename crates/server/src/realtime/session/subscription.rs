//! SUBSCRIBE, UNSUBSCRIBE, ACK and NACK.

use chinwag_protocol::UserId;
use chinwag_protocol::stomp::{Frame, Version, escape_into};

use super::{Effect, Phase, Session, receipt_for};

/// Names a subscription within its connection. Never used again, though the client's id may be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SubscriptionKey(pub u32);

/// One subscription to the user's own queue.
#[derive(Debug)]
pub struct Subscription {
    pub key: SubscriptionKey,
    /// As the client gave it. Version 1.0 allows none.
    id: Option<String>,
    destination: String,
    /// Its deliveries have begun.
    pub(super) begun: bool,
    /// The receipt of SUBSCRIBE, until deliveries have begun.
    receipt: Option<String>,
    /// The start of its MESSAGE frames up to the value of message-id, escaped for the version.
    pub head: Box<[u8]>,
    /// MESSAGE frames carry an `ack` header, because the client said it would acknowledge them.
    pub acks: bool,
}

impl Session {
    /// SUBSCRIBE: only to the user's own queue (protocol, section 2).
    pub(super) fn subscribe(&mut self, frame: &Frame, effects: &mut Vec<Effect>) -> Result<(), String> {
        let destination = frame.header("destination").ok_or("SUBSCRIBE needs a destination")?;
        let id = frame.header("id").map(str::to_owned);
        if id.is_none() && self.version > Version::V10 {
            return Err("SUBSCRIBE needs an id".to_owned());
        }
        if !is_own_queue(destination, self.user) {
            return Err("you may subscribe to your own queue only: /user/queue/messages".to_owned());
        }
        if self.subscriptions.iter().any(|other| other.is(id.as_deref(), destination)) {
            return Err("this subscription exists already".to_owned());
        }
        if self.subscriptions.len() >= self.bounds.subscriptions_max {
            return Err(format!("at most {} subscriptions", self.bounds.subscriptions_max));
        }
        let acks = match frame.header("ack").unwrap_or("auto") {
            "auto" => false,
            "client" | "client-individual" => true,
            _ => return Err("ack must be auto, client or client-individual".to_owned()),
        };
        let key = SubscriptionKey(self.next_key);
        self.next_key += 1;
        // Nearly everyone has one.
        self.subscriptions.reserve_exact(1);
        self.subscriptions.push(Subscription {
            key,
            head: head(id.as_deref(), destination, self.version),
            id,
            destination: destination.to_owned(),
            begun: false,
            receipt: frame.header("receipt").map(str::to_owned),
            acks: acks && self.version == Version::V12,
        });
        effects.push(Effect::Listen { key, since: frame.header("since").map(str::to_owned) });
        Ok(())
    }

    /// Deliveries of this subscription have begun: what is committed from now on reaches it.
    pub fn listening(&mut self, key: SubscriptionKey, effects: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        let subscription = self.subscriptions.iter_mut().find(|subscription| subscription.key == key);
        let Some(subscription) = subscription else { return };
        subscription.begun = true;
        if let Some(receipt) = subscription.receipt.take() {
            effects.push(super::receipt_frame(&receipt));
        }
        self.leave_when_done(effects);
    }

    /// UNSUBSCRIBE: by id, or in 1.0 by destination. What was on its way may still arrive.
    pub(super) fn unsubscribe(&mut self, frame: &Frame, effects: &mut Vec<Effect>) -> Result<(), String> {
        let id = frame.header("id");
        let destination = frame.header("destination").filter(|_| self.version == Version::V10);
        if id.is_none() && destination.is_none() {
            return Err("UNSUBSCRIBE needs an id".to_owned());
        }
        let found = self.subscriptions.iter().position(|subscription| match id {
            Some(_) => subscription.id.as_deref() == id,
            None => destination == Some(&subscription.destination),
        });
        let index = found.ok_or("there is no such subscription")?;
        let gone = self.subscriptions.remove(index);
        effects.push(Effect::Silence(gone.key));
        if let Some(receipt) = gone.receipt {
            effects.push(super::receipt_frame(&receipt));
        }
        receipt_for(frame, effects);
        Ok(())
    }

    /// ACK and NACK change nothing here: what a client has seen is its cursor, so nothing is sent again. They are
    /// checked for form, since a client that gets them wrong should hear of it.
    pub(super) fn acknowledge(&mut self, frame: &Frame, effects: &mut Vec<Effect>) -> Result<(), String> {
        let name = if self.version == Version::V12 { "id" } else { "message-id" };
        if frame.header(name).is_none() {
            return Err(format!("{} needs the header {name}", frame.command));
        }
        if self.version == Version::V11 && frame.header("subscription").is_none() {
            return Err(format!("{} needs the header subscription", frame.command));
        }
        if let Some(name) = frame.header("transaction")
            && !self.transactions.has(name)
        {
            return Err("there is no such transaction".to_owned());
        }
        receipt_for(frame, effects);
        Ok(())
    }
}

impl Subscription {
    fn is(&self, id: Option<&str>, destination: &str) -> bool {
        match id {
            Some(_) => self.id.as_deref() == id,
            None => self.id.is_none() && self.destination == destination,
        }
    }
}

fn is_own_queue(destination: &str, user: UserId) -> bool {
    let own = destination.strip_prefix("/user/").and_then(|rest| rest.strip_suffix("/queue/messages"));
    destination == "/user/queue/messages" || own.is_some_and(|id| id.parse() == Ok(user))
}

fn head(id: Option<&str>, destination: &str, version: Version) -> Box<[u8]> {
    let mut head = b"MESSAGE\ndestination:".to_vec();
    escape_into(destination, version, &mut head);
    if let Some(id) = id {
        head.extend_from_slice(b"\nsubscription:");
        escape_into(id, version, &mut head);
    }
    head.extend_from_slice(b"\nmessage-id:");
    head.into()
}
