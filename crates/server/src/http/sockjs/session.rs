//! Which session a request is for, whose it is, and opening it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use chinwag_protocol::ErrorCode;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::{Sketch, Takes};
use crate::app::App;
use crate::http::connect::{admit, check_origin, still_serving};
use crate::http::extract::{Params, bearer_token};
use crate::http::{ApiError, not_found};
use crate::listener::{Line, PeerAddress};
use crate::realtime::connection::Connection;
use crate::realtime::presence::Seat;
use crate::realtime::sockjs::{HttpCarrier, HttpSession, NotOpened, Opened, Owner, Pass};
use crate::sessions::{client_address, secret};

const ID_BYTES_MAX: usize = 128;

/// The session's id. The server's number in the path is for load balancers and means nothing here.
pub(super) struct Path(String);

impl<S: Send + Sync> FromRequestParts<S> for Path {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Ok(params) = RawPathParams::from_request_parts(parts, state).await else {
            return Err(not_found().await);
        };
        let mut session = None;
        for (name, part) in &params {
            if part.is_empty() || part.contains('.') || part.len() > ID_BYTES_MAX {
                return Err(not_found().await);
            }
            if name == "session" {
                session = Some(part.to_owned());
            }
        }
        match session {
            Some(session) => Ok(Self(session)),
            None => Err(not_found().await),
        }
    }
}

impl Takes for Path {
    fn describe(_: &mut Sketch<'_>) {}
}

#[derive(Deserialize, JsonSchema)]
struct SessionParams {
    /// The one that opened the session, if one did.
    ticket: Option<String>,
    /// The function that `htmlfile` and `jsonp` call.
    c: Option<String>,
}

/// What a request for a session says about itself.
pub(super) struct Asked {
    id: String,
    peer: PeerAddress,
    pub(super) line: Line,
    ticket: Option<String>,
    headers: HeaderMap,
    /// The name of the function that `htmlfile` and `jsonp` call.
    pub(super) callback: Option<String>,
}

impl FromRequestParts<Arc<App>> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Path(id) = Path::from_request_parts(parts, app).await?;
        check_origin(&parts.headers, &app.settings.http.allowed_origins)?;
        let Params(params) = Params::<SessionParams>::from_request_parts(parts, app).await?;
        let peer = parts.extensions.get::<PeerAddress>().copied();
        let peer = peer.ok_or_else(|| ApiError::new(ErrorCode::BadRequest, "a peer without an address"))?;
        let line = parts.extensions.get::<Line>().cloned().unwrap_or_default();
        let headers = parts.headers.clone();
        Ok(Self { id, peer, line, ticket: params.ticket, headers, callback: params.c })
    }
}

impl Takes for Asked {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.query::<SessionParams>();
    }
}

impl Asked {
    /// The session that there is, if it is the caller's; anyone else learns nothing of it.
    pub(super) async fn find(&self, app: &App) -> Result<Option<Arc<HttpSession>>, ApiError> {
        let Some(session) = app.sockjs.find(&self.id) else { return Ok(None) };
        let pass = match (session.owner.pass, &self.ticket) {
            (Pass::Ticket(_), Some(ticket)) => Pass::Ticket(secret::hash(ticket)),
            (Pass::Session(_), None) if self.headers.contains_key(header::AUTHORIZATION) => {
                Pass::Session(app.authenticate(bearer_token(&self.headers)?).await?.session)
            }
            _ => return Err(not_found().await),
        };
        if session.owner != self.owner(pass) {
            return Err(not_found().await);
        }
        Ok(Some(session))
    }

    fn owner(&self, pass: Pass) -> Owner {
        Owner { address: client_address(self.peer.0.ip()), pass }
    }

    /// The session, opened if there is none, which spends the ticket.
    pub(super) async fn find_or_open(&self, app: &Arc<App>) -> Result<Arc<HttpSession>, ApiError> {
        if let Some(session) = self.find(app).await? {
            return Ok(session);
        }
        still_serving(app)?;
        // Looked at before the ticket is spent, so that it can be tried again.
        if !app.sockjs.has_room() {
            return Err(refused(NotOpened::Full).await);
        }
        let who = admit(app, self.ticket.as_deref(), &self.headers).await?;
        let pass = match &self.ticket {
            Some(ticket) => Pass::Ticket(secret::hash(ticket)),
            None => Pass::Session(who.session),
        };
        let seat = app.seat(who)?;
        match app.sockjs.open(&self.id, self.owner(pass)) {
            Ok(opened) => Ok(serve(opened, app, seat)),
            Err(why) => Err(refused(why).await),
        }
    }
}

async fn refused(why: NotOpened) -> ApiError {
    match why {
        NotOpened::Full => ApiError::new(ErrorCode::Overloaded, "too many SockJS sessions: try again later"),
        // Opened by another request at this moment.
        NotOpened::Taken => not_found().await,
    }
}

fn serve(opened: Opened, app: &Arc<App>, seat: Seat) -> Arc<HttpSession> {
    let session = Arc::clone(&opened.session);
    let connection = Connection::new(HttpCarrier::new(Arc::clone(&session)), Arc::clone(app), seat);
    let (stop, patience) = (app.stop.clone(), app.settings.limits.stall());
    app.tasks.spawn(async move {
        connection.run().await;
        opened.session.remembered(&stop).await;
        let session = Arc::clone(&opened.session);
        drop(opened);
        session.dismissed(patience).await;
    });
    session
}
