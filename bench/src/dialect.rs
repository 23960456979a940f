//! How the same is said to each server.

use std::io;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

use crate::cast::{Cast, Chat, Person};
use crate::http::Http;
use crate::socket::Opening;

/// What a client promises, and asks for, in milliseconds (STOMP 1.2, "Heart-beating").
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Beats {
    /// Both ways.
    Both,
    /// The server's only: a client that is busy opening thousands of connections could not keep its promise.
    Server,
}

impl Beats {
    fn header(self) -> &'static str {
        match self {
            Self::Both => "10000,10000",
            Self::Server => "0,10000",
        }
    }
}

/// Where a client asks ejabberd's rooms.
const ROOMS: &str = "conference.localhost";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Chinwag,
    RabbitMq,
    Ejabberd,
    Bare,
}

/// What a message from a server means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Heard<'a> {
    /// The oldest unacknowledged send is acknowledged.
    Acknowledged,
    /// Text of a message in a chat; trailing blanks may be padding.
    Said(&'a [u8]),
    /// A send was refused, or the conversation ends.
    Refused(&'a [u8]),
    Nothing,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Chinwag, Self::RabbitMq, Self::Ejabberd, Self::Bare];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chinwag => "chinwag",
            Self::RabbitMq => "rabbitmq",
            Self::Ejabberd => "ejabberd",
            Self::Bare => "bare",
        }
    }

    /// Whether an acknowledgement is a message of its own. Else one's own message, come back, is it.
    pub(crate) fn acknowledges(self) -> bool {
        matches!(self, Self::Chinwag | Self::RabbitMq)
    }

    /// Connects, signs in, and listens to the person's chats.
    pub(crate) async fn open(
        self,
        at: &Address,
        person: &Person,
        cast: &Cast,
        beats: Beats,
    ) -> io::Result<Opening> {
        match self {
            Self::Chinwag => open_chinwag(at, person, None, beats).await,
            Self::RabbitMq => {
                let mut opening = open_rabbitmq(at.socket, beats).await?;
                for (id, chat) in person.chats.iter().enumerate() {
                    let name = &cast.chats[*chat].name;
                    opening.say(&format!(
                        "SUBSCRIBE\nid:{id}\ndestination:/topic/chat-{name}\nreceipt:sub{id}\n\n\0"
                    ));
                    opening.until_told(&format!("receipt-id:sub{id}")).await?;
                }
                Ok(opening)
            }
            Self::Ejabberd => {
                let mut opening = open_ejabberd(at.socket, &person.name).await?;
                for chat in &person.chats {
                    let room = &cast.chats[*chat].name;
                    opening.say(&format!(
                        "<presence xmlns='jabber:client' to='chat-{room}@{ROOMS}/{}'><x \
                         xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>",
                        person.name
                    ));
                    // The subject is the last of what a newcomer is told (XEP-0045, section 7.1).
                    opening.until_told("<subject").await?;
                }
                Ok(opening)
            }
            Self::Bare => {
                let mut opening = Opening::upgrade(at.socket, "/", None).await?;
                for chat in &person.chats {
                    opening.say(&format!("J{}", cast.chats[*chat].name));
                    opening.until(|payload| payload == b"J").await?;
                }
                Ok(opening)
            }
        }
    }

    /// What must be there before anybody comes: RabbitMQ keeps no messages of its own accord.
    pub(crate) async fn prepare(self, at: &Address, cast: &Cast) -> io::Result<()> {
        if self != Self::RabbitMq {
            return Ok(());
        }
        let mut opening = open_rabbitmq(at.socket, Beats::Server).await?;
        for (id, Chat { name, .. }) in cast.chats.iter().enumerate() {
            // A durable queue for each chat, which takes every message and gives none.
            opening.say(&format!(
                "SUBSCRIBE\nid:{id}\ndestination:/topic/chat-{name}\ndurable:true\nauto-delete:false\n\
                 x-queue-name:archive-{name}\nack:client\nprefetch-count:1\nreceipt:sub{id}\n\n\0"
            ));
            opening.until_told(&format!("receipt-id:sub{id}")).await?;
        }
        // Web-STOMP closes on DISCONNECT without its receipt; the queues are there, and stay.
        Ok(())
    }

    /// Appends what sends `text` to a chat, kept by the server if it can, acknowledged if it can.
    pub(crate) fn say(self, chat: &Chat, text: &str, receipt: u64, out: &mut Vec<u8>) {
        let name = &chat.name;
        let said = match self {
            Self::Chinwag => {
                let body = format!(r#"{{"type":"SEND_MSG","chatId":"{name}","message":"{text}"}}"#);
                let length = body.len();
                format!("SEND\ndestination:/api/chat\nreceipt:{receipt}\ncontent-length:{length}\n\n{body}\0")
            }
            Self::RabbitMq => format!(
                "SEND\ndestination:/topic/chat-{name}\npersistent:true\nreceipt:{receipt}\ncontent-length:{}\n\n\
                 {text}\0",
                text.len()
            ),
            Self::Ejabberd => format!(
                "<message xmlns='jabber:client' to='chat-{name}@{ROOMS}' type='groupchat' id='{receipt}'><body>\
                 {text}</body></message>"
            ),
            Self::Bare => format!("P{name} {text}"),
        };
        chinwag_bench::write_text(said.as_bytes(), out);
    }

    /// Appends a heart-beat, if the server was promised any.
    pub(crate) fn beat(self, out: &mut Vec<u8>) {
        if self.acknowledges() {
            chinwag_bench::write_text(b"\n", out);
        }
    }

    pub(crate) fn heard(self, payload: &[u8]) -> Heard<'_> {
        match self {
            Self::Chinwag => heard_chinwag(payload),
            Self::RabbitMq => match payload {
                [b'M', b'E', ..] => {
                    let body = memmem::find(payload, b"\n\n").map(|at| &payload[at + 2..]);
                    Heard::Said(body.unwrap_or_default())
                }
                [b'R', ..] => Heard::Acknowledged,
                [b'E', ..] => Heard::Refused(payload),
                _ => Heard::Nothing,
            },
            Self::Ejabberd => {
                if memmem::find(payload, b"type='error'").is_some() {
                    return Heard::Refused(payload);
                }
                let body = memmem::find(payload, b"<body>").map(|at| &payload[at + 6..]);
                let said = body.and_then(|body| Some(&body[..memchr::memchr(b'<', body)?]));
                said.map_or(Heard::Nothing, Heard::Said)
            }
            Self::Bare => Heard::Said(payload),
        }
    }
}

