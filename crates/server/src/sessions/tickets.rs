//! Tickets: who may open one connection within the next seconds (protocol, section 2). In memory only: a restart
//! ends the connections that they were for.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chinwag_protocol::{AppId, Timestamp, UserId};

use super::Identity;
use super::secret::{Token, TokenHash, TokenKind, hash};

/// Tickets issued within one life of a ticket, at most.
pub const TICKETS_MAX: usize = 100_000;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketRefused {
    /// The app's users who are connected or about to be are as many as it may have.
    #[error("the app has as many concurrent users as it may have")]
    TooManyUsers,
    /// [`TICKETS_MAX`] was reached.
    #[error("too many tickets wait to be used")]
    Overloaded,
}

/// How many users of an app may be connected at once, and who is. A user counts once, whatever they have open.
pub struct Seats<'a> {
    /// 0 means unlimited.
    pub users_max: usize,
    /// Distinct users of the app with an open connection.
    pub connected: usize,
    pub is_connected: &'a dyn Fn(UserId) -> bool,
}

/// The tickets of this process.
pub struct Tickets {
    life_ms: i64,
    issued: Mutex<Issued>,
}

#[derive(Default)]
struct Issued {
    live: HashMap<TokenHash, Ticket>,
    /// Every ticket until its time is over, spent or not, in the order of issue.
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
    pub fn new(life_seconds: u32) -> Self {
        Self { life_ms: i64::from(life_seconds) * 1000, issued: Mutex::default() }
    }

    /// A ticket for one connection of `holder`, if there is a seat: the look at the seats and the issue are one step.
    pub fn issue(&self, holder: Identity, seats: Seats<'_>, now: Timestamp) -> Result<Token, TicketRefused> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.sweep(now);
        if issued.by_age.len() >= TICKETS_MAX {
            return Err(TicketRefused::Overloaded);
        }
        if !issued.has_seat(&holder, &seats) {
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
    fn has_seat(&self, holder: &Identity, seats: &Seats<'_>) -> bool {
        if seats.users_max == 0 || (seats.is_connected)(holder.user) {
            return true;
        }
        let Some(waiting) = self.holders.get(&holder.app) else {
            return seats.connected < seats.users_max;
        };
        let arriving = waiting.keys().filter(|user| !(seats.is_connected)(**user)).count();
        waiting.contains_key(&holder.user) || seats.connected + arriving < seats.users_max
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
    const UNLIMITED: Seats<'_> = Seats { users_max: 0, connected: 0, is_connected: &|_| false };

    fn user(n: u128) -> Identity {
        let id = Uuid::from_u128(n);
        Identity { user: UserId(id), username: format!("user{n}"), app: APP, session: SessionId(id) }
    }

    #[test]
    fn a_ticket_opens_one_connection() {
        let tickets = Tickets::new(20);
        let ticket = tickets.issue(user(1), UNLIMITED, NOW).unwrap();
        assert_eq!(tickets.spend("cwt_guessed", NOW), None);
        assert_eq!(tickets.spend(ticket.reveal(), NOW), Some(user(1)));
        assert_eq!(tickets.spend(ticket.reveal(), NOW), None);
    }

    #[test]
    fn a_ticket_lives_for_its_seconds() {
        let tickets = Tickets::new(20);
        let ticket = tickets.issue(user(1), UNLIMITED, NOW).unwrap();
        let late = tickets.issue(user(1), UNLIMITED, NOW).unwrap();
        assert!(tickets.spend(ticket.reveal(), Timestamp(NOW.0 + 19_999)).is_some());
        assert_eq!(tickets.spend(late.reveal(), Timestamp(NOW.0 + 20_000)), None);
    }

    #[test]
    fn a_full_app_takes_only_those_who_have_a_seat() {
        let tickets = Tickets::new(20);
        let connected = |who: UserId| who == user(1).user;
        let seats = || Seats { users_max: 3, connected: 1, is_connected: &connected };
        for holder in [2, 3, 1, 2, 3, 1] {
            tickets.issue(user(holder), seats(), NOW).unwrap();
        }
        assert_eq!(tickets.issue(user(4), seats(), NOW), Err(TicketRefused::TooManyUsers));
        assert_eq!(tickets.users_waiting(APP, NOW), 3);
        let later = Timestamp(NOW.0 + 20_000);
        assert_eq!(tickets.users_waiting(APP, later), 0);
        assert!(tickets.issue(user(4), seats(), later).is_ok());
    }

    #[test]
    fn their_number_is_bounded_until_old_ones_expire() {
        let tickets = Tickets::new(1);
        for _ in 0..TICKETS_MAX {
            tickets.issue(user(1), UNLIMITED, NOW).unwrap();
        }
        assert_eq!(tickets.issue(user(2), UNLIMITED, NOW), Err(TicketRefused::Overloaded));
        assert!(tickets.issue(user(2), UNLIMITED, Timestamp(NOW.0 + 1000)).is_ok());
        assert_eq!(tickets.issued.lock().unwrap().live.len(), 1);
    }
}
