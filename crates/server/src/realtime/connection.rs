//! One connection: the one task that owns its carrier. Bytes go to the session, and what the session says is done, in
//! order; events of its subscriptions are written as the peer takes them.

mod perform;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::carrier::{Carrier, Ending};
use super::deliver::Mailer;
use super::listener::{Fault, Heard, Listener};
use super::presence::Seat;
use super::session::{Acting, Bounds, Effect, Session, SubscriptionKey};
use crate::app::App;
use crate::chat::Doing;
use crate::store::{ActError, Done};
use crate::telemetry::AppFigures;

/// Groups of actions of one connection that wait for the writer; then no more is received.
const ACTING_MAX: usize = 256;
/// Bytes that wait for the carrier before its events wait in their queue, where they are counted.
const CARRIER_BYTES_MAX: usize = 64 * 1024;

/// Everything that can happen to a connection.
enum Happening {
    /// What came was given to the session; this is why it is the end, if it is.
    Received(Option<Ending>),
    Acted(Acting, Result<Vec<Done>, ActError>),
    Heard(usize, Heard),
    /// A listener hears no more.
    Deaf(Fault),
    Time,
    /// The session behind the connection ended, or the server stops.
    Ended,
    /// The carrier failed.
    Gone,
}

pub struct Connection<C> {
    app: Arc<App>,
    /// Of the user's app.
    figures: Arc<AppFigures>,
    seat: Seat,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    carrier: C,
    session: Session,
    mailer: Mailer,
    listeners: Vec<(SubscriptionKey, Listener)>,
    /// The listener that is looked at first.
    turn: usize,
    /// Actions that the writer was asked for, in order.
    acting: VecDeque<(Acting, Doing)>,
    effects: Vec<Effect>,
    /// A peer that takes nothing for this long is given up.
    stall: Duration,
    timer: Pin<Box<Sleep>>,
    timer_at: Option<Instant>,
    ending: Option<Ending>,
    /// For the carrier to close.
    patience: Duration,
}

impl<C: Carrier> Connection<C> {
    /// Boxed, as is every future of it that is rarely awaited: an idle connection is to cost what it holds, not what it
    /// might.
    #[must_use]
    pub fn new(carrier: C, app: Arc<App>, seat: Seat) -> Box<Self> {
        let limits = &app.settings.limits;
        let bounds = Bounds {
            frame_bytes_max: limits.frame_bytes(),
            header_bytes_max: limits.header_bytes,
            message_bytes_max: limits.message_bytes,
            subscriptions_max: limits.subscriptions_per_connection,
            connect_within: Duration::from_secs(u64::from(limits.connect_seconds)),
        };
        let now = Instant::now();
        Box::new(Self {
            stall: limits.stall(),
            ended: waiting(&seat.ended),
            carrier,
            session: Session::new(seat.who.user, bounds, app.began, now),
            mailer: Mailer::new(seat.who.user),
            listeners: Vec::new(),
            turn: 0,
            acting: VecDeque::new(),
            effects: Vec::new(),
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
            timer_at: None,
            ending: None,
            patience: Duration::MAX,
            figures: app.telemetry.figures.of(seat.who.app),
            seat,
            app,
        })
    }

    /// Serves until the connection ends.
    pub async fn run(mut self: Box<Self>) {
        let (id, began) = (self.seat.number(), Instant::now());
        let user = self.seat.who.user;
        tracing::info!(target: "connection", id, %user, session = %self.seat.who.session, "opened");
        // Whoever entered too late to be told by the presence sees it here.
        if self.app.stop.is_cancelled() {
            self.handle(Happening::Ended);
        }
        while self.ending.is_none() {
            let happening = std::future::poll_fn(|context| self.poll(context)).await;
            self.handle(happening);
            if !self.effects.is_empty() {
                Box::pin(self.perform()).await;
            }
        }
        self.listeners.clear();
        if let Some(ending) = self.ending.take() {
            let why = ending.why();
            let _ = Box::pin(tokio::time::timeout(self.patience, self.carrier.close(ending))).await;
            tracing::info!(target: "connection", id, %user, why, seconds = began.elapsed().as_secs(), "closed");
        }
    }

