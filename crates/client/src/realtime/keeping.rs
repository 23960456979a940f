//! The outbox in a file: lines of JSON, appended and synced, so that a crash at any instant leaves what was kept before.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chinwag_protocol::{Envelope, ErrorCode, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::action::to_json;
use super::outbox::{OutboxEntry, OutboxState};
use crate::error::{Cause, Error, Refusal};

/// The first line: what this file is, so that no other file is taken for one.
const HEADER: &[u8] = b"{\"chinwagOutbox\":1}\n";
/// Past so many bytes the file is written anew with what still waits, unless that is most of it.
const COMPACT_AT_BYTES: u64 = 1024 * 1024;

/// One line.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Line {
    Put(Kept),
    Gone(String),
}

/// What is kept of an entry.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kept {
    nonce: String,
    user_id: UserId,
    action: Value,
    queued_at: i64,
    /// Of one that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Refused {
    code: Option<ErrorCode>,
    status: u16,
    message: String,
}

/// What the lines come to.
#[derive(Default)]
struct Waiting {
    /// By nonce, with the number of its line.
    kept: HashMap<String, (u64, Kept)>,
    lines: u64,
}

/// The file, locked for this process for as long as it is open.
pub(crate) struct OutboxFile {
    path: PathBuf,
    file: File,
    _lock: File,
    /// Up to here the file is whole lines, on the disk.
    length: u64,
    waiting: Waiting,
}

impl Line {
    pub(crate) fn put(entry: &OutboxEntry) -> Self {
        let refused = match (&entry.state, &entry.error) {
            (OutboxState::Refused, Some(Error::Refused(refusal))) => {
                Some(Refused { code: refusal.code, status: refusal.status, message: refusal.message.clone() })
            }
            _ => None,
        };
        let (nonce, user_id) = (entry.nonce.clone(), entry.user);
        let action = to_json(&entry.action, None);
        Self::Put(Kept { nonce, user_id, action, queued_at: entry.queued_at.0, refused })
    }
}

impl Line {
    /// The nonce of an entry that must not be sent before this line is on the disk.
    pub(crate) fn waits(&self) -> Option<&str> {
        match self {
            Line::Put(kept) if kept.refused.is_none() => Some(&kept.nonce),
            Line::Put(_) | Line::Gone(_) => None,
        }
    }
}

impl Kept {
    /// None if it was written by a version that knows more actions.
    fn entry(&self) -> Option<OutboxEntry> {
        let action = Envelope::parse(self.action.to_string().as_bytes(), 0).ok()?.action;
        let error = self.refused.clone().map(|Refused { code, status, message }| {
            Error::Refused(Box::new(Refusal { code, status, message, retry_after: None, current: None }))
        });
        let state = if error.is_some() { OutboxState::Refused } else { OutboxState::Queued };
        // It may have been sent before the process ended: sent again over HTTP, it is answered for certain.
        let (attempts, nonce, user) = (1, self.nonce.clone(), self.user_id);
        Some(OutboxEntry {
            nonce,
            user,
            action,
            state,
            queued_at: Timestamp(self.queued_at),
            attempts,
            error,
        })
    }
}

impl OutboxFile {
    /// Makes it, for its owner only, if it is not there. Fails if another process has it, or it is not an outbox.
    pub(crate) fn open(path: PathBuf) -> Result<Self, Error> {
        let failed = |what, cause: Cause| Error::OutboxFile { path: path.clone(), what, cause };
        let lock =
            private(&beside(&path, "lock")).map_err(|e| failed("its lock cannot be made", Arc::new(e)))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => failed("another process has it: give each its own", Arc::new(error)),
            TryLockError::Error(error) => failed("it cannot be locked", Arc::new(error)),
        })?;
        let mut file = private(&path).map_err(|e| failed("it cannot be opened", Arc::new(e)))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(|e| failed("it cannot be read", Arc::new(e)))?;
        let Some((waiting, length)) = read(&text) else {
            let cause = std::io::Error::from(std::io::ErrorKind::InvalidData);
            return Err(failed("there is something else in it: give another path", Arc::new(cause)));
        };
        let mut opened = Self { file, _lock: lock, length, waiting, path: path.clone() };
        opened.begin().map_err(|e| failed("it cannot be written", Arc::new(e)))?;
        Ok(opened)
    }

    /// Drops what a crash left of a line, and says what this is if nothing is there.
    fn begin(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.length)?;
        if self.length == 0 {
            self.file.write_all(HEADER)?;
            self.length = HEADER.len() as u64;
        }
        self.file.sync_all()?;
        sync_directory(&self.path)
    }

    /// What waits, in the order in which it was put here.
    pub(crate) fn entries(&self) -> Vec<OutboxEntry> {
        self.waiting.in_order().filter_map(Kept::entry).collect()
    }

    /// Appends lines and syncs them. If it fails, none of them is in the file.
    pub(crate) fn append(&mut self, lines: &[Line]) -> Result<(), Error> {
        let written = self.try_append(lines);
        if written.is_err() {
            // Best effort: what is half there is dropped when the file is opened.
            let _ = self.file.set_len(self.length);
        }
        written.map_err(|cause| {
            let what = "it cannot be written: look whether the disk is full";
            Error::OutboxFile { path: self.path.clone(), what, cause: Arc::new(cause) }
        })
    }

    fn try_append(&mut self, lines: &[Line]) -> std::io::Result<()> {
        let bytes = encoded(lines)?;
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.length += bytes.len() as u64;
        self.waiting.apply(lines.iter().cloned());
        // What cannot be made smaller now will be another time.
        let _ = self.compact();
        Ok(())
    }

    /// Writes it anew beside itself, and puts that in its place: at any instant one of the two is whole.
    fn compact(&mut self) -> std::io::Result<()> {
        if self.length < COMPACT_AT_BYTES {
            return Ok(());
        }
        let waiting: Vec<Line> = self.waiting.in_order().cloned().map(Line::Put).collect();
        let bytes = [HEADER, &encoded(&waiting)?].concat();
        if bytes.len() as u64 > self.length / 2 {
            return Ok(());
        }
        let new = beside(&self.path, "new");
        let mut file = private(&new)?;
        file.set_len(0)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, &self.path)?;
        (self.file, self.length) = (file, bytes.len() as u64);
        sync_directory(&self.path)
    }
}

