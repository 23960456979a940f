//! The documents of the API, docs/api, against what the server really says. Every answer and event of every story comes
//! by here, so a document that is wrong fails a test.
//!
//! Schemas are open, as clients must take them; here they are closed, so that what is not documented is found, too.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

/// Which listener answered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Listener {
    Chat,
    Management,
}

struct Document {
    paths: Vec<(Vec<String>, Value)>,
    components: Value,
    checks: Mutex<HashMap<String, Arc<Validator>>>,
}

static CHAT: LazyLock<Document> =
    LazyLock::new(|| Document::read(include_str!("../../../docs/api/openapi.json")));
static MANAGEMENT: LazyLock<Document> =
    LazyLock::new(|| Document::read(include_str!("../../../docs/api/management.json")));
static EVENTS: LazyLock<HashMap<String, Validator>> = LazyLock::new(events);

/// Checks one answer: its status, its headers and its body.
///
/// # Panics
/// If the documents do not allow it.
#[track_caller]
pub(crate) fn check_answer(
    by: Listener,
    method: &str,
    path: &str,
    status: u16,
    headers: &HeaderMap,
    body: &Value,
) {
    let document = match by {
        Listener::Chat => &CHAT,
        Listener::Management => &MANAGEMENT,
    };
    if let Err(why) = document.check(method, path, status, headers, body) {
        panic!("{method} {path} answered {status}, and docs/api does not allow it: {why}\n{body}");
    }
}

/// Checks one event or notice, and the headers it came with.
///
/// # Panics
/// If the document does not allow it.
#[track_caller]
pub(crate) fn check_event(body: &Value) {
    let kind = body["type"].as_str().unwrap_or_default();
    let check =
        EVENTS.get(kind).unwrap_or_else(|| panic!("docs/api/asyncapi.json has no event {kind}: {body}"));
    if let Err(why) = complaints(check, body) {
        panic!("docs/api/asyncapi.json does not allow it: {why}\n{body}");
    }
}

fn complaints(check: &Validator, value: &Value) -> Result<(), String> {
    let all: Vec<String> =
        check.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if all.is_empty() { Ok(()) } else { Err(all.join("; ")) }
}

impl Document {
    fn read(text: &str) -> Self {
        let mut document: Value = serde_json::from_str(text).expect("docs/api is JSON");
        let mut components = document["components"].take();
        close_all(&mut components["schemas"]);
        let paths = document["paths"].as_object().expect("paths");
        let paths = paths.iter().map(|(path, methods)| (segments(path), methods.clone())).collect();
        Self { paths, components, checks: Mutex::default() }
    }

    fn check(
        &self,
        method: &str,
        path: &str,
        status: u16,
        headers: &HeaderMap,
        body: &Value,
    ) -> Result<(), String> {
        // HEAD is GET without the body, and OPTIONS is what browsers ask.
        if method == "HEAD" || method == "OPTIONS" {
            return Ok(());
        }
        let Some(methods) = self.find(path) else {
            return self.is_problem(status, body, 404, "NOT_FOUND");
        };
        let operation = &methods[method.to_lowercase()];
        if operation.is_null() {
            // SockJS has it without a body.
            let bare = status == 405 && body.is_null();
            let nowhere = || self.is_problem(status, body, 404, "NOT_FOUND");
            let other_method = self.is_problem(status, body, 405, "METHOD_NOT_ALLOWED");
            return if bare { Ok(()) } else { other_method.or_else(|why| nowhere().map_err(|_| why)) };
        }
        let response = &operation["responses"][status.to_string()];
        if response.is_null() {
            return Err("there is no such answer".to_owned());
        }
        let required = response["headers"].as_object();
        for (name, _) in required.into_iter().flatten() {
            if !headers.contains_key(name.as_str()) {
                return Err(format!("no header {name}"));
            }
        }
        self.check_content(operation, status, &response["content"], headers, body)
    }

    fn check_content(
        &self,
        operation: &Value,
        status: u16,
        contents: &Value,
        headers: &HeaderMap,
        body: &Value,
    ) -> Result<(), String> {
        let given = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let Some(contents) = contents.as_object() else {
            return if body.is_null() { Ok(()) } else { Err("it should have no body".to_owned()) };
        };
        let essence = |kind: &str| kind.split(';').next().unwrap_or_default().trim().to_owned();
        let content = contents.iter().find(|(kind, _)| *kind == "*/*" || essence(kind) == essence(given));
        let (kind, content) = content.ok_or_else(|| format!("content type {given:?}"))?;
        if !kind.contains("json") {
            return Ok(());
        }
        let name = format!("{} {status} {kind}", operation["operationId"]);
        complaints(&self.validator(name, &content["schema"]), body)
    }

