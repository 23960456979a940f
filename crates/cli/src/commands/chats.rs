//! `chinwag chats`: the chats of who is signed in.

use chinwag_client::ChatDetails;
use clap::Args;

use super::{Failure, serve};
use crate::output;
use crate::signed_in::SessionFlags;

/// As many as the server gives at once.
const PAGE: u32 = 100;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    session: SessionFlags,
    /// Answer with JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (_, client) = arguments.session.client()?;
    let chats = serve::runtime()?.block_on(async {
        let mut chats: Vec<ChatDetails> = Vec::new();
        for page in 0.. {
            let more = client.chats(page, PAGE).await?;
            let is_last = more.len() < PAGE as usize;
            chats.extend(more);
            if is_last {
                break;
            }
        }
        Ok::<_, Failure>(chats)
    })?;
    if arguments.json {
        return output::json(&chats);
    }
    let row = |chat: ChatDetails| {
        let last = chat.last_message_timestamp.map(|time| time.to_string()).unwrap_or_default();
        [chat.chat_id.to_string(), chat.chat_name, chat.unread_count.to_string(), last]
    };
    let rows = chats.into_iter().map(row).collect();
    output::table(["ID", "NAME", "UNREAD", "LAST MESSAGE"], rows, "no chats yet")
}
