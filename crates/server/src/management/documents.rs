//! The document of the management API, beside those of the chat API.

use std::sync::Arc;

use axum::extract::State;

use crate::api::{Document, DocumentAnswer, Routes, get};
use crate::app::App;
use crate::http::documents;

pub(super) fn routes() -> Routes {
    documents::routes().merge(
        Routes::about("Documents").with(
            get("/docs/management.json", management)
                .named("management", "OpenAPI 3.1 document of the management API"),
        ),
    )
}

async fn management(State(app): State<Arc<App>>) -> DocumentAnswer {
    // Wherever this listener is reached: nobody tells it.
    app.documents.get(Document::Management, "/")
}
