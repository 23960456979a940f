//! What an app's owner sees as it happens (ext): figures, events, and what became of one message. Streams end when the
//! account's session does, or when the app is no longer the account's.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json as Answer;
use axum::extract::{Extension, State};
use bytes::Bytes;
use chinwag_protocol::ErrorCode::{AppNotFound, ChatNotFound, Overloaded, ShuttingDown, UserNotFound};
use chinwag_protocol::{AppId, ChatId, ErrorCode, MessageId, Timestamp, UserId};
use futures_util::{Stream, StreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Client;
use super::users::user_not_found;
use crate::api::{EventsAnswer, Routes, get};
use crate::app::{App, Inspected};
use crate::http::ApiError;
use crate::http::extract::{Params, PathId, PathIds};
use crate::http::message::Told;
use crate::listener::Line;
use crate::store::{Act, Reader};

/// How often figures are told.
const FIGURES_INTERVAL: Duration = Duration::from_secs(1);
/// How often it is looked whether the owner may still see what they see.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Routes {
    Routes::about("Live")
        .with(
            get("/api/client/apps/{appId}/figures", figures)
                .named("figures", "The app's figures, every second; each event's data is a Figures object")
                .refusing(&[AppNotFound, Overloaded, ShuttingDown]),
        )
        .with(
            get("/api/client/apps/{appId}/events", events)
                .named("inspect", "The events of one chat, or of one user, as they happen; this is logged")
                .refusing(&[AppNotFound, ChatNotFound, UserNotFound, Overloaded, ShuttingDown]),
        )
        .with(
            get("/api/client/apps/{appId}/messages/{messageId}/trace", trace)
                .named("trace", "What became of a message: accepted, stored, delivered, read")
                .refusing(&[AppNotFound, ErrorCode::MessageNotFound]),
        )
}

/// Somebody who watches: one of so many, and for as long as they may.
struct Watching {
    ended: CancellationToken,
    _one_of_many: [OwnedSemaphorePermit; 2],
    _gone: DropGuard,
}

impl Watching {
    fn begin(app: &Arc<App>, by: Client, of: AppId) -> Result<Self, ApiError> {
        let full = || ApiError::new(Overloaded, "as many watch as may: try again later");
        let of_app = app.telemetry.figures.of(of).watchers.0.clone();
        let take = |room: Arc<Semaphore>| room.try_acquire_owned().map_err(|_| full());
        let permits = [take(of_app)?, take(Arc::clone(&app.watchers))?];
        if app.stop.is_cancelled() {
            return Err(ApiError::new(ShuttingDown, "the server is shutting down"));
        }
        let (ended, gone) = (app.stop.child_token(), CancellationToken::new());
        tokio::spawn(end_in_time(Arc::clone(app), by, of, ended.clone(), gone.clone()));
        Ok(Self { ended, _one_of_many: permits, _gone: gone.drop_guard() })
    }
}

/// Cancels `ended` when the account may see the app no longer; returns when nobody watches any more.
async fn end_in_time(
    app: Arc<App>,
    by: Client,
    of: AppId,
    ended: CancellationToken,
    gone: CancellationToken,
) {
    loop {
        tokio::select! {
            () = gone.cancelled() => return,
            () = ended.cancelled() => return,
            () = tokio::time::sleep(LOOK_INTERVAL) => {}
        }
        let session = app.store.account_session(by.0.session, app.clock.now()).await;
        let goes_on = matches!(session, Ok(Some(_))) && by.owns(&app, of).await.is_ok();
        if !goes_on {
            ended.cancel();
        }
    }
}

/// An app at one moment. Per-minute figures are over the last minute; totals since the server started.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Figures")]
struct FiguresBody {
    at: Timestamp,
    connections: usize,
    /// Distinct users who are connected.
    users: usize,
    messages: u64,
    messages_per_minute: u64,
    deliveries: u64,
    deliveries_per_minute: u64,
    /// Actions refused or failed, and receivers that did not keep up.
    errors: u64,
    errors_per_minute: u64,
    /// From commit to a connection, in milliseconds; null if nothing was delivered in the last minute.
    delivery_p50_ms: Option<f64>,
    delivery_p99_ms: Option<f64>,
}

impl FiguresBody {
    fn of(app: &App, id: AppId) -> Self {
        let live = app.telemetry.figures.of(id).live();
        Self {
            at: app.clock.now(),
            connections: app.presence.connections_to(id),
            users: app.presence.users(id),
            messages: live.messages,
            messages_per_minute: live.messages_per_minute,
            deliveries: live.deliveries,
            deliveries_per_minute: live.deliveries_per_minute,
            errors: live.errors,
            errors_per_minute: live.errors_per_minute,
            delivery_p50_ms: live.delivery_p50_ms,
            delivery_p99_ms: live.delivery_p99_ms,
        }
    }
}

