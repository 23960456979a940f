//! Doing what an update asked for, and bringing what came of it.

use chinwag_client::{Client, Error, Realtime};
use tokio::sync::mpsc::Sender;

use super::update::{Effect, Input};

/// Messages asked for at once: a screen, and some to scroll.
const PAGE: u32 = 50;
const CHATS: u32 = 100;

/// What came of it is told to `tell`; actions tell of themselves by the events of the outbox.
pub(super) fn perform(effect: Effect, client: &Client, tell: &Sender<Input>) {
    let (client, tell) = (client.clone(), tell.clone());
    tokio::spawn(async move {
        let realtime = client.realtime();
        let input = match effect {
            Effect::LoadChats => client.chats(0, CHATS).await.map(Input::Chats),
            Effect::LoadMembers(chat) => {
                client.members(chat).await.map(|members| Input::Members(chat, members))
            }
            Effect::LoadHistory(chat, before) => {
                let page = client.messages(chat, PAGE, before).await;
                page.map(|page| Input::History(chat, before, page))
            }
            Effect::Retry(nonce) => {
                realtime.retry(&nonce);
                return;
            }
            Effect::Discard(nonce) => {
                realtime.discard(&nonce);
                return;
            }
            Effect::Type(chat) => return realtime.send_typing(chat),
            action => match act(realtime, action).await {
                Ok(()) => return,
                // That one is shown where it waits.
                Err(Error::Refused(_) | Error::Discarded | Error::Disconnected) => return,
                Err(error) => Err(error),
            },
        };
        // The other end is gone when the program ends.
        let _ = tell.send(input.unwrap_or_else(|error| Input::Failed(error.to_string()))).await;
    });
}

async fn act(realtime: &Realtime, effect: Effect) -> Result<(), Error> {
    match effect {
        Effect::Send(chat, text) => realtime.send_message(chat, text).await.map(drop),
        Effect::Reply(chat, original, text) => {
            realtime.reply_to_message(chat, original, text).await.map(drop)
        }
        Effect::Edit(chat, id, text, seen) => realtime.edit_message_if(chat, id, text, seen).await.map(drop),
        Effect::Delete(chat, id) => realtime.delete_message(chat, id).await.map(drop),
        Effect::React(chat, id, emoji) => realtime.add_reaction(chat, id, emoji).await.map(drop),
        Effect::Unreact(id) => realtime.remove_reaction(id).await.map(drop),
        Effect::Read(chat, id) => realtime.mark_as_read(chat, id).await.map(drop),
        _ => Ok(()),
    }
}
