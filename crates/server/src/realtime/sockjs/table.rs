//! The sessions over HTTP of this process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Bounds;
use super::session::{HttpSession, Owner};

/// Why a session was not opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotOpened {
    /// There are as many as there may be.
    Full,
    /// There is one of that id.
    Taken,
}

pub struct HttpSessions {
    pub bounds: Bounds,
    open: Mutex<HashMap<String, Arc<HttpSession>>>,
}

impl HttpSessions {
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, open: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<HttpSession>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[must_use]
    pub fn find(&self, id: &str) -> Option<Arc<HttpSession>> {
        self.lock().get(id).cloned()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    #[must_use]
    pub fn has_room(&self) -> bool {
        self.lock().len() < self.bounds.sessions
    }

    pub fn open(self: &Arc<Self>, id: &str, owner: Owner) -> Result<Opened, NotOpened> {
        let mut open = self.lock();
        let full = open.len() >= self.bounds.sessions;
        match open.entry(id.to_owned()) {
            Entry::Occupied(_) => Err(NotOpened::Taken),
            Entry::Vacant(_) if full => Err(NotOpened::Full),
            Entry::Vacant(entry) => {
                let session = Arc::clone(entry.insert(HttpSession::new(owner, self.bounds)));
                Ok(Opened { session, table: Arc::clone(self), id: id.to_owned() })
            }
        }
    }
}

/// A session's place among the others. Dropped, it is forgotten: requests that name it find nothing.
pub struct Opened {
    pub session: Arc<HttpSession>,
    table: Arc<HttpSessions>,
    id: String,
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.table.lock().remove(&self.id);
    }
}
