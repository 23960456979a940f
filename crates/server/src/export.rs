//! All that is kept of a user, as JSON for them to have (GDPR, articles 15 and 20). It is written as it is read: however
//! much there is, little of it is in memory.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chinwag_protocol::{ChatId, MessageId, SessionId, Timestamp, UserId};
use futures_util::StreamExt;
use futures_util::stream::{self, Stream};
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::{Answers, Sketch};
use crate::app::App;
use crate::store::{Attended, Personal, Reacted, SignIn, Store, StoreError, Written};

/// Messages or reactions that are read at once.
const PART_ROWS: u32 = 500;

/// The whole of it, as it is told.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UserExport")]
struct Export {
    exported_at: Timestamp,
    user: Profile,
    sessions: Vec<Session>,
    /// Those that they are or were in, with what they wrote there.
    chats: Vec<Chat>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ExportedProfile")]
struct Profile {
    id: UserId,
    username: String,
    email: String,
    first_name: Option<String>,
    sur_name: Option<String>,
    created_at: Timestamp,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ExportedSession")]
struct Session {
    id: SessionId,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ExportedChat")]
struct Chat {
    chat_id: ChatId,
    chat_name: String,
    joined_at: Timestamp,
    /// Whether they are in it now.
    member: bool,
    /// Theirs, oldest first.
    messages: Vec<Message>,
    reactions: Vec<Reaction>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ExportedMessage")]
struct Message {
    message_id: MessageId,
    reply_to: Option<MessageId>,
    sent_at: Timestamp,
    edited_at: Option<Timestamp>,
    content: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ExportedReaction")]
struct Reaction {
    message_id: MessageId,
    reaction: String,
    created_at: Timestamp,
}

/// The parts of the text of an [`Export`], in order. Ends early, and so with no JSON, if the store fails.
pub fn parts(
    store: Store,
    personal: Personal,
    sessions: Vec<SignIn>,
    now: Timestamp,
) -> impl Stream<Item = Result<String, StoreError>> + Send {
    let user = personal.id;
    let session = |sign_in: SignIn| Session {
        id: sign_in.session,
        created_at: sign_in.created_at,
        last_used_at: sign_in.last_used_at,
        expires_at: sign_in.expires_at,
    };
    let export = Export {
        exported_at: now,
        user: Profile {
            id: user,
            username: personal.username,
            email: personal.email,
            first_name: personal.first_name,
            sur_name: personal.sur_name,
            created_at: personal.created_at,
        },
        sessions: sessions.into_iter().map(session).collect(),
        chats: Vec::new(),
    };
    let head = json(&export);
    // Without the end of the list, and of the object.
    let head = head[..head.len() - 2].to_owned();
    let chats = personal.chats.into_iter().enumerate();
    let chats = stream::iter(chats).flat_map(move |(index, chat)| of_chat(store.clone(), user, chat, index));
    stream::once(async { Ok(head) }).chain(chats).chain(stream::once(async { Ok("]}".to_owned()) }))
}

fn of_chat(
    store: Store,
    user: UserId,
    attended: Attended,
    index: usize,
) -> impl Stream<Item = Result<String, StoreError>> + Send {
    let chat = attended.chat;
    let head = Chat {
        chat_id: chat,
        chat_name: attended.name,
        joined_at: attended.joined_at,
        member: attended.is_member,
        messages: Vec::new(),
        reactions: Vec::new(),
    };
    let comma = if index == 0 { "" } else { "," };
    let head = json(&head);
    let (head, _) = head.split_at(head.len() - r#"],"reactions":[]}"#.len());
    let head = format!("{comma}{head}");
    let reading = store.clone();
    let messages = rows(move |after| {
        let store = reading.clone();
        async move { Ok(store.written(user, chat, after, PART_ROWS).await?.into_iter().map(message).collect()) }
    });
    let reactions = rows(move |after| {
        let store = store.clone();
        async move { Ok(store.reacted(user, chat, after, PART_ROWS).await?.into_iter().map(reaction).collect()) }
    });
    stream::once(async { Ok(head) })
        .chain(messages)
        .chain(stream::once(async { Ok(r#"],"reactions":["#.to_owned()) }))
        .chain(reactions)
        .chain(stream::once(async { Ok("]}".to_owned()) }))
}

/// The text of rows, with commas between, read part by part; each row with its position.
fn rows<F>(read: impl Fn(u64) -> F + Send) -> impl Stream<Item = Result<String, StoreError>> + Send
where
    F: Future<Output = Result<Vec<(u64, String)>, StoreError>> + Send,
{
    stream::unfold((Some(0), read), |(after, read)| async move {
        let after = after?;
        match read(after).await {
            Ok(found) => {
                let last = found.last()?.0;
                let begin = if after == 0 { "" } else { "," };
                let texts: Vec<String> = found.into_iter().map(|(_, text)| text).collect();
                Some((Ok(format!("{begin}{}", texts.join(","))), (Some(last), read)))
            }
            Err(error) => Some((Err(error), (None, read))),
        }
    })
}

fn message(written: Written) -> (u64, String) {
    let message = Message {
        message_id: written.id,
        reply_to: written.reply_to,
        sent_at: written.sent_at,
        edited_at: written.edited_at,
        content: written.text,
    };
    (written.position, json(&message))
}

fn reaction(reacted: Reacted) -> (u64, String) {
    let reaction = Reaction { message_id: reacted.message, reaction: reacted.emoji, created_at: reacted.at };
    (reacted.position, json(&reaction))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("an export is plain JSON")
}

/// An export as an answer over HTTP.
pub struct ExportAnswer(Body);

impl ExportAnswer {
    /// Of a user who is there.
    pub async fn of(app: &Arc<App>, user: UserId) -> Result<Option<Self>, StoreError> {
        let now = app.clock.now();
        let Some(personal) = app.store.personal(user).await? else { return Ok(None) };
        let sessions = app.store.sign_ins(user, now).await?;
        Ok(Some(Self(Body::from_stream(parts(app.store.clone(), personal, sessions, now)))))
    }
}

impl IntoResponse for ExportAnswer {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (headers, self.0).into_response()
    }
}

impl Answers for ExportAnswer {
    fn describe(sketch: &mut Sketch<'_>) {
        sketch.answers_json::<Export>(200);
    }
}
