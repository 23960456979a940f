//! Which messages are on the screen.

use super::super::rows::{height_of, messages_area};
use super::super::state::State;
use super::Effect;

/// The first message on the screen, if the one before `end` stands at its bottom.
fn first_shown(state: &State, end: usize) -> usize {
    let area = messages_area(state);
    let Some(room) = &state.room else { return 0 };
    let mut room_left = usize::from(area.height);
    let mut first = end;
    while first > 0 {
        let height = height_of(state, room, first - 1, area.width);
        if height > room_left {
            break;
        }
        room_left -= height;
        first -= 1;
    }
    // One that is higher than the screen is shown all the same.
    first.min(end.saturating_sub(1))
}

/// Asks for older messages when the oldest that is known comes near.
pub(super) fn older_if_needed(state: &mut State) -> Option<Effect> {
    let room = state.room.as_ref()?;
    if room.complete || room.loading || room.messages.is_empty() || state.link != super::Link::Live {
        return None;
    }
    let selected = room.selected.and_then(|id| room.position(id)).unwrap_or(usize::MAX);
    if first_shown(state, room.end()) > 2 && selected > 2 {
        return None;
    }
    let room = state.room.as_mut()?;
    room.loading = true;
    Some(Effect::LoadHistory(room.chat, Some(room.messages[0].content.message_id)))
}

/// Moves the selection; below the newest message there is none.
pub(super) fn select(state: &mut State, step: isize) {
    let Some(room) = &state.room else { return };
    let count = room.messages.len();
    let here = room.selected.and_then(|id| room.position(id)).unwrap_or(count);
    let next = here.saturating_add_signed(step);
    if count == 0 || next >= count {
        return to_bottom(state);
    }
    let mut end = room.end();
    if next >= end {
        end = next + 1;
    }
    while next < first_shown(state, end) {
        end -= 1;
    }
    place(state, Some(next), end);
}

pub(super) fn page_up(state: &mut State) {
    let Some(room) = &state.room else { return };
    if room.messages.is_empty() {
        return;
    }
    let first = first_shown(state, room.end());
    // The message at the top goes to the bottom, so that nobody loses their place.
    let end = (first + 1).max(1);
    let end = if first == 0 { room.end() } else { end };
    let selected = first_shown(state, end);
    place(state, Some(selected), end);
}

pub(super) fn page_down(state: &mut State) {
    let Some(room) = &state.room else { return };
    let (count, before) = (room.messages.len(), room.end());
    let mut end = before;
    while end < count && first_shown(state, end + 1) < before {
        end += 1;
    }
    if end >= count {
        return to_bottom(state);
    }
    place(state, Some(end - 1), end);
}

pub(super) fn to_bottom(state: &mut State) {
    if let Some(room) = &mut state.room {
        room.selected = None;
        room.bottom = None;
    }
}

fn place(state: &mut State, selected: Option<usize>, end: usize) {
    let Some(room) = &mut state.room else { return };
    let id = |at: usize| room.messages.get(at).map(|message| message.content.message_id);
    let bottom = if end >= room.messages.len() { None } else { id(end - 1) };
    let selected = selected.and_then(id);
    (room.selected, room.bottom) = (selected, bottom);
}
