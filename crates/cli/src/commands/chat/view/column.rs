//! The open chat: who is in it, what was said, and what is being written.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use super::super::layout::{Areas, PROMPT, filled, input_columns};
use super::super::rows::{BOLD, FAINT, rows};
use super::super::state::{Mode, Room, State};
use super::super::text::{clipped, width};
use super::{lines, pending_rows};

pub(super) fn draw(state: &State, areas: &Areas, frame: &mut Frame<'_>) {
    let Some(room) = &state.room else {
        let text = "No chats yet. Somebody has to make one, or add you to theirs.";
        return lines(vec![Line::styled(text, FAINT)], areas.messages, frame);
    };
    header(state, room, areas.header, frame);
    messages(state, room, areas.messages, frame);
    let waiting = pending_rows(state, areas.pending.width);
    let hidden = waiting.len().saturating_sub(usize::from(areas.pending.height));
    lines(waiting.into_iter().skip(hidden).collect(), areas.pending, frame);
    lines(vec![Line::styled(typing(state, areas.typing.width), FAINT)], areas.typing, frame);
    lines(vec![mode(state, room, areas.mode.width)], areas.mode, frame);
    input(state, areas.input, frame);
}

fn header(state: &State, room: &Room, area: Rect, frame: &mut Frame<'_>) {
    let columns = usize::from(area.width);
    let name = state.chat(room.chat).map(|chat| chat.chat_name.as_str()).unwrap_or_default();
    let name = clipped(name, columns);
    let mut names: Vec<&str> = room.names.values().map(String::as_str).collect();
    names.sort_unstable();
    let others = clipped(&format!("  {}", names.join(", ")), columns.saturating_sub(width(&name)));
    frame.render_widget(Line::from(vec![Span::styled(name, BOLD), Span::styled(others, FAINT)]), area);
}

/// From the bottom up.
fn messages(state: &State, room: &Room, area: Rect, frame: &mut Frame<'_>) {
    let height = usize::from(area.height);
    let mut shown: Vec<Line<'_>> = Vec::new();
    for at in (0..room.end()).rev() {
        let mut above = rows(state, room, at, area.width);
        above.append(&mut shown);
        shown = above;
        if shown.len() >= height {
            break;
        }
    }
    if shown.is_empty() {
        let text = if room.loading { "…" } else { "Nothing was said here yet." };
        return lines(vec![Line::styled(text, FAINT)], area, frame);
    }
    let hidden = shown.len().saturating_sub(height);
    let top = u16::try_from(height.saturating_sub(shown.len())).unwrap_or(0);
    let area = Rect { y: area.y + top, height: area.height - top, ..area };
    lines(shown.into_iter().skip(hidden).collect(), area, frame);
}

fn typing(state: &State, columns: u16) -> String {
    let below = state.room.as_ref().is_some_and(|room| room.bottom.is_some());
    let selected =
        state.mode == Mode::Write && state.room.as_ref().is_some_and(|room| room.selected.is_some());
    let typists = state.typists();
    let text = match typists.as_slice() {
        _ if selected => "r reply  e edit  d delete  + react  - take back  Esc back".to_owned(),
        [] if below => "↓ newer messages (Esc)".to_owned(),
        [] => String::new(),
        [one] => format!("{one} is typing…"),
        [one, two] => format!("{one} and {two} are typing…"),
        many => format!("{} people are typing…", many.len()),
    };
    clipped(&text, usize::from(columns))
}

fn mode(state: &State, room: &Room, columns: u16) -> Line<'static> {
    let quoted = |id| {
        let message = room.message(id).map(|message| &message.content);
        message
            .map(|of| format!("{}: {}", room.name(of.sender_id), of.content.replace('\n', " ")))
            .unwrap_or_default()
    };
    let text = match state.mode {
        Mode::Write => String::new(),
        Mode::Reply(id) => format!("reply to {}", quoted(id)),
        Mode::Edit { message, .. } => format!("edit {}", quoted(message)),
        Mode::React(id) => format!("an emoji for {}", quoted(id)),
        Mode::Delete(id) => format!("delete? y or any other key. {}", quoted(id)),
    };
    Line::styled(clipped(&text, usize::from(columns)), Style::new().fg(Color::Yellow))
}

fn input(state: &State, area: Rect, frame: &mut Frame<'_>) {
    let columns = input_columns(area.width);
    let all = filled(state.editor.text(), columns);
    let before = filled(state.editor.before(), columns);
    let row = before.len() - 1;
    // The line of the cursor stays in sight.
    let hidden = (row + 1).saturating_sub(usize::from(area.height));
    let prompt = |at: usize| Span::styled(if at == 0 { "> " } else { "  " }, FAINT);
    let shown = all.into_iter().enumerate().skip(hidden);
    let shown = shown.map(|(at, line)| Line::from(vec![prompt(at), Span::raw(line)]));
    lines(shown.collect(), area, frame);
    if area.height > 0 && !state.help {
        let x = before.last().map_or(0, |line| width(line));
        let x = area.x + PROMPT + u16::try_from(x).unwrap_or(0);
        let y = area.y + u16::try_from(row - hidden).unwrap_or(0);
        frame.set_cursor_position(Position::new(x.min(area.right().saturating_sub(1)), y));
    }
}
