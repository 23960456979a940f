//! The task that serves one endpoint. It reads on from the endpoint's cursor; what it read goes out chat by chat, several
//! chats at once, each in its order. A chat whose event is refused while others' are taken is parked and tried by itself;
//! while nothing is taken the cursor stays, and all wait.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chinwag_protocol::{ChatId, Timestamp};
use futures_util::StreamExt;
use futures_util::stream;

use super::address::HookUrl;
use super::backoff::next_at;
use super::envelope::{Envelope, type_of};
use super::post::{NotTaken, Parcel, Way};
use super::sign;
use super::turn::{Moment, Tried};
use crate::app::App;
use crate::sessions::secret::random_bytes;
use crate::store::{DeadLetter, Fed, FedEvent, Hook, Parked, Progress, StoreError, Stretch};

/// Events of one turn.
const TURN_EVENTS: usize = 100;
/// Chats that are told at once.
const LANES: usize = 8;
/// With more chats waiting than this, all wait.
const PARKED_MAX: usize = 500;
/// Until a store that failed is asked again.
const STORE_PATIENCE: Duration = Duration::from_secs(1);
/// A cursor that moved past what is of other apps, or not wanted, is kept this often.
const KEEP_POSITIONS: u64 = 10_000;

struct Worker {
    app: Arc<App>,
    hook: Hook,
    way: Way,
    parked: HashMap<ChatId, Parked>,
    /// The position that the store knows.
    kept: u64,
}

/// Whether there is a reason to go on.
enum Next {
    /// There may be more to do now.
    AtOnce,
    /// Nothing before this time, or before something happens.
    At(Option<Timestamp>),
    /// Somebody else serves this endpoint now, or it is another.
    Over,
}

/// Serves the endpoint until it is changed or this task is stopped.
pub(super) async fn serve(app: Arc<App>, hook: Hook) {
    let settings = &app.settings.webhooks;
    let url = match HookUrl::parse(&hook.url, settings.allow_private) {
        Ok(url) => url,
        Err(why) => return refuse(&app, &hook, &why.to_string()).await,
    };
    let timeout = Duration::from_secs(u64::from(settings.timeout_seconds));
    let way = Way::new(url, settings.allow_private, timeout);
    let kept = hook.position;
    let mut worker = Worker { app, hook, way, parked: HashMap::new(), kept };
    loop {
        let next = match worker.turns().await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "unable to read what a webhook is to be told");
                tokio::time::sleep(STORE_PATIENCE).await;
                continue;
            }
        };
        match next {
            Next::AtOnce => {}
            Next::Over => return,
            Next::At(time) => worker.waits(time).await,
        }
    }
}

/// The operator allows such a URL no more: its owner is told, and its cursor stays.
async fn refuse(app: &App, hook: &Hook, why: &str) {
    let progress = Progress {
        position: hook.position,
        failing_since: hook.failing_since,
        attempts: hook.attempts,
        next_at: hook.next_at,
        error: Some(why.to_owned()),
        ..Progress::default()
    };
    let _ = app.store.keep_progress((hook.id, hook.version), app.hooks.owner, progress).await;
    std::future::pending().await
}

impl Worker {
    fn moment(&self) -> Moment {
        let [dice] = random_bytes();
        let retry_ms = i64::from(self.app.settings.webhooks.retry_seconds) * 1000;
        Moment { now: self.app.clock.now(), retry_ms, dice }
    }

    async fn waits(&self, until: Option<Timestamp>) {
        let wait = until.map(|until| u64::try_from(until.0 - self.app.clock.now().0).unwrap_or(0));
        let is_failing = self.hook.attempts > 0;
        tokio::select! {
            // Who is to be left alone for a while is not asked again because something happened.
            () = self.app.hooks.more_than(self.hook.position), if !is_failing => {}
            () = tokio::time::sleep(Duration::from_millis(wait.unwrap_or(0))), if wait.is_some() => {}
            () = std::future::pending(), if is_failing && wait.is_none() => {}
        }
    }

    /// One turn of each kind that is due.
    async fn turns(&mut self) -> Result<Next, StoreError> {
        if self.parked.is_empty() {
            let parked = self.app.store.parked(self.hook.id).await?;
            self.parked = parked.into_iter().map(|parked| (parked.chat, parked)).collect();
        }
        if !self.revive().await? || !self.retry_parked().await? {
            return Ok(Next::Over);
        }
        let now = self.app.clock.now();
        let mut more = false;
        if self.hook.attempts == 0 || self.hook.next_at <= now {
            match self.go_on().await? {
                None => return Ok(Next::Over),
                Some(is_more) => more = is_more,
            }
        }
        if more && self.hook.attempts == 0 {
            return Ok(Next::AtOnce);
        }
        let failing = (self.hook.attempts > 0).then_some(self.hook.next_at);
        let due = self.parked.values().map(|parked| parked.next_at).chain(failing).min();
        Ok(Next::At(due))
    }

