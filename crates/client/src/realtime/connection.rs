//! The one task that owns the socket: everything that can happen to it is one enum.

mod hear;
mod line;

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::action::to_json;
use super::desk::{Outcome, Place};
use super::keeping::{Line as FileLine, OutboxFile};
use super::outbox::{Door, OutboxEntry};
use super::shared::Shared;
use crate::error::Error;
use crate::http::Call;
use line::{Line, Opened};

/// Actions that are on their way over HTTP at once.
const POSTS_MAX: usize = 16;

type Written = (OutboxFile, Vec<FileLine>, Result<(), Error>);

pub(super) struct Connection {
    shared: Arc<Shared>,
    place: Place,
    line: Line,
    /// Since the last time that it was live.
    attempt: u32,
    /// It was live before, since `connect`.
    resumes: bool,
    posts: FuturesUnordered<BoxFuture<'static, (String, Outcome)>>,
    posting: Arc<Semaphore>,
    writing: Option<JoinHandle<Written>>,
    /// Why it ended, once it has.
    why: Error,
}

enum Happened {
    /// Something is on the desk, or time has come for something.
    Poked,
    Opened(Result<Opened, Error>),
    Came(Result<Bytes, String>),
    Posted(String, Outcome),
    /// None if the thread that wrote died.
    Wrote(Option<Written>),
}

/// Starts the task, unless there is one.
pub(super) fn start(shared: &Arc<Shared>) {
    let Some(place) = shared.begin() else { return };
    let connection = Connection {
        shared: Arc::clone(shared),
        place,
        line: Line::down_until(Instant::now()),
        attempt: 0,
        resumes: false,
        posts: FuturesUnordered::new(),
        posting: Arc::new(Semaphore::new(POSTS_MAX)),
        writing: None,
        why: Error::Disconnected,
    };
    tokio::spawn(connection.run());
}

impl Connection {
    async fn run(mut self) {
        let why = loop {
            if self.shared.is_leaving() {
                break Error::Disconnected;
            }
            if let Err(why) = self.move_on() {
                break why;
            }
            let due = self.due();
            match self.next(due).await {
                Happened::Poked => {}
                Happened::Opened(opened) => {
                    if let Err(why) = self.opened(opened).await {
                        break why;
                    }
                }
                Happened::Came(Ok(bytes)) => self.came(&bytes),
                Happened::Came(Err(why)) => self.lost(&why, None),
                Happened::Posted(nonce, outcome) => self.answered(&nonce, outcome),
                Happened::Wrote(written) => self.wrote(written),
            }
        };
        self.why = why;
        self.end().await;
    }

    /// Waits for whatever comes first. Nothing is lost when the others are dropped.
    async fn next(&mut self, due: Option<Instant>) -> Happened {
        let Self { shared, line, posts, writing, .. } = self;
        tokio::select! {
            happened = line.next() => happened,
            Some((nonce, outcome)) = posts.next() => Happened::Posted(nonce, outcome),
            written = written(writing) => Happened::Wrote(written),
            () = shared.poke.notified() => Happened::Poked,
            () = reached(due) => Happened::Poked,
        }
    }

    /// Does what is to be done now.
    fn move_on(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        let user = self.shared.auth.signed_in()?.user_id;
        self.tend(now, user);
        if self.line.is_ready_to_open(now) {
            self.open(user);
        }
        self.send(now);
        self.write();
        Ok(())
    }

    fn due(&self) -> Option<Instant> {
        let outbox = if self.line.carries() { self.shared.desk().outbox.due() } else { None };
        // What is due in the past waits for something else: for its turn, or for another answer.
        let outbox = outbox.filter(|at| *at > Instant::now());
        self.line.due().into_iter().chain(outbox).min()
    }

    /// Sends what can be sent now.
    fn send(&mut self, now: Instant) {
        let Some(user) = self.line.user().filter(|_| self.line.carries()) else { return };
        let shared = Arc::clone(&self.shared);
        let (taken, typing) = shared.act_quietly(|desk| {
            desk.outbox.overdue(now);
            (desk.outbox.take(now, user), desk.take_typing())
        });
        for (entry, door) in taken {
            let sent =
                door == Door::Stomp && self.line.send(&to_json(&entry.action, Some(&entry.nonce)), now);
            if !sent {
                self.post(&entry);
            }
        }
        for chat in typing {
            self.line.send(&to_json(&chinwag_protocol::Action::Typing { chat }, None), now);
        }
    }

    fn post(&mut self, entry: &OutboxEntry) {
        let auth = Arc::clone(&self.shared.auth);
        let posting = Arc::clone(&self.posting);
        let nonce = entry.nonce.clone();
        let call = Call::post("/api/chat", to_json(&entry.action, Some(&nonce)));
        self.posts.push(Box::pin(async move {
            // It is never closed, so this is only ever a wait.
            let _turn = posting.acquire().await;
            let outcome = match auth.send(&call).await {
                Ok(answer) => answer.read(),
                Err(error) => Err(error),
            };
            (nonce, outcome)
        }));
    }

    /// Brings the file up to date, if nobody does so.
    fn write(&mut self) {
        if self.writing.is_some() {
            return;
        }
        if let Some((mut file, lines)) = self.shared.desk().take_lines() {
            self.writing = Some(tokio::task::spawn_blocking(move || {
                let outcome = file.append(&lines);
                (file, lines, outcome)
            }));
        }
    }

    fn wrote(&mut self, written: Option<Written>) {
        self.writing = None;
        if let Some((file, lines, outcome)) = written {
            self.shared.act(|desk| desk.wrote(file, &lines, &outcome));
        }
    }

    /// The end, until somebody connects again.
    async fn end(mut self) {
        std::mem::replace(&mut self.line, Line::down_until(Instant::now())).close().await;
        loop {
            self.write();
            if self.writing.is_none() {
                break;
            }
            let written = written(&mut self.writing).await;
            self.wrote(written);
        }
    }
}

/// However it ends, by the end of the run time too. The cursor stays: the same user will be told what was missed.
impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.end(std::mem::take(&mut self.place), self.why.clone());
    }
}

async fn written(writing: &mut Option<JoinHandle<Written>>) -> Option<Written> {
    match writing {
        Some(handle) => handle.await.ok(),
        None => std::future::pending().await,
    }
}

async fn reached(due: Option<Instant>) {
    match due {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
