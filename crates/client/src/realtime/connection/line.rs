//! Where the connection stands, from nothing to live.

use std::sync::Arc;
use std::time::Duration;

use chinwag_protocol::UserId;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::Happened;
use crate::auth::{Auth, Tokens};
use crate::error::Error;
use crate::http::Call;
use crate::realtime::session::{Effect, FRAME_BYTES_MAX, Session};
use crate::realtime::socket::Socket;

/// A server that has said nothing on a new connection by then is given up.
const GREETED_WITHIN: Duration = Duration::from_secs(10);

pub(super) enum Line {
    Down { until: Instant },
    Opening(BoxFuture<'static, Result<Opened, Error>>),
    Up(Box<Up>),
}

/// A WebSocket, and who it was opened for.
pub(super) struct Opened {
    pub(super) socket: Socket,
    pub(super) tokens: Tokens,
}

pub(super) struct Up {
    pub(super) socket: Socket,
    pub(super) session: Session,
    pub(super) user: UserId,
    pub(super) hearing: Hearing,
    /// The application knows that this one is live.
    pub(super) announced: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hearing {
    /// CONNECTED has not come yet.
    Nothing { until: Instant },
    /// What was missed, or what happens.
    Events,
    /// The application has more than enough to hear: the server keeps the rest.
    Paused,
}

#[derive(Deserialize)]
struct Ticket {
    ticket: String,
}

impl Line {
    pub(super) fn down_until(until: Instant) -> Self {
        Line::Down { until }
    }

    pub(super) fn opening(auth: Arc<Auth>) -> Self {
        Line::Opening(Box::pin(open(auth)))
    }

    pub(super) fn up(opened: Opened, host: &str, now: Instant) -> Self {
        let Opened { mut socket, tokens } = opened;
        let (session, connect) = Session::open(host, &tokens.jwt, now);
        if let Effect::Write(bytes) = connect {
            socket.write(bytes);
        }
        let hearing = Hearing::Nothing { until: now + GREETED_WITHIN };
        Line::Up(Box::new(Up { socket, session, user: tokens.user_id, hearing, announced: false }))
    }

    /// What comes next of it. May be dropped while it waits: nothing is lost.
    pub(super) async fn next(&mut self) -> Happened {
        match self {
            Line::Down { .. } => std::future::pending().await,
            Line::Opening(opening) => Happened::Opened(opening.await),
            Line::Up(up) => Happened::Came(up.socket.next().await),
        }
    }

    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Line::Down { until } => Some(*until),
            Line::Opening(_) => None,
            Line::Up(up) => match up.hearing {
                Hearing::Nothing { until } => Some(until),
                Hearing::Events | Hearing::Paused => up.session.due(),
            },
        }
    }

    pub(super) fn is_ready_to_open(&self, now: Instant) -> bool {
        matches!(self, Line::Down { until } if now >= *until)
    }

    pub(super) fn user(&self) -> Option<UserId> {
        match self {
            Line::Up(up) => Some(up.user),
            Line::Down { .. } | Line::Opening(_) => None,
        }
    }

    /// Whether actions may go their ways.
    pub(super) fn carries(&self) -> bool {
        matches!(self, Line::Up(up) if up.announced || up.hearing == Hearing::Paused)
    }

    /// Sends an action; false if its echo would not be heard.
    pub(super) fn send(&mut self, action: &Value, now: Instant) -> bool {
        let Line::Up(up) = self else { return false };
        if up.hearing != Hearing::Events {
            return false;
        }
        if let Effect::Write(bytes) = up.session.send(action.to_string(), now) {
            up.socket.write(bytes);
        }
        true
    }

    /// Says goodbye, if there is somebody to say it to.
    pub(super) async fn close(self) {
        if let Line::Up(mut up) = self {
            if let Effect::Write(bytes) = up.session.leave(Instant::now()) {
                up.socket.write(bytes);
            }
            up.socket.close().await;
        }
    }
}

async fn open(auth: Arc<Auth>) -> Result<Opened, Error> {
    let Ticket { ticket } = auth.send(&Call::get("/api/auth/getTicket")).await?.read()?;
    let tokens = auth.signed_in()?;
    let opening = tokio::time::timeout(GREETED_WITHIN, auth.http().open_websocket(&ticket));
    let carrier = opening.await.map_err(|elapsed| auth.http().no_answer(Arc::new(elapsed)))??;
    let socket = Socket::new(carrier, FRAME_BYTES_MAX).await;
    Ok(Opened { socket, tokens })
}
