//! `chinwag hook`: webhooks, for an administrator. A secret is told when it is made, and never again.

use chinwag_protocol::HookId;
use chinwag_server::hooks::address::HookUrl;
use chinwag_server::hooks::envelope::types;
use chinwag_server::hooks::new_secret;
use chinwag_server::management::{HookBody, LetterBody, NewHookBody, old_secret_until, point};
use chinwag_server::store::{Hook, HookChanges, NewHook};
use clap::{Args, Subcommand};
use serde_json::json;

use super::Failure;
use crate::administration::{Administration, Desk, Missing};
use crate::output;

/// Dead letters that are read at once.
const LETTERS_AT_ONCE: u32 = 100;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    desk: Desk,
}

#[derive(Subcommand)]
enum Command {
    /// Make a webhook; its secret is shown once
    Create(New),
    /// List an app's webhooks, and how each fares
    List {
        /// The app's name or id
        #[arg(long)]
        app: String,
    },
    /// Tell it again what happens from now on
    Enable(Which),
    /// Tell it nothing until it is enabled; it goes on from where it was
    Disable(Which),
    /// Delete a webhook and its dead letters
    Delete(Which),
    /// Make another secret; for a day the old one signs too
    Rotate(Which),
    /// Tell it everything again from a point on
    Replay {
        #[command(flatten)]
        hook: Which,
        /// beginning, now, a cursor, or a time such as 2026-11-22T15:40:00Z
        #[arg(long)]
        from: String,
    },
    /// List what was tried until its time was over
    Dead(Which),
    /// Try dead letters once more
    Retry(Which),
}

#[derive(Args)]
struct New {
    /// The app's name or id
    #[arg(long)]
    app: String,
    /// Where it is told: https://…
    #[arg(long)]
    url: String,
    /// A type of events that it is told, such as SEND_MSG; can be given several times [default: all]
    #[arg(long = "event", value_name = "TYPE")]
    events: Vec<String>,
    /// Where to begin: now, beginning, a cursor, or a time
    #[arg(long, default_value = "now")]
    from: String,
    #[arg(long, default_value = "")]
    description: String,
}

#[derive(Args)]
struct Which {
    /// The webhook's id, as `hook list` shows it
    #[arg(value_name = "HOOK")]
    hook: String,
}

pub(crate) fn run(Arguments { command, desk }: Arguments) -> Result<(), Failure> {
    let allow_private = desk.place.settings()?.webhooks.allow_private;
    desk.open(Missing::Refuse, async |by| match command {
        Command::Create(new) => create(&by, new, allow_private).await,
        Command::List { app } => list(&by, &app).await,
        Command::Enable(which) => switch(&by, &which, true).await,
        Command::Disable(which) => switch(&by, &which, false).await,
        Command::Delete(which) => delete(&by, &which).await,
        Command::Rotate(which) => rotate(&by, &which).await,
        Command::Replay { hook, from } => replay(&by, &hook, &from).await,
        Command::Dead(which) => dead(&by, &which).await,
        Command::Retry(which) => retry(&by, &which).await,
    })
}

async fn find(by: &Administration, which: &Which) -> Result<Hook, Failure> {
    let missing =
        || Failure::new(format!("there is no webhook {}: see chinwag hook list --app APP", which.hook));
    let id: HookId = which.hook.trim().parse().map_err(|_| missing())?;
    by.store.hook(id).await?.ok_or_else(missing)
}

async fn create(by: &Administration, new: New, allow_private: bool) -> Result<(), Failure> {
    let app = by.app(&new.app).await?;
    let secret = new_secret();
    let url = HookUrl::parse(&new.url, allow_private)?.text;
    let new = NewHook {
        app: app.id,
        url,
        description: new.description,
        events: types(new.events)?,
        enabled: true,
        secret: secret.clone(),
        position: point(&by.store, &new.from).await.map_err(|problem| Failure::new(problem.detail))?,
    };
    let hook = by.store.create_hook(new).await?;
    if by.json {
        return output::json(&NewHookBody::of(hook, &secret, &by.store).await?);
    }
    let id = hook.id.to_string();
    output::pairs(&[("app", &app.name), ("id", &id), ("url", &hook.url), ("secret", secret.reveal())])?;
    output::text("\nKeep the secret: it is not shown again.")
}