fn encoded(lines: &[Line]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut bytes, line)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

/// What the lines come to, and how many bytes they are; none if this is something else.
///
/// What follows the first broken line is dropped: the lines after it were synced together with it or not at all, and
/// blocks may reach the disk in any order.
fn read(text: &[u8]) -> Option<(Waiting, u64)> {
    let mut waiting = Waiting::default();
    if HEADER.starts_with(text) && text != HEADER {
        return Some((waiting, 0));
    }
    let mut length = HEADER.len();
    for line in text.strip_prefix(HEADER)?.split_inclusive(|byte| *byte == b'\n') {
        let Some(Ok(read)) = line.strip_suffix(b"\n").map(serde_json::from_slice) else { break };
        waiting.apply([read]);
        length += line.len();
    }
    Some((waiting, length as u64))
}

impl Waiting {
    fn apply(&mut self, lines: impl IntoIterator<Item = Line>) {
        for line in lines {
            self.lines += 1;
            match line {
                Line::Put(kept) => drop(self.kept.insert(kept.nonce.clone(), (self.lines, kept))),
                Line::Gone(nonce) => drop(self.kept.remove(&nonce)),
            }
        }
    }

    fn in_order(&self) -> impl Iterator<Item = &Kept> {
        let mut kept: Vec<_> = self.kept.values().collect();
        kept.sort_by_key(|(line, _)| *line);
        kept.into_iter().map(|(_, kept)| kept)
    }
}

fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// So that the file's name is on the disk as well, where directories can be synced.
fn sync_directory(path: &Path) -> std::io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use chinwag_protocol::{Action, ChatId, MessageText};
    use tempfile::TempDir;
    use uuid::Uuid;

    use super::*;

    fn put(nonce: &str, text: &str) -> Line {
        let message = MessageText::parse(text.to_owned(), 0).unwrap();
        let action = Action::Send { chat: ChatId(Uuid::nil()), message };
        let (nonce, user, error) = (nonce.to_owned(), UserId(Uuid::nil()), None);
        let (state, queued_at, attempts) = (OutboxState::Queued, Timestamp(7), 0);
        Line::put(&OutboxEntry { nonce, user, action, state, queued_at, attempts, error })
    }

    fn place() -> (TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("outbox");
        (directory, path)
    }

    fn nonces(path: &Path) -> Vec<String> {
        let file = OutboxFile::open(path.to_owned()).unwrap();
        file.entries().into_iter().map(|entry| entry.nonce).collect()
    }

    #[test]
    fn what_was_appended_is_there_when_it_is_opened_again() {
        let (_directory, path) = place();
        let mut file = OutboxFile::open(path.clone()).unwrap();
        file.append(&[put("1", "one"), put("2", "two\n")]).unwrap();
        file.append(&[Line::Gone("1".to_owned())]).unwrap();
        assert!(OutboxFile::open(path.clone()).is_err(), "it is in use");
        drop(file);
        assert_eq!(nonces(&path), ["2"]);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let (_directory, path) = place();
        drop(OutboxFile::open(path.clone()).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_crash_at_any_byte_leaves_what_was_kept_before() {
        let (_directory, path) = place();
        let mut file = OutboxFile::open(path.clone()).unwrap();
        file.append(&[put("1", "one")]).unwrap();
        let kept = file.length;
        file.append(&[put("2", "two"), put("3", "three")]).unwrap();
        drop(file);
        let whole = std::fs::read(&path).unwrap();
        for end in 0..whole.len() {
            std::fs::write(&path, &whole[..end]).unwrap();
            let there = nonces(&path);
            assert!(end < usize::try_from(kept).unwrap() || there[0] == "1", "cut at {end}");
            let mut file = OutboxFile::open(path.clone()).unwrap();
            file.append(&[put("4", "four")]).unwrap();
            drop(file);
            assert!(nonces(&path).contains(&"4".to_owned()), "cut at {end}");
        }
        let mut holed = whole.clone();
        holed[usize::try_from(kept).unwrap()..][..20].fill(0);
        std::fs::write(&path, &holed).unwrap();
        assert_eq!(nonces(&path), ["1"]);
    }

    #[test]
    fn somebody_elses_file_is_left_alone() {
        let (_directory, path) = place();
        std::fs::write(&path, "dear diary\n").unwrap();
        assert!(OutboxFile::open(path.clone()).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"dear diary\n");
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let (_directory, path) = place();
        let mut file = OutboxFile::open(path.clone()).unwrap();
        let text = "x".repeat(300_000);
        for n in 0..40 {
            file.append(&[put(&n.to_string(), &text)]).unwrap();
            file.append(&[Line::Gone(n.to_string())]).unwrap();
        }
        file.append(&[put("last", "x")]).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() < 2 * COMPACT_AT_BYTES);
        drop(file);
        assert_eq!(nonces(&path), ["last"]);
    }
}
