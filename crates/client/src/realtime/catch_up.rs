//! Where this client stands: its cursor, and each chat's last seq. Pure.

use std::collections::{HashMap, VecDeque};

use chinwag_protocol::{ChatId, Event, EventKind, Notice};

/// What a cursor never looks like: the server answers it with RESYNC and the cursor of now.
const FROM_NOW: &str = "now";
/// Of each chat, so many of the newest seqs are remembered against repeats.
const RECENT_MAX: usize = 128;

/// What to make of what was heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heard {
    /// Tell the application.
    Tell,
    /// Seen before, or of no interest to the application.
    Nothing,
    /// Something between what is known and this event is missing: subscribe again with [`CatchUp::since`].
    Resubscribe,
    /// What was missed has been told; what follows is live.
    Live,
    /// What follows is live, but what was missed could not be told.
    Resync,
}

/// What counts of an event here, be it of a type that this crate knows or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub(super) chat: ChatId,
    pub(super) seq: Option<u64>,
    /// The answer to a nonce that was used before.
    pub(super) replayed: bool,
    pub(super) turn: Turn,
}

/// What an event means for the count of its chat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// Being added (again): what happened while away is read over HTTP.
    Begins,
    GoesOn,
    Ends,
}

#[derive(Default)]
pub(super) struct CatchUp {
    cursor: Option<String>,
    live: bool,
    chats: HashMap<ChatId, Recent>,
}

#[derive(Default)]
struct Recent {
    last: u64,
    seqs: VecDeque<u64>,
}

impl Step {
    pub(super) fn of(event: &Event) -> Self {
        let me = event.recipient_id;
        let turn = match &event.kind {
            EventKind::ChatCreated { .. } => Turn::Begins,
            EventKind::UserJoined { user_id, .. } if *user_id == me => Turn::Begins,
            EventKind::UserLeft { .. } if event.sender_id == me => Turn::Ends,
            EventKind::ChatDeleted => Turn::Ends,
            _ => Turn::GoesOn,
        };
        Self { chat: event.chat_id, seq: event.seq, replayed: event.replayed, turn }
    }
}

impl CatchUp {
    pub(super) fn from(cursor: Option<String>) -> Self {
        Self { cursor, ..Self::default() }
    }

    /// The header `since` of the next subscription.
    pub(super) fn since(&self) -> &str {
        self.cursor.as_deref().unwrap_or(FROM_NOW)
    }

    pub(super) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// A subscription was made: what comes until RESUMED may jump.
    pub(super) fn subscribed(&mut self) {
        self.live = false;
    }

    pub(super) fn notice(&mut self, notice: &Notice) -> Heard {
        match notice {
            Notice::Refused { .. } => Heard::Nothing,
            Notice::Head { cursor } => {
                self.move_to(Some(cursor));
                Heard::Nothing
            }
            Notice::Resumed { cursor } => {
                self.move_to(Some(cursor));
                self.live = true;
                Heard::Live
            }
            Notice::Resync { cursor } => {
                let knew = self.cursor.is_some();
                self.move_to(Some(cursor));
                self.live = true;
                self.chats.clear();
                if knew { Heard::Resync } else { Heard::Live }
            }
        }
    }

    /// `cursor` as it came with the event.
    pub(super) fn event(&mut self, step: Step, cursor: Option<&str>) -> Heard {
        if step.replayed {
            return Heard::Nothing;
        }
        let Some(seq) = step.seq else {
            self.move_to(cursor);
            return Heard::Tell;
        };
        if let Some(known) = self.chats.get(&step.chat).filter(|_| step.turn != Turn::Begins) {
            if known.seqs.contains(&seq) || (self.live && seq <= known.last) {
                self.move_to(cursor);
                return Heard::Nothing;
            }
            if self.live && seq > known.last + 1 {
                // Catching up may jump for good reasons, so afterwards this chat is counted anew: asked for once, not
                // for ever.
                self.chats.remove(&step.chat);
                self.live = false;
                return Heard::Resubscribe;
            }
        }
        match step.turn {
            Turn::Ends => drop(self.chats.remove(&step.chat)),
            Turn::Begins | Turn::GoesOn => self.chats.entry(step.chat).or_default().remember(seq),
        }
        self.move_to(cursor);
        Heard::Tell
    }

    fn move_to(&mut self, cursor: Option<&str>) {
        if let Some(cursor) = cursor {
            self.cursor = Some(cursor.to_owned());
        }
    }
}

impl Recent {
    fn remember(&mut self, seq: u64) {
        self.last = self.last.max(seq);
        self.seqs.push_back(seq);
        if self.seqs.len() > RECENT_MAX {
            self.seqs.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn heard(catch_up: &mut CatchUp, step: &Value) -> Heard {
        if let Ok(notice) = Notice::deserialize(&step["notice"]) {
            return catch_up.notice(&notice);
        }
        let event = Event::deserialize(&step["event"]).unwrap();
        catch_up.event(Step::of(&event), step["cursor"].as_str())
    }

    use serde::Deserialize;

    #[test]
    fn makes_of_what_it_hears_what_the_vectors_say() {
        let vectors: Value = serde_json::from_str(include_str!("../../testdata/catch_up.json")).unwrap();
        for case in vectors["cases"].as_array().unwrap() {
            let mut catch_up = CatchUp::default();
            for step in case["steps"].as_array().unwrap() {
                let at = format!("{}: {step}", case["name"]);
                if step["subscribed"] == true {
                    catch_up.subscribed();
                } else if let Some(since) = step["since"].as_str() {
                    assert_eq!(catch_up.since(), since, "{at}");
                } else {
                    let word = match heard(&mut catch_up, step) {
                        Heard::Tell => "tell",
                        Heard::Nothing => "nothing",
                        Heard::Resubscribe => "resubscribe",
                        Heard::Live => "live",
                        Heard::Resync => "resync",
                    };
                    assert_eq!(step["expect"], word, "{at}");
                }
            }
        }
    }

    #[test]
    fn remembers_a_bounded_number_of_seqs() {
        let mut recent = Recent::default();
        (1..=10_000).for_each(|seq| recent.remember(seq));
        assert_eq!((recent.last, recent.seqs.len()), (10_000, RECENT_MAX));
    }
}
