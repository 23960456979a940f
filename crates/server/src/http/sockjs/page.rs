//! The page that pages of other origins put into an iframe, for browsers without CORS.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{content_type, cors};
use crate::app::App;
use crate::http::ApiError;
use crate::http::not_found;

/// The client calls this once it is loaded.
const BOOTSTRAP: &str = "_sockjs_onload = function () { SockJS.bootstrap_iframe(); };";

pub(super) async fn iframe(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Some(client_url) = app.settings.http.sockjs_client_url.as_deref().filter(|_| is_iframe(&name)) else {
        return Err(not_found().await);
    };
    let page = page(client_url);
    let tag = format!("\"{}\"", digest(&page));
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let known = known.filter_map(|tags| tags.to_str().ok()).any(|tags| tags == "*" || tags.contains(&tag));
    let tag = (header::ETAG, HeaderValue::from_str(&tag).expect("base64 is visible ASCII"));
    if known {
        return Ok((StatusCode::NOT_MODIFIED, cors::CACHED, [tag]).into_response());
    }
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}' {}; connect-src 'self'; frame-src 'self'",
        digest(BOOTSTRAP),
        escaped(client_url)
    );
    let policy = HeaderValue::from_str(&policy).map_err(|_| ApiError::invalid("http.sockjs_client_url"))?;
    let policy = (header::CONTENT_SECURITY_POLICY, policy);
    Ok((cors::CACHED, [tag, policy, content_type("text/html; charset=UTF-8")], page).into_response())
}

/// `iframe.html`, and the same with a version: `iframe-1.6.1.html`.
fn is_iframe(name: &str) -> bool {
    let version = name.strip_prefix("iframe").and_then(|name| name.strip_suffix(".html"));
    let plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-' | b'.' | b'_');
    version.is_some_and(|version| version.bytes().all(plain))
}

fn page(client_url: &str) -> String {
    format!(
        "<!doctype html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>SockJS</title>\n\
         <script>{BOOTSTRAP}</script>\n<script src=\"{}\"></script>\n</head>\n<body></body>\n</html>\n",
        escaped(client_url)
    )
}

/// For an attribute of HTML, and for a source of a content security policy.
fn escaped(url: &str) -> String {
    url.replace('&', "&amp;")
        .replace('"', "%22")
        .replace('<', "%3C")
        .replace('>', "%3E")
        .replace(';', "%3B")
        .replace(',', "%2C")
}

fn digest(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protocol tests, IframePage.
    #[test]
    fn which_names_are_the_page() {
        for name in ["iframe.html", "iframe-a.html", "iframe-.html", "iframe-0.1.2abc-dirty.2144.html"] {
            assert!(is_iframe(name), "{name}");
        }
        for name in
            ["iframe.htm", "iframe", "IFRAME.HTML", "iframe.HTML", "iframe.xml", "iframe A.html", "a.html"]
        {
            assert!(!is_iframe(name), "{name}");
        }
    }

    #[test]
    fn a_url_cannot_leave_its_attribute() {
        let page = page("https://x.example/\"><script>alert(1)</script>");
        assert!(page.contains("src=\"https://x.example/%22%3E%3Cscript%3Ealert(1)%3C/script%3E\""), "{page}");
    }
}
