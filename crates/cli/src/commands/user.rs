//! `chinwag user`: the end users of an app, for an administrator.

use std::io::Write;
use std::pin::pin;

use chinwag_protocol::{AppId, Email, SessionId, Timestamp, UserId, Username};
use chinwag_server::export::parts;
use chinwag_server::management::ReceiptBody;
use chinwag_server::sessions::password::{self, Password, Passwords};
use chinwag_server::store::{Act, Erasure, NewUser, Occupancy, SignIn, User};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::Failure;
use crate::administration::{Administration, Desk, Missing, operator};
use crate::output;
use futures_util::StreamExt;

/// Where the made-up addresses of users are who have none: mail to it is never delivered (RFC 2606, section 2).
const NOWHERE: &str = "chinwag.invalid";

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    desk: Desk,
}

#[derive(Subcommand)]
enum Command {
    /// Make a user; a password is made up, and shown once, unless one is given
    Create(New),
    /// List an app's users by name
    List {
        /// The app's name or id
        #[arg(long)]
        app: String,
    },
    /// List a user's sign-ins that go on
    Sessions(Which),
    /// End all sessions of a user; their connections close within a second
    SignOut(Which),
    /// Print all that is kept of a user, as JSON for them to have
    Export(Which),
    /// Print what was removed of a user who was deleted
    Receipt {
        /// The id that they had
        #[arg(value_name = "USER")]
        user: String,
    },
    /// Delete a user, and with them what they wrote
    ///
    /// The user can do nothing from then on. What they wrote is erased by the server if one runs, within seconds,
    /// and else by this command before it ends.
    Delete(Which),
}

#[derive(Args)]
struct New {
    /// The app's name or id
    #[arg(long)]
    app: String,
    username: String,
    /// Their e-mail address [default: USERNAME@chinwag.invalid]
    #[arg(long)]
    email: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Args)]
struct Which {
    /// The user's id, or with --app their name
    #[arg(value_name = "USER")]
    user: String,
    /// The app's name or id
    #[arg(long)]
    app: Option<String>,
}

pub(crate) fn run(Arguments { command, desk }: Arguments) -> Result<(), Failure> {
    desk.open(Missing::Refuse, async |administration| match command {
        Command::Create(new) => create(&administration, new).await,
        Command::List { app } => list(&administration, &app).await,
        Command::Sessions(which) => sessions(&administration, &which).await,
        Command::SignOut(which) => sign_out(&administration, &which).await,
        Command::Export(which) => export(&administration, &which).await,
        Command::Receipt { user } => receipt(&administration, &user).await,
        Command::Delete(which) => delete(&administration, &which).await,
    })
}

/// A user, as the chat API tells of them, and of which app.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserBody {
    id: UserId,
    app_id: AppId,
    username: String,
    email: String,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl UserBody {
    /// `password` if it was made up and must be told.
    fn of(user: User, password: Option<String>) -> Self {
        let User { id, app, username, email, created_at } = user;
        Self { id, app_id: app, username, email, created_at, password }
    }
}

async fn create(by: &Administration, new: New) -> Result<(), Failure> {
    let app = by.app(&new.app).await?;
    let username = Username::parse(new.username)?;
    let email = new.email.unwrap_or_else(|| format!("{username}@{NOWHERE}"));
    let email =
        Email::parse(email).map_err(|error| Failure::new(format!("{error}: give one with --email")))?;
    let (text, made_up) = match new.password_stdin {
        true => (first_line()?, None),
        false => {
            let text = password::make_up();
            (text.clone(), Some(text))
        }
    };
    let password_hash = Passwords::new(1).hash(Password::chosen(text)?).await?;
    let new = NewUser { app: app.id, username, email, password_hash, first_name: None, sur_name: None };
    let user = by.store.register_user(new).await?;
    by.note(operator(Act::UserCreated).in_app(user.app).to(user.id)).await;
    if by.json {
        return output::json(&UserBody::of(user, made_up));
    }
    let id = user.id.to_string();
    let mut rows = vec![("app", app.name.as_str()), ("id", &id), ("username", &user.username)];
    rows.push(("email", &user.email));
    match &made_up {
        None => output::pairs(&rows),
        Some(password) => {
            rows.push(("password", password));
            output::pairs(&rows)?;
            output::text("\nKeep the password: it is not shown again.")
        }
    }
}

pub(super) fn first_line() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

