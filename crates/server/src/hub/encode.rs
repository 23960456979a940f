//! An event's bytes, made once and shared by all who are told; what differs by receiver is written around them.

use std::sync::Arc;
use std::time::Instant;

use chinwag_protocol::{Event, Notice, UserId};
use memchr::memmem;
use uuid::Uuid;

use crate::chat::ChatEvent;
use crate::cursor;

const RECIPIENT_KEY: &[u8] = b"\"recipientId\":\"";
const RECIPIENT_LEN: usize = 36;

/// The end of a MESSAGE frame, from after the headers that name the receiver to the NUL, and where the receiver's id
/// belongs in it.
#[derive(Debug)]
struct Tail {
    bytes: Box<[u8]>,
    body_at: usize,
    /// Where the 36 characters of `recipientId` are; none in a notice.
    recipient_at: Option<usize>,
}

impl Tail {
    fn new(body: &[u8], cursor: &str) -> Self {
        let head =
            format!("content-type:application/json\ncontent-length:{}\ncursor:{cursor}\n\n", body.len());
        let mut bytes = Vec::with_capacity(head.len() + body.len() + 1);
        bytes.extend_from_slice(head.as_bytes());
        let body_at = bytes.len();
        bytes.extend_from_slice(body);
        bytes.push(0);
        // Quotes inside JSON text are escaped, so this can only be the key itself.
        let recipient_at = memmem::find(body, RECIPIENT_KEY).map(|at| body_at + at + RECIPIENT_KEY.len());
        Self { bytes: bytes.into(), body_at, recipient_at }
    }

    fn write(&self, from: usize, to: usize, recipient: &[u8; RECIPIENT_LEN], out: &mut Vec<u8>) {
        match self.recipient_at {
            Some(at) => {
                out.extend_from_slice(&self.bytes[from..at]);
                out.extend_from_slice(recipient);
                out.extend_from_slice(&self.bytes[at + RECIPIENT_LEN..to]);
            }
            None => out.extend_from_slice(&self.bytes[from..to]),
        }
    }
}

/// An event or notice, encoded once for any number of receivers.
#[derive(Debug)]
pub struct Encoded {
    pub position: u64,
    /// When an event was announced; none for what is said to one connection about itself.
    pub announced: Option<Instant>,
    /// Whether the position is its own: an event that is not stored has that of the one before it.
    pub is_stored: bool,
    others: Tail,
    /// What the sender's own devices are told, where that is more.
    own: Option<Tail>,
    sender: UserId,
}

impl Encoded {
    #[must_use]
    pub fn event(event: &ChatEvent, epoch: &str) -> Arc<Self> {
        let cursor = cursor::write(epoch, event.position);
        // Any id will do for the shared bytes: they are overwritten. The nil id is nobody's, so nothing private is in.
        let others = Tail::new(&json(&event.as_seen_by(Uuid::nil().into())), &cursor);
        let own =
            event.differs_for_sender().then(|| Tail::new(&json(&event.as_seen_by(event.sender)), &cursor));
        Arc::new(Self {
            position: event.position,
            announced: Some(Instant::now()),
            is_stored: event.seq.is_some(),
            others,
            own,
            sender: event.sender,
        })
    }

    /// The first result of a repeated nonce, for its sender alone.
    #[must_use]
    pub fn again(event: &Event, position: u64, epoch: &str) -> Arc<Self> {
        let others = Tail::new(&json(event), &cursor::write(epoch, position));
        Arc::new(Self {
            position,
            announced: None,
            is_stored: false,
            others,
            own: None,
            sender: event.sender_id,
        })
    }

    #[must_use]
    pub fn notice(notice: &Notice, position: u64, epoch: &str) -> Arc<Self> {
        let body = serde_json::to_vec(notice).expect("a notice is plain JSON");
        let others = Tail::new(&body, &cursor::write(epoch, position));
        Arc::new(Self {
            position,
            announced: None,
            is_stored: false,
            others,
            own: None,
            sender: Uuid::nil().into(),
        })
    }

    /// What it costs to keep it in one queue, in bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.others.bytes.len() + size_of::<Self>()
    }

    fn tail(&self, recipient: UserId) -> &Tail {
        self.own.as_ref().filter(|_| recipient == self.sender).unwrap_or(&self.others)
    }
}

fn json(event: &Event) -> Vec<u8> {
    serde_json::to_vec(event).expect("an event is plain JSON")
}

/// One receiver's view of what is encoded.
pub struct Mailing {
    recipient: UserId,
    text: [u8; RECIPIENT_LEN],
}

impl Mailing {
    #[must_use]
    pub fn to(recipient: UserId) -> Self {
        let mut text = [0; RECIPIENT_LEN];
        recipient.0.as_hyphenated().encode_lower(&mut text);
        Self { recipient, text }
    }

    /// Bytes that [`Mailing::write_tail`] will write.
    #[must_use]
    pub fn tail_len(&self, encoded: &Encoded) -> usize {
        encoded.tail(self.recipient).bytes.len()
    }

    /// Writes the frame from its shared headers to its NUL.
    pub fn write_tail(&self, encoded: &Encoded, out: &mut Vec<u8>) {
        let tail = encoded.tail(self.recipient);
        tail.write(0, tail.bytes.len(), &self.text, out);
    }

    /// Writes the JSON alone.
    pub fn write_body(&self, encoded: &Encoded, out: &mut Vec<u8>) {
        let tail = encoded.tail(self.recipient);
        tail.write(tail.body_at, tail.bytes.len() - 1, &self.text, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chinwag_protocol::{EventKind, Nonce, Timestamp};

    #[test]
    fn each_receiver_reads_their_own_name_and_only_the_sender_the_nonce() {
        let [alice, bob] = [1, 2].map(|n| UserId(Uuid::from_u128(n)));
        let event = ChatEvent {
            position: 7,
            chat: Uuid::from_u128(9).into(),
            sender: alice,
            seq: Some(3),
            kind: EventKind::MessageSent {
                message: r#""recipientId":"tricked""#.into(),
                message_id: Uuid::from_u128(8).into(),
                time_stamp: Timestamp(0),
            },
            nonce: Some(Nonce::parse("n1".into()).unwrap()),
            unread_count: None,
            replayed: false,
        };
        let encoded = Encoded::event(&event, "e");
        for recipient in [alice, bob] {
            let (mut body, mut tail) = (Vec::new(), Vec::new());
            Mailing::to(recipient).write_body(&encoded, &mut body);
            assert_eq!(serde_json::from_slice::<Event>(&body).unwrap(), event.as_seen_by(recipient));
            Mailing::to(recipient).write_tail(&encoded, &mut tail);
            assert_eq!(tail.len(), Mailing::to(recipient).tail_len(&encoded));
            let length = format!("content-length:{}\n", body.len());
            assert!(String::from_utf8(tail).unwrap().contains(&length));
        }
    }
}
