//! One operation's documentation as it is put together from the types of its handler.

use chinwag_protocol::ErrorCode;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// What opens an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Credential {
    ApiKey,
    ServerKey,
    Jwt,
    RefreshToken,
    Ticket,
    AccessToken,
    RefreshCookie,
    MetricsToken,
}

impl Credential {
    pub(super) const ALL: [Self; 8] = [
        Self::ApiKey,
        Self::ServerKey,
        Self::Jwt,
        Self::RefreshToken,
        Self::Ticket,
        Self::AccessToken,
        Self::RefreshCookie,
        Self::MetricsToken,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ApiKey => "apiKey",
            Self::ServerKey => "serverKey",
            Self::Jwt => "jwt",
            Self::RefreshToken => "refreshToken",
            Self::Ticket => "ticket",
            Self::AccessToken => "accessToken",
            Self::RefreshCookie => "refreshCookie",
            Self::MetricsToken => "metricsToken",
        }
    }

    /// OpenAPI 3.1, Security Scheme Object.
    pub(super) fn scheme(self) -> Value {
        let bearer = |format: &str, says: &str| json!({"type": "http", "scheme": "bearer", "bearerFormat": format, "description": says});
        let key = |place: &str, name: &str, says: &str| json!({"type": "apiKey", "in": place, "name": name, "description": says});
        match self {
            Self::ApiKey => {
                key("header", "x-api-key", "For an app's own server: registers and signs in its users.")
            }
            Self::ServerKey => key(
                "header",
                "x-api-key",
                "A key of the audience `server`, `cws_…`: it may do anything in its app.",
            ),
            Self::Jwt => {
                bearer("JWT", "What signing in and refreshing answer, in their `Authorization` header.")
            }
            Self::RefreshToken => bearer("cwr_…", "What signing in answers in its body."),
            Self::Ticket => key("query", "ticket", "Opens one connection, soon: see `getTicket`."),
            Self::AccessToken => bearer("JWT", "What `register`, `login` and `refresh` answer."),
            Self::RefreshCookie => {
                key("cookie", "chinwag_refresh", "Set by `register`, `login` and `refresh`.")
            }
            Self::MetricsToken => bearer("opaque", "The setting `metrics.token`, from other machines only."),
        }
    }

    /// What goes wrong with it.
    const fn refusals(self) -> &'static [ErrorCode] {
        use ErrorCode::{
            AppSuspended, ExpiredToken, InvalidApiKey, InvalidRefreshToken, InvalidTicket, InvalidToken,
            MissingCredentials, RateLimited, SessionEnded,
        };
        match self {
            Self::ApiKey => &[MissingCredentials, InvalidApiKey, AppSuspended],
            Self::ServerKey => &[MissingCredentials, InvalidApiKey, AppSuspended, RateLimited],
            Self::Jwt => &[MissingCredentials, InvalidToken, ExpiredToken, SessionEnded, AppSuspended],
            Self::RefreshToken => &[MissingCredentials, InvalidRefreshToken, AppSuspended],
            Self::Ticket => &[InvalidTicket, AppSuspended],
            Self::AccessToken => &[MissingCredentials, InvalidToken, ExpiredToken, SessionEnded],
            Self::RefreshCookie => &[MissingCredentials, InvalidRefreshToken],
            Self::MetricsToken => &[MissingCredentials, InvalidToken],
        }
    }
}

/// A success answer, or one that is neither success nor a problem document.
pub(super) struct Success {
    pub(super) status: u16,
    pub(super) description: &'static str,
    pub(super) content: Option<(&'static str, Value)>,
}

/// Grows while the types of a handler describe themselves.
pub struct Sketch<'a> {
    /// For what is read: fields with a default are not required.
    asked: &'a mut SchemaGenerator,
    /// For what is written: fields that are always there are required.
    told: &'a mut SchemaGenerator,
    path_names: Vec<&'static str>,
    pub(super) credentials: Vec<Credential>,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    pub(super) successes: Vec<Success>,
    pub(super) answer_headers: Map<String, Value>,
    pub(super) refusals: Vec<ErrorCode>,
}

impl<'a> Sketch<'a> {
    pub(super) fn new(
        path: &'static str,
        asked: &'a mut SchemaGenerator,
        told: &'a mut SchemaGenerator,
    ) -> Self {
        let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        let mut path_names: Vec<&str> = names.collect();
        path_names.reverse();
        Self {
            asked,
            told,
            path_names,
            credentials: Vec::new(),
            parameters: Vec::new(),
            body: None,
            successes: Vec::new(),
            answer_headers: Map::new(),
            refusals: Vec::new(),
        }
    }

