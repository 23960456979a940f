//! What happens to a connection, and what its session says must happen.

use std::time::Instant;

use chinwag_protocol::{Envelope, Event, stomp};

use super::{Connection, Happening};
use crate::chat::NotAccepted;
use crate::hub::Delivery;
use crate::problem::Problem;
use crate::realtime::ENDED_PATIENCE;
use crate::realtime::carrier::{Carrier, Ending};
use crate::realtime::listener::{Fault, Heard, Listener};
use crate::realtime::session::{Acting, Effect, Refused, SubscriptionKey, Told};
use crate::store::{ActError, Done};
use crate::telemetry::Drop;

impl<C: Carrier> Connection<C> {
    pub(super) fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Received(ending) => {
                if let Some(Ending::Close { code: Ending::TOO_BIG, reason }) = ending {
                    self.session.end(reason, &mut self.effects);
                }
                let is_broken =
                    matches!(&ending, Some(Ending::Close { code, .. }) if *code != Ending::NORMAL);
                if is_broken {
                    self.app.telemetry.dropped(Drop::Malformed);
                }
                self.count_mistakes();
                self.ending = ending;
            }
            Happening::Acted(acting, result) => self.acted(acting, result),
            Happening::Heard(index, Heard::Began) => {
                self.session.listening(self.listeners[index].0, &mut self.effects);
            }
            Happening::Heard(index, Heard::Events(events)) => self.deliver(index, &events),
            Happening::Deaf(Fault::Slow) => {
                self.app.telemetry.dropped(Drop::Slow);
                self.figures.errors.add(1);
                self.session.end("slow consumer", &mut self.effects);
            }
            Happening::Deaf(Fault::Store(error)) => {
                self.app.telemetry.dropped(Drop::StoreFailed);
                self.session.end(&Problem::from(error).detail, &mut self.effects);
            }
            Happening::Time => self.on_time(),
            Happening::Ended => self.ended(),
            Happening::Gone => self.ending = Some(Ending::Gone),
        }
    }

    /// What the peer said that could not be understood.
    fn count_mistakes(&mut self) {
        let mistakes = self.session.mistakes();
        self.app.telemetry.malformed.add(mistakes.actions.into());
        if mistakes.frames > 0 {
            self.app.telemetry.dropped(Drop::Malformed);
        }
    }

    /// The session is over, or the server stops. A peer that does not listen now is not waited for.
    fn ended(&mut self) {
        self.patience = ENDED_PATIENCE;
        if self.app.stop.is_cancelled() {
            self.app.telemetry.dropped(Drop::ShuttingDown);
            let reason = "the server is shutting down";
            self.ending = Some(Ending::Close { code: Ending::GOING_AWAY, reason });
        } else {
            self.app.telemetry.dropped(Drop::SessionEnded);
            self.session.end("the session has ended", &mut self.effects);
        }
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        if self.holds_back() {
            // The peer may well have kept its promise: it is we who do not listen.
            self.session.on_heard(now);
        }
        if self.carrier.stalled_since().is_some_and(|since| now >= since + self.stall) {
            self.app.telemetry.dropped(Drop::Stalled);
            self.ending = Some(Ending::Gone);
        } else {
            self.session.on_time(now, &mut self.effects);
        }
    }

    /// Does what the session says, in order, until it has nothing more to say. What came before the peer's close is
    /// done too.
    pub(super) async fn perform(&mut self) {
        while !self.effects.is_empty() {
            for effect in std::mem::take(&mut self.effects) {
                self.perform_one(effect).await;
            }
        }
        // Of frames that came while something was waited for.
        self.count_mistakes();
    }

    async fn perform_one(&mut self, effect: Effect) {
        match effect {
            Effect::Send(frame) => {
                let bytes = stomp::encode(&frame, self.session.version());
                self.carrier.send(bytes.len(), |out| out.extend_from_slice(&bytes));
                self.session.on_written(Instant::now());
            }
            Effect::Tell(key, told) => self.tell(key, told),
            Effect::Beat => self.beat(),
            Effect::Authenticate { token } => self.authenticate(&token).await,
            Effect::Listen { key, since } => {
                let listener = Listener::begin(&self.app, self.seat.who.user, since).await;
                // Nearly everyone has one.
                self.listeners.reserve_exact(1);
                self.listeners.push((key, listener));
            }
            Effect::Silence(key) => self.listeners.retain(|(other, _)| *other != key),
            Effect::Act(envelopes, acting) => self.act(envelopes, acting).await,
            Effect::Close => {
                self.ending.get_or_insert(Ending::Close { code: Ending::NORMAL, reason: "" });
            }
        }
    }

    async fn authenticate(&mut self, token: &str) {
        let mut answer = self.app.authenticate(token).await;
        if let Ok(who) = &answer
            && who.session != self.seat.who.session
            && who.user == self.seat.who.user
        {
            // The session that is watched from now on is the token's. It may have ended before it was.
            self.seat.belongs_to(who.session);
            answer = self.app.authenticate(token).await;
        }
        let user = answer.map(|who| who.user);
        let name = self.seat.who.session.to_string();
        self.session.authenticated(user, &name, Instant::now(), &mut self.effects);
    }

    async fn act(&mut self, envelopes: Vec<Envelope>, acting: Acting) {
        match self.app.chat.act(self.seat.who.user, &self.figures, envelopes).await {
            Ok(answer) => self.acting.push_back((acting, answer)),
            Err(NotAccepted { index, problem }) => {
                self.session.acted(acting, Err(Refused { index, problem }), &mut self.effects);
            }
        }
    }

    fn acted(&mut self, acting: Acting, result: Result<Vec<Done>, ActError>) {
        let user = self.seat.who.user;
        let result = match result {
            Ok(done) => Ok(done.iter().map(|done| done.event.as_seen_by(user)).collect::<Vec<Event>>()),
            Err(error) => {
                // What is logged about it is to name the connection.
                let _here = tracing::error_span!("connection", id = self.seat.number()).entered();
                let index = if let ActError::Refused { index, .. } = &error { *index } else { 0 };
                Err(Refused { index, problem: Problem::from(error) })
            }
        };
        self.session.acted(acting, result, &mut self.effects);
    }

    fn deliver(&mut self, index: usize, deliveries: &[Delivery]) {
        let Some(subscription) = self.session.subscription(self.listeners[index].0) else { return };
        for delivery in deliveries {
            self.mailer.send(subscription, delivery, &mut self.carrier);
        }
        let now = Instant::now();
        self.session.on_written(now);
        let to = self.app.delivered_to(self.seat.who.user);
        self.figures.delivered(&to, deliveries, now);
    }

    /// Says something outside of what is listened to. Its cursor is that of what was said before it.
    fn tell(&mut self, key: SubscriptionKey, told: Told) {
        let Some(index) = self.listeners.iter().position(|(other, _)| *other == key) else { return };
        let listener = &self.listeners[index].1;
        let delivery = match told {
            Told::Notice(notice) => listener.notice(&notice),
            Told::Again(event) => listener.again(&event),
        };
        self.deliver(index, &[delivery]);
    }

    /// A heart-beat: how far the first listener has come that wants to know, or nothing but an end of line.
    fn beat(&mut self) {
        let heads = self.listeners.iter().enumerate().filter(|_| self.carrier.waiting() == 0);
        let head = heads.filter_map(|(index, (_, listener))| Some((index, listener.head()?))).next();
        match head {
            Some((index, head)) => self.deliver(index, &[head]),
            None => self.carrier.send(1, |out| out.push(b'\n')),
        }
    }
}
