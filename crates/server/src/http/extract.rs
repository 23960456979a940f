//! What handlers take: bodies, ids and pages, each parsed once and refused in the documented form.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, RawPathParams, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use bytes::Bytes;
use chinwag_protocol::ErrorCode;
use chinwag_protocol::limits::PAGE_SIZE_MAX;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::ApiError;
use crate::api::{Credential, Sketch, Takes};
use crate::app::App;
use crate::sessions::{Identity, bearer};

/// Of a body that is too large, this much is read and thrown away before it is refused.
const PASSED_OVER_BYTES_MAX: usize = 8 * 1024 * 1024;
const PASS_OVER_TIMEOUT: Duration = Duration::from_secs(2);
/// Of a body that brings many things at once.
const LARGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A JSON body's bytes: of a type and size that are allowed.
pub struct JsonBytes(pub Bytes);

impl FromRequest<Arc<App>> for JsonBytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let limits = &app.settings.limits;
        json_bytes(request, limits.frame_bytes(), limits.request_timeout()).await.map(Self)
    }
}

async fn json_bytes(request: Request, bytes_max: usize, patience: Duration) -> Result<Bytes, ApiError> {
    if !is_json(request.headers()) {
        let detail = "content-type must be application/json";
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType, detail));
    }
    whole_body(request.into_body(), bytes_max, patience).await
}

/// All of a body, if that is no more than `bytes_max` and arrives within `patience`.
pub(super) async fn whole_body(
    mut body: Body,
    bytes_max: usize,
    patience: Duration,
) -> Result<Bytes, ApiError> {
    let too_large = || {
        let detail = format!("the body must not be larger than {bytes_max} bytes");
        ApiError::new(ErrorCode::PayloadTooLarge, detail)
    };
    // One that says so beforehand is not kept at all.
    if body.size_hint().lower() > bytes_max as u64 {
        pass_over(body).await;
        return Err(too_large());
    }
    let read = Limited::new(&mut body, bytes_max).collect();
    let read = tokio::time::timeout(patience, read)
        .await
        .map_err(|_| ApiError::new(ErrorCode::BadRequest, "the body did not arrive in time"))?;
    match read {
        Ok(read) => Ok(read.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            pass_over(body).await;
            Err(too_large())
        }
        Err(_) => Err(ApiError::new(ErrorCode::BadRequest, "the body ended before its length")),
    }
}

/// Reads on for a while, keeping nothing: closing on a client that is still sending would take the answer from it.
async fn pass_over(mut body: Body) {
    let rest = async {
        let mut passed = 0;
        while let Some(Ok(frame)) = body.frame().await
            && passed < PASSED_OVER_BYTES_MAX
        {
            passed += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    let _ = tokio::time::timeout(PASS_OVER_TIMEOUT, rest).await;
}

/// A body without a type is taken for JSON; one of another type is not.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// A JSON object as a body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let JsonBytes(bytes) = JsonBytes::from_request(request, app).await?;
        read_json(&bytes).map(Self)
    }
}

fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // serde would read an array as a struct's fields in order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::new(ErrorCode::MalformedJson, "the body must be a JSON object"));
    }
    // Whole, not field by field: serde passes over what it ignores without a look at its encoding.
    let text = std::str::from_utf8(bytes)
        .map_err(|_| ApiError::new(ErrorCode::MalformedJson, "the body is not UTF-8"))?;
    // The parser's own classes mix the two: a number in the place of a word counts as broken syntax.
    serde_json::from_str(text).map_err(|error| {
        if serde_json::from_str::<IgnoredAny>(text).is_ok() {
            ApiError::invalid(error.to_string())
        } else {
            ApiError::new(ErrorCode::MalformedJson, format!("the body is not JSON: {error}"))
        }
    })
}

impl<T: JsonSchema> Takes for Json<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.body::<T>();
    }
}

/// A JSON object as a body, or no body at all.
pub struct MayBe<T>(pub Option<T>);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for MayBe<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        if request.body().is_end_stream() {
            return Ok(Self(None));
        }
        Json::from_request(request, app).await.map(|Json(body)| Self(Some(body)))
    }
}

impl<T: JsonSchema> Takes for MayBe<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.body::<T>();
        sketch.body_may_be_missing();
    }
}

/// A JSON object as a body of up to [`LARGE_BYTES_MAX`], for a server that brings much at once.
pub struct Large<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Large<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let limits = &app.settings.limits;
        let bytes_max = LARGE_BYTES_MAX.max(limits.frame_bytes());
        read_json(&json_bytes(request, bytes_max, limits.request_timeout()).await?).map(Self)
    }
}

impl<T: JsonSchema> Takes for Large<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.body::<T>();
    }
}

/// The one id in a path.
pub struct PathId<Id>(pub Id);

impl<Id: FromStr, S: Send + Sync> FromRequestParts<S> for PathId<Id> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let not_an_id = || ApiError::invalid("the id in the path must be a UUID");
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| not_an_id())?;
        let (_, text) = params.iter().next().ok_or_else(not_an_id)?;
        text.parse().map(Self).map_err(|_| not_an_id())
    }
}

impl<Id: JsonSchema> Takes for PathId<Id> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.path_parameter::<Id>();
    }
}

/// The ids in a path, as a tuple.
pub struct PathIds<Ids>(pub Ids);

impl<Ids: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathIds<Ids> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let ids = Path::<Ids>::from_request_parts(parts, state).await;
        let Path(ids) = ids.map_err(|_| ApiError::invalid("the ids in the path must be UUIDs"))?;
        Ok(Self(ids))
    }
}

impl<A: JsonSchema, B: JsonSchema> Takes for PathIds<(A, B)> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.path_parameter::<A>();
        sketch.path_parameter::<B>();
    }
}

/// The query string as `T`.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(params)| Self(params))
            .map_err(|error| ApiError::invalid(format!("the query is wrong: {}", error.body_text())))
    }
}

impl<T: JsonSchema> Takes for Params<T> {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.query::<T>();
    }
}

/// How many rows are asked for, brought into 1 to 100.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Size(Option<i64>);

impl Size {
    #[must_use]
    pub fn or(self, default: u32) -> u32 {
        let asked = self.0.unwrap_or(i64::from(default)).clamp(1, i64::from(PAGE_SIZE_MAX));
        u32::try_from(asked).unwrap_or(PAGE_SIZE_MAX)
    }
}

impl JsonSchema for Size {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Size")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer"})
    }
}

/// The signed-in user of this request: the token is ours, not expired, and its session has not ended.
pub struct Caller(pub Identity);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let token = bearer_token(&parts.headers)?;
        app.authenticate(token).await.map(Self)
    }
}

impl Takes for Caller {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.opens_to(Credential::Jwt);
    }
}

/// The credential of the Authorization header.
pub fn bearer_token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let missing =
        || ApiError::new(ErrorCode::MissingCredentials, "an Authorization: Bearer header is required");
    let header = headers.get(axum::http::header::AUTHORIZATION).ok_or_else(missing)?;
    header.to_str().ok().and_then(bearer).ok_or_else(missing)
}
