//! A STOMP conversation as its client has it (docs/protocol.md, "The realtime connection"). Pure: bytes and time in, effects
//! out.

use chinwag_protocol::stomp::{Command, Decoder, Frame, FrameLimits, Version, encode};
use tokio::time::Instant;

use super::heartbeat::{Due, OFFER, Pulse};
use super::said::Said;

/// Far above what a server sends: an event holds one message of at most 16 MiB and what it replies to, and escapes.
const LIMITS: FrameLimits =
    FrameLimits { frame_bytes_max: FRAME_BYTES_MAX, header_bytes_max: 64 * 1024, headers_max: 64 };
/// The same for what carries the frames.
pub(super) const FRAME_BYTES_MAX: usize = 256 * 1024 * 1024;

const ACTIONS: &str = "/api/chat";
const QUEUE: &str = "/user/queue/messages";

pub(super) enum Effect {
    Write(Vec<u8>),
    /// CONNECTED came: subscribe.
    Greeted,
    Hear {
        said: Said,
        cursor: Option<String>,
        /// To be asked of [`Session::listens_to`]: what was said before may have ended it.
        subscription: u32,
    },
    /// The conversation is over: close the carrier.
    End(String),
}

pub(super) struct Session {
    decoder: Decoder,
    pulse: Pulse,
    version: Version,
    /// Counts the subscriptions made; the last is the one that is listened to.
    subscription: u32,
    listens: bool,
    over: bool,
}

impl Session {
    pub(super) fn open(host: &str, jwt: &str, now: Instant) -> (Self, Effect) {
        let decoder = Decoder::new(LIMITS);
        let pulse = Pulse::new(now);
        let mut session =
            Self { decoder, pulse, version: Version::V12, subscription: 0, listens: false, over: false };
        let connect = Frame::new(Command::Connect)
            .with("accept-version", Version::SUPPORTED)
            .with("host", host)
            .with("heart-beat", OFFER)
            .with("Authorization", format!("Bearer {jwt}"));
        let effect = session.write(&connect, now);
        (session, effect)
    }

    /// Subscribes, in place of an earlier subscription. What still comes for that one is not heard.
    pub(super) fn subscribe(&mut self, since: &str, now: Instant) -> Vec<Effect> {
        let mut effects = self.unsubscribe(now);
        self.subscription += 1;
        self.listens = true;
        let frame = Frame::new(Command::Subscribe)
            .with("id", self.subscription)
            .with("destination", QUEUE)
            .with("since", since);
        effects.push(self.write(&frame, now));
        effects
    }

    /// Nothing is heard from here on until the next subscription.
    pub(super) fn unsubscribe(&mut self, now: Instant) -> Vec<Effect> {
        if !std::mem::take(&mut self.listens) {
            return Vec::new();
        }
        vec![self.write(&Frame::new(Command::Unsubscribe).with("id", self.subscription), now)]
    }

    /// Sends an action.
    pub(super) fn send(&mut self, action: String, now: Instant) -> Effect {
        let frame = Frame::new(Command::Send)
            .with("destination", ACTIONS)
            .with("content-type", "application/json")
            .with_body(action);
        self.write(&frame, now)
    }

    /// A polite end; nothing is waited for.
    pub(super) fn leave(&mut self, now: Instant) -> Effect {
        self.over = true;
        self.write(&Frame::new(Command::Disconnect), now)
    }

    pub(super) fn received(&mut self, bytes: &[u8], now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.pulse.heard(now);
        if !self.over {
            self.decoder.feed(bytes);
        }
        while !self.over {
            match self.decoder.next() {
                Ok(Some(frame)) => self.take(&frame, &mut effects),
                Ok(None) => break,
                Err(error) => self.end(format!("the server does not speak STOMP: {error}"), &mut effects),
            }
        }
        effects
    }

    /// To be called when [`Session::due`] is reached.
    pub(super) fn tick(&mut self, now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        match self.pulse.check(now) {
            Due::Dead if !self.over => self.end("the server fell silent".to_owned(), &mut effects),
            Due::Beat if !self.over => {
                self.pulse.spoke(now);
                effects.push(Effect::Write(b"\n".to_vec()));
            }
            _ => {}
        }
        effects
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.pulse.due().filter(|_| !self.over)
    }

