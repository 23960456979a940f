//! One action in the outbox.

use chinwag_protocol::{Action, ChatId, ReactionId, Timestamp, UserId};

use crate::error::Error;

/// How far an action is.
///
/// ```
/// # use chinwag_client::OutboxState;
/// fn mark(state: OutboxState) -> &'static str {
///     match state {
///         OutboxState::Queued => "…",
///         OutboxState::Sent => "↑",
///         OutboxState::Stored => "✓",
///         OutboxState::Refused => "!",
///     }
/// }
/// assert_eq!(mark(OutboxState::Stored), "✓");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OutboxState {
    /// Waits for the connection, or for those of its chat before it.
    Queued,
    /// On its way.
    Sent,
    /// On the server's disk. It leaves the outbox with this.
    Stored,
    /// Refused for good. It stays until [`retry`](crate::Realtime::retry) or [`discard`](crate::Realtime::discard).
    Refused,
}

/// One action, as an application may show it.
///
/// ```
/// # use chinwag_client::{OutboxEntry, OutboxState};
/// fn failures(outbox: &[OutboxEntry]) -> Vec<String> {
///     let refused = outbox.iter().filter(|entry| entry.state == OutboxState::Refused);
///     refused.filter_map(|entry| Some(entry.error.as_ref()?.to_string())).collect()
/// }
/// assert!(failures(&[]).is_empty());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OutboxEntry {
    /// This action's name, for the server too: however often it is sent, it is done once.
    pub nonce: String,
    /// Who acts. It is sent only while they are signed in.
    pub user: UserId,
    /// What is to be done.
    pub action: Action,
    /// How far it is.
    pub state: OutboxState,
    /// When it was asked for.
    pub queued_at: Timestamp,
    /// How often it was sent.
    pub attempts: u32,
    /// Why it was refused, or why it is queued again.
    pub error: Option<Error>,
}

/// By which door an action goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Door {
    Stomp,
    Http,
}

/// What one action at a time is sent of: chats do not wait for each other.
#[derive(PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    Chat(ChatId),
    Reaction(ReactionId),
}

/// A body this large might break a bound of the realtime connection and end it; over HTTP it is just refused.
const STOMP_TEXT_BYTES_MAX: usize = 48 * 1024;

impl OutboxEntry {
    /// One that was just queued, for tests of what shows it.
    ///
    /// ```
    /// # use chinwag_client::{Action, OutboxEntry, OutboxState, Timestamp};
    /// # let (user, chat) = (uuid::Uuid::nil().into(), uuid::Uuid::nil().into());
    /// let entry = OutboxEntry::new("n1", user, Action::Typing { chat }, Timestamp(0));
    /// assert_eq!(entry.state, OutboxState::Queued);
    /// ```
    #[must_use]
    pub fn new(nonce: impl Into<String>, user: UserId, action: Action, queued_at: Timestamp) -> Self {
        let nonce = nonce.into();
        Self { nonce, user, action, state: OutboxState::Queued, queued_at, attempts: 0, error: None }
    }

    pub(super) fn send(&mut self) {
        self.state = OutboxState::Sent;
        self.attempts = self.attempts.saturating_add(1);
        self.error = None;
    }

    pub(super) fn refuse(&mut self, error: Error) {
        self.state = OutboxState::Refused;
        self.error = Some(error);
    }

    /// Reactions and read marks may change nothing, and then cause no event: only HTTP answers them. What was sent in vain
    /// before goes by HTTP too, where an answer cannot be missed.
    pub(super) fn door(&self) -> Door {
        let may_be_silent = matches!(self.action, Action::React { .. } | Action::Read { .. });
        let large = self.action.text_bytes() > STOMP_TEXT_BYTES_MAX;
        if may_be_silent || large || self.attempts > 1 { Door::Http } else { Door::Stomp }
    }
}

impl Lane {
    pub(super) fn of(action: &Action) -> Self {
        match action {
            Action::Unreact { id } => Lane::Reaction(*id),
            Action::Send { chat, .. }
            | Action::Edit { chat, .. }
            | Action::Delete { chat, .. }
            | Action::Reply { chat, .. }
            | Action::Typing { chat }
            | Action::React { chat, .. }
            | Action::Read { chat, .. } => Lane::Chat(*chat),
        }
    }
}
