//! Chats over HTTP (protocol, section 1).

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use chinwag_protocol::ErrorCode::{
    AlreadyMember, ChatNotFound, CreatorNotIncluded, NotCreator, RateLimited, UserNotFound,
};
use chinwag_protocol::limits::CHAT_CREATION_USERS_MAX;
use chinwag_protocol::model::{ChatDetails, ChatUserInfo};
use chinwag_protocol::{ChatId, ChatName, UserId, Username};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extract::{Caller, Json, Params, PathId, Size};
use super::{ApiError, Empty, NOTHING};
use crate::api::{Created, Routes, delete, get, post};
use crate::app::App;
use crate::store::Page;

const CHATS_PER_PAGE: u32 = 20;

pub(super) fn routes() -> Routes {
    Routes::about("Chats")
        .with(
            post("/api/chat/createChat", create)
                .named("createChat", "Make a chat; userNames must include the caller's own name")
                .refusing(&[CreatorNotIncluded, UserNotFound, RateLimited]),
        )
        .with(
            get("/api/chat/getChats", list)
                .named("getChats", "The caller's chats, most recent activity first"),
        )
        .with(
            get("/api/chat/getUsers/{chatId}", members)
                .named("getUsers", "The members of a chat, longest-standing first")
                .refusing(&[ChatNotFound]),
        )
        .with(post("/api/chat/addUser", add).named("addUser", "Add a user; any member may").refusing(&[
            ChatNotFound,
            UserNotFound,
            AlreadyMember,
            RateLimited,
        ]))
        .with(
            post("/api/chat/removeUser", remove)
                .named("removeUser", "Remove a member; the creator may, and everyone may leave")
                .refusing(&[ChatNotFound, UserNotFound, NotCreator, RateLimited]),
        )
        .with(
            post("/api/chat/changeName", rename)
                .named("changeName", "Rename a chat; any member may")
                .refusing(&[ChatNotFound, RateLimited]),
        )
        .with(
            delete("/api/chat/deleteChat", delete_chat)
                .named("deleteChat", "Delete a chat; its creator may")
                .refusing(&[ChatNotFound, NotCreator, RateLimited]),
        )
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewChat {
    chat_name: ChatName,
    #[schemars(length(min = 1, max = CHAT_CREATION_USERS_MAX))]
    user_names: Vec<Username>,
}

async fn create(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    Json(new): Json<NewChat>,
) -> Result<Created<ChatDetails>, ApiError> {
    if new.user_names.len() > CHAT_CREATION_USERS_MAX {
        let detail = format!("userNames must not be more than {CHAT_CREATION_USERS_MAX}");
        return Err(ApiError::invalid(detail));
    }
    app.chat.may_act(by.user, 1)?;
    let chat = app.store.create_chat(by.app, by.user, new.chat_name, new.user_names).await?;
    Ok(Created(chat))
}

#[derive(Deserialize, JsonSchema)]
struct ListParams {
    /// From 0.
    page: Option<i64>,
    /// Brought into 1 to 100; 20 unless given.
    #[serde(default)]
    size: Size,
}

#[derive(Serialize, JsonSchema)]
struct Chats {
    chats: Vec<ChatDetails>,
}

async fn list(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    Params(params): Params<ListParams>,
) -> Result<Answer<Chats>, ApiError> {
    let size = params.size.or(CHATS_PER_PAGE);
    let page =
        u64::try_from(params.page.unwrap_or(0)).map_err(|_| ApiError::invalid("page must be from 0"))?;
    let page = Page { offset: page.saturating_mul(u64::from(size)), size };
    Ok(Answer(Chats { chats: app.store.chats(by.user, page).await? }))
}

#[derive(Serialize, JsonSchema)]
struct Users {
    users: Vec<ChatUserInfo>,
}

async fn members(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    PathId(chat): PathId<ChatId>,
) -> Result<Answer<Users>, ApiError> {
    Ok(Answer(Users { users: app.store.members(by.user, chat).await? }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewMember {
    chat_id: ChatId,
    new_username: Username,
}

async fn add(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    Json(new): Json<NewMember>,
) -> Result<Answer<Empty>, ApiError> {
    app.chat.may_act(by.user, 1)?;
    app.store.add_member(by.app, by.user, new.chat_id, new.new_username).await?;
    Ok(NOTHING)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FormerMember {
    chat_id: ChatId,
    remove_user: UserId,
}

async fn remove(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    Json(former): Json<FormerMember>,
) -> Result<Answer<Empty>, ApiError> {
    app.chat.may_act(by.user, 1)?;
    app.store.remove_member(by.user, former.chat_id, former.remove_user).await?;
    Ok(NOTHING)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewName {
    chat_id: ChatId,
    new_chat_name: ChatName,
}

async fn rename(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    Json(new): Json<NewName>,
) -> Result<Answer<Empty>, ApiError> {
    app.chat.may_act(by.user, 1)?;
    app.store.rename_chat(by.user, new.chat_id, new.new_chat_name).await?;
    Ok(NOTHING)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WhichChat {
    chat_id: ChatId,
}

async fn delete_chat(
    State(app): State<Arc<App>>,
    Caller(by): Caller,
    Params(WhichChat { chat_id }): Params<WhichChat>,
) -> Result<Answer<Empty>, ApiError> {
    app.chat.may_act(by.user, 1)?;
    app.store.delete_chat(by.user, chat_id).await?;
    app.upkeep.wake();
    Ok(NOTHING)
}
