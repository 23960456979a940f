//! History as a stream.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use chinwag_protocol::{ChatId, MessageId};
use futures_util::Stream;
use futures_util::stream::{BoxStream, StreamExt, try_unfold};

use crate::client::Client;
use crate::error::Error;
use crate::model::Message;

/// Messages asked for at once: as many as the server gives.
const PAGE: u32 = 100;

/// The messages of a chat, newest first; see [`Client::history`]. After an error it ends.
///
/// ```no_run
/// # async fn example(client: chinwag_client::Client, chat: chinwag_client::ChatId) -> Result<(), chinwag_client::Error> {
/// use futures_util::TryStreamExt;
///
/// let all: Vec<chinwag_client::Message> = client.history(chat).try_collect().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "it reads nothing until polled"]
pub struct History(BoxStream<'static, Result<Message, Error>>);

struct Place {
    client: Client,
    chat: ChatId,
    before: Option<MessageId>,
    page: VecDeque<Message>,
    /// The last page was the last.
    ended: bool,
}

impl History {
    pub(crate) fn new(client: Client, chat: ChatId, before: Option<MessageId>) -> Self {
        let start = Place { client, chat, before, page: VecDeque::new(), ended: false };
        Self(try_unfold(start, Place::next).boxed())
    }
}

impl Place {
    async fn next(mut self) -> Result<Option<(Message, Self)>, Error> {
        if self.page.is_empty() && !self.ended {
            let page = self.client.messages(self.chat, PAGE, self.before).await?;
            self.ended = page.len() < PAGE as usize;
            self.before = page.last().map(|message| message.content.message_id).or(self.before);
            self.page = page.into();
        }
        Ok(self.page.pop_front().map(|message| (message, self)))
    }
}

impl Stream for History {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}
