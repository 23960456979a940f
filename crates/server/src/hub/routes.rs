//! From chats to those who listen to them. Owned by the fan-out thread alone.

use std::collections::HashMap;
use std::sync::Arc;

use chinwag_protocol::{ChatId, UserId};

use super::typing::Throttle;
use super::{Announcement, Encoded, Listen, ListenerId, Outbox};
use crate::chat::{ChatEvent, Published, Route};
use crate::clock::Clock;

struct Listener {
    id: ListenerId,
    user: UserId,
    outbox: Arc<Outbox>,
}

pub(super) struct Routes {
    epoch: Arc<str>,
    clock: Arc<dyn Clock>,
    /// Who listens to a chat: only members who are here, each once per subscription.
    by_chat: HashMap<ChatId, Vec<Listener>>,
    by_user: HashMap<UserId, Vec<(ListenerId, Arc<Outbox>)>>,
    /// What a listener is on, to take it off again.
    listeners: HashMap<ListenerId, (UserId, Vec<ChatId>)>,
    typing: Throttle,
}

impl Routes {
    pub(super) fn new(epoch: Arc<str>, clock: Arc<dyn Clock>) -> Self {
        Self {
            epoch,
            clock,
            by_chat: HashMap::new(),
            by_user: HashMap::new(),
            listeners: HashMap::new(),
            typing: Throttle::default(),
        }
    }

    /// Tells everyone concerned; returns the position up to which all have been told, if that moved.
    pub(super) fn announce(&mut self, announcement: Announcement) -> Option<u64> {
        match announcement {
            Announcement::Listen(listen) => {
                self.add(listen);
                None
            }
            Announcement::Event(published) => {
                let Published { event, route } = *published;
                self.publish(&event, route);
                Some(event.position)
            }
        }
    }

    fn add(&mut self, Listen { listener, user, chats, outbox }: Listen) {
        // Its receiver may be gone by the time the writer comes to it, and was taken off before it was on.
        if outbox.is_closed() {
            return;
        }
        self.by_user.entry(user).or_default().push((listener, Arc::clone(&outbox)));
        for chat in &chats {
            let listener = Listener { id: listener, user, outbox: Arc::clone(&outbox) };
            self.by_chat.entry(*chat).or_default().push(listener);
        }
        self.listeners.insert(listener, (user, chats));
    }

    pub(super) fn remove(&mut self, listener: ListenerId) {
        let Some((user, chats)) = self.listeners.remove(&listener) else { return };
        if let Some(own) = self.by_user.get_mut(&user) {
            own.retain(|(id, _)| *id != listener);
            if own.is_empty() {
                self.by_user.remove(&user);
            }
        }
        for chat in chats {
            self.take_off(chat, |other| other.id == listener);
        }
    }

    fn take_off(&mut self, chat: ChatId, gone: impl Fn(&Listener) -> bool) {
        if let Some(listeners) = self.by_chat.get_mut(&chat) {
            listeners.retain(|listener| !gone(listener));
            if listeners.is_empty() {
                self.by_chat.remove(&chat);
            }
        }
    }

    fn publish(&mut self, event: &ChatEvent, route: Route) {
        let chat = event.chat;
        if let Route::Joined(users) = &route {
            users.iter().for_each(|user| self.join(chat, *user));
        }
        if route == Route::OtherMembers && !self.typing.lets_through(chat, event.sender, self.clock.now()) {
            return;
        }
        self.tell(event, route == Route::OtherMembers);
        match route {
            Route::Members | Route::OtherMembers | Route::Joined(_) => {}
            Route::Left(user) => self.part(chat, user),
            Route::Gone => {
                for listener in self.by_chat.remove(&chat).unwrap_or_default() {
                    self.forget(listener.id, chat);
                }
            }
        }
    }

    fn tell(&self, event: &ChatEvent, ephemeral: bool) {
        let Some(listeners) = self.by_chat.get(&event.chat) else { return };
        let encoded = Encoded::event(event, &self.epoch);
        for listener in listeners {
            // Typing does not go back to the typist, on any device.
            if !(ephemeral && listener.user == event.sender) {
                listener.outbox.push(&encoded, ephemeral);
            }
        }
    }

    fn join(&mut self, chat: ChatId, user: UserId) {
        for (id, outbox) in self.by_user.get(&user).into_iter().flatten() {
            let listener = Listener { id: *id, user, outbox: Arc::clone(outbox) };
            self.by_chat.entry(chat).or_default().push(listener);
            if let Some((_, chats)) = self.listeners.get_mut(id) {
                chats.push(chat);
            }
        }
    }

    fn part(&mut self, chat: ChatId, user: UserId) {
        self.take_off(chat, |listener| listener.user == user);
        let own: Vec<ListenerId> = self.by_user.get(&user).into_iter().flatten().map(|(id, _)| *id).collect();
        for id in own {
            self.forget(id, chat);
        }
    }

    fn forget(&mut self, listener: ListenerId, chat: ChatId) {
        if let Some((_, chats)) = self.listeners.get_mut(&listener) {
            chats.retain(|other| *other != chat);
        }
    }
}
