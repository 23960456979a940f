//! The documents of this server's API: what each is about, where it is committed, and its text.

use std::sync::OnceLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::Value;

use super::openapi::{self, About};
use super::{Answers, Sketch, asyncapi};
use crate::{http, management};

/// One document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Document {
    /// OpenAPI of the chat listener.
    Chat,
    /// OpenAPI of the management listener.
    Management,
    /// AsyncAPI of the realtime side.
    Realtime,
}

impl Document {
    pub const ALL: [Self; 3] = [Self::Chat, Self::Management, Self::Realtime];

    /// Its file in `docs/api`, and under `/docs` of a listener.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Chat => "openapi.json",
            Self::Management => "management.json",
            Self::Realtime => "asyncapi.json",
        }
    }

    /// Where its API is served unless configured otherwise.
    #[must_use]
    pub const fn usual_server(self) -> &'static str {
        match self {
            Self::Chat | Self::Realtime => "http://127.0.0.1:8080",
            Self::Management => "http://127.0.0.1:8081",
        }
    }

    /// The document for where its API is served: a URL without a slash at its end.
    #[must_use]
    pub fn of(self, server: &str) -> Value {
        let server = server.to_owned();
        match self {
            Self::Chat => {
                let description = "Users, tokens, chats and messages over HTTP. What Chinwag adds to the published API \
                                   that it is compatible with is marked `x-ext`.";
                let about = About { title: "Chinwag chat API", description, server };
                openapi::document(&about, &http::routes())
            }
            Self::Management => {
                let description =
                    "Accounts, their apps, and the keys and users of those. On a listener of its own.";
                let about = About { title: "Chinwag management API", description, server };
                openapi::document(&about, &management::routes())
            }
            Self::Realtime => {
                let description = "Actions and events over STOMP, and events over plain HTTP. What Chinwag adds to the \
                                   published API that it is compatible with is marked `x-ext`.";
                asyncapi::document(&About { title: "Chinwag realtime API", description, server })
            }
        }
    }

    /// As it is committed and served: its keys in order, two spaces deep.
    #[must_use]
    pub fn text(self, server: &str) -> String {
        let mut document = self.of(server);
        document.sort_all_objects();
        format!("{document:#}\n")
    }
}

/// The documents as this process serves them, each made when it is first asked for.
#[derive(Default)]
pub struct Documents([OnceLock<Bytes>; 3]);

impl Documents {
    #[must_use]
    pub fn get(&self, document: Document, server: &str) -> DocumentAnswer {
        let text = self.0[document as usize].get_or_init(|| document.text(server).into());
        DocumentAnswer(text.clone())
    }
}

/// A document as an answer.
pub struct DocumentAnswer(Bytes);

impl IntoResponse for DocumentAnswer {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        (headers, self.0).into_response()
    }
}

impl Answers for DocumentAnswer {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_json::<Value>(200);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Everything that a document refers to by `$ref`.
    fn references(value: &Value, found: &mut HashSet<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn what_is_referred_to_is_there() {
        for document in Document::ALL {
            let whole = document.of("http://127.0.0.1:8080");
            let mut found = HashSet::new();
            references(&whole, &mut found);
            assert!(found.len() > 5, "{document:?}");
            for reference in found {
                let there = whole.pointer(reference.trim_start_matches('#'));
                assert!(there.is_some(), "{document:?}: {reference}");
            }
        }
    }

    /// Two types of one name would be told apart by a number.
    #[test]
    fn no_two_types_have_one_name() {
        for document in Document::ALL {
            let whole = document.of("/");
            for name in whole["components"]["schemas"].as_object().unwrap().keys() {
                assert!(!name.ends_with(|last: char| last.is_ascii_digit()), "{document:?}: {name}");
            }
        }
    }

    #[test]
    fn every_operation_has_its_own_name_and_something_to_answer() {
        for routes in [http::routes(), management::routes()] {
            let mut names = HashSet::new();
            for operation in routes.operations() {
                assert!(names.insert(operation.id), "{} is there twice", operation.id);
                assert!(!operation.about.is_empty() && !operation.summary.ends_with('.'), "{}", operation.id);
            }
        }
        for document in [Document::Chat, Document::Management] {
            for (path, methods) in document.of("/")["paths"].as_object().unwrap() {
                for (method, operation) in methods.as_object().unwrap() {
                    let statuses: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
                    assert!(statuses.iter().any(|status| *status < &"300".to_owned()), "{method} {path}");
                }
            }
        }
    }
}
