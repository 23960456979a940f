//! A message as rows on the screen.

use chinwag_client::{Message, UserId};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::layout::areas;
use super::state::{Room, State};
use super::text::{clipped, width, wrapped};

const INDENT: &str = "  ";
/// One sender's messages of so many milliseconds stand under one name.
const TOGETHER_MS: i64 = 5 * 60_000;
const PALETTE: [Color; 6] =
    [Color::Cyan, Color::Yellow, Color::Magenta, Color::Blue, Color::LightRed, Color::LightGreen];

pub(crate) const FAINT: Style = Style::new().add_modifier(Modifier::DIM);
pub(crate) const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

pub(crate) fn messages_area(state: &State) -> Rect {
    areas(state).messages
}

pub(crate) fn height_of(state: &State, room: &Room, at: usize, columns: u16) -> usize {
    rows(state, room, at, columns).len()
}

/// Everybody has their colour; one's own name is bold.
pub(crate) fn style_of(state: &State, user: UserId) -> Style {
    let sum: usize = user.0.as_bytes().iter().map(|byte| usize::from(*byte)).sum();
    let style = Style::new().fg(PALETTE[sum % PALETTE.len()]);
    if Some(user) == state.me { BOLD.fg(Color::Green) } else { style }
}

/// The rows of one message, with what sets it apart from the one before.
pub(crate) fn rows(state: &State, room: &Room, at: usize, columns: u16) -> Vec<Line<'static>> {
    let message = &room.messages[at];
    let before = at.checked_sub(1).map(|before| &room.messages[before]);
    let columns = usize::from(columns);
    let mut rows = Vec::new();
    let written = message.content.time_stamp.to_string();
    let day = written.get(..10).unwrap_or_default();
    let is_new_day = before.is_none_or(|before| !before.content.time_stamp.to_string().starts_with(day));
    if is_new_day {
        let label = format!("── {day} ──");
        let margin = " ".repeat(columns.saturating_sub(width(&label)) / 2);
        rows.push(Line::styled(margin + &label, FAINT));
    }
    if is_new_day || !before.is_some_and(|before| belongs_to(before, message)) {
        let time = written.get(11..16).unwrap_or_default().to_owned();
        let name = clipped(&room.name(message.content.sender_id), columns.saturating_sub(8));
        let style = style_of(state, message.content.sender_id);
        rows.push(Line::from(vec![Span::styled(name, style), Span::styled(format!("  {time}"), FAINT)]));
    }
    let head = rows.len();
    if let Some(original) = &message.reply_to {
        let first = original.content.lines().next().unwrap_or_default();
        let quote = format!("┃ {}: {first}", room.name(original.sender_id));
        rows.push(Line::styled(INDENT.to_owned() + &clipped(&quote, columns.saturating_sub(2)), FAINT));
    }
    said(message, columns, &mut rows);
    below(room, state.me, message, columns, &mut rows);
    if room.selected == Some(message.content.message_id) {
        for row in &mut rows[head..] {
            mark(row);
        }
    }
    rows
}

fn belongs_to(before: &Message, message: &Message) -> bool {
    let gap = message.content.time_stamp.0 - before.content.time_stamp.0;
    before.content.sender_id == message.content.sender_id && gap < TOGETHER_MS
}

fn said(message: &Message, columns: usize, rows: &mut Vec<Line<'static>>) {
    const EDITED: &str = " (edited)";
    for line in wrapped(&message.content.content, columns.saturating_sub(2)) {
        rows.push(Line::raw(INDENT.to_owned() + &line));
    }
    if message.content.edited {
        match rows.last_mut() {
            Some(last) if last.width() + EDITED.len() <= columns => {
                last.push_span(Span::styled(EDITED, FAINT))
            }
            _ => rows.push(Line::styled(format!("{INDENT}(edited)"), FAINT)),
        }
    }
}

/// Reactions, and who has read just so far.
fn below(room: &Room, me: Option<UserId>, message: &Message, columns: usize, rows: &mut Vec<Line<'static>>) {
    let mut counts: Vec<(&str, usize, bool)> = Vec::new();
    for reaction in &message.reactions {
        let emoji = reaction.reaction.as_str();
        let mine = Some(reaction.sender_id) == me;
        match counts.iter_mut().find(|(known, ..)| *known == emoji) {
            Some((_, count, ours)) => (*count, *ours) = (*count + 1, *ours || mine),
            None => counts.push((emoji, 1, mine)),
        }
    }
    if !counts.is_empty() {
        let spans = counts.into_iter().flat_map(|(emoji, count, mine)| {
            let style = if mine { BOLD } else { FAINT };
            [Span::raw(INDENT), Span::raw(emoji.to_owned()), Span::styled(format!(" {count}"), style)]
        });
        rows.push(Line::from(spans.collect::<Vec<_>>()));
    }
    let id = message.content.message_id;
    let readers = room.reads.iter().filter(|(user, read)| **read == id && Some(**user) != me);
    let mut readers: Vec<String> = readers
        .filter(|(user, _)| **user != message.content.sender_id)
        .map(|(user, _)| room.name(*user))
        .collect();
    readers.sort();
    if !readers.is_empty() {
        let text = clipped(&format!("✓ read by {}", readers.join(", ")), columns.saturating_sub(2));
        rows.push(Line::styled(INDENT.to_owned() + &text, FAINT));
    }
}

/// A bar in the place of the indentation.
fn mark(row: &mut Line<'static>) {
    let style = row.style;
    let Some(first) = row.spans.first_mut() else { return };
    if let Some(rest) = first.content.strip_prefix(INDENT).map(str::to_owned) {
        first.content = rest.into();
        row.spans.insert(0, Span::styled("▌ ", Style::new().fg(Color::Green)));
        row.style = style;
    }
}