async fn list(by: &Administration, app: &str) -> Result<(), Failure> {
    let app = by.app(app).await?;
    let mut users: Vec<User> = Vec::new();
    loop {
        let after = users.last().map(|user| Username::parse(user.username.clone())).transpose()?;
        let more = by.store.users(app.id, after).await?;
        if more.is_empty() {
            break;
        }
        users.extend(more);
    }
    if by.json {
        let users: Vec<UserBody> = users.into_iter().map(|user| UserBody::of(user, None)).collect();
        return output::json(&users);
    }
    let row = |user: User| [user.id.to_string(), user.username, user.email, user.created_at.to_string()];
    let rows = users.into_iter().map(row).collect();
    let none = format!("the app {} has no users", app.name);
    output::table(["ID", "USERNAME", "EMAIL", "CREATED"], rows, &none)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionBody {
    id: SessionId,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
}

impl From<SignIn> for SessionBody {
    fn from(sign_in: SignIn) -> Self {
        let SignIn { session, created_at, last_used_at, expires_at } = sign_in;
        Self { id: session, created_at, last_used_at, expires_at }
    }
}

async fn sessions(by: &Administration, which: &Which) -> Result<(), Failure> {
    let user = by.user(&which.user, which.app.as_deref()).await?;
    let sign_ins = by.store.sign_ins(user.id, by.clock.now()).await?;
    if by.json {
        return output::json(&sign_ins.into_iter().map(SessionBody::from).collect::<Vec<_>>());
    }
    let row = |SignIn { session, created_at, last_used_at, expires_at }| {
        [session.to_string(), created_at.to_string(), last_used_at.to_string(), expires_at.to_string()]
    };
    let rows = sign_ins.into_iter().map(row).collect();
    let none = format!("{} is not signed in", user.username);
    output::table(["ID", "SIGNED IN", "LAST USED", "EXPIRES"], rows, &none)
}

async fn sign_out(by: &Administration, which: &Which) -> Result<(), Failure> {
    let user = by.user(&which.user, which.app.as_deref()).await?;
    by.store.end_sessions(user.id).await?;
    by.note(operator(Act::UserSignedOut).in_app(user.app).to(user.id)).await;
    if by.json {
        return output::json(&json!({"id": user.id, "username": user.username, "signedOut": true}));
    }
    output::text(&format!("signed out  {}  {}", user.id, user.username))
}

async fn delete(by: &Administration, which: &Which) -> Result<(), Failure> {
    let user = by.user(&which.user, which.app.as_deref()).await?;
    if !by.store.delete_user(user.id).await? {
        return Err(Failure::new(format!("{} was deleted meanwhile", user.username)));
    }
    by.note(operator(Act::UserDeleted).in_app(user.app).to(user.id)).await;
    let erased = by.occupancy == Occupancy::Alone;
    if erased {
        by.store.erase(Erasure::User(user.id)).await?;
        by.store.scrub().await?;
    }
    let receipt = by.store.receipt(user.id).await?.filter(|_| erased);
    if by.json {
        let receipt = receipt.map(ReceiptBody::from);
        let (id, username) = (user.id, user.username);
        return output::json(&json!({"id": id, "username": username, "erased": erased, "receipt": receipt}));
    }
    output::text(&format!("deleted  {}  {}", user.id, user.username))?;
    match receipt {
        Some(receipt) => {
            let rows = receipt.removed.into_iter().map(|(what, count)| [what, count.to_string()]).collect();
            output::table(["REMOVED", "COUNT"], rows, "there was nothing of theirs")
        }
        None => output::text(
            "The running server is erasing what they wrote; chinwag user receipt tells what it removed.",
        ),
    }
}

async fn receipt(by: &Administration, user: &str) -> Result<(), Failure> {
    let unknown = || Failure::new(format!("{user} is not the id of a user who was deleted"));
    let id = user.parse::<UserId>().map_err(|_| unknown())?;
    let receipt = by.store.receipt(id).await?.ok_or_else(unknown)?;
    if by.json {
        return output::json(&ReceiptBody::from(receipt));
    }
    let finished = receipt.finished_at.map_or("under way".to_owned(), |at| at.to_string());
    output::pairs(&[
        ("user", &receipt.user.to_string()),
        ("requested", &receipt.requested_at.to_string()),
        ("finished", &finished),
    ])?;
    let rows = receipt.removed.into_iter().map(|(what, count)| [what, count.to_string()]).collect();
    output::table(["REMOVED", "COUNT"], rows, "there was nothing of theirs")
}

/// Streamed to standard output as it is read.
async fn export(by: &Administration, which: &Which) -> Result<(), Failure> {
    let user = by.user(&which.user, which.app.as_deref()).await?;
    let gone = || Failure::new(format!("{} was deleted meanwhile", user.username));
    let now = by.clock.now();
    let personal = by.store.personal(user.id).await?.ok_or_else(gone)?;
    let sessions = by.store.sign_ins(user.id, now).await?;
    by.note(operator(Act::UserExported).in_app(user.app).to(user.id)).await;
    let mut parts = pin!(parts(by.store.clone(), personal, sessions, now));
    let mut stdout = std::io::stdout().lock();
    while let Some(part) = parts.next().await {
        stdout.write_all(part?.as_bytes())?;
    }
    stdout.write_all(b"\n")?;
    Ok(stdout.flush()?)
}
