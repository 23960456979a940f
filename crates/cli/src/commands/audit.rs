//! `chinwag audit`: what administrators and accounts did, for an administrator.

use chinwag_server::management::EntryBody;
use chinwag_server::store::{AuditEntry, AuditSearch};
use clap::Args;

use super::Failure;
use crate::administration::{Administration, Desk, Missing};
use crate::output;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Of this app alone: its name or id
    #[arg(long)]
    app: Option<String>,
    /// How many, the newest
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    size: u32,
    /// Before the entry of this number
    #[arg(long, value_name = "NUMBER")]
    before: Option<i64>,
    #[command(flatten)]
    desk: Desk,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    arguments.desk.open(Missing::Refuse, async |administration| list(&administration, arguments).await)
}

async fn list(by: &Administration, arguments: &Arguments) -> Result<(), Failure> {
    let app = match &arguments.app {
        Some(app) => Some(by.app(app).await?.id),
        None => None,
    };
    let search = AuditSearch { account: None, app, before: arguments.before, size: arguments.size };
    let entries = by.store.audit(search).await?;
    if by.json {
        return output::json(&entries.into_iter().map(EntryBody::from).collect::<Vec<_>>());
    }
    let row = |entry: AuditEntry| {
        let AuditEntry { id, at, actor, account, act, app, subject, address, detail } = entry;
        let whom = subject.or(app.map(|app| app.to_string())).or(account.map(|account| account.to_string()));
        let whom = whom.unwrap_or_default();
        let (address, detail) = (address.unwrap_or_default(), detail.unwrap_or_default());
        [id.to_string(), at.to_string(), actor, act, whom, address, detail]
    };
    let rows = entries.into_iter().map(row).collect();
    output::table(["NUMBER", "AT", "WHO", "WHAT", "WHOM", "FROM", "DETAIL"], rows, "nothing was done yet")
}
