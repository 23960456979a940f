//! Routes with their documentation. There is no way to serve a path but through these.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use chinwag_protocol::ErrorCode;

use super::{Credential, Documented, Sketch};
use crate::app::App;

/// What is documented of a route.
#[derive(Clone)]
pub struct Operation {
    pub method: &'static str,
    /// As axum and OpenAPI write it alike: `/api/chat/getUsers/{chatId}`.
    pub path: &'static str,
    /// Unique in its document. Generated clients name their functions by it.
    pub id: &'static str,
    pub summary: &'static str,
    pub about: &'static str,
    /// What the verb itself refuses; what its arguments refuse they say themselves.
    refusals: &'static [ErrorCode],
    credentials: &'static [Credential],
    answers: Vec<(u16, Option<&'static str>, &'static str)>,
    types: fn(&mut Sketch<'_>),
}

impl Operation {
    pub(super) fn describe(&self, sketch: &mut Sketch<'_>) {
        (self.types)(sketch);
        for credential in self.credentials {
            sketch.opens_to(*credential);
        }
        for (status, content_type, description) in &self.answers {
            sketch.answers(*status, *content_type, description);
        }
        sketch.refuses(self.refusals);
        sketch.rest_of_path();
    }
}

/// An answer to OPTIONS.
pub struct Preflight(MethodRouter<Arc<App>>);

/// What answers OPTIONS on a path.
pub fn preflight<H, T>(handler: H) -> Preflight
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    Preflight(on(MethodFilter::OPTIONS, handler))
}

/// A route that has no name yet, and so cannot be served.
pub struct Unnamed {
    method: &'static str,
    path: &'static str,
    handler: MethodRouter<Arc<App>>,
    types: fn(&mut Sketch<'_>),
}

/// A path, a method, what serves them, and what is to be said about it.
pub struct Route {
    handler: MethodRouter<Arc<App>>,
    operation: Operation,
}

macro_rules! methods {
    ($($name:ident = $filter:ident, $wire:literal;)+) => {$(
        /// A route of this method.
        pub fn $name<H, T, Arguments>(path: &'static str, handler: H) -> Unnamed
        where
            H: Handler<T, Arc<App>> + Documented<Arguments>,
            T: 'static,
        {
            Unnamed { method: $wire, path, handler: on(MethodFilter::$filter, handler), types: H::describe }
        }
    )+};
}

methods! {
    get = GET, "get";
    post = POST, "post";
    put = PUT, "put";
    delete = DELETE, "delete";
}

impl Unnamed {
    /// `summary`: one line, without a full stop.
    #[must_use]
    pub fn named(self, id: &'static str, summary: &'static str) -> Route {
        let Self { method, path, handler, types } = self;
        let operation = Operation {
            method,
            path,
            id,
            summary,
            types,
            about: "",
            refusals: &[],
            credentials: &[],
            answers: Vec::new(),
        };
        Route { handler, operation }
    }
}

impl Route {
    #[must_use]
    pub fn refusing(mut self, codes: &'static [ErrorCode]) -> Self {
        self.operation.refusals = codes;
        self
    }

    /// For handlers that look for their credential themselves. Several are alternatives.
    #[must_use]
    pub fn opened_by(mut self, credentials: &'static [Credential]) -> Self {
        self.operation.credentials = credentials;
        self
    }

    /// For handlers that put their answer together themselves.
    #[must_use]
    pub fn answering(mut self, status: u16, content_type: &'static str, description: &'static str) -> Self {
        let content_type = Some(content_type).filter(|kind| !kind.is_empty());
        self.operation.answers.push((status, content_type, description));
        self
    }

    /// What browsers ask before they ask (CORS), which documents do not list.
    #[must_use]
    pub fn with_preflight(mut self, preflight: Preflight) -> Self {
        self.handler = self.handler.merge(preflight.0);
        self
    }
}

/// Routes about one thing, or several such put together.
#[derive(Default)]
pub struct Routes {
    about: &'static str,
    router: Router<Arc<App>>,
    operations: Vec<Operation>,
}

impl Routes {
    #[must_use]
    pub fn about(about: &'static str) -> Self {
        Self { about, ..Self::default() }
    }

    #[must_use]
    pub fn with(mut self, route: Route) -> Self {
        let operation = Operation { about: self.about, ..route.operation };
        self.router = self.router.route(operation.path, route.handler);
        self.operations.push(operation);
        self
    }

    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.operations.extend(other.operations);
        self
    }

    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// What serves them.
    pub fn into_router(self) -> Router<Arc<App>> {
        self.router
    }
}
