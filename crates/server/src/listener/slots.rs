//! How many connections may be open: of the process, by its limit on open files, and of one client address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::config::Settings;
use crate::sessions::client_address;

/// Descriptors kept for the database, keys, logs, and accepting what is then refused.
const DESCRIPTORS_KEPT: usize = 128;
/// Where the system sets no limit on open files.
const CONNECTIONS_MAX: usize = 1_000_000;

/// One place among the open connections, given back when its last clone is dropped. In each request's extensions:
/// whoever takes a connection over by an upgrade keeps it.
#[derive(Clone)]
pub struct ConnectionSlot(#[expect(dead_code, reason = "held for its drop")] Arc<Taken>);

/// Connections the process may have: `limits.connections`, but no more than the limit on open files allows, less some
/// kept for other uses. Raises that limit as far as the system lets it.
#[must_use]
pub fn connections_allowed(settings: &Settings) -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        // Refused in some containers: then the limit stays what it was.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    let descriptors = getrlimit(Resource::Nofile).current.and_then(|most| usize::try_from(most).ok());
    allowed(settings.limits.connections, descriptors)
}

fn allowed(configured: usize, descriptors: Option<usize>) -> usize {
    let possible = descriptors.map_or(CONNECTIONS_MAX, |most| most.saturating_sub(DESCRIPTORS_KEPT).max(1));
    let possible = possible.min(CONNECTIONS_MAX);
    if configured == 0 { possible } else { configured.min(possible) }
}

/// The open connections.
pub(super) struct Slots {
    open_max: usize,
    per_address_max: usize,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    count: usize,
    /// No zeros, so it never has more entries than there are connections.
    by_address: HashMap<IpAddr, usize>,
}

struct Taken {
    address: IpAddr,
    open: Arc<Mutex<Open>>,
}

impl Slots {
    /// `per_address_max` 0 means no limit of its own.
    pub(super) fn new(open_max: usize, per_address_max: usize) -> Self {
        Self { open_max, per_address_max, open: Arc::default() }
    }

    /// A slot for a connection from `peer`, if there is one.
    pub(super) fn take(&self, peer: IpAddr) -> Option<ConnectionSlot> {
        let address = client_address(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = open.by_address.get(&address).copied().unwrap_or(0);
        if open.count >= self.open_max || (self.per_address_max != 0 && of_address >= self.per_address_max) {
            return None;
        }
        open.count += 1;
        open.by_address.insert(address, of_address + 1);
        Some(ConnectionSlot(Arc::new(Taken { address, open: Arc::clone(&self.open) })))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.count -= 1;
        if let Some(of_address) = open.by_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_again_when_its_last_holder_lets_go() {
        let slots = Slots::new(3, 2);
        let (alice, bob) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let first = slots.take(alice).unwrap();
        let second = slots.take(alice).unwrap();
        assert!(slots.take(alice).is_none());
        let third = slots.take(bob).unwrap();
        assert!(slots.take(bob).is_none());
        let upgraded = first.clone();
        drop(first);
        assert!(slots.take(bob).is_none());
        drop((upgraded, second, third));
        assert!(slots.take(alice).is_some());
        assert!(slots.open.lock().unwrap().by_address.is_empty());
    }

    #[test]
    fn connections_leave_room_for_other_descriptors() {
        assert_eq!(allowed(0, Some(20_000)), 19_872);
        assert_eq!(allowed(500, Some(20_000)), 500);
        assert_eq!(allowed(50_000, Some(20_000)), 19_872);
        assert_eq!(allowed(0, Some(100)), 1);
        assert_eq!(allowed(0, None), CONNECTIONS_MAX);
        assert!(connections_allowed(&Settings::default()) > 0);
    }
}
