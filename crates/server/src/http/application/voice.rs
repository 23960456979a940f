//! The eight actions, done by an application's own server: as one of its users, or as the app itself.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use chinwag_protocol::{Action, AppId, Envelope, ErrorCode, Event, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::ByServer;
use crate::api::{Routes, get, post};
use crate::app::App;
use crate::http::ApiError;
use crate::http::extract::PathId;
use crate::http::message::{Acting, REFUSED, REFUSED_TO_USERS};
use crate::store::Whom;

pub(super) fn routes() -> Routes {
    Routes::about("Your server: acting")
        .with(get("/api/app", about).named("showApp", "The app of this key, and the user it speaks as"))
        .with(
            post("/api/app/chat", act)
                .named("actAsApp", "Do an action as the app itself, in any of its chats")
                .refusing(REFUSED),
        )
        .with(
            post("/api/app/users/{userId}/chat", act_as)
                .named("actAsUser", "Do an action as one of the app's users")
                .refusing(REFUSED_TO_USERS),
        )
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct About {
    app_id: AppId,
    /// `senderId` of what the app does itself.
    user_id: UserId,
    username: String,
}

async fn about(State(app): State<Arc<App>>, by: ByServer) -> Result<Answer<About>, ApiError> {
    let own = app.store.own_user(by.0).await?;
    Ok(Answer(About { app_id: by.0, user_id: own.id, username: own.username }))
}

async fn act(
    State(app): State<Arc<App>>,
    by: ByServer,
    Acting(envelope): Acting,
) -> Result<Answer<Event>, ApiError> {
    if matches!(envelope.action, Action::Read { .. }) {
        return Err(ApiError::invalid(
            "the app has no read pointer: mark messages as read as one of its users",
        ));
    }
    let own = app.store.own_user(by.0).await?;
    perform(&app, by.0, own.id, envelope).await
}

async fn act_as(
    State(app): State<Arc<App>>,
    by: ByServer,
    PathId(user): PathId<UserId>,
    Acting(envelope): Acting,
) -> Result<Answer<Event>, ApiError> {
    let user = by.user(&app, Whom::Id(user)).await?.user.id;
    perform(&app, by.0, user, envelope).await
}

async fn perform(app: &App, of: AppId, user: UserId, envelope: Envelope) -> Result<Answer<Event>, ApiError> {
    let figures = app.telemetry.figures.of(of);
    let done = app.chat.act(user, &figures, vec![envelope]).await?.await?;
    let event = done.first().map(|done| done.event.as_seen_by(user));
    event.map(Answer).ok_or_else(|| ApiError::new(ErrorCode::StorageUnavailable, "nothing was done"))
}
