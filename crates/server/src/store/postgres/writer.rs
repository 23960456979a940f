//! This node's one writer: it gathers what waits, does it in one transaction, and only when that is on the disk answers
//! and announces, in the order in which it committed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chinwag_protocol::UserId;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::{Config, Error};
use uuid::Uuid;

use super::act::{self, ActJob};
use super::facts::Fault;
use super::flush::{Ready, Signature, flush};
use super::group::{self, GROUP_MAX};
use super::line::{Line, is_collision, is_lost, is_stall};
use super::natural;
use super::sync::{Ear, ListenJob, present_chats};
use super::verbs::{self, Outcome, VerbJob};
use crate::chat::ChatEvent;
use crate::clock::{Clock, Ids};
use crate::hub::{Announcement, Announcements, Listen};
use crate::store::{ChatError, Done, Occupancy, OpenError, StoreError};
use crate::telemetry::Commits;

/// How often the same is tried again after a lost connection or a collision with another node.
const ATTEMPTS_MAX: u32 = 3;
/// How long to wait for locks of a connection that was lost, or of a process that has just ended.
const LOCK_PATIENCE: Duration = Duration::from_secs(6);
const LOCK_LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// Between attempts to learn whether a transaction was committed.
const OUTCOME_INTERVAL: Duration = Duration::from_millis(200);
/// Held by a node that is to be the only one.
const ONLY_NODE_LOCK: i64 = 0x6368_696e_7761_6702;

/// What the writer is asked for.
pub(super) enum Order {
    Act(ActJob),
    Verb(VerbJob),
    Listen(ListenJob),
}

pub(super) struct Wiring {
    pub(super) config: Config,
    pub(super) occupancy: Occupancy,
    pub(super) queue: mpsc::Receiver<Order>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<Ids>,
    pub(super) announcements: Announcements,
    pub(super) head: Arc<AtomicU64>,
    pub(super) commits: Arc<Commits>,
}

pub(super) struct Writer {
    id: Uuid,
    line: Option<Line>,
    wiring: Wiring,
}

/// Why something was not done. Nothing has happened.
enum Failed {
    /// The connection went: the same may be done on the next one.
    Lost(StoreError),
    /// Another node did something at the same time.
    Collided(StoreError),
    /// The server is not there, or something holds it up: nothing else that is tried now will fare better.
    Stalled(StoreError),
    /// By the database, for what was to be written.
    Refused(StoreError),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        if is_lost(&error) {
            Self::Lost(error.into())
        } else if is_collision(&error) {
            Self::Collided(error.into())
        } else if is_stall(&error) {
            Self::Stalled(error.into())
        } else {
            Self::Refused(error.into())
        }
    }
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Lost(error)
            | Failed::Collided(error)
            | Failed::Stalled(error)
            | Failed::Refused(error) => error,
        }
    }
}

/// What is done in one transaction.
enum Work {
    Acts(Vec<ActJob>),
    Verb(Box<VerbJob>),
}

/// What the callers will be told.
enum Answers {
    Acts(act::Answers),
    Verb(Result<Outcome, ChatError>),
}

impl Writer {
    pub(super) fn new(wiring: Wiring) -> Self {
        Self { id: wiring.ids.next(), line: None, wiring }
    }

    /// Connects and begins, on a thread and a run time of its own: it may wait for the fan-out.
    pub(super) async fn start(mut self) -> Result<JoinHandle<()>, OpenError> {
        let failed = |error: std::io::Error| OpenError::Database(error.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (tell, told) = oneshot::channel();
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let thread = thread.spawn(move || {
            runtime.block_on(async move {
                let connected = self.connect().await.map(|line| self.line = Some(line));
                let is_connected = connected.is_ok();
                let _ = tell.send(connected);
                if is_connected {
                    self.run().await;
                }
            });
        });
        let thread = thread.map_err(failed)?;
        match told.await {
            Ok(Ok(())) => Ok(thread),
            Ok(Err(NotConnected::Served)) => Err(OpenError::Served),
            Ok(Err(NotConnected::Store(error))) => Err(OpenError::Database(error.to_string())),
            Err(_) => Err(OpenError::Database("the writer did not start".to_owned())),
        }
    }

    async fn run(mut self) {
        let mut arrived = Vec::with_capacity(GROUP_MAX);
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() && self.wiring.queue.recv_many(&mut arrived, GROUP_MAX).await == 0 {
                return;
            }
            waiting.extend(arrived.drain(..));
            while waiting.len() < GROUP_MAX {
                let Ok(order) = self.wiring.queue.try_recv() else { break };
                waiting.push_back(order);
            }
            self.perform(group::take(&mut waiting)).await;
        }
    }

    async fn perform(&mut self, orders: Vec<Order>) {
        let (mut acts, mut listens) = (Vec::new(), Vec::new());
        for order in orders {
            match order {
                Order::Act(job) => acts.push(job),
                Order::Listen(job) => listens.push(job),
                Order::Verb(job) => self.commit(Work::Verb(Box::new(job))).await,
            }
        }
        if !acts.is_empty() {
            self.commit(Work::Acts(acts)).await;
        }
        if !listens.is_empty() {
            self.listen(listens).await;
        }
    }

