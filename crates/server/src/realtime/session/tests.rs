//! The session against the letter of STOMP 1.2, 1.1 and 1.0: a test for each rule that binds a server, named after its
//! section. How frames are spelled is the codec's to show (`chinwag_protocol::stomp`).

mod acknowledging;
mod connecting;
mod errors;
mod heart_beating;
mod negotiation;
mod property;
mod receipts;
mod subscribing;
mod transactions;

use std::time::{Duration, Instant};

use chinwag_protocol::stomp::{Command, Frame, Version, encode};
use chinwag_protocol::{ErrorCode, UserId};
use uuid::Uuid;

use super::{Acting, Bounds, Effect, Refused, Session, SubscriptionKey, Told};
use crate::problem::Problem;

const ALICE: UserId = UserId(Uuid::from_u128(0xA11CE));
const BOB: UserId = UserId(Uuid::from_u128(0xB0B));
const CHAT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const QUEUE: &str = "/user/queue/messages";
const BOUNDS: Bounds = Bounds {
    frame_bytes_max: 64 * 1024,
    header_bytes_max: 8 * 1024,
    message_bytes_max: 1000,
    subscriptions_max: 3,
    connect_within: Duration::from_secs(10),
};

/// Alice's session, with what surrounds it: the clock, and what it asked for.
struct Talk {
    session: Session,
    now: Instant,
    version: Version,
    /// Actions that were asked for, oldest first.
    acting: Vec<(usize, Acting)>,
}

/// An effect in a form that can be compared; actions are kept by the [`Talk`].
#[derive(Clone, PartialEq, Debug)]
enum Did {
    Sent(Frame),
    Told {
        subscription: u32,
        code: ErrorCode,
        receipt: Option<String>,
    },
    ToldAgain(u32),
    Beat,
    Authenticate(String),
    Listen(u32, Option<String>),
    Silence(u32),
    /// So many actions together.
    Act(usize),
    Close,
}

impl Talk {
    fn new() -> Self {
        let now = Instant::now();
        let session = Session::new(ALICE, BOUNDS, now, now);
        Self { session, now, version: Version::V12, acting: Vec::new() }
    }

    /// Connected in that version, with those heart-beats.
    fn connected_with(version: Version, heart_beat: &str) -> Self {
        let mut talk = Self { version, ..Self::new() };
        let connect = connect().with("accept-version", version).with("heart-beat", heart_beat);
        assert_eq!(talk.says(&connect), [Did::Authenticate("jwt".to_owned())]);
        let [Did::Sent(connected)] = &talk.authenticated(Ok(ALICE))[..] else { panic!("not connected") };
        assert_eq!(connected.command, Command::Connected);
        talk
    }

    fn connected(version: Version) -> Self {
        Self::connected_with(version, "0,0")
    }

    /// Connected, and with one subscription that has begun: id `s`, key 0.
    fn listening(version: Version) -> Self {
        let mut talk = Self::connected(version);
        assert_eq!(talk.says(&subscribe("s")), [Did::Listen(0, None)]);
        assert_eq!(talk.listens(0), []);
        talk
    }

    fn hears(&mut self, bytes: &[u8]) -> Vec<Did> {
        let mut effects = Vec::new();
        self.session.on_bytes(bytes, self.now, &mut effects);
        self.did(effects)
    }

    fn says(&mut self, frame: &Frame) -> Vec<Did> {
        let bytes = encode(frame, self.version);
        self.hears(&bytes)
    }

