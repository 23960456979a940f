//! Server-sent events as a carrier of what a user hears (WHATWG HTML, section 9.2): one way, resumable by
//! `Last-Event-ID`, readable with curl.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use chinwag_protocol::{ChatId, ErrorCode, Notice, UserId};
use futures_util::Stream;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};
use uuid::Uuid;

use super::ENDED_PATIENCE;
use super::listener::{Fault, Heard, Listener};
use super::presence::Seat;
use crate::app::App;
use crate::cursor;
use crate::hub::{Delivery, Mailing, Slow};
use crate::problem::Problem;
use crate::telemetry::{self, AppFigures};

/// Something is sent at least this often, so that proxies keep the connection and clients notice its loss.
const BEAT_INTERVAL: Duration = Duration::from_secs(15);
/// Bytes of events given to the HTTP server at once; it asks for more when they are sent.
const CHUNK_BYTES: usize = 64 * 1024;

/// The body of an event stream. It ends when the session does, or when its receiver does not keep up.
pub struct EventStream {
    listener: Listener,
    mailing: Mailing,
    epoch: Box<str>,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    beat: Pin<Box<Sleep>>,
    over: bool,
    app: Arc<App>,
    /// Whose stream it is; nobody's, if somebody only watches.
    receiver: Option<Receiver>,
    _taken: DropGuard,
}

struct Receiver {
    seat: Seat,
    figures: Arc<AppFigures>,
}

/// What somebody watches who is no member of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inspected {
    Chat(ChatId),
    User(UserId),
}

/// Ends when a stream should have, and its client has not taken its end: nobody asks the stream for more then.
pub struct Overdue {
    slow: Pin<Box<dyn Future<Output = Slow> + Send>>,
    ended: CancellationToken,
    taken: CancellationToken,
    patience: Duration,
}

impl Overdue {
    /// False if the stream was taken to its end, or its client went away.
    pub async fn comes(self) -> bool {
        let Self { slow, ended, taken, patience } = self;
        let told = async {
            tokio::select! {
                _ = slow => {
                    let _ = tokio::time::timeout(patience, ended.cancelled()).await;
                }
                () = ended.cancelled() => {}
            }
            if ended.is_cancelled() {
                tokio::time::sleep(ENDED_PATIENCE).await;
            }
        };
        taken.run_until_cancelled(told).await.is_some()
    }
}

impl EventStream {
    /// The stream, and what is to be watched beside it. A slow receiver has `limits.stall_seconds` to take the end.
    #[must_use]
    pub fn new(app: &Arc<App>, listener: Listener, mailing: Mailing, seat: Seat) -> (Self, Overdue) {
        let ended = seat.ended.clone();
        let receiver = Receiver { figures: app.telemetry.figures.of(seat.who.app), seat };
        Self::with(app, listener, mailing, ended, Some(receiver))
    }

    /// What happens from now on, for somebody who only watches, until `ended` is cancelled. It counts as no delivery.
    pub async fn inspecting(app: &Arc<App>, whom: Inspected, ended: CancellationToken) -> (Self, Overdue) {
        let (listener, mailing) = match whom {
            Inspected::Chat(chat) => {
                // Its recipientId is nobody's.
                (Listener::of_chat(app, chat).await, Mailing::to(UserId(Uuid::nil())))
            }
            Inspected::User(user) => (Listener::begin(app, user, None).await, Mailing::to(user)),
        };
        Self::with(app, listener, mailing, ended, None)
    }

    fn with(
        app: &Arc<App>,
        listener: Listener,
        mailing: Mailing,
        ended: CancellationToken,
        receiver: Option<Receiver>,
    ) -> (Self, Overdue) {
        let (slow, taken) = (Box::pin(listener.slow()), CancellationToken::new());
        let patience = app.settings.limits.stall();
        let overdue = Overdue { slow, ended: ended.clone(), taken: taken.clone(), patience };
        let stream = Self {
            listener,
            mailing,
            epoch: app.store.epoch().into(),
            ended: Box::pin(ended.cancelled_owned()),
            beat: Box::pin(tokio::time::sleep(BEAT_INTERVAL)),
            over: false,
            app: Arc::clone(app),
            receiver,
            _taken: taken.drop_guard(),
        };
        (stream, overdue)
    }

    fn write(&self, deliveries: &[Delivery]) -> Bytes {
        let mut out = Vec::new();
        for delivery in deliveries {
            out.extend_from_slice(b"id: ");
            out.extend_from_slice(cursor::write(&self.epoch, delivery.position).as_bytes());
            // JSON has no line ends of its own, so an event is one line.
            out.extend_from_slice(b"\ndata: ");
            self.mailing.write_body(delivery, &mut out);
            out.extend_from_slice(b"\n\n");
        }
        if let Some(Receiver { seat, figures }) = &self.receiver {
            let to = self.app.delivered_to(seat.who.user);
            figures.delivered(&to, deliveries, std::time::Instant::now());
        }
        out.into()
    }

    /// The last thing that is said.
    fn fault(&mut self, fault: Fault) -> Bytes {
        self.over = true;
        if let Some(Receiver { figures, .. }) = &self.receiver {
            figures.errors.add(1);
        }
        self.app.telemetry.dropped(match fault {
            Fault::Slow => telemetry::Drop::Slow,
            Fault::Store(_) => telemetry::Drop::StoreFailed,
        });
        let problem = match fault {
            Fault::Slow => Problem::new(ErrorCode::Overloaded, "slow consumer"),
            Fault::Store(error) => error.into(),
        };
        let notice = Notice::Refused {
            code: problem.code,
            message: problem.detail,
            action: None,
            receipt: None,
            nonce: None,
            current: None,
        };
        self.write(&[self.listener.notice(&notice)])
    }
}

impl Stream for EventStream {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over || self.ended.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        let said = match self.listener.poll_hear(context, CHUNK_BYTES) {
            Poll::Ready(Ok(Heard::Began)) => Bytes::from_static(b": listening\n\n"),
            Poll::Ready(Ok(Heard::Events(events))) => self.write(&events),
            Poll::Ready(Err(fault)) => self.fault(fault),
            Poll::Pending if self.beat.as_mut().poll(context).is_ready() => match self.listener.head() {
                Some(head) => self.write(&[head]),
                None => Bytes::from_static(b":\n\n"),
            },
            Poll::Pending => return Poll::Pending,
        };
        self.beat.as_mut().reset(Instant::now() + BEAT_INTERVAL);
        Poll::Ready(Some(Ok(said)))
    }
}
