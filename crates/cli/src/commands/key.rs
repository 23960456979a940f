//! `chinwag key`: API keys, for an administrator. A key's token is told when it is made, and never again.

use chinwag_protocol::{AppId, KeyId};
use chinwag_server::management::{KeyBody, NewKeyBody};
use chinwag_server::sessions::app::Audience;
use chinwag_server::sessions::secret::Token;
use chinwag_server::store::{App, Key, NewKey, Reach};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::Failure;
use crate::administration::{Administration, Desk, Missing};
use crate::output;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    desk: Desk,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key for an app, and the app too if there is none of that name
    ///
    /// An app made in passing has the tier multi-tenant. An id that no app has is an error. The key is shown once:
    /// only its hash is kept.
    Create {
        /// The app's name or id
        #[arg(long)]
        app: String,
        /// A secret key for the application's own server, which may do anything in the app
        #[arg(long)]
        server: bool,
    },
    /// List an app's keys that work
    List {
        /// The app's name or id
        #[arg(long)]
        app: String,
    },
    /// Make a key stop working, at once; users who signed in with it stay signed in
    Revoke(Which),
    /// Revoke a key and make another in its place
    Rotate(Which),
}

#[derive(Args)]
struct Which {
    /// The key's id, or its prefix as `key list` shows it
    #[arg(value_name = "KEY")]
    key: String,
}

pub(crate) fn run(Arguments { command, desk }: Arguments) -> Result<(), Failure> {
    let missing = match command {
        Command::Create { .. } => Missing::Make,
        _ => Missing::Refuse,
    };
    desk.open(missing, async |administration| match command {
        Command::Create { app, server } => create(&administration, &app, server).await,
        Command::List { app } => list(&administration, &app).await,
        Command::Revoke(Which { key }) => revoke(&administration, &key).await,
        Command::Rotate(Which { key }) => rotate(&administration, &key).await,
    })
}

/// With the app, which the command may have made, and the key that it takes the place of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    #[serde(flatten)]
    key: NewKeyBody,
    app_id: AppId,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<KeyId>,
}

async fn create(by: &Administration, app: &str, server: bool) -> Result<(), Failure> {
    let app = by.app_or_new(app).await?;
    let audience = if server { Audience::Server } else { Audience::Chat };
    let (token, new) = NewKey::generate(audience);
    let key = by.store.create_key(Reach::All, app.id, new).await?;
    tell(by, &app, key, &token, None)
}

async fn list(by: &Administration, app: &str) -> Result<(), Failure> {
    let app = by.app(app).await?;
    let keys = by.store.keys(Reach::All, app.id).await?;
    if by.json {
        return output::json(&keys.into_iter().map(KeyBody::from).collect::<Vec<_>>());
    }
    let row = |key: Key| {
        [key.id.to_string(), key.prefix, key.audience.as_str().to_owned(), key.created_at.to_string()]
    };
    let rows = keys.into_iter().map(row).collect();
    output::table(["ID", "PREFIX", "OPENS", "CREATED"], rows, &format!("the app {} has no keys", app.name))
}

async fn revoke(by: &Administration, key: &str) -> Result<(), Failure> {
    let holder = by.key(key).await?;
    by.store.revoke_key(Reach::All, holder.app, holder.key).await?;
    if by.json {
        return output::json(&json!({"id": holder.key, "appId": holder.app, "revoked": true}));
    }
    output::text(&format!("revoked  {}", holder.key))
}

async fn rotate(by: &Administration, key: &str) -> Result<(), Failure> {
    let holder = by.key(key).await?;
    let app = by.app(&holder.app.to_string()).await?;
    let (token, new) = NewKey::generate(holder.audience);
    let key = by.store.rotate_key(Reach::All, app.id, holder.key, new).await?;
    tell(by, &app, key, &token, Some(holder.key))
}

fn tell(
    by: &Administration,
    app: &App,
    key: Key,
    token: &Token,
    replaces: Option<KeyId>,
) -> Result<(), Failure> {
    if by.json {
        return output::json(&Made { key: NewKeyBody::of(key, token), app_id: app.id, replaces });
    }
    let id = key.id.to_string();
    output::pairs(&[("app", &app.name), ("id", &id), ("key", token.reveal())])?;
    output::text("\nKeep the key: it is not shown again.")
}
