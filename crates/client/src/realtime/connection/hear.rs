//! What is heard on the connection, and what is made of it.

use std::sync::Arc;

use chinwag_protocol::{ErrorCode, Notice, UserId};
use tokio::time::Instant;

use super::line::{Hearing, Line, Opened};
use super::{Connection, Outcome};
use crate::clock::chance;
use crate::error::{Error, Refusal};
use crate::event::Event;
use crate::model::ChatEvent;
use crate::realtime::catch_up::{CatchUp, Heard, Step};
use crate::realtime::said::Said;
use crate::realtime::session::Effect;
use crate::realtime::shared::Phase;

impl Connection {
    pub(super) fn open(&mut self, user: UserId) {
        if self.place.user.replace(user).is_some_and(|before| before != user) {
            self.place.catch_up = CatchUp::default();
        }
        self.line = Line::opening(Arc::clone(&self.shared.auth));
    }

    /// Fails if it is of no use to try again.
    pub(super) async fn opened(&mut self, opened: Result<Opened, Error>) -> Result<(), Error> {
        let error = match opened {
            Ok(opened) => {
                self.line = Line::up(opened, self.shared.auth.http().base.host(), Instant::now());
                return Ok(());
            }
            Err(error) => error,
        };
        let can_refresh = self.shared.auth.tokens().map(|tokens| !tokens.refresh_token.is_empty());
        let is_over = match can_refresh {
            None => true,
            Some(false) if error.is_unauthorized() => true,
            Some(_) => error.code() == Some(ErrorCode::AppSuspended),
        };
        if is_over {
            return Err(error);
        }
        self.lost(&error.to_string(), Some(&error));
        Ok(())
    }

    /// What time and the others at the desk ask for.
    pub(super) fn tend(&mut self, now: Instant, user: UserId) {
        let Line::Up(up) = &mut self.line else { return };
        if up.user != user {
            self.lost("somebody else signed in", None);
            self.line = Line::down_until(now);
            return;
        }
        match up.hearing {
            Hearing::Nothing { until } if now >= until => {
                return self.lost("the server did not answer in time", None);
            }
            Hearing::Paused if self.shared.has_room() => self.subscribe(now),
            _ => {}
        }
        if let Line::Up(up) = &mut self.line {
            let effects = up.session.tick(now);
            self.carry_out(effects, now);
        }
    }

