//! What happens to a connection, and what its session says must happen.

use std::sync::Arc;
use std::time::Instant;

use chinwag_protocol::{Envelope, Event, Notice, stomp};

use super::catch_up::{Listener, Phase, Step};
use super::{Connection, Happening, Pending, waiting};
use crate::chat::NotAccepted;
use crate::cursor;
use crate::hub::{Delivery, Encoded, Outbox, Turn};
use crate::problem::Problem;
use crate::realtime::carrier::{Carrier, Ending};
use crate::realtime::session::{Acting, Effect, Refused, SubscriptionKey, Told};
use crate::store::{ActError, Done, StoreError};

impl<C: Carrier> Connection<C> {
    pub(super) fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Received(ending) => self.ending = ending,
            Happening::Sent => {}
            Happening::Acted(acting, result) => self.acted(acting, result),
            Happening::Listening(key, result) => self.listening(key, result),
            Happening::Deliver(index, deliveries) => self.deliver(index, &deliveries),
            Happening::CaughtUp(index, step) => self.caught_up(index, step),
            Happening::TooSlow => self.session.end("slow consumer", &mut self.effects),
            Happening::Time => self.on_time(),
            Happening::Ended if self.app.stop.is_cancelled() => {
                self.ending =
                    Some(Ending::Close { code: Ending::GOING_AWAY, reason: "the server is shutting down" });
            }
            Happening::Ended => self.session.end("the session has ended", &mut self.effects),
            Happening::Gone => self.ending = Some(Ending::Gone),
        }
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        if self.holds_back() {
            // The peer may well have kept its promise: it is we who do not listen.
            self.session.on_unheard(now);
        }
        if self.carrier.stalled_since().is_some_and(|since| now >= since + super::STALL) {
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
            Effect::Listen { key, since } => self.listen(key, since).await,
            Effect::Silence(key) => self.silence(key),
            Effect::Act(envelopes, acting) => self.act(envelopes, acting).await,
            Effect::Close => {
                self.ending.get_or_insert(Ending::Close { code: Ending::NORMAL, reason: "" });
            }
        }
    }

    async fn authenticate(&mut self, token: &str) {
        let mut answer = self.app.authenticate(token).await;
        if let Ok(who) = &answer
            && who.session != self.who.session
            && who.user == self.who.user
        {
            // The session that is watched from now on is the token's. It may have ended before it was.
            self.seat = self.app.presence.enter(who.clone());
            self.ended = waiting(&self.seat.ended);
            self.who.session = who.session;
            answer = self.app.authenticate(token).await;
        }
        let user = answer.map(|who| who.user);
        let name = self.who.session.to_string();
        self.session.authenticated(user, &name, Instant::now(), &mut self.effects);
    }

    async fn act(&mut self, envelopes: Vec<Envelope>, acting: Acting) {
        match self.app.chat.act(self.who.user, envelopes).await {
            Ok(answer) => self.pending.push_back(Pending::Act(acting, answer)),
            Err(NotAccepted { index, problem }) => {
                self.session.acted(acting, Err(Refused { index, problem }), &mut self.effects);
            }
        }
    }

    fn acted(&mut self, acting: Acting, result: Result<Vec<Done>, ActError>) {
        let user = self.who.user;
        let result = match result {
            Ok(done) => Ok(done.iter().map(|done| done.event.as_seen_by(user)).collect::<Vec<Event>>()),
            Err(error) => {
                let index = if let ActError::Refused { index, .. } = &error { *index } else { 0 };
                Err(Refused { index, problem: Problem::from(error) })
            }
        };
        self.session.acted(acting, result, &mut self.effects);
    }

    async fn listen(&mut self, key: SubscriptionKey, since: Option<String>) {
        let id = self.app.hub.new_listener();
        let outbox = Outbox::new(Arc::clone(&self.app.budget), since.is_some());
        // What is said before the deliveries begin must not take its client back, nor past what it missed.
        let store = &self.app.store;
        let position = match since.as_deref() {
            Some(since) => cursor::read(since, store.epoch(), store.head()).unwrap_or(0),
            None => store.head(),
        };
        let answer = store.listen(self.who.user, id, Arc::clone(&outbox)).await;
        self.pending.push_back(Pending::Listen(key, answer));
        self.listeners.push(Listener { key, id, outbox, since, position, phase: Phase::Starting });
    }

    fn listener(&mut self, key: SubscriptionKey) -> Option<(usize, &mut Listener)> {
        self.listeners.iter_mut().enumerate().find(|(_, listener)| listener.key == key)
    }

    /// Deliveries have begun after the event at `head`; what a client missed up to there is read from the store.
    fn listening(&mut self, key: SubscriptionKey, head: Result<u64, StoreError>) {
        let head = match head {
            Ok(head) => head,
            Err(error) => {
                return self.session.end(&Problem::from(error).detail, &mut self.effects);
            }
        };
        self.session.listening(key, &mut self.effects);
        let app = Arc::clone(&self.app);
        let Some((index, listener)) = self.listener(key) else { return };
        let since = listener.since.as_deref().map(|since| cursor::read(since, app.store.epoch(), head));
        // Live deliveries may have been written before the writer's answer was read.
        listener.position = listener.position.max(head);
        match since {
            None => listener.phase = Phase::Live,
            Some(Some(position)) => {
                listener.position = position;
                listener.phase = Phase::Behind;
            }
            // Said at once: if the queue overflowed meanwhile, it is from `head` that its client catches up.
            Some(None) => {
                let cursor = cursor::write(app.store.epoch(), head);
                let resync = Encoded::notice(&Notice::Resync { cursor }, head, app.store.epoch());
                listener.phase = match listener.outbox.go_live(head) {
                    Turn::Live => Phase::Live,
                    Turn::ReadOn => Phase::Behind,
                };
                self.deliver(index, &[resync]);
            }
        }
    }

    fn caught_up(&mut self, index: usize, step: Step) {
        let missed = match step {
            Ok(missed) => missed,
            Err(error) => {
                return self.session.end(&Problem::from(error).detail, &mut self.effects);
            }
        };
        let app = Arc::clone(&self.app);
        let epoch = app.store.epoch();
        let events: Vec<Delivery> = missed.events.iter().map(|event| Encoded::event(event, epoch)).collect();
        self.deliver(index, &events);
        self.listeners[index].position = missed.position;
        if missed.more {
            self.listeners[index].phase = Phase::Behind;
        } else {
            self.go_live(index);
        }
    }

    /// The client has everything up to its position; what waits behind that is sent next.
    fn go_live(&mut self, index: usize) {
        let listener = &mut self.listeners[index];
        match listener.outbox.go_live(listener.position) {
            Turn::ReadOn => listener.phase = Phase::Behind,
            Turn::Live => {
                listener.phase = Phase::Live;
                let (position, epoch) = (listener.position, self.app.store.epoch());
                let resumed = Notice::Resumed { cursor: cursor::write(epoch, position) };
                let notice = Encoded::notice(&resumed, position, epoch);
                self.deliver(index, &[notice]);
            }
        }
    }

    fn silence(&mut self, key: SubscriptionKey) {
        if let Some(index) = self.listeners.iter().position(|listener| listener.key == key) {
            let gone = self.listeners.swap_remove(index);
            self.app.hub.silence(gone.id);
        }
    }

    fn deliver(&mut self, index: usize, deliveries: &[Delivery]) {
        let listener = &mut self.listeners[index];
        let Some(subscription) = self.session.subscription(listener.key) else { return };
        for delivery in deliveries {
            self.mailer.send(subscription, delivery, &mut self.carrier);
            listener.position = listener.position.max(delivery.position);
        }
        if !deliveries.is_empty() {
            self.session.on_written(Instant::now());
        }
    }

    /// Says something outside of what is listened to. Its cursor is that of what was written before it.
    fn tell(&mut self, key: SubscriptionKey, told: Told) {
        let app = Arc::clone(&self.app);
        let Some((index, listener)) = self.listener(key) else { return };
        let encoded = match told {
            Told::Notice(notice) => Encoded::notice(&notice, listener.position, app.store.epoch()),
            Told::Again(event) => Encoded::again(&event, listener.position, app.store.epoch()),
        };
        self.deliver(index, &[encoded]);
    }

    /// A heart-beat. Who said where it had stopped is told how far it has come, so that it would notice a loss even if
    /// nothing new happened.
    fn beat(&mut self) {
        // Read before the queues are looked at: what was told by then is in a queue or written.
        let told = self.app.hub.told();
        let idle = self.carrier.waiting() == 0;
        let resumable = self.listeners.iter().position(|listener| {
            listener.since.is_some() && matches!(listener.phase, Phase::Live) && listener.outbox.is_empty()
        });
        match resumable {
            Some(index) if idle => {
                let app = Arc::clone(&self.app);
                let epoch = app.store.epoch();
                // The store may have been read past what the fan-out has told.
                let told = told.max(self.listeners[index].position);
                let head = Notice::Head { cursor: cursor::write(epoch, told) };
                self.deliver(index, &[Encoded::notice(&head, told, epoch)]);
            }
            _ => self.carrier.send(1, |out| out.push(b'\n')),
        }
    }
}
