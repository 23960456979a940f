//! The requests by which a client hears something: two that bring one frame each, three that bring many.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::Stream;

use super::session::Asked;
use super::{NOT_CACHED, content_type, plain_error};
use crate::app::App;
use crate::http::ApiError;
use crate::listener::Line;
use crate::realtime::sockjs::frames::{self, Callback, Wrapping};
use crate::realtime::sockjs::{Given, HttpSession, Receiver};

const SCRIPT: (HeaderName, HeaderValue) = content_type("application/javascript; charset=UTF-8");
const EVENTS: (HeaderName, HeaderValue) = content_type("text/event-stream; charset=UTF-8");
const PAGE: (HeaderName, HeaderValue) = content_type("text/html; charset=UTF-8");
/// Proxies that gather answers would hold frames back.
const NOT_GATHERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

pub(super) async fn xhr(State(app): State<Arc<App>>, asked: Asked) -> Result<Response, ApiError> {
    one_frame(&app, &asked, &Wrapping::Line).await
}

pub(super) async fn jsonp(State(app): State<Arc<App>>, asked: Asked) -> Result<Response, ApiError> {
    match Callback::parse(asked.callback.clone()) {
        Ok(callback) => one_frame(&app, &asked, &Wrapping::Call(callback)).await,
        Err(bad) => Ok(plain_error(StatusCode::INTERNAL_SERVER_ERROR, bad)),
    }
}

pub(super) async fn xhr_streaming(State(app): State<Arc<App>>, asked: Asked) -> Result<Response, ApiError> {
    many_frames(&app, &asked, SCRIPT, Wrapping::Line, frames::streaming_prelude()).await
}

pub(super) async fn eventsource(State(app): State<Arc<App>>, asked: Asked) -> Result<Response, ApiError> {
    many_frames(&app, &asked, EVENTS, Wrapping::Event, frames::event_prelude()).await
}

pub(super) async fn htmlfile(State(app): State<Arc<App>>, asked: Asked) -> Result<Response, ApiError> {
    match Callback::parse(asked.callback.clone()) {
        Ok(callback) => {
            many_frames(&app, &asked, PAGE, Wrapping::Script, frames::page_prelude(&callback)).await
        }
        Err(bad) => Ok(plain_error(StatusCode::INTERNAL_SERVER_ERROR, bad)),
    }
}

/// Where a response has its frames from.
enum Source {
    Session(Receiver),
    /// Nowhere: this is all it may know.
    Refused(Vec<u8>),
}

impl Source {
    fn of(session: &Arc<HttpSession>, line: &Line) -> Self {
        session.attach(line.clone()).map_or_else(Self::Refused, Self::Session)
    }

    fn poll_give(&mut self, context: &mut Context<'_>) -> Poll<Given> {
        match self {
            Self::Session(receiver) => receiver.poll_give(context),
            Self::Refused(frame) => Poll::Ready(Given::Last(std::mem::take(frame))),
        }
    }

    fn leave(&mut self) {
        if let Self::Session(receiver) = self {
            receiver.leave();
        }
    }
}

/// Waits for one frame. If the client goes away meanwhile this is dropped, and the receiver with it.
async fn one_frame(app: &Arc<App>, asked: &Asked, wrapping: &Wrapping) -> Result<Response, ApiError> {
    let session = asked.find_or_open(app).await?;
    let mut source = Source::of(&session, &asked.line);
    let (Given::Frame(frame) | Given::Last(frame)) = poll_fn(|context| source.poll_give(context)).await;
    source.leave();
    Ok(([SCRIPT, NOT_CACHED], wrapping.wrap(&frame)).into_response())
}

async fn many_frames(
    app: &Arc<App>,
    asked: &Asked,
    kind: (HeaderName, HeaderValue),
    wrapping: Wrapping,
    prelude: Vec<u8>,
) -> Result<Response, ApiError> {
    let session = asked.find_or_open(app).await?;
    let frames = Frames {
        source: Source::of(&session, &asked.line),
        wrapping,
        prelude: Some(prelude),
        bytes_left: app.sockjs.bounds.response_bytes,
    };
    Ok(([kind, NOT_CACHED, NOT_GATHERED], Body::from_stream(frames)).into_response())
}

/// The body of a streaming response. It ends behind the session's last frame, or when it is long enough.
struct Frames {
    source: Source,
    wrapping: Wrapping,
    prelude: Option<Vec<u8>>,
    bytes_left: usize,
}

impl Stream for Frames {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(prelude) = self.prelude.take() {
            return Poll::Ready(Some(Ok(prelude.into())));
        }
        if self.bytes_left == 0 {
            // Only now may another receiver come: the client sees the end of this one next.
            self.source.leave();
            return Poll::Ready(None);
        }
        let (frame, last) = match ready!(self.source.poll_give(context)) {
            Given::Frame(frame) => (frame, false),
            Given::Last(frame) => (frame, true),
        };
        let wrapped = self.wrapping.wrap(&frame);
        self.bytes_left = if last { 0 } else { self.bytes_left.saturating_sub(wrapped.len()) };
        Poll::Ready(Some(Ok(wrapped.into())))
    }
}
