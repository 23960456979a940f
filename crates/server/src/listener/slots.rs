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
pub struct ConnectionSlot(#[expect(dead_code, reason = "held for its drop")] Arc<dyn Send + Sync>);

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
    connections: usize,
    open: Arc<Mutex<Open>>,
}

impl Slots {
    /// `per_address_max` 0 means no limit of its own.
    pub(super) fn new(open_max: usize, per_address_max: usize) -> Self {
        Self { open_max, per_address_max, open: Arc::default() }
    }

    /// A slot for a connection from `peer`, if there is one.
    pub(super) fn take(&self, peer: IpAddr) -> Option<ConnectionSlot> {
        self.take_of(peer, 1, self.per_address_max)
    }

    /// A slot for a connection of a trusted proxy: many of them come from its address.
    pub(super) fn take_for_proxy(&self, peer: IpAddr) -> Option<ConnectionSlot> {
        self.take_of(peer, 1, 0)
    }

    /// The proxy's slot, held together with a place among the connections of the client behind it, if that has one more.
    pub(super) fn take_behind(&self, slot: ConnectionSlot, client: IpAddr) -> Option<ConnectionSlot> {
        let place = self.take_of(client, 0, self.per_address_max)?;
        Some(ConnectionSlot(Arc::new((slot, place))))
    }

    /// `connections` is 0 for one that is counted already.
    fn take_of(&self, peer: IpAddr, connections: usize, per_address_max: usize) -> Option<ConnectionSlot> {
        let address = client_address(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = open.by_address.get(&address).copied().unwrap_or(0);
        let is_full = open.count + connections > self.open_max;
        if is_full || (per_address_max != 0 && of_address >= per_address_max) {
            return None;
        }
        open.count += connections;
        open.by_address.insert(address, of_address + 1);
        Some(ConnectionSlot(Arc::new(Taken { address, connections, open: Arc::clone(&self.open) })))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.count -= self.connections;
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
    fn behind_a_proxy_clients_are_counted_each_by_itself() {
        let slots = Slots::new(4, 1);
        let [proxy, alice, bob] = [9, 1, 2].map(|last| IpAddr::from([192, 0, 2, last]));
        let of_alice = slots.take_behind(slots.take_for_proxy(proxy).unwrap(), alice).unwrap();
        let of_bob = slots.take_behind(slots.take_for_proxy(proxy).unwrap(), bob).unwrap();
        let third = slots.take_for_proxy(proxy).unwrap();
        assert!(slots.take_behind(third.clone(), alice).is_none());
        drop(of_alice);
        assert!(slots.take_behind(third, alice).is_some());
        drop(of_bob);
        let open = slots.open.lock().unwrap();
        assert!(open.count == 0 && open.by_address.is_empty());
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
