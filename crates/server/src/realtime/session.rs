//! One STOMP conversation, from bytes to what must happen. It does no I/O, never waits and never reads a clock: feed
//! it what came and what became of what it asked for, and do what it says, in order.
//!
//! Versions 1.0, 1.1 and 1.2 of the specification; section names below are those of 1.2.

mod subscription;
mod transaction;

use std::time::{Duration, Instant};

use chinwag_protocol::stomp::{Command, Decoder, Frame, FrameLimits, HeartBeat, Negotiated, Version};
use chinwag_protocol::{Envelope, Event, Notice, UserId};

use crate::problem::Problem;
pub use subscription::{Subscription, SubscriptionKey};
use transaction::Transactions;

/// What we offer: a beat each way in this time, at most. The client decides, down to none at all.
const HEART_BEAT_MS: u32 = 1_000;
/// A peer that is silent for this many times its promise is gone.
const SILENCE_FACTOR: u32 = 2;
/// A beat is sent when this part of its time is over: it must be on its way before all of it is.
const BEAT_AFTER: (u32, u32) = (9, 10);
/// Of its time, the part by which a beat may come earlier, so that those of many sessions are sent in one wake-up.
const BEAT_GRID: u32 = 80;
/// Headers of one frame.
const HEADERS_MAX: usize = 64;
/// Where actions go.
const ACTIONS: &str = "/api/chat";

/// What a session allows.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub frame_bytes_max: usize,
    /// Of one frame, its command line included.
    pub header_bytes_max: usize,
    /// 0 means unlimited.
    pub message_bytes_max: usize,
    pub subscriptions_max: usize,
    /// From the opening to an accepted CONNECT.
    pub connect_within: Duration,
}

/// What must happen, in this order.
#[derive(Debug)]
pub enum Effect {
    /// Write this frame.
    Send(Frame),
    /// Write an event or notice to one subscription.
    Tell(SubscriptionKey, Told),
    /// Write an end of line: a heart-beat.
    Beat,
    /// Check this token, then call [`Session::authenticated`]. Nothing else is done until then.
    Authenticate {
        token: String,
    },
    /// Begin deliveries, from where the client stopped if it says so, then call [`Session::listening`].
    Listen {
        key: SubscriptionKey,
        since: Option<String>,
    },
    Silence(SubscriptionKey),
    /// Do these actions, all or none, in the order in which these effects come; then call [`Session::acted`].
    Act(Vec<Envelope>, Acting),
    /// Write what is to be written, then close. Nothing follows.
    Close,
}

/// What a subscription is told outside of what it listens to.
#[derive(Debug)]
pub enum Told {
    Notice(Notice),
    /// The first result of a repeated nonce.
    Again(Box<Event>),
}

/// What is to be said once a group of actions is done or refused.
#[derive(Debug, Default)]
pub struct Acting {
    receipts: Vec<String>,
    notes: Vec<Note>,
}

/// What the client said about one action, to say it back.
#[derive(Clone, Debug)]
struct Note {
    action: Option<String>,
    receipt: Option<String>,
    nonce: Option<String>,
}

impl Note {
    /// What keeping it costs beyond its fixed size.
    fn bytes(&self) -> usize {
        [&self.action, &self.receipt, &self.nonce].into_iter().flatten().map(String::len).sum()
    }
}

/// Why a group of actions was not done: `index` is the action at fault.
#[derive(Debug)]
pub struct Refused {
    pub index: usize,
    pub problem: Problem,
}

enum Phase {
    /// Waiting for CONNECT until then.
    Opening(Instant),
    /// Waiting for the answer to `Authenticate`.
    Authenticating(Negotiated),
    Open(Negotiated),
    /// DISCONNECT came: when all that was asked for is done this receipt is sent, if any, and the connection closes.
    Leaving(Option<String>),
    Closed,
}

/// What a peer said that could not be understood, for those who count.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Mistakes {
    /// Bodies that were no action.
    pub actions: u32,
    /// Frames that ended the conversation.
    pub frames: u32,
}

pub struct Session {
    user: UserId,
    bounds: Bounds,
    phase: Phase,
    decoder: Decoder,
    version: Version,
    subscriptions: Vec<Subscription>,
    next_key: u32,
    transactions: Transactions,
    /// Groups of actions that were asked for and not answered.
    acting: usize,
    mistakes: Mistakes,
    /// When the peer was last heard, and last written to.
    heard: Instant,
    spoke: Instant,
    /// What beats are aligned to.
    grid: Instant,
}

