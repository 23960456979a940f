//! Tickets: who may open one connection within the next seconds (protocol, section 2). In memory only: a restart
//! ends the connections that they were for.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chinwag_protocol::{AppId, Timestamp, UserId};

use super::Identity;
use super::bucket::RetryAfter;
use super::secret::{Token, TokenHash, TokenKind, hash};

/// Unused tickets of all users, at most.
pub const TICKETS_MAX: usize = 100_000;
/// Spent tickets that may stand in the order of issue beyond as many as are live.
const SPENT_KEPT: usize = 1024;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketRefused {
    /// The app's users who are connected or about to be are as many as it may have.
    #[error("the app has as many concurrent users as it may have")]
    TooManyUsers,
    /// The user holds as many unused tickets as they may.
    #[error("the user holds as many unused tickets as they may")]
    TooManyTickets(RetryAfter),
    /// [`TICKETS_MAX`] was reached.
    #[error("too many tickets wait to be used")]
    Overloaded,
}

/// The users of an app who have an open connection. A user counts once, whatever they have open.
#[derive(Clone, Copy)]
pub struct Connected<'a> {
    pub users: usize,
    pub includes: &'a dyn Fn(UserId) -> bool,
}

/// The tickets of this process.
pub struct Tickets {
    life_ms: i64,
    /// Of one user of an app; 0 for no limit of its own.
    per_user_max: usize,
    issued: Mutex<Issued>,
}

#[derive(Default)]
struct Issued {
    live: HashMap<TokenHash, Ticket>,
    /// Every live ticket, in the order of issue, and not many more that were spent: see [`Issued::forget_spent`].
    by_age: VecDeque<(Timestamp, TokenHash)>,
    /// How many live tickets each user of an app holds; no zeros.
    holders: HashMap<AppId, HashMap<UserId, usize>>,
}

struct Ticket {
    holder: Identity,
    expires_at: Timestamp,
}

impl Tickets {
    #[must_use]
    pub fn new(life_seconds: u32, per_user_max: usize) -> Self {
        Self { life_ms: i64::from(life_seconds) * 1000, per_user_max, issued: Mutex::default() }
    }

    /// A ticket for one connection of `holder`, if that makes no more than `users_max` (0: unlimited) users of the app,
    /// connected or about to be. The look and the issue are one step.
    pub fn issue(
        &self,
        holder: Identity,
        users_max: usize,
        connected: Connected<'_>,
        now: Timestamp,
    ) -> Result<Token, TicketRefused> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.sweep(now);
        if issued.live.len() >= TICKETS_MAX {
            return Err(TicketRefused::Overloaded);
        }
        if self.per_user_max != 0 && issued.held_by(&holder) >= self.per_user_max {
            // By then the oldest of them has expired.
            let life = u64::try_from(self.life_ms).unwrap_or(0);
            return Err(TicketRefused::TooManyTickets(RetryAfter { ms: life }));
        }
        if !issued.has_room(&holder, users_max, connected) {
            return Err(TicketRefused::TooManyUsers);
        }
        let token = Token::generate(TokenKind::Ticket);
        let expires_at = Timestamp(now.0.saturating_add(self.life_ms));
        issued.by_age.push_back((expires_at, token.hash()));
        *issued.holders.entry(holder.app).or_default().entry(holder.user).or_default() += 1;
        issued.live.insert(token.hash(), Ticket { holder, expires_at });
        Ok(token)
    }

    /// Who the ticket was for, once; `None` if it is unknown, used or too old.
    pub fn spend(&self, ticket: &str, now: Timestamp) -> Option<Identity> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = issued.remove(&hash(ticket))?;
        issued.forget_spent();
        (now < spent.expires_at).then_some(spent.holder)
    }

    /// Distinct users of the app who hold a live ticket.
    #[must_use]
    pub fn users_waiting(&self, app: AppId, now: Timestamp) -> usize {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.sweep(now);
        issued.holders.get(&app).map_or(0, HashMap::len)
    }
}

impl Issued {
    fn has_room(&self, holder: &Identity, users_max: usize, connected: Connected<'_>) -> bool {
        if users_max == 0 || (connected.includes)(holder.user) {
            return true;
        }
        let Some(waiting) = self.holders.get(&holder.app) else {
            return connected.users < users_max;
        };
        let arriving = waiting.keys().filter(|user| !(connected.includes)(**user)).count();
        waiting.contains_key(&holder.user) || connected.users + arriving < users_max
    }

    fn held_by(&self, holder: &Identity) -> usize {
        self.holders.get(&holder.app).and_then(|users| users.get(&holder.user)).copied().unwrap_or(0)
    }

    /// Spent tickets leave the order of issue when they are the most of it: seldom enough to cost nothing, often enough
    /// for who takes and spends them by the thousand.
    fn forget_spent(&mut self) {
        let Self { live, by_age, .. } = self;
        if by_age.len() > 2 * live.len() + SPENT_KEPT {
            by_age.retain(|(_, hash)| live.contains_key(hash));
        }
    }