    /// What is the same for all paths and not said for each.
    fn is_problem(&self, status: u16, body: &Value, expected: u16, code: &str) -> Result<(), String> {
        if status != expected || body["code"] != code {
            return Err(format!("it is not documented, so it should be {expected} {code}"));
        }
        complaints(
            &self.validator("problem".to_owned(), &json!({"$ref": "#/components/schemas/ErrorBody"})),
            body,
        )
    }

    fn validator(&self, name: String, schema: &Value) -> Arc<Validator> {
        let mut checks = self.checks.lock().expect("no holder panics");
        let made =
            checks.entry(name).or_insert_with(|| Arc::new(validator(schema.clone(), &self.components)));
        Arc::clone(made)
    }

    /// The methods of the path, one without parameters before one with.
    fn find(&self, path: &str) -> Option<&Value> {
        let asked = segments(path);
        let matching = self.paths.iter().filter(|(template, _)| {
            template.len() == asked.len()
                && template
                    .iter()
                    .zip(&asked)
                    .all(|(part, given)| part == given || (part.starts_with('{') && !given.is_empty()))
        });
        let parameters = |template: &[String]| template.iter().filter(|part| part.starts_with('{')).count();
        matching.min_by_key(|(template, _)| parameters(template)).map(|(_, methods)| methods)
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn events() -> HashMap<String, Validator> {
    let mut document: Value =
        serde_json::from_str(include_str!("../../../docs/api/asyncapi.json")).expect("docs/api is JSON");
    let mut components = document["components"].take();
    close_all(&mut components["schemas"]);
    let messages = components["messages"].as_object().expect("messages").clone();
    let told = document["channels"]["events"]["messages"].as_object().expect("messages of the channel");
    told.keys()
        .map(|kind| {
            let mut payload = messages[kind]["payload"].clone();
            close(&mut payload);
            (kind.clone(), validator(payload, &components))
        })
        .collect()
}

fn validator(schema: Value, components: &Value) -> Validator {
    let whole = json!({"allOf": [schema], "components": {"schemas": components["schemas"]}});
    let made = jsonschema::draft202012::options().should_validate_formats(true).build(&whole);
    made.unwrap_or_else(|error| panic!("docs/api has what is no schema: {error}: {whole}"))
}

fn close_all(schemas: &mut Value) {
    for schema in schemas.as_object_mut().into_iter().flat_map(Map::values_mut) {
        close(schema);
    }
}

/// Allows no field that the schema, or one that it is put together of, does not name.
fn close(schema: &mut Value) {
    let has_fields = schema["properties"].is_object() || schema["oneOf"].is_array();
    let Some(schema) = schema.as_object_mut().filter(|_| has_fields) else { return };
    schema.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    if let Some(properties) = schema.get_mut("properties") {
        close_all(properties);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, path: &str, status: u16, body: Value) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        let kind = if status < 400 { "application/json" } else { "application/problem+json" };
        headers.insert("content-type", kind.parse().unwrap());
        headers.insert("www-authenticate", "Bearer".parse().unwrap());
        CHAT.check(method, path, status, &headers, &body)
    }

    fn problem(status: u16, code: &str) -> Value {
        json!({"type": "urn:x", "title": "x", "status": status.to_string(), "detail": "x", "instance": "/x",
               "code": code, "message": "x"})
    }

    #[test]
    fn what_is_documented_is_allowed() {
        assert_eq!(check("GET", "/api/auth/getTicket", 200, json!({"ticket": "cwt_x"})), Ok(()));
        assert_eq!(check("GET", "/api/auth/getTicket", 401, problem(401, "AUTH_EXPIRED_TOKEN")), Ok(()));
        assert_eq!(check("GET", "/nowhere", 404, problem(404, "NOT_FOUND")), Ok(()));
    }

    #[test]
    fn what_is_not_documented_is_found() {
        for (path, status, body) in [
            ("/api/auth/getTicket", 200, json!({"ticket": 5})),
            ("/api/auth/getTicket", 200, json!({})),
            ("/api/auth/getTicket", 200, json!({"ticket": "cwt_x", "more": 1})),
            ("/api/auth/getTicket", 418, json!({})),
            ("/api/auth/getTicket", 401, problem(401, "CHAT_NOT_FOUND")),
            ("/api/auth/getTicket", 401, problem(403, "AUTH_EXPIRED_TOKEN")),
            ("/nowhere", 200, json!({})),
        ] {
            assert!(check("GET", path, status, body.clone()).is_err(), "{path} {status} {body}");
        }
        assert!(check("PUT", "/api/auth/getTicket", 200, json!({"ticket": "cwt_x"})).is_err());
    }

    #[test]
    #[should_panic(expected = "does not allow it")]
    fn an_event_with_an_unknown_field_is_found() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let typing = json!({"type": "TYPING", "chatId": id, "recipientId": id, "senderId": id});
        check_event(&typing);
        let mut more = typing;
        more["more"] = json!(1);
        check_event(&more);
    }
}