impl Session {
    /// For a connection whose ticket was `user`'s. Sessions that share `grid`, an instant not after `now`, beat together.
    #[must_use]
    pub fn new(user: UserId, bounds: Bounds, grid: Instant, now: Instant) -> Self {
        let limits = FrameLimits {
            frame_bytes_max: bounds.frame_bytes_max,
            header_bytes_max: bounds.header_bytes_max,
            headers_max: HEADERS_MAX,
        };
        Self {
            user,
            bounds,
            phase: Phase::Opening(now + bounds.connect_within),
            decoder: Decoder::new(limits),
            version: Version::V10,
            subscriptions: Vec::new(),
            next_key: 0,
            transactions: Transactions::default(),
            acting: 0,
            mistakes: Mistakes::default(),
            heard: now,
            spoke: now,
            grid,
        }
    }

    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    #[must_use]
    pub fn subscription(&self, key: SubscriptionKey) -> Option<&Subscription> {
        self.subscriptions.iter().find(|subscription| subscription.key == key)
    }

    /// Whether more may be fed now: not while a token is being checked, nor after the end.
    #[must_use]
    pub fn takes_input(&self) -> bool {
        matches!(self.phase, Phase::Opening(_) | Phase::Open(_))
    }

    /// Takes bytes as they came, whole frames or not.
    pub fn on_bytes(&mut self, bytes: &[u8], now: Instant, effects: &mut Vec<Effect>) {
        self.heard = now;
        self.decoder.feed(bytes);
        self.advance(effects);
    }

    /// Handles the frames that are complete, as far as may be now.
    fn advance(&mut self, effects: &mut Vec<Effect>) {
        while self.takes_input() {
            match self.decoder.next() {
                Ok(Some(frame)) => self.on_frame(&frame, effects),
                Ok(None) => return,
                Err(error) => {
                    self.mistakes.frames += 1;
                    self.fail(None, &error.to_string(), effects);
                }
            }
        }
    }

    fn on_frame(&mut self, frame: &Frame, effects: &mut Vec<Effect>) {
        let handled = match (&self.phase, frame.command) {
            (Phase::Opening(_), Command::Connect | Command::Stomp) => self.connect(frame, effects),
            (Phase::Opening(_), _) => Err("the first frame must be CONNECT or STOMP".to_owned()),
            (_, Command::Send) => self.send(frame, effects),
            (_, Command::Subscribe) => self.subscribe(frame, effects),
            (_, Command::Unsubscribe) => self.unsubscribe(frame, effects),
            (_, Command::Ack | Command::Nack) => self.acknowledge(frame, effects),
            (_, Command::Begin) => self.begin(frame, effects),
            (_, Command::Commit) => self.commit(frame, effects),
            (_, Command::Abort) => self.abort(frame, effects),
            (_, Command::Disconnect) => {
                self.disconnect(frame, effects);
                Ok(())
            }
            (_, Command::Connect | Command::Stomp) => Err("this connection is connected already".to_owned()),
            (_, Command::Connected | Command::Message | Command::Receipt | Command::Error) => {
                Err(format!("{} is for servers to send", frame.command))
            }
        };
        if let Err(why) = handled {
            self.mistakes.frames += 1;
            self.fail(Some(frame), &why, effects);
        }
    }

    /// What was wrong since this was last asked.
    pub fn mistakes(&mut self) -> Mistakes {
        std::mem::take(&mut self.mistakes)
    }

    /// ERROR, then the end (section "ERROR").
    fn fail(&mut self, cause: Option<&Frame>, why: &str, effects: &mut Vec<Effect>) {
        let mut error = Frame::new(Command::Error).with("message", why).with("content-type", "text/plain");
        if let Some(receipt) = cause.and_then(|frame| frame.header("receipt")) {
            error = error.with("receipt-id", receipt);
        }
        let body = match cause {
            Some(frame) => format!("{why}\n\nThis was a {} frame.", frame.command),
            None => why.to_owned(),
        };
        effects.push(Effect::Send(error.with_body(body)));
        effects.push(Effect::Close);
        self.phase = Phase::Closed;
    }

    /// Ends the conversation from our side, with the reason as an ERROR frame.
    pub fn end(&mut self, why: &str, effects: &mut Vec<Effect>) {
        if !matches!(self.phase, Phase::Closed) {
            self.fail(None, why, effects);
        }
    }

