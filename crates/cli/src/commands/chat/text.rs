//! What people wrote, as a terminal can show it: measured in columns, not in characters.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns that a text takes on one line.
pub(crate) fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Without anything that a terminal would obey: what people send is never a command to it.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => plain.push('\n'),
            '\t' => plain.push_str("    "),
            '\r' => {}
            // Overrides of the direction could make one text look like another.
            '\u{202d}' | '\u{202e}' => {}
            c if c.is_control() => plain.push('\u{fffd}'),
            c => plain.push(c),
        }
    }
    plain
}

/// The beginning of a text, with … if it is longer than so many columns.
pub(crate) fn clipped(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut clipped = String::new();
    let mut room = columns.saturating_sub(1);
    for grapheme in text.graphemes(true) {
        let takes = grapheme.width();
        if takes > room {
            break;
        }
        room -= takes;
        clipped += grapheme;
    }
    clipped + if columns > 0 { "…" } else { "" }
}

/// Lines of at most so many columns, broken between words where that is possible. No white space is lost but that at which
/// a line is broken.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    text.split('\n').flat_map(|line| wrapped_line(line, columns)).collect()
}

fn wrapped_line(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_word_bounds() {
        let takes = width(word);
        if used + takes <= columns {
            line += word;
            used += takes;
            continue;
        }
        if word.trim().is_empty() {
            // The break itself.
            lines.push(std::mem::take(&mut line));
            used = 0;
            continue;
        }
        if used > 0 {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
        }
        for grapheme in word.graphemes(true) {
            let takes = width(grapheme);
            if used + takes > columns {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line += grapheme;
            used += takes;
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_that_people_send() {
        assert_eq!(plain("a\u{1b}[2Jb\u{7}\tc\r\n"), "a\u{fffd}[2Jb\u{fffd}    c\n");
        assert_eq!(plain("gpj.\u{202e}exe"), "gpj.exe");
    }

    #[test]
    fn lines_break_between_words_and_are_never_too_wide() {
        assert_eq!(wrapped("the quick brown fox", 10), ["the quick", "brown fox"]);
        assert_eq!(wrapped("incomprehensibilities!", 10), ["incomprehe", "nsibilitie", "s!"]);
        assert_eq!(wrapped("a\n\nb", 10), ["a", "", "b"]);
        for text in [
            "日本語のテキストです",
            "👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦",
            "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
            "שלום עולם, מה שלומך",
        ] {
            for columns in 2..12 {
                let lines = wrapped(text, columns);
                assert!(lines.iter().all(|line| width(line) <= columns), "{lines:?}");
                let kept: String = lines.concat().split_whitespace().collect();
                assert_eq!(kept, text.split_whitespace().collect::<String>());
            }
        }
    }

    #[test]
    fn what_is_clipped_says_so_and_splits_no_character() {
        assert_eq!(clipped("hello", 5), "hello");
        assert_eq!(clipped("hello!", 5), "hell…");
        assert_eq!(clipped("日本語", 5), "日本…");
        assert_eq!(clipped("日本語", 4), "日…");
        assert_eq!(clipped("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }
}
