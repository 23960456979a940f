//! Who is connected to this process: counted per app, and ended when their session is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chinwag_protocol::{AppId, SessionId, UserId};
use tokio_util::sync::CancellationToken;

use crate::sessions::Identity;
use crate::store::Ended;

fn covers(ended: Ended, who: &Identity) -> bool {
    match ended {
        Ended::Session(session) => who.session == session,
        Ended::User(user) => who.user == user,
        Ended::App(app) => who.app == app,
    }
}

pub struct Presence {
    /// Of one user of an app; 0 for no limit of its own.
    per_user_max: usize,
    here: Mutex<Here>,
}

#[derive(Default)]
struct Here {
    next: u64,
    connections: HashMap<u64, (Identity, CancellationToken)>,
    /// How many connections each user of an app has; no zeros.
    users: HashMap<AppId, HashMap<UserId, usize>>,
}

/// The user has as many connections as they may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("at most {max} connections of one user")]
pub struct TooManyConnections {
    pub max: usize,
}

/// A connection's entry; dropping it is leaving.
pub struct Seat {
    presence: Arc<Presence>,
    key: u64,
    pub who: Identity,
    /// Cancelled when the session behind the connection ends.
    pub ended: CancellationToken,
}

impl Presence {
    /// `per_user_max` connections of one user; 0 for no limit of its own.
    #[must_use]
    pub fn new(per_user_max: usize) -> Self {
        Self { per_user_max, here: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more connection, if the user may have it. The look and the entry are one step.
    pub fn enter(self: &Arc<Self>, who: Identity) -> Result<Seat, TooManyConnections> {
        let ended = CancellationToken::new();
        let mut here = self.lock();
        let of_user = here.users.entry(who.app).or_default().entry(who.user).or_default();
        // No zero is left behind: with a maximum there was one before.
        if self.per_user_max != 0 && *of_user >= self.per_user_max {
            return Err(TooManyConnections { max: self.per_user_max });
        }
        *of_user += 1;
        here.next += 1;
        let key = here.next;
        here.connections.insert(key, (who.clone(), ended.clone()));
        Ok(Seat { presence: Arc::clone(self), key, who, ended })
    }

    /// Distinct users of an app who are connected.
    #[must_use]
    pub fn users(&self, app: AppId) -> usize {
        self.lock().users.get(&app).map_or(0, HashMap::len)
    }

    /// Distinct users of all apps.
    #[must_use]
    pub fn all_users(&self) -> usize {
        self.lock().users.values().map(HashMap::len).sum()
    }

    /// Connections of all users of an app.
    #[must_use]
    pub fn connections_to(&self, app: AppId) -> usize {
        self.lock().users.get(&app).map_or(0, |users| users.values().sum())
    }

    #[must_use]
    pub fn is_here(&self, app: AppId, user: UserId) -> bool {
        self.lock().users.get(&app).is_some_and(|users| users.contains_key(&user))
    }

    /// Connections of one user.
    #[must_use]
    pub fn connections_of(&self, app: AppId, user: UserId) -> usize {
        self.lock().users.get(&app).and_then(|users| users.get(&user)).copied().unwrap_or(0)
    }

    /// Connections of this process.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.lock().connections.len()
    }

    /// Ends every connection under what ended. Looks at all of them: endings are rare.
    pub fn end(&self, ended: Ended) {
        for (who, token) in self.lock().connections.values() {
            if covers(ended, who) {
                token.cancel();
            }
        }
    }
}

impl Presence {
    /// Ends every connection: the server stops.
    pub fn end_all(&self) {
        for (_, token) in self.lock().connections.values() {
            token.cancel();
        }
    }
}

impl Seat {
    /// Of all connections of this process, from 1: names this one in the logs.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.key
    }

    /// From now on the connection ends when that session does: the token it was opened with was another session's of
    /// the same user.
    pub fn belongs_to(&mut self, session: SessionId) {
        self.who.session = session;
        if let Some((who, _)) = self.presence.lock().connections.get_mut(&self.key) {
            who.session = session;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut here = self.presence.lock();
        let Some((who, _)) = here.connections.remove(&self.key) else { return };
        let Some(users) = here.users.get_mut(&who.app) else { return };
        if let Some(count) = users.get_mut(&who.user) {
            *count -= 1;
            if *count == 0 {
                users.remove(&who.user);
            }
        }
        if users.is_empty() {
            here.users.remove(&who.app);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn identity(user: u128, session: u128) -> Identity {
        let app = Uuid::nil().into();
        let (user, session) = (Uuid::from_u128(user).into(), Uuid::from_u128(session).into());
        Identity { user, username: String::new(), app, session }
    }

    #[test]
    fn a_user_counts_once_however_many_devices() {
        let presence = Arc::new(Presence::new(0));
        let app = identity(1, 1).app;
        let seats = [identity(1, 1), identity(1, 2), identity(2, 3)].map(|who| presence.enter(who).unwrap());
        assert_eq!((presence.users(app), presence.connections()), (2, 3));
        drop(seats);
        assert_eq!((presence.users(app), presence.connections()), (0, 0));
    }

    #[test]
    fn what_ends_is_what_was_named() {
        let presence = Arc::new(Presence::new(0));
        let [phone, laptop, other] =
            [(1, 1), (1, 2), (2, 3)].map(|(u, s)| presence.enter(identity(u, s)).unwrap());
        presence.end(Ended::Session(identity(1, 1).session));
        let ended = || [&phone, &laptop, &other].map(|seat| seat.ended.is_cancelled());
        assert_eq!(ended(), [true, false, false]);
        presence.end(Ended::User(identity(1, 0).user));
        assert_eq!(ended(), [true, true, false]);
    }

    #[test]
    fn a_connection_belongs_to_the_session_that_it_names_last() {
        let presence = Arc::new(Presence::new(0));
        let mut seat = presence.enter(identity(1, 1)).unwrap();
        seat.belongs_to(identity(1, 2).session);
        presence.end(Ended::Session(identity(1, 1).session));
        assert!(!seat.ended.is_cancelled());
        presence.end(Ended::Session(identity(1, 2).session));
        assert!(seat.ended.is_cancelled());
    }

    #[test]
    fn a_user_has_so_many_connections_and_room_is_found_again() {
        let presence = Arc::new(Presence::new(2));
        let seats = [1, 2].map(|session| presence.enter(identity(1, session)).unwrap());
        assert_eq!(presence.enter(identity(1, 3)).err(), Some(TooManyConnections { max: 2 }));
        let other = presence.enter(identity(2, 4)).unwrap();
        drop(seats);
        assert!(presence.enter(identity(1, 3)).is_ok());
        drop(other);
        assert!(presence.lock().users.is_empty());
    }
}