    /// CONNECT (sections "Connecting", "Protocol Negotiation", "Heart-beating").
    fn connect(&mut self, frame: &Frame, effects: &mut Vec<Effect>) -> Result<(), String> {
        let Ok(version) = Version::negotiate(frame.header("accept-version")) else {
            let why = format!("supported protocol versions are {}", Version::SUPPORTED);
            let error = Frame::new(Command::Error)
                .with("version", Version::SUPPORTED)
                .with("message", &why)
                .with("content-type", "text/plain")
                .with_body(why);
            effects.push(Effect::Send(error));
            effects.push(Effect::Close);
            self.phase = Phase::Closed;
            return Ok(());
        };
        let theirs = match frame.header("heart-beat") {
            Some(header) => HeartBeat::parse(header).map_err(|error| error.to_string())?,
            None => HeartBeat::default(),
        };
        let header = frame.header("Authorization").or_else(|| frame.header("authorization"));
        let token = header.map(crate::sessions::without_scheme).filter(|token| !token.is_empty());
        let token = token.ok_or("CONNECT needs the header Authorization: Bearer <JWT>")?.to_owned();
        self.version = version;
        self.decoder.set_version(version);
        let ours = HeartBeat { send_ms: HEART_BEAT_MS, receive_ms: HEART_BEAT_MS };
        self.phase = Phase::Authenticating(HeartBeat::negotiate(ours, theirs));
        effects.push(Effect::Authenticate { token });
        Ok(())
    }

    /// The answer to [`Effect::Authenticate`]: whose token it was, and what names this session to people.
    pub fn authenticated(
        &mut self,
        answer: Result<UserId, Problem>,
        name: &str,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        let Phase::Authenticating(beats) = self.phase else { return };
        match answer {
            Ok(user) if user == self.user => {}
            Ok(_) => return self.fail(None, "the token is not of the user whose ticket this was", effects),
            Err(problem) => return self.fail(None, &problem.detail, effects),
        }
        self.phase = Phase::Open(beats);
        (self.heard, self.spoke) = (now, now);
        let connected = Frame::new(Command::Connected)
            .with("version", self.version.as_str())
            .with("heart-beat", format!("{HEART_BEAT_MS},{HEART_BEAT_MS}"))
            .with("server", concat!("chinwag/", env!("CARGO_PKG_VERSION")))
            .with("session", name)
            .with("user-name", self.user);
        effects.push(Effect::Send(connected));
        self.advance(effects);
    }

    /// SEND: one action (protocol, section 3).
    fn send(&mut self, frame: &Frame, effects: &mut Vec<Effect>) -> Result<(), String> {
        let destination = frame.header("destination").ok_or("SEND needs a destination")?;
        if destination != ACTIONS {
            return Err(format!("the destination of SEND must be {ACTIONS}"));
        }
        let parsed = Envelope::parse(&frame.body, self.bounds.message_bytes_max);
        self.mistakes.actions += u32::from(parsed.is_err());
        if let Err(malformed) = &parsed
            && malformed.code == chinwag_protocol::ErrorCode::MalformedJson
        {
            return Err(malformed.detail.clone());
        }
        let receipt = frame.header("receipt").map(str::to_owned);
        let note = match &parsed {
            Ok(envelope) => Note {
                action: Some(envelope.action.kind().to_owned()),
                receipt: receipt.clone(),
                nonce: envelope.nonce.as_ref().map(|nonce| nonce.as_str().to_owned()),
            },
            Err(malformed) => Note {
                action: malformed.action.clone(),
                receipt: receipt.clone(),
                nonce: malformed.nonce.clone(),
            },
        };
        let parsed = parsed.map_err(Problem::from);
        if let Some(name) = frame.header("transaction") {
            return self.transactions.add(name, parsed, note);
        }
        match parsed {
            Ok(envelope) => {
                let acting = Acting { receipts: receipt.into_iter().collect(), notes: vec![note] };
                self.act(vec![envelope], acting, effects);
            }
            Err(problem) => self.refuse(note, problem, effects),
        }
        Ok(())
    }

    fn act(&mut self, envelopes: Vec<Envelope>, acting: Acting, effects: &mut Vec<Effect>) {
        self.acting += 1;
        effects.push(Effect::Act(envelopes, acting));
    }

