//! The screen of a state. Pure but for the frame it draws on.

mod column;
mod form;
mod list;

use chinwag_client::{Action, OutboxState};
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::layout::areas;
use super::rows::{BOLD, FAINT};
use super::state::{Link, State};
use super::text::{clipped, plain, width};

// On a small screen the first of them must do.
const HELP: [(&str, &str); 14] = [
    ("Enter", "send"),
    ("Ctrl-C", "leave"),
    ("Alt-Enter, Ctrl-J", "begin a new line"),
    ("Tab, Shift-Tab", "next chat, chat before"),
    ("Up, Down", "select a message, when nothing is written"),
    ("PgUp, PgDn", "scroll"),
    ("  r", "reply to the selected message"),
    ("  e", "edit it"),
    ("  d", "delete it"),
    ("  +, -", "react with an emoji, take the reaction back"),
    ("Esc", "back to the newest message"),
    ("Ctrl-R", "send again what was refused"),
    ("Ctrl-X", "drop what was refused"),
    ("Ctrl-W, Ctrl-U", "delete a word, all that is written"),
];

pub(crate) fn view(state: &State, frame: &mut Frame<'_>) {
    let areas = areas(state);
    if let Some(form) = &state.form {
        form::draw(state, form, frame);
    } else if state.help {
        help(state.size, frame);
    } else {
        if let Some(area) = areas.list {
            list::draw(state, area, frame);
        }
        column::draw(state, &areas, frame);
    }
    status(state, areas.status, frame);
}

/// Draws as many lines as fit, from the top.
pub(crate) fn lines(lines: Vec<Line<'_>>, area: Rect, frame: &mut Frame<'_>) {
    for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

fn status(state: &State, area: Rect, frame: &mut Frame<'_>) {
    let who = if state.username.is_empty() { String::new() } else { format!(" as {}", state.username) };
    let (sign, style, text) = match &state.link {
        Link::Live => ("●", Style::new().fg(Color::Green), format!("live{who}")),
        Link::Connecting => ("○", Style::new().fg(Color::Yellow), format!("connecting{who}")),
        Link::Lost { attempt: 0, reason } => ("○", Style::new().fg(Color::Yellow), reason.clone()),
        Link::Lost { attempt, reason } => {
            ("○", Style::new().fg(Color::Yellow), format!("reconnecting, attempt {attempt}: {reason}"))
        }
        Link::Over(why) => ("○", Style::new().fg(Color::Red), why.clone()),
    };
    let (text, style_of_text) = match &state.notice {
        Some(notice) => (notice.clone(), Style::new().fg(Color::Red)),
        None if state.form.is_some() => (String::new(), Style::new()),
        None => (text, FAINT),
    };
    let hint = if state.help { "any key goes back" } else { "F1 help" };
    let columns = usize::from(area.width);
    let text = clipped(&plain(&text).replace('\n', " "), columns.saturating_sub(hint.len() + 6));
    let gap = columns.saturating_sub(width(&text) + hint.len() + 4);
    let sign = if state.form.is_some() { " " } else { sign };
    let spans = vec![
        Span::raw(" "),
        Span::styled(sign, style),
        Span::raw(" "),
        Span::styled(text, style_of_text),
        Span::raw(" ".repeat(gap)),
        Span::styled(hint, FAINT),
    ];
    frame.render_widget(Line::from(spans), area);
}

fn help(size: Size, frame: &mut Frame<'_>) {
    let area = Rect::new(2, 1, size.width.saturating_sub(2), size.height.saturating_sub(2));
    let mut rows = vec![Line::styled("Keys", BOLD), Line::default()];
    rows.extend(
        HELP.map(|(key, what)| Line::from(vec![Span::styled(format!("{key:<20}"), BOLD), Span::raw(what)])),
    );
    lines(rows, area, frame);
}

/// What waits in the open chat, or was refused there: the end of the conversation as its writer sees it.
pub(crate) fn pending_rows(state: &State, columns: u16) -> Vec<Line<'static>> {
    let Some(room) = &state.room else { return Vec::new() };
    let columns = usize::from(columns);
    let mut rows = Vec::new();
    for entry in &state.pending {
        let (chat, text) = match &entry.action {
            Action::Send { chat, message }
            | Action::Reply { chat, message, .. }
            | Action::Edit { chat, message, .. } => (*chat, message.as_str()),
            Action::React { chat, reaction, .. } => (*chat, reaction.as_str()),
            Action::Delete { chat, .. } => (*chat, "(delete)"),
            _ => continue,
        };
        if chat != room.chat {
            continue;
        }
        let first = plain(text.lines().next().unwrap_or_default());
        if let (OutboxState::Refused, Some(error)) = (entry.state, &entry.error) {
            let style = Style::new().fg(Color::Red);
            rows.push(Line::styled(clipped(&format!("! {first}"), columns), style));
            let why = format!("  {error} (Ctrl-R: again, Ctrl-X: drop)");
            rows.push(Line::styled(clipped(&why, columns), style.add_modifier(Modifier::DIM)));
        } else {
            rows.push(Line::styled(clipped(&format!("… {first}"), columns), FAINT));
        }
    }
    rows
}
