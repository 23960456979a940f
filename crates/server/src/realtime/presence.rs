//! Who is connected to this process: counted per app, and ended when their session is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chinwag_protocol::{AppId, UserId};
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

#[derive(Default)]
pub struct Presence {
    here: Mutex<Here>,
}

#[derive(Default)]
struct Here {
    next: u64,
    connections: HashMap<u64, (Identity, CancellationToken)>,
    /// How many connections each user of an app has; no zeros.
    users: HashMap<AppId, HashMap<UserId, usize>>,
}

/// A connection's entry; dropping it is leaving.
pub struct Seat {
    presence: Arc<Presence>,
    key: u64,
    /// Cancelled when the session behind the connection ends.
    pub ended: CancellationToken,
}

impl Presence {
    fn lock(&self) -> MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[must_use]
    pub fn enter(self: &Arc<Self>, who: Identity) -> Seat {
        let ended = CancellationToken::new();
        let mut here = self.lock();
        here.next += 1;
        let key = here.next;
        *here.users.entry(who.app).or_default().entry(who.user).or_default() += 1;
        here.connections.insert(key, (who, ended.clone()));
        Seat { presence: Arc::clone(self), key, ended }
    }

    /// Distinct users of an app who are connected.
    #[must_use]
    pub fn users(&self, app: AppId) -> usize {
        self.lock().users.get(&app).map_or(0, HashMap::len)
    }

    #[must_use]
    pub fn is_here(&self, app: AppId, user: UserId) -> bool {
        self.lock().users.get(&app).is_some_and(|users| users.contains_key(&user))
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
        let presence = Arc::new(Presence::default());
        let app = identity(1, 1).app;
        let seats = [identity(1, 1), identity(1, 2), identity(2, 3)].map(|who| presence.enter(who));
        assert_eq!((presence.users(app), presence.connections()), (2, 3));
        drop(seats);
        assert_eq!((presence.users(app), presence.connections()), (0, 0));
    }

    #[test]
    fn what_ends_is_what_was_named() {
        let presence = Arc::new(Presence::default());
        let [phone, laptop, other] = [(1, 1), (1, 2), (2, 3)].map(|(u, s)| presence.enter(identity(u, s)));
        presence.end(Ended::Session(identity(1, 1).session));
        let ended = || [&phone, &laptop, &other].map(|seat| seat.ended.is_cancelled());
        assert_eq!(ended(), [true, false, false]);
        presence.end(Ended::User(identity(1, 0).user));
        assert_eq!(ended(), [true, true, false]);
    }
}
