//! An app's chats as a whole: listed, and exported page by page.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use chinwag_protocol::ErrorCode::ChatNotFound;
use chinwag_protocol::model::{ChatUserInfo, Message};
use chinwag_protocol::{ChatId, ErrorCode, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ByServer;
use crate::api::{Routes, get};
use crate::app::App;
use crate::http::ApiError;
use crate::http::extract::{Params, PathId, Size};
use crate::store::AppChat;

const CHATS_PER_PAGE: u32 = 50;
const MESSAGES_PER_PAGE: u32 = 100;

pub(super) fn routes() -> Routes {
    Routes::about("Your server: chats")
        .with(get("/api/app/chats", list).named("listAppChats", "The app's chats, oldest first"))
        .with(
            get("/api/app/chats/{chatId}", show)
                .named("showAppChat", "A chat and who is in it")
                .refusing(&[ChatNotFound]),
        )
        .with(
            get("/api/app/chats/{chatId}/messages", export)
                .named("exportChat", "A chat's messages, oldest first, with replies and reactions")
                .refusing(&[ChatNotFound]),
        )
}

/// A chat as its app knows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AppChat")]
pub(super) struct Told {
    chat_id: ChatId,
    chat_name: String,
    creator: UserId,
    group_chat: bool,
    created_at: Timestamp,
    /// Whether it is being imported: nobody is in it yet.
    importing: bool,
    /// Of its newest event.
    seq: u64,
}

impl From<AppChat> for Told {
    fn from(chat: AppChat) -> Self {
        Self {
            chat_id: chat.id,
            chat_name: chat.name,
            creator: chat.creator,
            group_chat: chat.is_group,
            created_at: chat.created_at,
            importing: chat.importing,
            seq: chat.seq,
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AppChats")]
struct Chats {
    chats: Vec<Told>,
    /// Whether there are more after these.
    more: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AppChatWithUsers")]
struct Shown {
    #[serde(flatten)]
    chat: Told,
    users: Vec<ChatUserInfo>,
}

#[derive(Deserialize, JsonSchema)]
struct ListParams {
    /// Brought into 1 to 100; 50 unless given.
    #[serde(default)]
    size: Size,
    /// The last chat of the page before.
    after: Option<ChatId>,
}

async fn list(
    State(app): State<Arc<App>>,
    by: ByServer,
    Params(params): Params<ListParams>,
) -> Result<Answer<Chats>, ApiError> {
    let size = params.size.or(CHATS_PER_PAGE);
    let mut chats = app.store.app_chats(by.0, params.after, size + 1).await?;
    let more = chats.len() > size as usize;
    chats.truncate(size as usize);
    Ok(Answer(Chats { chats: chats.into_iter().map(Told::from).collect(), more }))
}

impl ByServer {
    /// The chat, if it is of this app.
    pub(super) async fn chat(&self, app: &App, chat: ChatId) -> Result<AppChat, ApiError> {
        let found = app.store.app_chat(self.0, chat).await?;
        found.ok_or_else(|| ApiError::new(ErrorCode::ChatNotFound, "there is no such chat in this app"))
    }
}

async fn show(
    State(app): State<Arc<App>>,
    by: ByServer,
    PathId(chat): PathId<ChatId>,
) -> Result<Answer<Shown>, ApiError> {
    let chat = by.chat(&app, chat).await?;
    let users = app.store.app_chat_members(chat.id).await?;
    Ok(Answer(Shown { chat: chat.into(), users }))
}

#[derive(Deserialize, JsonSchema)]
struct ExportParams {
    /// Brought into 1 to 100; 100 unless given.
    #[serde(default)]
    size: Size,
    /// `next` of the page before.
    after: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExportedMessages")]
struct Exported {
    messages: Vec<Message>,
    /// Where the next page begins; null if this was the last.
    next: Option<u64>,
}

async fn export(
    State(app): State<Arc<App>>,
    by: ByServer,
    PathId(chat): PathId<ChatId>,
    Params(params): Params<ExportParams>,
) -> Result<Answer<Exported>, ApiError> {
    let chat = by.chat(&app, chat).await?;
    let size = params.size.or(MESSAGES_PER_PAGE);
    let after = params.after.unwrap_or(0).min(i64::MAX.unsigned_abs());
    let mut found = app.store.export(chat.id, after, size + 1).await?;
    let more = found.len() > size as usize;
    found.truncate(size as usize);
    let next = found.last().map(|(position, _)| *position).filter(|_| more);
    Ok(Answer(Exported { messages: found.into_iter().map(|(_, message)| message).collect(), next }))
}