fn heard_chinwag(payload: &[u8]) -> Heard<'_> {
    match payload {
        [b'M', b'E', ..] => {
            let said = chinwag_bench::field(payload, br#""message":""#, b'"');
            match said {
                Some(text) if memmem::find(payload, br#""type":"ERROR""#).is_none() => Heard::Said(text),
                Some(_) => Heard::Refused(payload),
                None => Heard::Nothing,
            }
        }
        [b'R', ..] => Heard::Acknowledged,
        [b'E', ..] => Heard::Refused(payload),
        _ => Heard::Nothing,
    }
}

/// Where a server is.
pub(crate) struct Address {
    pub(crate) socket: SocketAddr,
    pub(crate) http: Http,
}

/// With a ticket, CONNECT and SUBSCRIBE as a browser does it; from a cursor, if one is given.
pub(crate) async fn open_chinwag(
    at: &Address,
    person: &Person,
    since: Option<&str>,
    beats: Beats,
) -> io::Result<Opening> {
    let ticket = at.http.ticket(&person.token).await?;
    let path = format!("/api/wsConnect?ticket={ticket}");
    let mut opening = Opening::upgrade(at.socket, &path, Some("v12.stomp")).await?;
    let since = since.map(|cursor| format!("since:{cursor}\n")).unwrap_or_default();
    opening.say(&format!(
        "CONNECT\naccept-version:1.2\nhost:chat\nheart-beat:{}\nAuthorization:Bearer {}\n\n\0",
        beats.header(),
        person.token
    ));
    opening
        .say(&format!("SUBSCRIBE\nid:0\ndestination:/user/queue/messages\nreceipt:subscribed\n{since}\n\0"));
    if since.is_empty() {
        opening.until(is_receipt).await?;
    } else {
        // The receipt comes after what was missed, which its reader counts.
        opening.send().await?;
    }
    Ok(opening)
}

fn is_receipt(payload: &[u8]) -> bool {
    payload.starts_with(b"RECEIPT")
}

async fn open_rabbitmq(at: SocketAddr, beats: Beats) -> io::Result<Opening> {
    let mut opening = Opening::upgrade(at, "/ws", Some("v12.stomp")).await?;
    opening.say(&format!(
        "CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\nheart-beat:{}\n\n\0",
        beats.header()
    ));
    opening.until(|payload| payload.starts_with(b"CONNECTED")).await?;
    Ok(opening)
}

async fn open_ejabberd(at: SocketAddr, name: &str) -> io::Result<Opening> {
    const OPEN: &str = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
    let mut opening = Opening::upgrade(at, "/ws", Some("xmpp")).await?;
    opening.say(OPEN);
    opening.until_told("features>").await?;
    let plain = STANDARD.encode(format!("\0{name}\0secret"));
    opening.say(&format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>"));
    opening.until_told("<success").await?;
    opening.say(OPEN);
    opening.until_told("features>").await?;
    opening.say(
        "<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r\
         </resource></bind></iq>",
    );
    opening.until_told("id='bind'").await?;
    opening.say("<presence xmlns='jabber:client'/>");
    Ok(opening)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_server_says_is_understood() {
        let event = b"MESSAGE\nsubscription:0\ncursor:e.7\n\n{\"type\":\"SEND_MSG\",\"message\":\"5 1 2 x\",\"seq\":2}\0";
        assert_eq!(Kind::Chinwag.heard(event), Heard::Said(b"5 1 2 x"));
        let refusal = b"MESSAGE\n\n{\"type\":\"ERROR\",\"code\":\"TOO_FAST\",\"message\":\"too fast\"}\0";
        assert!(matches!(Kind::Chinwag.heard(refusal), Heard::Refused(_)));
        assert_eq!(Kind::Chinwag.heard(b"RECEIPT\nreceipt-id:1\n\n\0"), Heard::Acknowledged);
        assert_eq!(Kind::RabbitMq.heard(b"MESSAGE\nsubscription:0\n\n5 1 2 x\0"), Heard::Said(b"5 1 2 x\0"));
        assert_eq!(Kind::RabbitMq.heard(b"\n"), Heard::Nothing);
        let stanza = b"<message type='groupchat' id='1'><archived/><body>5 1 2 x</body></message>";
        assert_eq!(Kind::Ejabberd.heard(stanza), Heard::Said(b"5 1 2 x"));
        assert!(matches!(
            Kind::Ejabberd.heard(b"<message type='error'><body>a</body></message>"),
            Heard::Refused(_)
        ));
        assert_eq!(Kind::Ejabberd.heard(b"<presence from='a'/>"), Heard::Nothing);
        assert_eq!(Kind::Bare.heard(b"5 1 2 x   "), Heard::Said(b"5 1 2 x   "));
    }
}