    pub(super) fn came(&mut self, bytes: &[u8]) {
        let now = Instant::now();
        if let Line::Up(up) = &mut self.line {
            let effects = up.session.received(bytes, now);
            self.carry_out(effects, now);
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>, now: Instant) {
        for effect in effects {
            let Line::Up(up) = &mut self.line else { return };
            match effect {
                Effect::Write(bytes) => up.socket.write(bytes),
                Effect::Greeted => self.subscribe(now),
                Effect::End(why) => self.lost(&why, None),
                Effect::Hear { said, cursor, subscription } => {
                    let listens = up.session.listens_to(subscription);
                    self.hear(said, cursor.as_deref(), listens, now);
                }
            }
        }
    }

    /// Subscribes from where we stand, in place of an earlier subscription.
    fn subscribe(&mut self, now: Instant) {
        let Line::Up(up) = &mut self.line else { return };
        self.place.catch_up.subscribed();
        up.hearing = Hearing::Events;
        let effects = up.session.subscribe(self.place.catch_up.since(), now);
        self.carry_out(effects, now);
    }

    /// `listens`: false if it comes for a subscription that has ended since. An answer to one of ours is one all the same.
    fn hear(&mut self, said: Said, cursor: Option<&str>, listens: bool, now: Instant) {
        match said {
            Said::Notice(Notice::Refused { code, message, nonce: Some(nonce), current, .. }) => {
                let refusal = Refusal { current, ..Refusal::new(code, message) };
                self.answered(nonce.as_str(), Err(Error::Refused(Box::new(refusal))));
            }
            Said::Notice(notice) if listens => {
                let heard = self.place.catch_up.notice(&notice);
                self.consider(heard, None, now);
            }
            Said::Unknown(step) if listens => {
                let heard = self.place.catch_up.event(step, cursor);
                // It counts, but there is nothing to tell.
                self.consider(if heard == Heard::Tell { Heard::Nothing } else { heard }, None, now);
            }
            Said::Event(event) => {
                if let Some(nonce) = &event.nonce {
                    self.shared.act_quietly(|desk| desk.stored(nonce.as_str(), &event));
                }
                if !listens {
                    return;
                }
                if self.shared.is_full() {
                    return self.pause(now);
                }
                let heard = self.place.catch_up.event(Step::of(&event), cursor);
                self.consider(heard, Some(event), now);
            }
            Said::Notice(_) | Said::Unknown(_) | Said::Nothing => {}
        }
    }

    fn consider(&mut self, heard: Heard, event: Option<Box<ChatEvent>>, now: Instant) {
        match (heard, event) {
            (Heard::Tell, Some(event)) => self.shared.tell(Event::Chat(event), self.place.catch_up.cursor()),
            (Heard::Resubscribe, _) => self.subscribe(now),
            (Heard::Live, _) => self.announce(false),
            (Heard::Resync, _) => self.announce(true),
            (Heard::Tell | Heard::Nothing, _) => {}
        }
    }

    /// Events are live.
    fn announce(&mut self, resync: bool) {
        let Line::Up(up) = &mut self.line else { return };
        let again = std::mem::replace(&mut up.announced, true);
        let resumes = std::mem::replace(&mut self.resumes, true);
        self.attempt = 0;
        let event = match (resync, again, resumes) {
            (true, _, _) => Some(Event::Resync),
            // Subscribing again on a live connection ends here too.
            (false, true, _) => None,
            (false, false, true) => Some(Event::Resumed),
            (false, false, false) => Some(Event::Connected),
        };
        if let Some(event) = event {
            self.shared.tell(event, self.place.catch_up.cursor());
        }
        self.shared.turn(Phase::Live);
    }

    /// The application cannot take more. What comes from here on is asked for when it can; the connection goes on.
    fn pause(&mut self, now: Instant) {
        let Line::Up(up) = &mut self.line else { return };
        up.hearing = Hearing::Paused;
        let effects = up.session.unsubscribe(now);
        // Their echoes will not be heard: they are asked for over HTTP.
        self.shared.act_quietly(|desk| desk.outbox.interrupted());
        self.shared.turn(Phase::Live);
        self.carry_out(effects, now);
    }

    pub(super) fn answered(&mut self, nonce: &str, outcome: Outcome) {
        let (now, backoff) = (Instant::now(), self.shared.backoff);
        self.shared.act_quietly(|desk| match outcome {
            Ok(event) => desk.stored(nonce, &event),
            Err(error) => {
                let wait = backoff.delay(desk.outbox.attempts(nonce), chance(), error.retry_after());
                desk.outbox.refused(nonce, error, now + wait);
            }
        });
    }

    /// The connection is gone, or did not come to be.
    pub(super) fn lost(&mut self, why: &str, error: Option<&Error>) {
        let was_live = self.line.carries();
        self.shared.act_quietly(|desk| desk.outbox.interrupted());
        self.attempt = self.attempt.saturating_add(1);
        let wait = self.shared.backoff.delay(self.attempt, chance(), error.and_then(Error::retry_after));
        self.line = Line::down_until(Instant::now() + wait);
        self.shared.turn(Phase::Connecting);
        if was_live {
            self.shared.tell(Event::Disconnected { reason: why.to_owned(), will_reconnect: true }, None);
        }
        self.shared.tell(Event::Reconnecting { attempt: self.attempt, reason: why.to_owned() }, None);
    }
}
