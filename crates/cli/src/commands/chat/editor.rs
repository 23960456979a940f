//! A text that is being written. The cursor moves by what people see as one character.

use unicode_segmentation::UnicodeSegmentation;

/// Far more than a message takes; a paste by mistake ends here.
const BYTES_MAX: usize = 64 * 1024;

#[derive(Clone, Default, Debug)]
pub(crate) struct Editor {
    text: String,
    /// In bytes, between two graphemes.
    cursor: usize,
}

impl Editor {
    pub(crate) fn of(text: &str) -> Self {
        Self { text: text.to_owned(), cursor: text.len() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What stands before the cursor.
    pub(crate) fn before(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// What was written; it is empty from here on.
    pub(crate) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    pub(crate) fn insert(&mut self, text: &str) {
        if self.text.len() + text.len() <= BYTES_MAX {
            self.text.insert_str(self.cursor, text);
            self.cursor += text.len();
        }
    }

    pub(crate) fn left(&mut self) {
        self.cursor -= self.before().graphemes(true).next_back().map_or(0, str::len);
    }

    pub(crate) fn right(&mut self) {
        self.cursor += self.text[self.cursor..].graphemes(true).next().map_or(0, str::len);
    }

    pub(crate) fn home(&mut self) {
        self.cursor = self.before().rfind('\n').map_or(0, |at| at + 1);
    }

    pub(crate) fn end(&mut self) {
        self.cursor += self.text[self.cursor..].find('\n').unwrap_or(self.text.len() - self.cursor);
    }

    pub(crate) fn backspace(&mut self) {
        let end = self.cursor;
        self.left();
        self.text.replace_range(self.cursor..end, "");
    }

    pub(crate) fn delete(&mut self) {
        let start = self.cursor;
        self.right();
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    /// The word before the cursor, with the white space behind it.
    pub(crate) fn delete_word(&mut self) {
        let end = self.cursor;
        let kept = self.before().trim_end();
        let start = kept.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        self.text.replace_range(start..end, "");
        self.cursor = start;
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_moves_by_characters_as_people_see_them() {
        let mut editor = Editor::of("a👨‍👩‍👧e\u{301}");
        editor.backspace();
        assert_eq!(editor.text(), "a👨‍👩‍👧");
        editor.left();
        editor.insert("b");
        assert_eq!((editor.text(), editor.before()), ("ab👨‍👩‍👧", "ab"));
        editor.delete();
        assert_eq!(editor.text(), "ab");
        editor.delete();
        editor.right();
        assert_eq!(editor.take(), "ab");
        editor.backspace();
        assert!(editor.is_empty());
    }

    #[test]
    fn words_and_lines() {
        let mut editor = Editor::of("one two\nthree four ");
        editor.delete_word();
        assert_eq!(editor.text(), "one two\nthree ");
        editor.home();
        editor.insert(">");
        editor.end();
        editor.insert("<");
        assert_eq!(editor.text(), "one two\n>three <");
    }

    #[test]
    fn a_paste_has_a_bound() {
        let mut editor = Editor::default();
        editor.insert(&"x".repeat(BYTES_MAX + 1));
        assert!(editor.is_empty());
    }
}
