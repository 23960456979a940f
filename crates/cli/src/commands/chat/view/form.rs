//! Signing in.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::super::rows::{BOLD, FAINT};
use super::super::state::{FIELDS, Form, SECRETS, State};
use super::super::text::width;
use super::lines;

const LABEL: usize = 10;

pub(super) fn draw(state: &State, form: &Form, frame: &mut Frame<'_>) {
    let mut rows = vec![Line::styled("Sign in to Chinwag", BOLD), Line::default()];
    let mut cursor = 0;
    for (at, (label, field)) in FIELDS.iter().zip(&form.fields).enumerate() {
        let style = if at == form.focus { BOLD } else { FAINT };
        let hide = |text: &str| {
            if SECRETS.contains(&at) { "•".repeat(text.chars().count()) } else { text.to_owned() }
        };
        if at == form.focus {
            cursor = width(&hide(field.before()));
        }
        rows.push(Line::from(vec![
            Span::styled(format!("{label:<LABEL$}"), style),
            Span::raw(hide(field.text())),
        ]));
    }
    let hint =
        if form.busy { "signing in…" } else { "Enter signs in, Tab goes to the next line, Esc leaves" };
    rows.extend([Line::default(), Line::styled(hint, FAINT)]);
    let area = Rect::new(2, 1, state.size.width.saturating_sub(3), state.size.height.saturating_sub(2));
    lines(rows, area, frame);
    let x = usize::from(area.x) + LABEL + cursor;
    let x = u16::try_from(x).unwrap_or(u16::MAX).min(area.right());
    let y = area.y + 2 + u16::try_from(form.focus).unwrap_or(0);
    frame.set_cursor_position(Position::new(x, y));
}
