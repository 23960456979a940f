//! The pages on the management listener: the console, and the API reference.

use axum::Extension;
use axum::extract::Path;

use super::Pages;
use super::answer::{PageAnswer, Wanted};
use crate::api::{Routes, get};

#[must_use]
pub fn routes() -> Routes {
    Routes::about("Pages")
        .with(get("/", console).named("consolePage", "The console"))
        .with(get("/assets/{file}", console_asset).named("consoleAsset", "A file of the console"))
        .with(get("/docs", docs).named("docsPage", "The API reference"))
        .with(get("/docs/", docs).named("docsPageWithSlash", "The same"))
        .with(get("/docs/assets/{file}", docs_asset).named("docsAsset", "A file of the API reference"))
}

async fn console(Extension(pages): Extension<Pages>, wanted: Wanted) -> PageAnswer {
    wanted.page(&pages, pages.console)
}

async fn console_asset(
    Extension(pages): Extension<Pages>,
    Path(file): Path<String>,
    wanted: Wanted,
) -> PageAnswer {
    wanted.asset(pages.console, &format!("assets/{file}"))
}

async fn docs(Extension(pages): Extension<Pages>, wanted: Wanted) -> PageAnswer {
    wanted.page(&pages, pages.docs)
}

async fn docs_asset(
    Extension(pages): Extension<Pages>,
    Path(file): Path<String>,
    wanted: Wanted,
) -> PageAnswer {
    wanted.asset(pages.docs, &format!("assets/{file}"))
}