    fn wants(&self, event: &FedEvent) -> bool {
        let kind = type_of(&event.event.kind);
        self.hook.events.is_empty() || self.hook.events.iter().any(|wanted| wanted == kind)
    }

    fn stretch(&self, since: u64) -> Stretch {
        Stretch { app: self.hook.app, chat: None, since, to: None, size: TURN_EVENTS }
    }

    /// Dead letters that their owner wants tried once more.
    async fn revive(&mut self) -> Result<bool, StoreError> {
        let mut after = 0;
        loop {
            let letters = self.app.store.dead_letters(self.hook.id, after, true, TURN_EVENTS as u32).await?;
            let Some(last) = letters.last() else { return Ok(true) };
            after = last.position;
            let mut progress = self.progress();
            for letter in &letters {
                let stretch = Stretch {
                    chat: Some(letter.chat),
                    to: Some(letter.position),
                    size: 1,
                    ..self.stretch(letter.position - 1)
                };
                let fed = self.app.store.feed(stretch).await?;
                // What is not there any more has nothing to be told of it.
                let told = match fed.events.into_iter().next() {
                    Some(event) => self.deliver(event).await,
                    None => Ok(()),
                };
                match told {
                    Ok(()) => progress.revived.push(letter.position),
                    Err(NotTaken(error)) => {
                        let at = self.app.clock.now();
                        progress.bury.push(DeadLetter { error, at, again: false, ..letter.clone() });
                    }
                }
            }
            if !self.keep(progress).await? {
                return Ok(false);
            }
        }
    }

