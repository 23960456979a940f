//! The STOMP frames of a connection (STOMP 1.2; protocol, section 2), by their headers.

use serde_json::{Map, Value, json};

/// A frame, as far as it is not one of the eight actions or an event.
pub(super) struct Frame {
    pub(super) command: &'static str,
    says: &'static str,
    /// Name, whether it is required, and what it says.
    headers: &'static [(&'static str, bool, &'static str)],
}

const RECEIPT: (&str, bool, &str) = ("receipt", false, "Asks for a RECEIPT that names it");

pub(super) const SEND: Frame = Frame {
    command: "SEND",
    says: "One action",
    headers: &[
        ("destination", true, "/api/chat"),
        ("content-type", false, "application/json"),
        ("content-length", false, "Bytes of the body"),
        ("transaction", false, "The transaction that it is part of"),
        ("receipt", false, "Asks for a RECEIPT, which comes when the effect is on the disk"),
    ],
};

pub(super) const MESSAGE: Frame = Frame {
    command: "MESSAGE",
    says: "One event or notice",
    headers: &[
        ("destination", true, "As subscribed"),
        ("subscription", true, "The id of the subscription"),
        ("message-id", true, "Unique in the connection"),
        ("content-type", true, "application/json"),
        ("content-length", true, "Bytes of the body"),
        ("cursor", true, "Where to go on with `since` (ext)"),
    ],
};

#[rustfmt::skip]
pub(super) const ALL: [Frame; 13] = [
    Frame { command: "CONNECT", says: "From the client, first; STOMP is the same", headers: &[
        ("accept-version", false, "Such as 1.0,1.1,1.2"),
        ("host", false, "Any"),
        ("heart-beat", false, "Milliseconds: what the client sends, what it wants"),
        ("Authorization", true, "`Bearer ` and a JWT of the ticket's user"),
    ] },
    Frame { command: "CONNECTED", says: "From the server", headers: &[
        ("version", true, "1.0, 1.1 or 1.2"),
        ("heart-beat", true, "Milliseconds"),
        ("server", true, "Name and version"),
        ("session", true, "Of the connection"),
        ("user-name", true, "The user's id"),
    ] },
    Frame { command: "SUBSCRIBE", says: "From the client", headers: &[
        ("id", true, "Of the subscription"),
        ("destination", true, "/user/queue/messages, or /user/<own user id>/queue/messages"),
        ("since", false, "The cursor to resume from (ext)"),
        RECEIPT,
    ] },
    Frame { command: "UNSUBSCRIBE", says: "From the client", headers: &[("id", true, "Of the subscription"), RECEIPT] },
    SEND,
    MESSAGE,
    Frame { command: "RECEIPT", says: "From the server: what asked for it is done and on the disk", headers: &[
        ("receipt-id", true, "What `receipt` was"),
    ] },
    Frame { command: "BEGIN", says: "From the client", headers: &[("transaction", true, "Its name"), RECEIPT] },
    Frame { command: "COMMIT", says: "From the client: its SENDs are done together or not at all", headers: &[
        ("transaction", true, "Its name"), RECEIPT,
    ] },
    Frame { command: "ABORT", says: "From the client", headers: &[("transaction", true, "Its name"), RECEIPT] },
    Frame { command: "ACK", says: "From the client; without effect, and so is NACK", headers: &[("id", true, "Of a message"), RECEIPT] },
    Frame { command: "DISCONNECT", says: "From the client", headers: &[RECEIPT] },
    Frame { command: "ERROR", says: "From the server, which then closes: a malformed frame, an ended session, a slow consumer", headers: &[
        ("message", true, "What is wrong"),
        ("receipt-id", false, "Of the frame that was wrong, if it asked for one"),
    ] },
];

impl Frame {
    /// JSON Schema of the headers.
    pub(super) fn headers(&self) -> Value {
        let header = |(name, _, says): &(&str, bool, &str)| {
            ((*name).to_owned(), json!({"type": "string", "description": says}))
        };
        let properties: Map<String, Value> = self.headers.iter().map(header).collect();
        let required: Vec<&str> =
            self.headers.iter().filter(|(_, required, _)| *required).map(|(name, ..)| *name).collect();
        json!({"type": "object", "properties": properties, "required": required})
    }

    pub(super) fn message(&self) -> Value {
        json!({"name": self.command, "summary": self.says, "headers": self.headers()})
    }
}