    /// Does the work and tells its callers. What cannot be done together is done one by one.
    async fn commit(&mut self, work: Work) {
        let mut todo = VecDeque::from([work]);
        while let Some(work) = todo.pop_front() {
            let mut attempts = 1;
            let failed = loop {
                let began = Instant::now();
                match self.attempt(&work).await {
                    Ok((ready, answers, head)) => {
                        self.wiring.commits.time.observe(began.elapsed());
                        self.wiring.commits.jobs.add(work.len() as u64);
                        self.tell(work, ready, answers, head);
                        break None;
                    }
                    Err(Failed::Lost(_)) if attempts < ATTEMPTS_MAX => attempts += 1,
                    Err(Failed::Collided(_)) if attempts < ATTEMPTS_MAX && work.len() == 1 => attempts += 1,
                    Err(failed) => break Some((work, failed)),
                }
            };
            match failed {
                None => {}
                Some((Work::Acts(jobs), Failed::Collided(_) | Failed::Refused(_))) if jobs.len() > 1 => {
                    for job in jobs.into_iter().rev() {
                        todo.push_front(Work::Acts(vec![job]));
                    }
                }
                Some((work, failed)) => {
                    let error = StoreError::from(failed);
                    self.wiring.commits.failed.add(1);
                    tracing::error!(%error, "unable to commit");
                    work.fails(&error);
                }
            }
        }
    }

    /// One transaction. Returns the head after it, or, if it had nothing to write, what it was before.
    async fn attempt(&mut self, work: &Work) -> Result<(Ready, Answers, u64), Failed> {
        let line = self.line().await?;
        let now = self.wiring.clock.now();
        let decided = match work {
            Work::Acts(jobs) => act::decide(&line, jobs, now, &self.wiring.ids)
                .await
                .map(|(ready, answers)| (ready, Answers::Acts(answers))),
            Work::Verb(job) => verbs::decide(&line, &job.verb, now, &self.wiring.ids)
                .await
                .map(|(ready, outcome)| (ready, Answers::Verb(outcome))),
        };
        let (mut ready, answers) = match decided {
            Ok(decided) => decided,
            Err(Fault::Postgres(error)) if is_lost(&error) => return Err(error.into()),
            Err(fault) => {
                self.roll_back(line).await;
                return Err(match fault {
                    Fault::Postgres(error) => error.into(),
                    Fault::Store(error) => Failed::Refused(error),
                });
            }
        };
        if ready.asks.is_empty() && !ready.is_begun {
            self.roll_back(line).await;
            return Ok((ready, answers, self.wiring.head.load(Ordering::Acquire)));
        }
        let signature = Signature { writer: self.id, flush: self.wiring.ids.next(), at: now };
        let asks = std::mem::take(&mut ready.asks);
        let head = match flush(&line, ready.moved, asks, signature).await {
            Ok(head) => {
                self.line = Some(line);
                head
            }
            Err(error) if is_lost(&error) => {
                drop(line);
                self.outcome(signature).await.ok_or_else(|| Failed::from(error))?
            }
            Err(error) => {
                self.line = Some(line);
                return Err(error.into());
            }
        };
        Ok((ready, answers, head))
    }

    /// Takes the line, or makes one. Whoever does not put it back closes it, and takes back what it had under way.
    async fn line(&mut self) -> Result<Line, Failed> {
        match self.line.take() {
            Some(line) if !line.is_closed() => Ok(line),
            _ => self.connect().await.map_err(|error| Failed::Stalled(error.into())),
        }
    }

    async fn roll_back(&mut self, line: Line) {
        if line.batch("ROLLBACK").await.is_ok() {
            self.line = Some(line);
        }
    }

    /// Whether a transaction whose commit was sent is on the disk, and the head after it. Asked until it is known: no
    /// caller is told a guess. The connection that it was sent on has ended by then.
    async fn outcome(&mut self, signature: Signature) -> Option<u64> {
        loop {
            if let Ok(line) = self.connect().await {
                let sql = "SELECT position FROM writers WHERE id = $1 AND flush = $2";
                if let Ok(found) = line.row(sql, &[&signature.writer, &signature.flush]).await {
                    self.line = Some(line);
                    return found.map(|row| natural(row.get(0)));
                }
            }
            tracing::warn!("the database does not answer whether it committed; asking again");
            tokio::time::sleep(OUTCOME_INTERVAL).await;
        }
    }

    /// A new line, which holds this writer's lock: what an earlier one of its lines had under way is over.
    async fn connect(&self) -> Result<Line, NotConnected> {
        let line = Line::connect(&self.wiring.config).await.map_err(StoreError::from)?;
        let own = (self.id.as_u64_pair().1 >> 1).cast_signed();
        if !locked(&line, own, true).await? {
            let error = "the lost connection to the database does not end there".to_owned();
            return Err(StoreError::Unavailable(error).into());
        }
        if self.wiring.occupancy == Occupancy::Alone && !locked(&line, ONLY_NODE_LOCK, false).await? {
            return Err(NotConnected::Served);
        }
        Ok(line)
    }

