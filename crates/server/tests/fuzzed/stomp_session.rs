//! A STOMP session that is fed anything, answered anything, at any time: what holds for all of its effects.

use std::time::{Duration, Instant};

use chinwag_protocol::stomp::{Command, Version, encode};
use chinwag_protocol::{ErrorCode, UserId};
use chinwag_server::problem::Problem;
use chinwag_server::realtime::session::{Acting, Bounds, Effect, Refused, Session, SubscriptionKey};
use uuid::Uuid;

const USER: UserId = UserId(Uuid::from_u128(7));
const BOUNDS: Bounds = Bounds {
    frame_bytes_max: 2048,
    header_bytes_max: 1024,
    message_bytes_max: 200,
    subscriptions_max: 3,
    connect_within: Duration::from_secs(10),
};
/// Of one transaction.
const ACTIONS_MAX: usize = 100;

/// What has been asked for and not answered, in order.
enum Waiting {
    Act(Acting, usize),
    Listen(SubscriptionKey),
}

struct World {
    session: Session,
    now: Instant,
    effects: Vec<Effect>,
    waiting: Vec<Waiting>,
    authenticating: bool,
    connected: bool,
    closed: bool,
    keys: Vec<SubscriptionKey>,
}

/// The first byte chooses a version to be connected with already, or none; then come steps, each an opcode and what it
/// takes.
pub(crate) fn check(script: &[u8]) {
    let [version, script @ ..] = script else { return };
    let now = Instant::now();
    let mut world = World {
        session: Session::new(USER, BOUNDS, now, now),
        now,
        effects: Vec::new(),
        waiting: Vec::new(),
        authenticating: false,
        connected: false,
        closed: false,
        keys: Vec::new(),
    };
    if let Some(version) = Version::ALL.get(usize::from(version % 4)) {
        let connect =
            format!("CONNECT\naccept-version:{version}\nheart-beat:9000,12000\nAuthorization:Bearer t\n\n\0");
        world.feed(connect.as_bytes());
        world.authenticates(0);
    }
    world.plays(script);
}

impl World {
    fn plays(&mut self, mut script: &[u8]) {
        while let [opcode, rest @ ..] = script {
            let (argument, rest) = rest.split_first().unwrap_or((&0, &[]));
            script = rest;
            match opcode % 8 {
                0..=3 => {
                    let (piece, rest) = script.split_at(usize::from(*argument).min(script.len()));
                    script = rest;
                    self.feed(piece);
                }
                4 => self.authenticates(*argument),
                5 => self.answers(*argument),
                6 => self.passes(Duration::from_millis(u64::from(*argument) * 100)),
                _ if *argument == 0 => {
                    self.session.end("enough", &mut self.effects);
                    self.takes_effect();
                }
                _ => self.passes_until_due(),
            }
        }
    }

    /// As a connection does: nothing is fed while nothing is taken.
    fn feed(&mut self, bytes: &[u8]) {
        if self.session.takes_input() {
            self.session.on_bytes(bytes, self.now, &mut self.effects);
            self.takes_effect();
        }
    }

    fn authenticates(&mut self, how: u8) {
        if !std::mem::take(&mut self.authenticating) {
            return;
        }
        let answer = match how % 4 {
            0..=1 => Ok(USER),
            2 => Ok(UserId(Uuid::nil())),
            _ => Err(Problem::new(ErrorCode::ExpiredToken, "too late")),
        };
        self.session.authenticated(answer, "a session", self.now, &mut self.effects);
        self.takes_effect();
    }

    /// In the order of asking, as the writer does.
    fn answers(&mut self, how: u8) {
        if self.waiting.is_empty() {
            return;
        }
        match self.waiting.remove(0) {
            Waiting::Listen(key) => self.session.listening(key, &mut self.effects),
            Waiting::Act(acting, _) if how < 128 => {
                self.session.acted(acting, Ok(Vec::new()), &mut self.effects);
            }
            Waiting::Act(acting, actions) => {
                let problem = Problem::new(ErrorCode::ChatNotFound, "no such chat");
                let refused = Refused { index: usize::from(how) % actions, problem };
                self.session.acted(acting, Err(refused), &mut self.effects);
            }
        }
        self.takes_effect();
    }

    fn passes(&mut self, time: Duration) {
        self.now += time;
        if self.session.due().is_some_and(|due| due <= self.now) {
            self.is_on_time();
        }
    }

    fn passes_until_due(&mut self) {
        if let Some(due) = self.session.due() {
            self.now = self.now.max(due);
            self.is_on_time();
        }
    }

    fn is_on_time(&mut self) {
        self.session.on_time(self.now, &mut self.effects);
        assert!(self.session.due().is_none_or(|due| due > self.now), "it would be called without end");
        self.takes_effect();
    }

    fn takes_effect(&mut self) {
        for effect in std::mem::take(&mut self.effects) {
            assert!(!self.closed, "after the close: {effect:?}");
            match effect {
                Effect::Send(frame) => {
                    let first = matches!(frame.command, Command::Connected | Command::Error);
                    assert!(first || self.connected, "before CONNECTED: {frame:?}");
                    assert!(frame.command != Command::Connected || !self.connected, "connected twice");
                    self.connected |= frame.command == Command::Connected;
                    assert!(!encode(&frame, self.session.version()).is_empty());
                }
                Effect::Tell(key, _) => {
                    assert!(self.session.subscription(key).is_some(), "{key:?} is no subscription");
                }
                Effect::Beat => assert!(self.connected),
                Effect::Authenticate { token } => {
                    assert!(!token.is_empty() && !self.connected && !self.session.takes_input());
                    self.authenticating = true;
                }
                Effect::Listen { key, .. } => {
                    assert!(self.connected && !self.keys.contains(&key), "{key:?} was used before");
                    self.keys.push(key);
                    self.waiting.push(Waiting::Listen(key));
                }
                Effect::Silence(key) => assert!(self.session.subscription(key).is_none()),
                Effect::Act(envelopes, acting) => {
                    assert!(self.connected && (1..=ACTIONS_MAX).contains(&envelopes.len()));
                    self.waiting.push(Waiting::Act(acting, envelopes.len()));
                }
                Effect::Close => {
                    self.closed = true;
                    assert!(!self.session.takes_input() && self.session.due().is_none());
                }
            }
        }
        let open = self.keys.iter().filter(|key| self.session.subscription(**key).is_some()).count();
        assert!(open <= BOUNDS.subscriptions_max);
    }
}