    /// Chats that wait, as far as their time has come.
    async fn retry_parked(&mut self) -> Result<bool, StoreError> {
        let now = self.app.clock.now();
        let due: Vec<Parked> = self.parked.values().filter(|parked| parked.next_at <= now).copied().collect();
        for due in due.chunks(LANES) {
            let mut parts = Vec::new();
            for parked in due {
                let stretch = Stretch {
                    chat: Some(parked.chat),
                    to: Some(self.hook.position),
                    ..self.stretch(parked.position)
                };
                parts.push((*parked, self.app.store.feed(stretch).await?));
            }
            let groups = parts.iter().map(|(parked, fed)| (parked.chat, self.wanted(fed))).collect();
            let tried = self.tell(groups, usize::MAX).await;
            let moment = self.moment();
            let mut progress = self.progress();
            for tried in &tried {
                let Some((parked, fed)) = parts.iter().find(|(parked, _)| parked.chat == tried.chat) else {
                    continue;
                };
                progress.succeeded |= tried.taken > 0;
                progress.error = progress.error.take().or_else(|| tried.error.clone());
                let (then, dead) = moment.unparks(*parked, tried, (fed.position, fed.more));
                progress.bury.extend(dead);
                match then {
                    Some(parked) => progress.park.push(parked),
                    None => progress.unpark.push(tried.chat),
                }
            }
            if !self.keep(progress).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The next part of the log. Whether there is more; none if this endpoint is not ours any more.
    async fn go_on(&mut self) -> Result<Option<bool>, StoreError> {
        let fed = self.app.store.feed(self.stretch(self.hook.position)).await?;
        let mut groups: Vec<(ChatId, Vec<FedEvent>)> = Vec::new();
        for event in self.wanted(&fed) {
            let chat = event.event.chat;
            if self.parked.contains_key(&chat) {
                continue;
            }
            match groups.iter_mut().find(|(of, _)| *of == chat) {
                Some((_, events)) => events.push(event),
                None => groups.push((chat, vec![event])),
            }
        }
        if groups.is_empty() {
            self.hook.position = fed.position;
            let is_worth_it = !fed.events.is_empty() || fed.position >= self.kept + KEEP_POSITIONS;
            let kept = !is_worth_it || self.keep(self.progress()).await?;
            return Ok(kept.then_some(fed.more));
        }
        let tried = self.tell(groups, LANES).await;
        let progress = self.judged(&tried, &fed);
        Ok(self.keep(progress).await?.then_some(fed.more))
    }

    /// Where the endpoint stands after this turn.
    fn judged(&mut self, tried: &[Tried], fed: &Fed) -> Progress {
        let moment = self.moment();
        let is_alive = tried.iter().any(|tried| tried.taken > 0);
        let waiting: Vec<Parked> = tried.iter().filter_map(|tried| moment.parks(tried)).collect();
        let error = tried.iter().find_map(|tried| tried.error.clone());
        if waiting.is_empty() || (is_alive && self.parked.len() + waiting.len() <= PARKED_MAX) {
            self.hook.position = fed.position;
            self.hook.attempts = 0;
            self.hook.failing_since = None;
            return Progress { succeeded: true, error, park: waiting, ..self.progress() };
        }
        let since = *self.hook.failing_since.get_or_insert(moment.now);
        self.hook.attempts += 1;
        self.hook.next_at = next_at(moment.now, self.hook.attempts, moment.dice);
        let error = error.unwrap_or_else(|| "too many chats wait".to_owned());
        let mut left: Vec<&FedEvent> =
            tried.iter().flat_map(|tried| tried.events.iter().skip(tried.taken)).collect();
        left.sort_unstable_by_key(|event| event.event.position);
        let mut bury = Vec::new();
        for event in &left {
            if !moment.gives_up(event, since) {
                break;
            }
            bury.push(moment.bury(event, &error));
            self.hook.position = event.event.position;
        }
        if bury.len() == left.len() {
            self.hook.position = fed.position;
        }
        Progress { succeeded: is_alive, error: Some(error), bury, ..self.progress() }
    }

    fn wanted(&self, fed: &Fed) -> Vec<FedEvent> {
        fed.events.iter().filter(|event| self.wants(event)).cloned().collect()
    }

    /// Tells several chats' events at once, each chat's in order. After `failures_max` failures without any success the
    /// rest is not tried.
    async fn tell(&self, groups: Vec<(ChatId, Vec<FedEvent>)>, failures_max: usize) -> Vec<Tried> {
        let (failures, successes) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let told = stream::iter(groups).map(async |(chat, events)| {
            let mut tried = Tried { chat, events, taken: 0, error: None };
            while let Some(event) = tried.next().cloned() {
                let is_dead = successes.load(Ordering::Relaxed) == 0
                    && failures.load(Ordering::Relaxed) >= failures_max;
                if is_dead {
                    break;
                }
                match self.deliver(event).await {
                    Ok(()) => {
                        successes.fetch_add(1, Ordering::Relaxed);
                        tried.taken += 1;
                    }
                    Err(NotTaken(error)) => {
                        failures.fetch_add(1, Ordering::Relaxed);
                        tried.error = Some(error);
                        break;
                    }
                }
            }
            tried
        });
        told.buffer_unordered(LANES).collect().await
    }

    async fn deliver(&self, event: FedEvent) -> Result<(), NotTaken> {
        let envelope = Envelope::of(event, self.hook.app, self.app.store.epoch());
        let body = serde_json::to_vec(&envelope).map_err(|error| NotTaken(error.to_string()))?;
        let _turn = self.app.hooks.deliveries.acquire().await;
        let now = self.app.clock.now();
        let signature = sign::signatures(&self.hook, &envelope.id, now, &body);
        let parcel = Parcel { id: envelope.id, seconds: now.seconds(), signature, body: body.into() };
        self.way.deliver(&parcel).await
    }

    /// Where it stands, before what is to be noted beside.
    fn progress(&self) -> Progress {
        Progress {
            position: self.hook.position,
            failing_since: self.hook.failing_since,
            attempts: self.hook.attempts,
            next_at: self.hook.next_at,
            ..Progress::default()
        }
    }

    async fn keep(&mut self, progress: Progress) -> Result<bool, StoreError> {
        for parked in &progress.park {
            self.parked.insert(parked.chat, *parked);
        }
        for chat in &progress.unpark {
            self.parked.remove(chat);
        }
        let position = progress.position;
        // What was delivered stays delivered: a store that fails for a moment is not to have it told again.
        loop {
            let hook = (self.hook.id, self.hook.version);
            match self.app.store.keep_progress(hook, self.app.hooks.owner, progress.clone()).await {
                Ok(kept) => {
                    self.kept = position;
                    return Ok(kept);
                }
                Err(error) => tracing::warn!(%error, "unable to keep how far a webhook is"),
            }
            tokio::time::sleep(STORE_PATIENCE).await;
        }
    }
}
