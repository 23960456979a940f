//! `chinwag app`: apps, for an administrator. Those of accounts are among them.

use std::num::NonZeroU32;

use chinwag_server::management::{AppBody, Name, said};
use chinwag_server::sessions::app::{AppStatus, Tier};
use chinwag_server::store::{Act, App, AppChanges, Reach};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::Failure;
use crate::administration::{Administration, Desk, Missing, operator};
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
    /// Make an app
    Create {
        name: Name,
        /// On which terms; a demo app has a cap on concurrent users
        #[arg(long, value_enum, default_value_t = Terms::MultiTenant)]
        tier: Terms,
    },
    /// List all apps, oldest first
    List,
    /// Give an app another name
    Rename {
        #[command(flatten)]
        app: Which,
        name: Name,
    },
    /// Shut an app's users out until it is activated; nothing is lost
    Suspend(Which),
    /// Let the users of a suspended app in again
    Activate(Which),
    /// Remove messages older than so many days, from now on
    Retention {
        #[command(flatten)]
        app: Which,
        /// 0: none are removed
        #[arg(value_parser = clap::value_parser!(u32).range(0..=36_500))]
        days: u32,
    },
    /// Delete an app for good: its keys and its users' sessions end
    Delete(Which),
}

#[derive(Args)]
struct Which {
    /// The app's name or id
    #[arg(value_name = "APP")]
    app: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Terms {
    Demo,
    MultiTenant,
    Dedicated,
}

impl From<Terms> for Tier {
    fn from(terms: Terms) -> Self {
        match terms {
            Terms::Demo => Self::Demo,
            Terms::MultiTenant => Self::MultiTenant,
            Terms::Dedicated => Self::Dedicated,
        }
    }
}

pub(crate) fn run(Arguments { command, desk }: Arguments) -> Result<(), Failure> {
    let missing = match command {
        Command::Create { .. } => Missing::Make,
        _ => Missing::Refuse,
    };
    desk.open(missing, async |administration| match command {
        Command::Create { name, tier } => create(&administration, name, tier.into()).await,
        Command::List => list(&administration).await,
        Command::Rename { app: Which { app }, name } => {
            let changes = AppChanges { name: Some(name.into_string()), ..AppChanges::default() };
            change(&administration, &app, changes, "renamed").await
        }
        Command::Suspend(Which { app }) => {
            let changes = AppChanges { status: Some(AppStatus::Suspended), ..AppChanges::default() };
            change(&administration, &app, changes, "suspended").await
        }
        Command::Activate(Which { app }) => {
            let changes = AppChanges { status: Some(AppStatus::Active), ..AppChanges::default() };
            change(&administration, &app, changes, "activated").await
        }
        Command::Retention { app: Which { app }, days } => {
            let retention_days = Some(NonZeroU32::new(days));
            let changes = AppChanges { retention_days, ..AppChanges::default() };
            change(&administration, &app, changes, "changed").await
        }
        Command::Delete(Which { app }) => delete(&administration, &app).await,
    })
}

async fn create(by: &Administration, name: Name, tier: Tier) -> Result<(), Failure> {
    let app = by.store.create_app(Reach::All, name.into_string(), tier).await?;
    by.note(operator(Act::AppCreated).in_app(app.id).saying(&app.name)).await;
    tell(by, app, "made").await
}

async fn list(by: &Administration) -> Result<(), Failure> {
    let apps = by.store.apps(Reach::All).await?;
    if by.json {
        let cluster = by.store.cluster_id().await?;
        let apps: Vec<AppBody> = apps.into_iter().map(|app| AppBody::of(app, cluster)).collect();
        return output::json(&apps);
    }
    let row = |app: App| {
        let App { id, name, status, tier, created_at, .. } = app;
        [id.to_string(), name, status.as_str().to_owned(), tier.as_str().to_owned(), created_at.to_string()]
    };
    let rows = apps.into_iter().map(row).collect();
    output::table(["ID", "NAME", "STATUS", "TIER", "CREATED"], rows, "there are no apps")
}

async fn change(by: &Administration, app: &str, changes: AppChanges, done: &str) -> Result<(), Failure> {
    let app = by.app(app).await?;
    let said = said(&changes);
    match by.store.change_app(Reach::All, app.id, changes).await? {
        Some(app) => {
            by.note(operator(Act::AppChanged).in_app(app.id).saying(said)).await;
            tell(by, app, done).await
        }
        None => Err(gone(&app)),
    }
}

async fn delete(by: &Administration, app: &str) -> Result<(), Failure> {
    let app = by.app(app).await?;
    if !by.store.delete_app(Reach::All, app.id).await? {
        return Err(gone(&app));
    }
    by.note(operator(Act::AppDeleted).in_app(app.id)).await;
    if by.json {
        return output::json(&json!({"id": app.id, "name": app.name, "status": AppStatus::Deleted}));
    }
    output::text(&format!("deleted  {}  {}", app.id, app.name))
}

async fn tell(by: &Administration, app: App, done: &str) -> Result<(), Failure> {
    if by.json {
        let cluster = by.store.cluster_id().await?;
        return output::json(&AppBody::of(app, cluster));
    }
    output::text(&format!("{done}  {}  {}", app.id, app.name))
}

fn gone(app: &App) -> Failure {
    Failure::new(format!("the app {} was deleted meanwhile", app.name))
}
