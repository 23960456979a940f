//! History from elsewhere: a chat that nobody is in, messages with their own times, and its opening.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use chinwag_protocol::ErrorCode::{
    ChatNotFound, CreatorNotIncluded, ImportClosed, MessageNotFound, MessageTooLong, UserNotFound,
};
use chinwag_protocol::{
    ChatId, ChatName, ErrorCode, InvalidText, MessageId, MessageText, Nonce, Timestamp, UserId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ByServer;
use super::chats::Told;
use crate::api::{Created, Routes, post};
use crate::app::App;
use crate::http::ApiError;
use crate::http::extract::{Json, Large, PathId};
use crate::store::{Imported, NewImport, OldMessage};

/// Messages in one request.
const MESSAGES_MAX: usize = 500;
/// Members of one chat that is opened.
const MEMBERS_MAX: usize = 1000;

pub(super) fn routes() -> Routes {
    Routes::about("Your server: import")
        .with(
            post("/api/app/imports", begin)
                .named("beginImport", "Make a chat to import history into; nobody is in it yet")
                .refusing(&[UserNotFound]),
        )
        .with(
            post("/api/app/imports/{chatId}/messages", import)
                .named("importMessages", "Put messages with their own times behind those that are there")
                .refusing(&[ChatNotFound, ImportClosed, UserNotFound, MessageNotFound, MessageTooLong]),
        )
        .with(
            post("/api/app/imports/{chatId}/open", open)
                .named("openImport", "End the import: these users are in the chat from now on")
                .refusing(&[ChatNotFound, ImportClosed, UserNotFound, CreatorNotIncluded]),
        )
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "NewImport")]
struct New {
    chat_name: ChatName,
    creator: UserId,
    created_at: Timestamp,
    /// The same nonce is the same chat.
    nonce: Nonce,
}

async fn begin(
    State(app): State<Arc<App>>,
    by: ByServer,
    Json(new): Json<New>,
) -> Result<Created<Told>, ApiError> {
    let New { chat_name: name, creator, created_at, nonce } = new;
    let chat = app.store.begin_import(NewImport { app: by.0, name, creator, created_at, nonce }).await?;
    Ok(Created(by.chat(&app, chat).await?.into()))
}

/// A message from elsewhere.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OldMessage")]
struct Old {
    sender_id: UserId,
    message: String,
    time_stamp: Timestamp,
    edited_at: Option<Timestamp>,
    /// The same nonce is the same message, in its chat.
    nonce: Nonce,
    /// The nonce of the message that this one replies to.
    reply_to: Option<Nonce>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "OldMessages")]
struct Messages {
    /// In their order; up to 500 at once.
    messages: Vec<Old>,
}

/// A message that is there.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ImportedMessage")]
struct Done {
    message_id: MessageId,
    seq: u64,
    /// Whether its nonce was there before: then nothing was done now.
    replayed: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImportedMessages")]
struct AllDone {
    messages: Vec<Done>,
}

async fn import(
    State(app): State<Arc<App>>,
    by: ByServer,
    PathId(chat): PathId<ChatId>,
    Large(Messages { messages }): Large<Messages>,
) -> Result<Answer<AllDone>, ApiError> {
    if messages.len() > MESSAGES_MAX {
        return Err(ApiError::invalid(format!("at most {MESSAGES_MAX} messages are taken at once")));
    }
    let bytes_max = app.settings.limits.message_bytes;
    let read = |(index, old): (usize, Old)| {
        let text = MessageText::parse(old.message, bytes_max).map_err(|error| {
            let code = match error {
                InvalidText::TooLong { .. } => ErrorCode::MessageTooLong,
                _ => ErrorCode::ValidationFailed,
            };
            ApiError::new(code, format!("messages[{index}]: {error}"))
        })?;
        Ok(OldMessage {
            sender: old.sender_id,
            text,
            sent_at: old.time_stamp,
            edited_at: old.edited_at,
            nonce: old.nonce,
            reply_to: old.reply_to,
        })
    };
    let messages: Vec<OldMessage> =
        messages.into_iter().enumerate().map(read).collect::<Result<_, ApiError>>()?;
    let done = app.store.import_messages(by.0, chat, messages).await?;
    let told = |Imported { id, seq, replayed }| Done { message_id: id, seq, replayed };
    Ok(Answer(AllDone { messages: done.into_iter().map(told).collect() }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Opening {
    /// Who is in the chat from now on, its creator among them.
    user_ids: Vec<UserId>,
}

async fn open(
    State(app): State<Arc<App>>,
    by: ByServer,
    PathId(chat): PathId<ChatId>,
    Large(Opening { mut user_ids }): Large<Opening>,
) -> Result<Answer<Told>, ApiError> {
    user_ids.sort_unstable();
    user_ids.dedup();
    if user_ids.len() > MEMBERS_MAX {
        return Err(ApiError::invalid(format!(
            "a chat is opened for at most {MEMBERS_MAX} users: add the others later"
        )));
    }
    app.store.open_import(by.0, chat, user_ids).await?;
    Ok(Answer(by.chat(&app, chat).await?.into()))
}