    fn tell(&self, work: Work, ready: Ready, answers: Answers, head: u64) {
        let known = self.wiring.head.fetch_max(head, Ordering::AcqRel);
        let before = head.saturating_sub(ready.count);
        // What took no position stands at the newest that this node has told of.
        let place = |event: &mut ChatEvent| {
            event.position = if event.position == 0 { known } else { before + event.position };
        };
        match (work, answers) {
            (Work::Acts(jobs), Answers::Acts(answers)) => {
                for (job, answer) in jobs.into_iter().zip(answers) {
                    let done = answer.map(|events| {
                        let placed = events.into_iter().map(|mut event| {
                            place(&mut event);
                            Done { event }
                        });
                        placed.collect()
                    });
                    // Whoever asked may have gone; the work is done all the same.
                    let _ = job.reply.send(done);
                }
            }
            (Work::Verb(job), Answers::Verb(outcome)) => {
                let _ = job.reply.send(outcome);
            }
            _ => {}
        }
        let announced: Vec<Announcement> = ready
            .published
            .into_iter()
            .map(|mut published| {
                place(&mut published.event);
                Announcement::Event(Box::new(published))
            })
            .collect();
        if !announced.is_empty() {
            self.wiring.announcements.send(announced);
        }
    }

    /// Puts listeners on the routes. Their chats and the head are read in one snapshot between two commits of this
    /// node, so that what it commits before is not announced to them, and what it commits after is.
    async fn listen(&mut self, jobs: Vec<ListenJob>) {
        let users = jobs.iter().filter_map(|job| match job.ear {
            Ear::User(user) => Some(user),
            Ear::Chat(_) => None,
        });
        let users: Vec<UserId> = users.collect();
        let mut attempts = 1;
        let read = loop {
            let read = match self.line().await {
                Ok(line) => {
                    let read = present_chats(&line, &users).await;
                    self.line = Some(line);
                    read
                }
                Err(failed) => break Err(failed.into()),
            };
            match read {
                Err(error) if is_lost(&error) && attempts < ATTEMPTS_MAX => attempts += 1,
                read => break read.map_err(StoreError::from),
            }
        };
        match read {
            Ok((head, mut chats)) => {
                self.wiring.head.fetch_max(head, Ordering::AcqRel);
                let mut announced = Vec::with_capacity(jobs.len());
                for ListenJob { ear, listener, outbox, reply } in jobs {
                    let (user, chats) = match ear {
                        Ear::User(user) => (user, chats.entry(user).or_default().clone()),
                        Ear::Chat(chat) => (UserId(Uuid::nil()), vec![chat]),
                    };
                    announced.push(Announcement::Listen(Listen { listener, user, chats, outbox }));
                    let _ = reply.send(Ok(head));
                }
                self.wiring.announcements.send(announced);
            }
            Err(error) => {
                for job in jobs {
                    let _ = job.reply.send(Err(error.clone()));
                }
            }
        }
    }
}

impl Work {
    fn len(&self) -> usize {
        match self {
            Work::Acts(jobs) => jobs.len(),
            Work::Verb(_) => 1,
        }
    }

    fn fails(self, error: &StoreError) {
        match self {
            Work::Acts(jobs) => {
                for job in jobs {
                    let _ = job.reply.send(Err(error.clone().into()));
                }
            }
            Work::Verb(job) => {
                let _ = job.reply.send(Err(error.clone().into()));
            }
        }
    }
}

/// Why there is no line for the writer.
enum NotConnected {
    /// Another node has the database to itself.
    Served,
    Store(StoreError),
}

impl From<StoreError> for NotConnected {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<tokio_postgres::Error> for NotConnected {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<NotConnected> for StoreError {
    fn from(error: NotConnected) -> Self {
        match error {
            NotConnected::Served => Self::Unavailable(OpenError::Served.to_string()),
            NotConnected::Store(error) => error,
        }
    }
}

/// Takes a lock that ends with the connection. With `evict`, whoever holds it is ended: that is this writer's own last
/// connection, which may not know yet that nobody is at its other end.
async fn locked(line: &Line, lock: i64, evict: bool) -> Result<bool, tokio_postgres::Error> {
    for _ in 0..LOCK_PATIENCE.as_millis() / LOCK_LOOK_INTERVAL.as_millis() {
        let row = line.row("SELECT pg_try_advisory_lock($1)", &[&lock]).await?;
        if row.is_some_and(|row| row.get(0)) {
            return Ok(true);
        }
        if evict {
            line.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks
                 WHERE locktype = 'advisory' AND ((classid::bigint << 32) | objid::bigint) = $1 AND objsubid = 1
                       AND granted AND pid <> pg_backend_pid()",
                &[&lock],
            )
            .await?;
        }
        tokio::time::sleep(LOCK_LOOK_INTERVAL).await;
    }
    Ok(false)
}