async fn list(by: &Administration, app: &str) -> Result<(), Failure> {
    let app = by.app(app).await?;
    let hooks = by.store.hooks(app.id).await?;
    if by.json {
        let mut bodies = Vec::new();
        for hook in hooks {
            bodies.push(HookBody::of(hook, &by.store).await?);
        }
        return output::json(&bodies);
    }
    let row = |hook: Hook| {
        let state = match (hook.enabled, &hook.error) {
            (false, _) => "disabled".to_owned(),
            (true, None) => "works".to_owned(),
            (true, Some(error)) => format!("fails: {error}"),
        };
        let events = if hook.events.is_empty() { "all".to_owned() } else { hook.events.join(",") };
        [hook.id.to_string(), hook.url, events, state]
    };
    let rows = hooks.into_iter().map(row).collect();
    output::table(["ID", "URL", "EVENTS", "STATE"], rows, &format!("the app {} has no webhooks", app.name))
}

async fn changed(
    by: &Administration,
    which: &Which,
    changes: HookChanges,
    word: &str,
) -> Result<(), Failure> {
    let hook = find(by, which).await?;
    let meanwhile = || Failure::new(format!("the webhook {} was deleted meanwhile", which.hook));
    let hook = by.store.change_hook(hook.id, changes).await?.ok_or_else(meanwhile)?;
    if by.json {
        return output::json(&HookBody::of(hook, &by.store).await?);
    }
    output::text(&format!("{word}  {}  {}", hook.id, hook.url))
}

async fn switch(by: &Administration, which: &Which, enabled: bool) -> Result<(), Failure> {
    let changes = HookChanges { enabled: Some(enabled), ..HookChanges::default() };
    changed(by, which, changes, if enabled { "enabled" } else { "disabled" }).await
}

async fn replay(by: &Administration, which: &Which, from: &str) -> Result<(), Failure> {
    let position = point(&by.store, from).await.map_err(|problem| Failure::new(problem.detail))?;
    changed(by, which, HookChanges { position: Some(position), ..HookChanges::default() }, "replays").await
}

async fn delete(by: &Administration, which: &Which) -> Result<(), Failure> {
    let hook = find(by, which).await?;
    by.store.delete_hook(hook.id).await?;
    if by.json {
        return output::json(&json!({"id": hook.id, "deleted": true}));
    }
    output::text(&format!("deleted  {}  {}", hook.id, hook.url))
}

async fn rotate(by: &Administration, which: &Which) -> Result<(), Failure> {
    let hook = find(by, which).await?;
    let secret = new_secret();
    let until = old_secret_until(by.clock.now());
    let changes = HookChanges { secret: Some((secret.clone(), until)), ..HookChanges::default() };
    let meanwhile = || Failure::new(format!("the webhook {} was deleted meanwhile", which.hook));
    let hook = by.store.change_hook(hook.id, changes).await?.ok_or_else(meanwhile)?;
    if by.json {
        return output::json(&NewHookBody::of(hook, &secret, &by.store).await?);
    }
    output::pairs(&[("id", &hook.id.to_string()), ("secret", secret.reveal())])?;
    output::text("\nKeep the secret: it is not shown again. For a day the old one signs too.")
}

async fn dead(by: &Administration, which: &Which) -> Result<(), Failure> {
    let hook = find(by, which).await?;
    let (mut letters, mut after) = (Vec::new(), 0);
    loop {
        let more = by.store.dead_letters(hook.id, after, false, LETTERS_AT_ONCE).await?;
        let Some(last) = more.last() else { break };
        after = last.position;
        letters.extend(more);
    }
    if by.json {
        let epoch = by.store.epoch();
        let bodies: Vec<LetterBody> =
            letters.into_iter().map(|letter| LetterBody::of(letter, epoch)).collect();
        return output::json(&bodies);
    }
    let rows = letters
        .into_iter()
        .map(|letter| [letter.kind, letter.chat.to_string(), letter.at.to_string(), letter.error])
        .collect();
    output::table(["TYPE", "CHAT", "GIVEN UP", "ERROR"], rows, "there are no dead letters")
}

async fn retry(by: &Administration, which: &Which) -> Result<(), Failure> {
    let hook = find(by, which).await?;
    let retried = by.store.retry_dead_letters(hook.id, None).await?;
    if by.json {
        return output::json(&json!({"id": hook.id, "retried": retried}));
    }
    output::text(&format!("retries  {retried} dead letters"))
}
