//! Who is connected to this process right now, by app: a user counts once, however many connections they have.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chinwag_protocol::{AppId, UserId};

/// Users with an open connection. Clones share it.
#[derive(Clone, Default)]
pub struct Presence {
    connections: Arc<Mutex<Connections>>,
}

/// How many connections each user of an app has; no zeros.
type Connections = HashMap<AppId, HashMap<UserId, usize>>;

/// One open connection of a user. To be kept as long as it is open.
pub struct Present {
    app: AppId,
    user: UserId,
    connections: Arc<Mutex<Connections>>,
}

impl Presence {
    #[must_use]
    pub fn enter(&self, app: AppId, user: UserId) -> Present {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        *connections.entry(app).or_default().entry(user).or_default() += 1;
        Present { app, user, connections: Arc::clone(&self.connections) }
    }

    #[must_use]
    pub fn users(&self, app: AppId) -> usize {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).get(&app).map_or(0, HashMap::len)
    }

    #[must_use]
    pub fn is_connected(&self, app: AppId, user: UserId) -> bool {
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.get(&app).is_some_and(|users| users.contains_key(&user))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(users) = connections.get_mut(&self.app) else { return };
        if let Some(count) = users.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                users.remove(&self.user);
            }
        }
        if users.is_empty() {
            connections.remove(&self.app);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_user_with_two_devices_is_one_user_until_both_are_gone() {
        let presence = Presence::default();
        let (app, alice, bob) =
            (AppId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)), UserId(Uuid::from_u128(3)));
        let phone = presence.enter(app, alice);
        let desk = presence.enter(app, alice);
        let other = presence.enter(app, bob);
        assert_eq!(presence.users(app), 2);
        drop((phone, other));
        assert!(presence.is_connected(app, alice) && !presence.is_connected(app, bob));
        drop(desk);
        assert_eq!(presence.users(app), 0);
        assert!(presence.connections.lock().unwrap().is_empty());
    }
}
