//! OpenAPI 3.1 documents of the listeners (<https://spec.openapis.org/oas/v3.1.0>).

use std::collections::BTreeMap;

use chinwag_protocol::{ErrorBody, ErrorCode};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{Credential, Operation, Routes, Sketch};

/// What a document says of itself.
pub(super) struct About {
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    /// Where it is served, without a slash at its end.
    pub(super) server: String,
}

/// The document of everything in `routes`.
pub(super) fn document(about: &About, routes: &Routes) -> Value {
    let (mut asked, mut told) = generators();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut credentials = Vec::new();
    for operation in routes.operations() {
        let mut sketch = Sketch::new(operation.path, &mut asked, &mut told);
        operation.describe(&mut sketch);
        credentials.extend(sketch.credentials.iter().copied());
        let described = described(operation, sketch);
        paths.entry(operation.path).or_default().insert(operation.method.to_owned(), described);
    }
    let _ = told.subschema_for::<ErrorBody>();
    let schemes = Credential::ALL.iter().filter(|credential| credentials.contains(credential));
    let schemes: Map<String, Value> =
        schemes.map(|credential| (credential.name().to_owned(), credential.scheme())).collect();
    let mut tags: Vec<&str> = Vec::new();
    for operation in routes.operations() {
        if !tags.contains(&operation.about) {
            tags.push(operation.about);
        }
    }
    let tags: Vec<Value> = tags.into_iter().map(|tag| json!({"name": tag})).collect();
    json!({
        "openapi": "3.1.0",
        "info": info(about),
        "servers": [{"url": about.server}],
        "tags": tags,
        "paths": paths,
        "components": {"schemas": definitions(asked, told), "securitySchemes": schemes},
    })
}

pub(super) fn info(about: &About) -> Value {
    json!({
        "title": about.title,
        "description": about.description,
        "version": env!("CARGO_PKG_VERSION"),
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    })
}

/// One for what is read, one for what is written.
pub(super) fn generators() -> (SchemaGenerator, SchemaGenerator) {
    let settings = || {
        SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
    };
    (settings().for_deserialize().into_generator(), settings().for_serialize().into_generator())
}

/// # Panics
/// If a type looks different when it is read and when it is written: it needs two names then.
pub(super) fn definitions(mut asked: SchemaGenerator, mut told: SchemaGenerator) -> Map<String, Value> {
    let mut all = told.take_definitions(true);
    for (name, schema) in asked.take_definitions(true) {
        let other = all.entry(name.clone()).or_insert_with(|| schema.clone());
        assert!(*other == schema, "{name} is one thing as a question and another as an answer");
    }
    all
}

/// The schema of a type on its own, for documents that put several together.
pub(super) fn inline<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    T::json_schema(generator).to_value()
}

fn described(operation: &Operation, mut sketch: Sketch<'_>) -> Value {
    // Every door counts by address.
    sketch.refuses(&[ErrorCode::RateLimited]);
    if operation.method != "get" && sketch.refusals.contains(&ErrorCode::StorageUnavailable) {
        sketch.refuses(&[ErrorCode::StorageFull]);
    }
    let security: Vec<Value> =
        sketch.credentials.iter().map(|credential| json!({credential.name(): []})).collect();
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.about],
        "security": security,
        "responses": responses(&sketch),
    });
    if !sketch.parameters.is_empty() {
        described["parameters"] = sketch.parameters.into();
    }
    if let Some(body) = sketch.body {
        described["requestBody"] = body;
    }
    described
}

fn responses(sketch: &Sketch<'_>) -> Map<String, Value> {
    let mut responses = Map::new();
    for success in &sketch.successes {
        let response = responses
            .entry(success.status.to_string())
            .or_insert_with(|| json!({"description": success.description}));
        if let Some((content_type, schema)) = &success.content {
            response["content"][*content_type] = json!({"schema": schema});
        }
        if success.status < 300 && !sketch.answer_headers.is_empty() {
            response["headers"] = sketch.answer_headers.clone().into();
        }
    }
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in &sketch.refusals {
        by_status.entry(code.status()).or_default().push(*code);
    }
    for (status, codes) in by_status {
        let description: Vec<String> =
            codes.iter().map(|code| format!("`{code}`: {}", code.title())).collect();
        let response = responses
            .entry(status.to_string())
            .or_insert_with(|| json!({"description": description.join("; ")}));
        response["content"]["application/problem+json"] = json!({"schema": refusal(status, &codes)});
        if let Some(headers) = headers_of_refusal(status) {
            response["headers"] = headers;
        }
    }
    responses
}

fn refusal(status: u16, codes: &[ErrorCode]) -> Value {
    let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    json!({
        "allOf": [{"$ref": "#/components/schemas/ErrorBody"}],
        "properties": {"status": {"const": status.to_string()}, "code": {"enum": codes}},
    })
}

fn headers_of_refusal(status: u16) -> Option<Value> {
    let header = |name: &str, says: &str, schema: Value| {
        Some(json!({name: {"description": says, "required": true, "schema": schema}}))
    };
    match status {
        401 => header("WWW-Authenticate", "The scheme", json!({"const": "Bearer"})),
        429 => header("Retry-After", "Seconds to wait", json!({"type": "integer", "minimum": 1})),
        _ => None,
    }
}