    /// One way in; several calls are alternatives.
    pub fn opens_to(&mut self, credential: Credential) {
        self.credentials.push(credential);
        self.refuses(credential.refusals());
    }

    /// The next name in the path, from the left.
    ///
    /// # Panics
    /// If the path has fewer names: then the handler could never be reached.
    pub fn path_parameter<T: JsonSchema>(&mut self) {
        let name = self.path_names.pop().expect("the path has a name for each parameter");
        let schema = self.asked.subschema_for::<T>();
        self.parameters.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
        self.refuses(&[ErrorCode::ValidationFailed]);
    }

    /// Names of the path that no argument has taken are any text.
    pub(super) fn rest_of_path(&mut self) {
        while let Some(name) = self.path_names.pop() {
            let schema = json!({"type": "string"});
            self.parameters.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
        }
    }

    /// The fields of `T` in the query string.
    pub fn query<T: JsonSchema>(&mut self) {
        let mut schema = T::json_schema(self.asked).to_value();
        let required = schema["required"].take();
        let properties = schema["properties"].take();
        for (name, mut schema) in properties.as_object().cloned().unwrap_or_default() {
            let is_required =
                required.as_array().is_some_and(|names| names.contains(&Value::from(name.clone())));
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            without_null(&mut schema);
            let mut parameter =
                json!({"name": name, "in": "query", "required": is_required, "schema": schema});
            if let Some(description) = description {
                parameter["description"] = description;
            }
            self.parameters.push(parameter);
        }
        self.refuses(&[ErrorCode::ValidationFailed]);
    }

    pub fn header(&mut self, name: &'static str, description: &'static str) {
        let schema = json!({"type": "string"});
        self.parameters
            .push(json!({"name": name, "in": "header", "description": description, "schema": schema}));
    }

    /// A JSON object as a body.
    pub fn body<T: JsonSchema>(&mut self) {
        let schema = self.asked.subschema_for::<T>();
        self.body = Some(json!({"required": true, "content": {"application/json": {"schema": schema}}}));
        self.refuses(&[
            ErrorCode::BadRequest,
            ErrorCode::MalformedJson,
            ErrorCode::ValidationFailed,
            ErrorCode::PayloadTooLarge,
            ErrorCode::UnsupportedMediaType,
        ]);
    }

    /// A request without the body means something, too.
    pub fn body_may_be_missing(&mut self) {
        if let Some(body) = &mut self.body {
            body["required"] = false.into();
        }
    }

    pub fn answers_json<T: JsonSchema>(&mut self, status: u16) {
        let schema = self.told.subschema_for::<T>().to_value();
        let description = if status == 201 { "Made" } else { "Done" };
        self.successes.push(Success { status, description, content: Some(("application/json", schema)) });
    }

    /// Server-sent events whose data are each a `T`.
    pub fn answers_events<T: JsonSchema>(&mut self) {
        let data = self.told.subschema_for::<T>();
        let schema = json!({"type": "string", "x-event-data": data});
        let description = "Server-sent events, until one side ends it";
        self.successes.push(Success {
            status: 200,
            description,
            content: Some(("text/event-stream", schema)),
        });
    }

    /// Anything else that is no refusal.
    pub fn answers(&mut self, status: u16, content_type: Option<&'static str>, description: &'static str) {
        let content = content_type.map(|content_type| (content_type, json!({"type": "string"})));
        self.successes.push(Success { status, description, content });
    }

    pub fn answer_header(&mut self, name: &'static str, description: &'static str) {
        let header = json!({"description": description, "required": true, "schema": {"type": "string"}});
        self.answer_headers.insert(name.to_owned(), header);
    }

    pub fn refuses(&mut self, codes: &[ErrorCode]) {
        for code in codes {
            if !self.refusals.contains(code) {
                self.refusals.push(*code);
            }
        }
    }
}

/// What is not given is left out of a query, not null.
fn without_null(schema: &mut Value) {
    let kinds = schema["type"]
        .as_array()
        .map(|kinds| kinds.iter().filter(|kind| *kind != "null").collect::<Vec<_>>());
    if let Some([kind]) = kinds.as_deref() {
        schema["type"] = (*kind).clone();
    }
    let choices = schema["anyOf"].as_array().cloned().unwrap_or_default();
    if let [schema_of_some, null] = choices.as_slice()
        && null["type"] == "null"
    {
        *schema = schema_of_some.clone();
    }
}