    /// What became of [`Effect::Act`]. Receipts go out only now; a refused action gets none.
    pub fn acted(&mut self, acting: Acting, result: Result<Vec<Event>, Refused>, effects: &mut Vec<Effect>) {
        self.acting -= 1;
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        match result {
            Ok(events) => {
                for event in events.into_iter().filter(|event| event.replayed) {
                    if let Some(first) = self.subscriptions.first() {
                        effects.push(Effect::Tell(first.key, Told::Again(Box::new(event))));
                    }
                }
                for receipt in acting.receipts {
                    effects.push(receipt_frame(&receipt));
                }
            }
            Err(Refused { index, problem }) => {
                let note = acting.notes.into_iter().nth(index);
                let note = note.unwrap_or(Note { action: None, receipt: None, nonce: None });
                self.refuse(note, problem, effects);
            }
        }
        self.leave_when_done(effects);
    }

    /// Says no to a well-formed action without closing: an event to its sender (protocol, section 2). To one without a
    /// subscription there is no way to say it: ERROR would end the connection. They get no receipt.
    fn refuse(&mut self, note: Note, problem: Problem, effects: &mut Vec<Effect>) {
        let Some(subscription) = self.subscriptions.first() else { return };
        let notice = Notice::Refused {
            code: problem.code,
            message: problem.detail,
            action: note.action,
            receipt: note.receipt,
            nonce: note.nonce,
            current: problem.current,
        };
        effects.push(Effect::Tell(subscription.key, Told::Notice(notice)));
    }

    fn disconnect(&mut self, frame: &Frame, effects: &mut Vec<Effect>) {
        self.phase = Phase::Leaving(frame.header("receipt").map(str::to_owned));
        self.leave_when_done(effects);
    }

    /// DISCONNECT is answered after everything before it was (section "DISCONNECT").
    fn leave_when_done(&mut self, effects: &mut Vec<Effect>) {
        let Phase::Leaving(receipt) = &mut self.phase else { return };
        if self.acting > 0 || self.subscriptions.iter().any(|subscription| !subscription.begun) {
            return;
        }
        if let Some(receipt) = receipt.take() {
            effects.push(receipt_frame(&receipt));
        }
        effects.push(Effect::Close);
        self.phase = Phase::Closed;
    }

    /// The peer is alive: something came from it, though perhaps nothing for us, or what it may have sent was not read
    /// (section "Heart-beating": any new data counts).
    pub fn on_heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Something was written: no beat is owed for a while.
    pub fn on_written(&mut self, now: Instant) {
        self.spoke = now;
    }

    /// When [`Session::on_time`] is next to be called, if nothing happens before.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Opening(until) => Some(*until),
            Phase::Open(beats) => {
                let send = beats.send_every.map(|every| self.beat_at(every));
                let expect = beats.expect_every.map(|every| self.heard + every * SILENCE_FACTOR);
                send.into_iter().chain(expect).min()
            }
            Phase::Authenticating(_) | Phase::Leaving(_) | Phase::Closed => None,
        }
    }

    pub fn on_time(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match &self.phase {
            Phase::Opening(until) if now >= *until => self.fail(None, "no CONNECT came in time", effects),
            Phase::Open(beats) => {
                let silent = |every: Duration| now >= self.heard + every * SILENCE_FACTOR;
                if beats.expect_every.is_some_and(silent) {
                    return self.fail(None, "no heart-beat came in time", effects);
                }
                if beats.send_every.is_some_and(|every| now >= self.beat_at(every)) {
                    self.spoke = now;
                    effects.push(Effect::Beat);
                }
            }
            _ => {}
        }
    }

    /// When a beat is owed. It is rounded down to a grid that all sessions with such beats share.
    fn beat_at(&self, every: Duration) -> Instant {
        let (part, whole) = BEAT_AFTER;
        let latest = self.spoke + every * part / whole;
        let step = (every / BEAT_GRID).as_nanos().max(1);
        let over = latest.duration_since(self.grid).as_nanos() % step;
        latest - Duration::from_nanos(u64::try_from(over).unwrap_or(0))
    }
}

fn receipt_frame(receipt: &str) -> Effect {
    Effect::Send(Frame::new(Command::Receipt).with("receipt-id", receipt))
}

/// Answers a frame that is fully handled, if it asked for that.
fn receipt_for(frame: &Frame, effects: &mut Vec<Effect>) {
    if let Some(receipt) = frame.header("receipt") {
        effects.push(receipt_frame(receipt));
    }
}

#[cfg(test)]
mod tests;
