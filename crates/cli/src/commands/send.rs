//! `chinwag send`: one message, and its name once it is on the server's disk.

use std::io::Read;

use chinwag_client::ChatId;
use clap::Args;
use serde_json::json;

use super::{Failure, serve};
use crate::output;
use crate::signed_in::SessionFlags;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The chat's id; `chinwag chats` lists them
    #[arg(long, value_name = "ID", value_parser = chat_id)]
    chat: ChatId,
    /// The message; - reads it from standard input
    text: String,
    #[command(flatten)]
    session: SessionFlags,
    /// Answer with JSON
    #[arg(long)]
    json: bool,
}

fn chat_id(text: &str) -> Result<ChatId, String> {
    text.parse().map_err(|_| "not the id of a chat: `chinwag chats` lists them".to_owned())
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { chat, mut text, session, json } = arguments;
    if text == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
        let length = text.trim_end_matches('\n').len();
        text.truncate(length);
    }
    let (_, client) = session.client()?;
    serve::runtime()?.block_on(async {
        // Something that can say no at once, where connecting would go on trying.
        client.user().await?;
        client.realtime().connect().await?;
        let stored = client.realtime().send_message(chat, text).await?;
        client.realtime().disconnect().await;
        if json {
            let time = stored.time.map(|time| time.to_string());
            return output::json(&json!({"messageId": stored.id, "seq": stored.seq, "timeStamp": time}));
        }
        output::text(&stored.id.to_string())
    })
}
