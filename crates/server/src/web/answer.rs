//! An asset as an answer: compressed as the client takes it, and kept for as long as its name allows.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Asset, Pages, find};
use crate::api::{Answers, Sketch, Takes};

/// Everything from our own origin, and nothing written into the page itself. Not in anybody's frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; \
     connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'",
);
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// Its name changes with its content.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Asked about every time, and mostly answered 304.
const ASKED_ABOUT: HeaderValue = HeaderValue::from_static("no-cache");
const HTML: &str = "text/html; charset=utf-8";

/// What of a request decides how an asset is answered.
pub(super) struct Wanted {
    encoding: Encoding,
    known: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl Takes for Wanted {
    fn describe(_: &mut Sketch<'_>) {}
}

impl Wanted {
    fn of(headers: &HeaderMap) -> Self {
        let all = |name| {
            let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            values.collect::<Vec<_>>().join(",")
        };
        let accepted = all(header::ACCEPT_ENCODING);
        let takes = |name| accepted.split(',').any(|coding| takes(coding, name));
        let encoding = if takes("br") {
            Encoding::Brotli
        } else if takes("gzip") {
            Encoding::Gzip
        } else {
            Encoding::Plain
        };
        Self { encoding, known: all(header::IF_NONE_MATCH) }
    }

    /// That file of a page, or 404.
    pub(super) fn asset(&self, assets: &'static [Asset], path: &str) -> PageAnswer {
        PageAnswer(find(assets, path).map(|asset| self.answer(asset)))
    }

    /// The page itself; if it is not in this build, words that say so.
    pub(super) fn page(&self, pages: &Pages, assets: &'static [Asset]) -> PageAnswer {
        PageAnswer(Some(match find(assets, "index.html") {
            Some(index) => self.answer(index),
            None => missing(pages.missing),
        }))
    }

    fn answer(&self, asset: &'static Asset) -> Response {
        let (encoding, content) = match self.encoding {
            Encoding::Brotli if !asset.brotli.is_empty() => (Some("br"), asset.brotli),
            Encoding::Brotli | Encoding::Gzip if !asset.gzip.is_empty() => (Some("gzip"), asset.gzip),
            _ => (None, asset.plain),
        };
        let tag = format!("\"{}-{}\"", asset.tag, encoding.unwrap_or("plain"));
        let fresh = self.known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag);
        let mut response = match fresh {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Body::from(content).into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        headers.insert(header::ETAG, HeaderValue::from_str(&tag).expect("a digest is visible ASCII"));
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        let named_by_content = asset.path.starts_with("assets/");
        headers.insert(header::CACHE_CONTROL, if named_by_content { FOR_EVER } else { ASKED_ABOUT });
        if let Some(encoding) = encoding.filter(|_| !fresh) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        guard(asset.content_type, headers);
        response
    }
}

/// Whether one item of Accept-Encoding (RFC 9110, section 12.5.3) takes that coding.
fn takes(item: &str, name: &str) -> bool {
    let mut parts = item.split(';').map(str::trim);
    let is_it = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case(name));
    let refused = |weight: &str| {
        weight.strip_prefix("q=").is_some_and(|weight| weight.trim_end_matches(['0', '.']).is_empty())
    };
    is_it && !parts.any(refused)
}

fn guard(content_type: &str, headers: &mut HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if content_type == HTML {
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
    } else {
        // The element for other people's pages is loaded by them; nothing here is a secret.
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    }
}

fn missing(why: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Chinwag</title></head>\n<body>\n\
         <h1>Chinwag runs, but without this page</h1>\n<p>The server and its APIs work. The page is not in this program: \
         {why}.</p>\n</body>\n</html>\n"
    );
    let mut response = page.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
    headers.insert(header::CACHE_CONTROL, ASKED_ABOUT);
    guard(HTML, headers);
    response
}

/// A file of a page, 304, or 404 if there is no such file.
pub struct PageAnswer(Option<Response>);

impl IntoResponse for PageAnswer {
    fn into_response(self) -> Response {
        self.0.unwrap_or_else(|| crate::http::nothing_here().into_response())
    }
}

impl Answers for PageAnswer {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers(200, Some("*/*"), "The file");
        sketch.answers(304, None, "The client has it");
        sketch.refuses(&[chinwag_protocol::ErrorCode::NotFound]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static FILES: [Asset; 2] = [
        Asset {
            path: "index.html",
            content_type: HTML,
            tag: "i1",
            plain: b"<p>",
            brotli: b"br",
            gzip: b"gz",
        },
        Asset {
            path: "assets/a-1.js",
            content_type: "text/javascript; charset=utf-8",
            tag: "a1",
            plain: b"a()",
            brotli: b"",
            gzip: b"gz",
        },
    ];

    fn answer(path: &str, rows: &[(HeaderName, &'static str)]) -> Response {
        let headers = rows.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        Wanted::of(&headers.collect()).asset(&FILES, path).into_response()
    }

    fn header_of(response: &Response, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn each_client_gets_what_it_can_read() {
        for (accepted, path, encoding) in [
            ("gzip, deflate, br, zstd", "index.html", "br"),
            ("gzip;q=0.5, BR;q=0.1", "index.html", "br"),
            ("br;q=0, gzip", "index.html", "gzip"),
            ("br;q=0.000, gzip;q=0", "index.html", ""),
            ("identity", "index.html", ""),
            ("br", "assets/a-1.js", "gzip"),
            ("brotli", "index.html", ""),
        ] {
            let response = answer(path, &[(header::ACCEPT_ENCODING, accepted)]);
            assert_eq!(header_of(&response, header::CONTENT_ENCODING), encoding, "{accepted} {path}");
            assert_eq!(header_of(&response, header::VARY), "Accept-Encoding");
        }
    }

    #[test]
    fn what_is_named_by_its_content_is_kept_and_the_rest_is_asked_about() {
        assert!(header_of(&answer("assets/a-1.js", &[]), header::CACHE_CONTROL).contains("immutable"));
        let index = answer("index.html", &[]);
        assert_eq!(header_of(&index, header::CACHE_CONTROL), "no-cache");
        assert_eq!(header_of(&index, header::ETAG), "\"i1-plain\"");
        let again = answer("index.html", &[(header::IF_NONE_MATCH, "\"x\", W/\"i1-plain\"")]);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let other = [(header::IF_NONE_MATCH, "\"i1-plain\""), (header::ACCEPT_ENCODING, "br")];
        assert_eq!(answer("index.html", &other).status(), StatusCode::OK);
    }

    #[test]
    fn a_page_runs_nothing_that_is_written_into_it_and_is_in_nobodys_frame() {
        for response in [answer("index.html", &[]), missing("why")] {
            let policy = header_of(&response, header::CONTENT_SECURITY_POLICY);
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
            assert_eq!(header_of(&response, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(header_of(&response, header::REFERRER_POLICY), "no-referrer");
        }
    }

    #[test]
    fn there_is_nothing_but_what_is_in_the_table() {
        for path in ["", "/index.html", "../index.html", "assets/../index.html", "assets/", "INDEX.HTML"] {
            assert_eq!(answer(path, &[]).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