async fn figures(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(of): PathId<AppId>,
) -> Result<EventsAnswer<FiguresBody>, ApiError> {
    by.owns(&app, of).await?;
    let watching = Watching::begin(&app, by, of)?;
    let first = tokio::time::interval(FIGURES_INTERVAL);
    let told = stream::unfold((app, watching, first), move |(app, watching, mut next)| async move {
        tokio::select! {
            () = watching.ended.cancelled() => return None,
            _ = next.tick() => {}
        }
        let figures = serde_json::to_string(&FiguresBody::of(&app, of)).expect("figures are plain JSON");
        Some((Ok::<_, Infallible>(Bytes::from(format!("data: {figures}\n\n"))), (app, watching, next)))
    });
    Ok(EventsAnswer::new(told))
}

#[derive(Deserialize, JsonSchema)]
struct InspectParams {
    /// The chat to watch.
    chat: Option<ChatId>,
    /// Or the user whose events to watch, as they get them.
    user: Option<UserId>,
}

async fn events(
    State(app): State<Arc<App>>,
    by: Client,
    PathId(of): PathId<AppId>,
    Extension(line): Extension<Line>,
    Params(params): Params<InspectParams>,
) -> Result<EventsAnswer<Told>, ApiError> {
    by.owns(&app, of).await?;
    let whom = match (params.chat, params.user) {
        (Some(chat), None) => {
            let there = app.store.has_chat(of, chat).await?;
            there
                .then_some(Inspected::Chat(chat))
                .ok_or_else(|| ApiError::new(ChatNotFound, "there is no such chat in this app"))?
        }
        (None, Some(user)) => {
            let there = app.store.user_in(of, user).await?;
            there.map(|_| Inspected::User(user)).ok_or_else(user_not_found)?
        }
        _ => return Err(ApiError::invalid("either chat or user is required")),
    };
    let account = by.0.account.id;
    let deed = match whom {
        Inspected::Chat(chat) => by.deed(Act::ChatInspected).to(chat),
        Inspected::User(user) => by.deed(Act::UserInspected).to(user),
    };
    let watching = Watching::begin(&app, by, of)?;
    // What people wrote is seen by somebody they did not write to.
    tracing::info!(target: "audit", %account, app = %of, ?whom, "an event inspector was opened");
    app.note(deed.in_app(of)).await;
    app.telemetry.figures.of(of).watch(app.clock.now());
    let events = app.inspect(whom, watching.ended.clone(), line).await;
    Ok(EventsAnswer::new(held(events, watching)))
}

/// The stream, which holds `watching` for as long as it goes on.
fn held<S: Stream>(events: S, watching: Watching) -> impl Stream<Item = S::Item> {
    events.map(move |event| {
        let _ = &watching;
        event
    })
}

/// What became of a message.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Trace {
    message_id: MessageId,
    chat_id: ChatId,
    sender_id: UserId,
    seq: u64,
    /// When its action came in; null if that was not noted.
    accepted_at: Option<Timestamp>,
    /// When it was committed.
    stored_at: Timestamp,
    /// Whether deliveries were noted already. They are for fifteen minutes after each look at a trace or at events; of
    /// what was sent before, `deliveredAt` is empty.
    noted: bool,
    members: Vec<TracedMember>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TracedMember {
    user_id: UserId,
    username: String,
    /// Once for each of their connections.
    delivered_at: Vec<Timestamp>,
    read: bool,
    /// When they last marked something as read, if this message was among it.
    read_at: Option<Timestamp>,
}

async fn trace(
    State(app): State<Arc<App>>,
    by: Client,
    PathIds((of, message)): PathIds<(AppId, MessageId)>,
) -> Result<Answer<Trace>, ApiError> {
    by.owns(&app, of).await?;
    let figures = app.telemetry.figures.of(of);
    let noted = figures.watch(app.clock.now());
    let not_found = || ApiError::new(ErrorCode::MessageNotFound, "there is no such message in this app");
    let stored = app.store.message_in(of, message).await?.ok_or_else(not_found)?;
    app.note(by.deed(Act::MessageTraced).in_app(of).to(message)).await;
    let traced = figures.traced(message, stored.position);
    let member = |Reader { user, username, has_read, read_at }| TracedMember {
        delivered_at: traced.delivered.iter().filter(|(to, _)| *to == user).map(|(_, at)| *at).collect(),
        user_id: user,
        username,
        read: has_read,
        read_at,
    };
    Ok(Answer(Trace {
        message_id: stored.id,
        chat_id: stored.chat,
        sender_id: stored.sender,
        seq: stored.seq,
        accepted_at: traced.accepted,
        stored_at: stored.stored_at,
        noted,
        members: stored.members.into_iter().map(member).collect(),
    }))
}
