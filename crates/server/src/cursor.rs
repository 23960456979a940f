//! Cursors: how far a client has come, opaque to it (protocol, section 5).

use std::ops::RangeInclusive;

/// No database's: a cursor of it is honoured nowhere.
pub const NO_EPOCH: &str = "none";

/// `<epoch>.<position>`: the epoch names the database, so that a cursor of another one is recognised.
#[must_use]
pub fn write(epoch: &str, position: u64) -> String {
    format!("{epoch}.{position}")
}

/// The position, if the cursor is of this database and one that is honoured: not ahead of it, and not from before what was
/// forgotten.
#[must_use]
pub fn read(cursor: &str, epoch: &str, honoured: RangeInclusive<u64>) -> Option<u64> {
    let (of, position) = cursor.split_once('.')?;
    let plain = position.bytes().all(|byte| byte.is_ascii_digit());
    position.parse().ok().filter(|position| of == epoch && plain && honoured.contains(position))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_honoured_where_it_was_made() {
        assert_eq!(read(&write("e1", 7), "e1", 0..=7), Some(7));
        assert_eq!(read(&write("e1", 7), "e2", 0..=7), None);
        assert_eq!(read(&write("e1", 8), "e1", 0..=7), None);
        assert_eq!(read(&write("e1", 4), "e1", 5..=7), None);
        for nonsense in ["", ".", "e1", "e1.", "e1.x", "e1.+7", "e1.-1", "e1.99999999999999999999"] {
            assert_eq!(read(nonsense, "e1", 0..=7), None, "{nonsense}");
        }
    }
}
