//! What stands where.

use ratatui::layout::Rect;

use super::state::{Mode, State};
use super::text::width;
use super::view::pending_rows;

/// Narrower than this there is one column only: the open chat.
const TWO_COLUMNS_FROM: u16 = 60;
const LIST_WIDTH: u16 = 24;
/// Lines of the text that is being written.
const INPUT_ROWS_MAX: u16 = 6;
const PENDING_ROWS_MAX: u16 = 6;
/// Before the text that is being written.
pub(crate) const PROMPT: u16 = 2;

#[derive(Clone, Copy, Default)]
pub(crate) struct Areas {
    pub(crate) list: Option<Rect>,
    pub(crate) header: Rect,
    pub(crate) messages: Rect,
    pub(crate) pending: Rect,
    pub(crate) typing: Rect,
    pub(crate) mode: Rect,
    pub(crate) input: Rect,
    pub(crate) status: Rect,
}

pub(crate) fn areas(state: &State) -> Areas {
    let size = state.size;
    let status = Rect::new(0, size.height.saturating_sub(1), size.width, size.height.min(1));
    let body = Rect::new(0, 0, size.width, size.height.saturating_sub(1));
    let (list, left) = match size.width >= TWO_COLUMNS_FROM {
        true => (Some(Rect { width: LIST_WIDTH, ..body }), LIST_WIDTH + 2),
        false => (None, 0),
    };
    let column = Rect { x: left, width: body.width.saturating_sub(left), ..body };
    // From the bottom up, what there is room for; the messages get what remains.
    let mut bottom = column.bottom();
    let mut take = |rows: u16| {
        let rows = rows.min(bottom.saturating_sub(column.y));
        bottom -= rows;
        Rect { y: bottom, height: rows, ..column }
    };
    let lines = filled(state.editor.text(), input_columns(column.width)).len();
    let input = take(u16::try_from(lines).unwrap_or(u16::MAX).min(INPUT_ROWS_MAX));
    let mode = take(u16::from(state.mode != Mode::Write));
    let typing = take(1);
    let waiting = pending_rows(state, column.width).len();
    let pending = take(u16::try_from(waiting).unwrap_or(u16::MAX).min(PENDING_ROWS_MAX));
    let header = Rect { height: 1.min(bottom), ..column };
    let messages = Rect { y: header.bottom(), height: bottom - header.height, ..column };
    Areas { list, header, messages, pending, typing, mode, input, status }
}

/// The last column is the cursor's.
pub(crate) fn input_columns(width: u16) -> usize {
    usize::from(width.saturating_sub(PROMPT + 1)).max(2)
}

/// Lines filled to the last column, wherever that is: in what is being written nothing jumps, and no white space is lost.
pub(crate) fn filled(text: &str, columns: usize) -> Vec<String> {
    use unicode_segmentation::UnicodeSegmentation;
    let mut lines = vec![String::new()];
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let takes = width(grapheme);
        if grapheme == "\n" || used + takes > columns {
            lines.push(String::new());
            used = 0;
        }
        if grapheme != "\n" {
            used += takes;
            if let Some(line) = lines.last_mut() {
                *line += grapheme;
            }
        }
    }
    lines
}
