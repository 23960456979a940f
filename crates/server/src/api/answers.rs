//! What handlers answer, and how that is documented.

use std::convert::Infallible;
use std::marker::PhantomData;

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chinwag_protocol::ErrorCode;
use futures_util::Stream;
use schemars::JsonSchema;

use super::Sketch;
use crate::problem::Problem;

/// A handler's result, as it is documented.
pub trait Answers {
    fn describe(sketch: &mut Sketch<'_>);
}

impl<T: JsonSchema> Answers for Json<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_json::<T>(200);
    }
}

impl<T: Answers> Answers for Result<T, Problem> {
    fn describe(sketch: &mut Sketch<'_>) {
        T::describe(sketch);
        sketch.refuses(&[ErrorCode::StorageUnavailable]);
    }
}

/// Nothing is known of it: its route says what it may be.
impl Answers for Response {
    fn describe(_: &mut Sketch<'_>) {}
}

/// 201, with what was made.
pub struct Created<T>(pub T);

impl<T: serde::Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

impl<T: JsonSchema> Answers for Created<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_json::<T>(201);
    }
}

/// 200, with what no cache may keep.
pub struct NotKept<T>(pub T);

impl<T: serde::Serialize> IntoResponse for NotKept<T> {
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(self.0)).into_response()
    }
}

impl<T: JsonSchema> Answers for NotKept<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_json::<T>(200);
    }
}

/// A stream of server-sent events (WHATWG HTML, section 9.2), each with a `T` as its data.
pub struct EventsAnswer<T> {
    body: Body,
    says: PhantomData<fn() -> T>,
}

impl<T> EventsAnswer<T> {
    /// `events` are written as they are to be sent.
    pub fn new<S>(events: S) -> Self
    where
        S: Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
    {
        Self { body: Body::from_stream(events), says: PhantomData }
    }
}

impl<T> IntoResponse for EventsAnswer<T> {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            // Proxies that gather answers would hold events back.
            (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
        ];
        (headers, self.body).into_response()
    }
}

impl<T: JsonSchema> Answers for EventsAnswer<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_events::<T>();
    }
}