    fn sweep(&mut self, now: Timestamp) {
        while let Some((expires_at, hash)) = self.by_age.front().copied() {
            if now < expires_at {
                break;
            }
            self.by_age.pop_front();
            self.remove(&hash);
        }
    }

    fn remove(&mut self, hash: &TokenHash) -> Option<Ticket> {
        let ticket = self.live.remove(hash)?;
        let (app, user) = (ticket.holder.app, ticket.holder.user);
        if let Some(users) = self.holders.get_mut(&app) {
            if let Some(held) = users.get_mut(&user) {
                *held -= 1;
                if *held == 0 {
                    users.remove(&user);
                }
            }
            if users.is_empty() {
                self.holders.remove(&app);
            }
        }
        Some(ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chinwag_protocol::SessionId;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_000_000);
    const APP: AppId = AppId(Uuid::from_u128(1));
    const NOBODY: Connected<'_> = Connected { users: 0, includes: &|_| false };

    fn user(n: u128) -> Identity {
        let id = Uuid::from_u128(n);
        Identity { user: UserId(id), username: format!("user{n}"), app: APP, session: SessionId(id) }
    }

    #[test]
    fn a_ticket_opens_one_connection() {
        let tickets = Tickets::new(20, 0);
        let ticket = tickets.issue(user(1), 0, NOBODY, NOW).unwrap();
        assert_eq!(tickets.spend("cwt_guessed", NOW), None);
        assert_eq!(tickets.spend(ticket.reveal(), NOW), Some(user(1)));
        assert_eq!(tickets.spend(ticket.reveal(), NOW), None);
    }

    #[test]
    fn a_ticket_lives_for_its_seconds() {
        let tickets = Tickets::new(20, 0);
        let ticket = tickets.issue(user(1), 0, NOBODY, NOW).unwrap();
        let late = tickets.issue(user(1), 0, NOBODY, NOW).unwrap();
        assert!(tickets.spend(ticket.reveal(), Timestamp(NOW.0 + 19_999)).is_some());
        assert_eq!(tickets.spend(late.reveal(), Timestamp(NOW.0 + 20_000)), None);
    }

    #[test]
    fn a_full_app_takes_only_those_who_have_a_seat() {
        let tickets = Tickets::new(20, 0);
        let connected = Connected { users: 1, includes: &|who| who == user(1).user };
        for holder in [2, 3, 1, 2, 3, 1] {
            tickets.issue(user(holder), 3, connected, NOW).unwrap();
        }
        assert_eq!(tickets.issue(user(4), 3, connected, NOW), Err(TicketRefused::TooManyUsers));
        assert_eq!(tickets.users_waiting(APP, NOW), 3);
        let later = Timestamp(NOW.0 + 20_000);
        assert_eq!(tickets.users_waiting(APP, later), 0);
        assert!(tickets.issue(user(4), 3, connected, later).is_ok());
    }

    #[test]
    fn their_number_is_bounded_until_old_ones_expire() {
        let tickets = Tickets::new(1, 0);
        for _ in 0..TICKETS_MAX {
            tickets.issue(user(1), 0, NOBODY, NOW).unwrap();
        }
        assert_eq!(tickets.issue(user(2), 0, NOBODY, NOW), Err(TicketRefused::Overloaded));
        assert!(tickets.issue(user(2), 0, NOBODY, Timestamp(NOW.0 + 1000)).is_ok());
        assert_eq!(tickets.issued.lock().unwrap().live.len(), 1);
    }

    #[test]
    fn a_user_holds_so_many_at_a_time() {
        let tickets = Tickets::new(20, 2);
        let held = [1, 1].map(|holder| tickets.issue(user(holder), 0, NOBODY, NOW).unwrap());
        let refused = tickets.issue(user(1), 0, NOBODY, NOW);
        assert_eq!(refused, Err(TicketRefused::TooManyTickets(RetryAfter { ms: 20_000 })));
        assert!(tickets.issue(user(2), 0, NOBODY, NOW).is_ok());
        assert!(tickets.spend(held[0].reveal(), NOW).is_some());
        assert!(tickets.issue(user(1), 0, NOBODY, NOW).is_ok());
        assert!(tickets.issue(user(1), 0, NOBODY, Timestamp(NOW.0 + 20_000)).is_ok());
    }

    #[test]
    fn one_user_cannot_use_up_the_tickets_of_all() {
        let tickets = Tickets::new(20, 2);
        for _ in 0..TICKETS_MAX + 1 {
            let ticket = tickets.issue(user(1), 0, NOBODY, NOW).unwrap();
            assert!(tickets.spend(ticket.reveal(), NOW).is_some());
        }
        assert!(tickets.issue(user(2), 0, NOBODY, NOW).is_ok());
        assert!(tickets.issued.lock().unwrap().by_age.len() <= SPENT_KEPT + 2);
    }
}