    /// All of them in one piece.
    fn says_all(&mut self, frames: &[Frame]) -> Vec<Did> {
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| encode(frame, self.version)).collect();
        self.hears(&bytes)
    }

    fn authenticated(&mut self, answer: Result<UserId, Problem>) -> Vec<Did> {
        let mut effects = Vec::new();
        self.session.authenticated(answer, "a session", self.now, &mut effects);
        self.did(effects)
    }

    fn listens(&mut self, key: u32) -> Vec<Did> {
        let mut effects = Vec::new();
        self.session.listening(SubscriptionKey(key), &mut effects);
        self.did(effects)
    }

    /// The oldest group of actions is on the disk.
    fn stored(&mut self) -> Vec<Did> {
        let (_, acting) = self.acting.remove(0);
        let mut effects = Vec::new();
        self.session.acted(acting, Ok(Vec::new()), &mut effects);
        self.did(effects)
    }

    /// The oldest group of actions is refused for the sake of one of them.
    fn refused(&mut self, index: usize) -> Vec<Did> {
        let (_, acting) = self.acting.remove(0);
        let problem = Problem::new(ErrorCode::ChatNotFound, "no such chat");
        let mut effects = Vec::new();
        self.session.acted(acting, Err(Refused { index, problem }), &mut effects);
        self.did(effects)
    }

    /// So much time passes, and the session is asked when it said it wanted to be.
    fn passes(&mut self, time: Duration) -> Vec<Did> {
        self.now += time;
        let mut effects = Vec::new();
        if self.session.due().is_some_and(|due| due <= self.now) {
            self.session.on_time(self.now, &mut effects);
        }
        self.did(effects)
    }

    fn is_over(&self) -> bool {
        !self.session.takes_input() && self.session.due().is_none()
    }

    fn did(&mut self, effects: Vec<Effect>) -> Vec<Did> {
        effects.into_iter().map(|effect| self.kept(effect)).collect()
    }

    fn kept(&mut self, effect: Effect) -> Did {
        match effect {
            Effect::Send(frame) => Did::Sent(frame),
            Effect::Tell(SubscriptionKey(subscription), Told::Notice(notice)) => {
                let chinwag_protocol::Notice::Refused { code, receipt, .. } = notice else {
                    panic!("sessions tell of refusals only: {notice:?}")
                };
                Did::Told { subscription, code, receipt }
            }
            Effect::Tell(SubscriptionKey(key), Told::Again(_)) => Did::ToldAgain(key),
            Effect::Beat => Did::Beat,
            Effect::Authenticate { token } => Did::Authenticate(token),
            Effect::Listen { key, since } => Did::Listen(key.0, since),
            Effect::Silence(key) => Did::Silence(key.0),
            Effect::Act(envelopes, acting) => {
                self.acting.push((envelopes.len(), acting));
                Did::Act(envelopes.len())
            }
            Effect::Close => Did::Close,
        }
    }
}

fn connect() -> Frame {
    Frame::new(Command::Connect).with("host", "chat.example").with("Authorization", "Bearer jwt")
}

fn subscribe(id: &str) -> Frame {
    Frame::new(Command::Subscribe).with("id", id).with("destination", QUEUE)
}

/// A SEND of one good action.
fn say(text: &str) -> Frame {
    let body = format!(r#"{{"type":"SEND_MSG","chatId":"{CHAT}","message":"{text}"}}"#);
    Frame::new(Command::Send).with("destination", "/api/chat").with_body(body)
}

/// A SEND of an action that is wrong in itself, though well formed.
fn say_nothing() -> Frame {
    Frame::new(Command::Send).with("destination", "/api/chat").with_body("{}")
}

fn receipt(id: &str) -> Did {
    Did::Sent(Frame::new(Command::Receipt).with("receipt-id", id))
}

/// The ERROR that these effects end with, which must be followed by the close and nothing else.
#[track_caller]
fn error(did: &[Did]) -> &Frame {
    let [.., Did::Sent(error), Did::Close] = did else { panic!("no ERROR and close: {did:?}") };
    assert_eq!(error.command, Command::Error);
    assert!(error.header("message").is_some_and(|message| !message.is_empty()), "{error:?}");
    error
}

/// The only thing that happened is an ERROR and the close.
#[track_caller]
fn is_fatal(talk: &Talk, did: &[Did]) {
    error(did);
    assert_eq!(did.len(), 2, "{did:?}");
    assert!(talk.is_over());
}
