//! How a refusal looks over HTTP.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chinwag_protocol::ErrorBody;

use crate::problem::Problem;

/// Becomes an [`ErrorBody`] in [`with_problem_body`], where the request's path is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::UPGRADE_REQUIRED {
            // What to upgrade to (RFC 9110, section 15.5.22), and how (RFC 6455, section 4.4).
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every refusal its documented body.
pub async fn with_problem_body(request: Request, next: Next) -> Response {
    // Only a request that names the server as a whole has none (RFC 9112, section 3.2).
    let path = Some(request.uri().path()).filter(|path| !path.is_empty()).unwrap_or("*").to_owned();
    let mut response = next.run(request).await;
    let Some(error) = response.extensions_mut().remove::<Problem>() else { return response };
    let mut body = ErrorBody::new(error.code, error.detail, path);
    body.current = error.current;
    let (parts, _) = response.into_parts();
    let mut response = (parts.status, parts.headers, Json(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
