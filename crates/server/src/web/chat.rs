//! The pages on the chat listener: the chat, if it is on, and the element for other people's pages.

use axum::Extension;
use axum::extract::Path;

use super::Pages;
use super::answer::{PageAnswer, Wanted};
use crate::api::{Routes, get};

/// Always: `embed.js`, which does nothing that its page could not.
#[must_use]
pub fn embed_routes() -> Routes {
    Routes::about("Pages")
        .with(get("/embed.js", embed).named("embed", "The element <chinwag-chat>, as a module"))
}

/// If the chat page is on.
#[must_use]
pub fn routes() -> Routes {
    Routes::about("Pages")
        .with(get("/", page).named("chatPage", "The chat, if web.chat is on or this is chinwag dev"))
        .with(get("/assets/{file}", asset).named("chatAsset", "A file of the chat page"))
}

async fn page(Extension(pages): Extension<Pages>, wanted: Wanted) -> PageAnswer {
    wanted.page(&pages, pages.chat)
}

async fn asset(Extension(pages): Extension<Pages>, Path(file): Path<String>, wanted: Wanted) -> PageAnswer {
    wanted.asset(pages.chat, &format!("assets/{file}"))
}

async fn embed(Extension(pages): Extension<Pages>, wanted: Wanted) -> PageAnswer {
    wanted.asset(pages.embed, "embed.js")
}
