//! The documents of the chat API, for whoever makes a client.

use std::sync::Arc;

use axum::extract::State;

use crate::api::{Document, DocumentAnswer, Routes, get};
use crate::app::App;

pub(crate) fn routes() -> Routes {
    Routes::about("Documents")
        .with(get("/docs/openapi.json", chat).named("openapi", "OpenAPI 3.1 document of the chat API"))
        .with(
            get("/docs/asyncapi.json", realtime).named("asyncapi", "AsyncAPI 3 document of the realtime API"),
        )
}

async fn chat(State(app): State<Arc<App>>) -> DocumentAnswer {
    app.documents.get(Document::Chat, &app.public_url)
}

async fn realtime(State(app): State<Arc<App>>) -> DocumentAnswer {
    app.documents.get(Document::Realtime, &app.public_url)
}