    /// The next thing that happens. Ends and timers come first, so that no traffic can keep them off.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Happening> {
        if self.ended.as_mut().poll(context).is_ready() {
            return Poll::Ready(Happening::Ended);
        }
        if self.poll_timer(context).is_ready() {
            return Poll::Ready(Happening::Time);
        }
        if let Poll::Ready(happening) = self.poll_acting(context) {
            return Poll::Ready(happening);
        }
        match self.carrier.poll_send(context, Instant::now()) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => return Poll::Ready(Happening::Gone),
            // The peer may have begun to take nothing just now: that has an end as well.
            Poll::Pending => {
                if self.poll_timer(context).is_ready() {
                    return Poll::Ready(Happening::Time);
                }
            }
        }
        let listeners = if self.carrier.waiting() < CARRIER_BYTES_MAX {
            self.poll_listeners(context)
        } else {
            self.poll_slow(context)
        };
        if let Poll::Ready(happening) = listeners {
            return Poll::Ready(happening);
        }
        if self.session.takes_input() && !self.holds_back() {
            return self.poll_receive(context);
        }
        Poll::Pending
    }

    /// Whether nothing is received because enough is under way.
    fn holds_back(&self) -> bool {
        self.acting.len() >= ACTING_MAX || self.carrier.waiting() >= CARRIER_BYTES_MAX
    }

    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let due = self
            .session
            .due()
            .into_iter()
            .chain(self.carrier.stalled_since().map(|at| at + self.stall))
            .min();
        let Some(at) = due else {
            self.timer_at = None;
            return Poll::Pending;
        };
        // A timer that is set for earlier is left to fire: moving it at every frame would cost more.
        if self.timer_at.is_none_or(|set| at < set || set <= Instant::now()) {
            self.timer.as_mut().reset(at.into());
            self.timer_at = Some(at);
        }
        match self.timer.as_mut().poll(context) {
            Poll::Ready(()) if Instant::now() >= at => Poll::Ready(()),
            Poll::Ready(()) => {
                self.timer.as_mut().reset(at.into());
                self.timer_at = Some(at);
                self.timer.as_mut().poll(context)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_acting(&mut self, context: &mut Context<'_>) -> Poll<Happening> {
        let Some((_, answer)) = self.acting.front_mut() else { return Poll::Pending };
        let result = ready!(Pin::new(answer).poll(context));
        match self.acting.pop_front() {
            Some((acting, _)) => Poll::Ready(Happening::Acted(acting, result)),
            None => Poll::Pending,
        }
    }

    fn poll_listeners(&mut self, context: &mut Context<'_>) -> Poll<Happening> {
        // Each in its turn, or one that always has something would keep the others waiting.
        for turn in 0..self.listeners.len() {
            let index = (self.turn + turn) % self.listeners.len();
            match self.listeners[index].1.poll_hear(context, CARRIER_BYTES_MAX) {
                Poll::Ready(Ok(heard)) => {
                    self.turn = index + 1;
                    return Poll::Ready(Happening::Heard(index, heard));
                }
                Poll::Ready(Err(fault)) => return Poll::Ready(Happening::Deaf(fault)),
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }

    /// Who takes nothing more is to be named slow as well.
    fn poll_slow(&self, context: &mut Context<'_>) -> Poll<Happening> {
        if self.listeners.iter().any(|(_, listener)| listener.poll_slow(context).is_ready()) {
            return Poll::Ready(Happening::Deaf(Fault::Slow));
        }
        Poll::Pending
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Happening> {
        let Self { carrier, session, effects, .. } = self;
        loop {
            let now = Instant::now();
            let mut on_text = |text: &[u8]| session.on_bytes(text, now, effects);
            let received = ready!(carrier.poll_receive(context, &mut on_text));
            // Pings and parts of a message count, too.
            session.on_heard(now);
            // A heart-beat asks for nothing, and what else could happen was looked at just now.
            if received.is_err() || !effects.is_empty() || carrier.waiting() > 0 {
                return Poll::Ready(Happening::Received(received.err()));
            }
        }
    }
}

fn waiting(token: &CancellationToken) -> Pin<Box<WaitForCancellationFutureOwned>> {
    Box::pin(token.clone().cancelled_owned())
}
