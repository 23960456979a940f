//! What commands print: JSON for scripts, aligned columns for people.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::commands::Failure;

/// Prints one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    text(&serde_json::to_string(value)?)
}

/// Prints the text and a line end. Whoever reads may stop reading: that is no failure.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints rows under their heads, each column as wide as its widest cell. `none` is said of no rows, to people only.
pub(crate) fn table<const N: usize>(
    heads: [&str; N],
    rows: Vec<[String; N]>,
    none: &str,
) -> Result<(), Failure> {
    if rows.is_empty() {
        eprintln!("{none}");
        return Ok(());
    }
    let heads = heads.map(str::to_owned);
    let lines: Vec<[String; N]> = std::iter::once(heads).chain(rows).collect();
    text(&aligned(&lines))
}

/// Prints names and what they stand for, two columns.
pub(crate) fn pairs(rows: &[(&str, &str)]) -> Result<(), Failure> {
    let lines: Vec<[String; 2]> =
        rows.iter().map(|(name, value)| [(*name).to_owned(), (*value).to_owned()]).collect();
    text(&aligned(&lines))
}

fn aligned<const N: usize>(lines: &[[String; N]]) -> String {
    let widths: [usize; N] =
        std::array::from_fn(|column| lines.iter().map(|line| chars(&line[column])).max().unwrap_or(0));
    let lines = lines.iter().map(|line| {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn chars(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::aligned;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let lines = [["ID", "NAME", "TIER"], ["1", "Müller & Söhne", "DEMO"], ["22", "x", ""]];
        let lines = lines.map(|line| line.map(str::to_owned));
        assert_eq!(aligned(&lines), "ID  NAME            TIER\n1   Müller & Söhne  DEMO\n22  x");
    }
}