    fn take(&mut self, frame: &Frame, effects: &mut Vec<Effect>) {
        match frame.command {
            Command::Connected => {
                let named = frame.header("version").unwrap_or("1.0");
                let known = Version::ALL.into_iter().find(|version| version.as_str() == named);
                let Some(version) = known else {
                    return self.end(format!("the server speaks STOMP {named}"), effects);
                };
                self.version = version;
                self.decoder.set_version(version);
                self.pulse.agree(frame.header("heart-beat"));
                effects.push(Effect::Greeted);
            }
            Command::Message if self.is_of_mine(frame) => {
                let cursor = frame.header("cursor").map(str::to_owned);
                let (said, subscription) = (Said::read(&frame.body), self.subscription);
                effects.push(Effect::Hear { said, cursor, subscription });
            }
            Command::Error => {
                self.end(frame.header("message").unwrap_or("the server said ERROR").to_owned(), effects);
            }
            _ => {}
        }
    }

    pub(super) fn listens_to(&self, subscription: u32) -> bool {
        self.listens && subscription == self.subscription
    }

    fn is_of_mine(&self, frame: &Frame) -> bool {
        self.listens && frame.header("subscription") == Some(self.subscription.to_string().as_str())
    }

    fn end(&mut self, why: String, effects: &mut Vec<Effect>) {
        self.over = true;
        effects.push(Effect::End(why));
    }

    fn write(&mut self, frame: &Frame, now: Instant) -> Effect {
        self.pulse.spoke(now);
        Effect::Write(encode(frame, self.version))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn greeted() -> Session {
        let (mut session, _) = Session::open("chat.example.com", "e.y.j", Instant::now());
        let connected = Frame::new(Command::Connected).with("version", "1.2").with("heart-beat", "1000,1000");
        let effects = session.received(&encode(&connected, Version::V12), Instant::now());
        assert!(matches!(effects[..], [Effect::Greeted]));
        session
    }

    fn written(effects: &[Effect]) -> String {
        let bytes = effects.iter().filter_map(|effect| match effect {
            Effect::Write(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        });
        bytes.collect()
    }

    fn message(subscription: u32) -> Vec<u8> {
        let body = r#"{"type":"HEAD","cursor":"c1"}"#;
        let frame = Frame::new(Command::Message).with("subscription", subscription).with("cursor", "c:1");
        encode(&frame.with_body(body), Version::V12)
    }

    #[test]
    fn introduces_itself() {
        let (_, effect) = Session::open("chat.example.com", "e.y.j", Instant::now());
        let text = written(&[effect]);
        assert!(text.starts_with("CONNECT\naccept-version:1.2,1.1,1.0\nhost:chat.example.com\n"), "{text}");
        assert!(text.contains("\nAuthorization:Bearer e.y.j\n"), "{text}");
    }

    #[test]
    fn hears_the_newest_subscription_only() {
        let mut session = greeted();
        assert!(written(&session.subscribe("c:0", Instant::now())).contains("\nsince:c\\c0\n"));
        let effects = session.received(&message(1), Instant::now());
        assert!(
            matches!(&effects[..], [Effect::Hear { cursor: Some(cursor), subscription: 1, .. }] if cursor == "c:1")
        );
        let again = written(&session.subscribe("c:1", Instant::now()));
        assert!(again.starts_with("UNSUBSCRIBE\nid:1\n") && again.contains("SUBSCRIBE\nid:2\n"), "{again}");
        assert!(session.received(&message(1), Instant::now()).is_empty());
        assert_eq!(session.received(&message(2), Instant::now()).len(), 1);
        session.unsubscribe(Instant::now());
        assert!(session.received(&message(2), Instant::now()).is_empty());
    }

    #[test]
    fn ends_with_the_servers_reason() {
        let mut session = greeted();
        let error = Frame::new(Command::Error).with("message", "slow consumer");
        let effects = session.received(&encode(&error, Version::V12), Instant::now());
        assert!(matches!(&effects[..], [Effect::End(why)] if why == "slow consumer"));
        assert!(session.received(&message(1), Instant::now()).is_empty());
    }

    #[test]
    fn a_version_that_nobody_asked_for_is_an_end() {
        let (mut session, _) = Session::open("a", "b", Instant::now());
        let effects = session.received(b"CONNECTED\nversion:9.9\n\n\0", Instant::now());
        assert!(matches!(&effects[..], [Effect::End(why)] if why.contains("9.9")));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..32), 0..8)) {
            let mut session = greeted();
            for piece in pieces {
                session.received(&piece, Instant::now());
            }
        }
    }
}
