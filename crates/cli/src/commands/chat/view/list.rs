//! The chats, with what is unread.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use super::super::rows::{BOLD, FAINT};
use super::super::state::State;
use super::super::text::{clipped, width};
use super::lines;

pub(super) fn draw(state: &State, area: Rect, frame: &mut Frame<'_>) {
    let inner = Rect { width: area.width.saturating_sub(1), ..area };
    let columns = usize::from(inner.width);
    let open = state.room.as_ref().map(|room| room.chat);
    let here = state.chats.iter().position(|chat| Some(chat.chat_id) == open).unwrap_or(0);
    let height = usize::from(inner.height).saturating_sub(1);
    // The open one stays in sight.
    let skipped = (here + 1).saturating_sub(height);
    let mut rows = vec![Line::styled(" Chats", FAINT)];
    for chat in state.chats.iter().skip(skipped).take(height) {
        let is_open = Some(chat.chat_id) == open;
        let unread = if chat.unread_count > 0 { format!(" {}", chat.unread_count) } else { String::new() };
        let name = clipped(&chat.chat_name, columns.saturating_sub(unread.len() + 2));
        let gap = " ".repeat(columns.saturating_sub(width(&name) + unread.len() + 2));
        let style = if is_open || chat.unread_count > 0 { BOLD } else { Style::new() };
        rows.push(Line::from(vec![
            Span::styled(if is_open { "▌" } else { " " }, Style::new().fg(Color::Green)),
            Span::styled(name, style),
            Span::raw(gap),
            Span::styled(unread, Style::new().fg(Color::Yellow)),
        ]));
    }
    if state.chats.is_empty() {
        rows.push(Line::styled(" none yet", FAINT));
    }
    lines(rows, inner, frame);
    let rule = Rect { x: area.right().saturating_sub(1), width: 1, ..area };
    lines(vec![Line::styled("│", FAINT); usize::from(area.height)], rule, frame);
}
