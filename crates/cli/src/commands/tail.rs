//! `chinwag tail`: what happens, as it happens, one line each.

use std::collections::HashMap;
use std::io::Write;

use chinwag_client::{ChatEvent, ChatId, Client, Error, Event, EventKind, UserId};
use clap::Args;
use serde_json::{Value, json};

use super::{Failure, serve};
use crate::output;
use crate::signed_in::SessionFlags;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Only of this chat
    #[arg(long, value_name = "ID")]
    chat: Option<ChatId>,
    /// Events as JSON, each with the cursor behind it
    #[arg(long)]
    json: bool,
    /// Begin behind this cursor, not now
    #[arg(long, value_name = "CURSOR")]
    since: Option<String>,
    #[command(flatten)]
    session: SessionFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    serve::runtime()?.block_on(async {
        let stop = serve::stop_on_signal()?;
        tokio::select! {
            done = tail(arguments) => done,
            () = stop.cancelled() => Ok(()),
        }
    })
}

async fn tail(arguments: &Arguments) -> Result<(), Failure> {
    let Some(signed_in) = arguments.session.read()? else {
        return Err(Failure::new("nobody is signed in: chinwag login URL --key KEY --user NAME"));
    };
    let builder = arguments.session.builder(&signed_in.url, &signed_in.username)?.tokens(signed_in.tokens());
    let client = match &arguments.since {
        Some(cursor) => builder.since(cursor).build()?,
        None => builder.build()?,
    };
    // Something that can say no at once, where connecting would go on trying.
    client.user().await?;
    let mut events = client.realtime().events();
    let connecting = client.realtime().clone();
    let connected = tokio::spawn(async move { connecting.connect().await });
    let mut names = Names::default();
    while let Some(event) = events.next().await {
        match event {
            Event::Chat(event) if arguments.chat.is_none_or(|chat| chat == event.chat_id) => {
                if arguments.json {
                    output::json(&with_cursor(&event, events.cursor())?)?;
                } else if let Some(line) = names.line(&client, &event).await {
                    output::text(&line)?;
                }
            }
            Event::Connected => aside("listening"),
            Event::Resumed => aside("listening again"),
            Event::Resync => aside("what was missed cannot be told: listening from here on"),
            Event::Disconnected { reason, .. } => aside(&format!("disconnected: {reason}")),
            _ => {}
        }
    }
    match connected.await {
        Ok(Err(error)) => Err(error.into()),
        _ => Err(Error::NotSignedIn.into()),
    }
}

/// For people. Nobody may be listening, which is no reason to stop.
fn aside(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn with_cursor(event: &ChatEvent, cursor: Option<&str>) -> Result<Value, Failure> {
    let mut line = serde_json::to_value(event)?;
    line["cursor"] = json!(cursor);
    Ok(line)
}

/// What people are called, asked for once in each chat.
#[derive(Default)]
struct Names(HashMap<(ChatId, UserId), String>);

impl Names {
    async fn line(&mut self, client: &Client, event: &ChatEvent) -> Option<String> {
        let what = match &event.kind {
            EventKind::MessageSent { message, .. } | EventKind::Replied { message, .. } => message.clone(),
            EventKind::MessageEdited { message, .. } => format!("(edited) {message}"),
            EventKind::MessageDeleted { .. } => "(deleted a message)".to_owned(),
            EventKind::ReactionAdded { reaction, .. } => format!("({reaction})"),
            EventKind::UserJoined { username, .. } => format!("(added {username})"),
            EventKind::UserLeft { message, .. } => format!("({message})"),
            EventKind::ChatCreated { chat_name, .. } => format!("(made the chat {chat_name})"),
            EventKind::ChatRenamed { chat_name, .. } => format!("(renamed the chat {chat_name})"),
            EventKind::ChatDeleted => "(deleted the chat)".to_owned(),
            EventKind::Typing | EventKind::MessageRead { .. } | EventKind::ReactionRemoved { .. } => {
                return None;
            }
        };
        let name = self.of(client, event.chat_id, event.sender_id).await;
        // One event, one line, and nothing that a terminal would obey.
        let what = super::chat::text::plain(&what).replace('\n', "\n    ");
        Some(format!("{}  {name}: {what}", event.chat_id))
    }

    async fn of(&mut self, client: &Client, chat: ChatId, user: UserId) -> String {
        if !self.0.contains_key(&(chat, user)) {
            // Who has left is called by their id.
            for member in client.members(chat).await.unwrap_or_default() {
                self.0.insert((chat, member.user_id), super::chat::text::plain(&member.username));
            }
        }
        self.0.entry((chat, user)).or_insert_with(|| user.to_string()).clone()
    }
}
