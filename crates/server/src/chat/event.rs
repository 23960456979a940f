//! An event as the chat knows it, before it is told to anyone.

use chinwag_protocol::{ChatId, Event, EventKind, Nonce, UserId};

/// Something that happened in a chat.
#[derive(Clone, PartialEq, Debug)]
pub struct ChatEvent {
    /// Its place among all events of this server; that of the newest stored event if it is not stored itself.
    pub position: u64,
    pub chat: ChatId,
    pub sender: UserId,
    /// Its place in its chat; none if it is not stored.
    pub seq: Option<u64>,
    pub kind: EventKind,
    /// For the sender's own devices only.
    pub nonce: Option<Nonce>,
    /// For the sender's own devices only, with `READ_MSG`.
    pub unread_count: Option<u64>,
    /// The answer to a repeated nonce.
    pub replayed: bool,
}

impl ChatEvent {
    #[must_use]
    pub fn as_seen_by(&self, recipient: UserId) -> Event {
        let own = recipient == self.sender;
        let mut kind = self.kind.clone();
        if let EventKind::MessageRead { unread_count, .. } = &mut kind {
            *unread_count = self.unread_count.filter(|_| own);
        }
        Event {
            kind,
            chat_id: self.chat,
            recipient_id: recipient,
            sender_id: self.sender,
            seq: self.seq,
            nonce: self.nonce.clone().filter(|_| own),
            replayed: self.replayed,
        }
    }

    /// Whether the sender's own devices are told something else than the other members.
    #[must_use]
    pub fn differs_for_sender(&self) -> bool {
        self.nonce.is_some() || self.unread_count.is_some() || self.replayed
    }
}

/// Who is told, and what changes for those who listen.
#[derive(Clone, PartialEq, Debug)]
pub enum Route {
    Members,
    /// Everyone but the sender: typing.
    OtherMembers,
    /// These become members first.
    Joined(Vec<UserId>),
    /// This member is told too, for the last time.
    Left(UserId),
    /// All are told, for the last time.
    Gone,
}

/// An event and who is told.
#[derive(Clone, PartialEq, Debug)]
pub struct Published {
    pub event: ChatEvent,
    pub route: Route,
}
