//! Bytes to frames.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};

use super::{Command, Frame, Headers, Version};

/// How much of a peer's frame is held while it is on its way. EOLs between frames do not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameLimits {
    /// Bytes of a frame from its command up to and including its NUL.
    pub frame_bytes_max: usize,
    /// Bytes of a frame from its command up to and including its blank line.
    pub header_bytes_max: usize,
    /// Header lines, repeated ones included.
    pub headers_max: usize,
}

/// Why the bytes are no STOMP. The connection is over: send an ERROR with this text as its `message`, and close.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("frame too large")]
    FrameTooLarge,
    #[error("headers too large")]
    HeadersTooLarge,
    #[error("too many headers")]
    TooManyHeaders,
    #[error("unknown command")]
    UnknownCommand,
    #[error("NUL before the end of the headers")]
    NulInHeaders,
    #[error("headers must be UTF-8")]
    HeaderNotUtf8,
    #[error("header without a colon")]
    HeaderWithoutColon,
    #[error("header without a name")]
    HeaderWithoutName,
    #[error("undefined escape sequence in a header")]
    UndefinedEscape,
    #[error("content-length must be a number of bytes")]
    BadContentLength,
    #[error("this command has no body")]
    BodyNotAllowed,
    #[error("no NUL where content-length ends the body")]
    MissingNul,
}

/// Turns a peer's bytes, however cut, into its frames.
///
/// Feed bytes, then take frames until there are none. Frames are decoded when they are taken, so a version set after
/// CONNECT (or CONNECTED, in a client) already holds for what was fed along with it.
///
/// Once `next` gave `None`, what is held is less than [`FrameLimits::frame_bytes_max`] bytes and no allocation
/// unless a frame is incomplete; before that, in addition what was fed. Each byte is looked at a constant number of
/// times, however small the pieces. The first error is final.
///
/// Until a version is set, lines end as in 1.2 and nothing is unescaped.
pub struct Decoder {
    limits: FrameLimits,
    version: Option<Version>,
    /// What was fed; consumed up to `start`.
    buffer: Vec<u8>,
    start: usize,
    /// Bytes after `start` that were searched before and do not end a line or a body.
    searched: usize,
    partial: Option<Partial>,
    failed: Option<DecodeError>,
}

/// A frame whose command, and perhaps more, was read and left the buffer.
struct Partial {
    frame: Frame,
    /// Bytes of the frame before `start`.
    bytes_read: usize,
    body: BodyEnd,
}

enum BodyEnd {
    /// The headers are not complete.
    Unknown,
    AtFirstNul,
    /// After so many bytes comes the NUL.
    After(usize),
}

impl Decoder {
    #[must_use]
    pub fn new(limits: FrameLimits) -> Self {
        Self { limits, version: None, buffer: Vec::new(), start: 0, searched: 0, partial: None, failed: None }
    }

    /// The version that holds from the next frame on.
    pub fn set_version(&mut self, version: Version) {
        self.version = Some(version);
    }

    /// Adds bytes as they came. After an error they are dropped.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next whole frame; `None` until more is fed.
    #[expect(clippy::should_implement_trait, reason = "an iterator is over at None; this goes on when fed")]
    pub fn next(&mut self) -> Result<Option<Frame>, DecodeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let decoded = self.decode();
        match decoded {
            Ok(Some(_)) if self.start < self.buffer.len() => {}
            Ok(_) => self.forget_consumed(),
            Err(error) => {
                *self = Self { failed: Some(error), ..Self::new(self.limits) };
            }
        }
        decoded
    }

    /// Bytes of peer's data held: those of an incomplete frame, and those fed but not yet decoded.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.start + self.partial.as_ref().map_or(0, |partial| partial.bytes_read)
    }

    fn decode(&mut self) -> Result<Option<Frame>, DecodeError> {
        if self.partial.is_none() && !self.read_command()? {
            return Ok(None);
        }
        while let Some(Partial { body: BodyEnd::Unknown, .. }) = self.partial {
            if !self.read_header()? {
                return Ok(None);
            }
        }
        self.read_body()
    }

    /// Moves what is left to the front of an allocation of its size, if any.
    fn forget_consumed(&mut self) {
        // Each byte moves at most once: what moves is the piece of a line or body that just began.
        if self.start > 0 {
            self.buffer = self.buffer[self.start..].to_vec();
            self.start = 0;
        }
    }

    /// Whether the command's line was complete.
    fn read_command(&mut self) -> Result<bool, DecodeError> {
        self.skip_line_ends();
        let Some((line, bytes_read)) = self.read_line(0)? else { return Ok(false) };
        let command = Command::from_bytes(&self.buffer[line]).ok_or(DecodeError::UnknownCommand)?;
        self.partial = Some(Partial { frame: Frame::new(command), bytes_read, body: BodyEnd::Unknown });
        Ok(true)
    }

    /// LF and CR LF between frames, in every version: those after CONNECT may come when its version already holds.
    fn skip_line_ends(&mut self) {
        let unread = &self.buffer[self.start..];
        let mut skipped = 0;
        loop {
            match unread[skipped..] {
                [b'\n', ..] => skipped += 1,
                [b'\r', b'\n', ..] => skipped += 2,
                _ => break,
            }
        }
        if skipped > 0 {
            self.start += skipped;
            self.searched = 0;
        }
    }

    /// Whether a line was complete.
    fn read_header(&mut self) -> Result<bool, DecodeError> {
        let bytes_before = self.partial.as_ref().map_or(0, |partial| partial.bytes_read);
        let Some((line, bytes_read)) = self.read_line(bytes_before)? else { return Ok(false) };
        let line = &self.buffer[line];
        let Some(partial) = &mut self.partial else { return Ok(false) };
        partial.bytes_read = bytes_read;
        if line.is_empty() {
            let room = self.limits.frame_bytes_max.saturating_sub(bytes_read);
            partial.body = body_end(&partial.frame, self.version, room)?;
            return Ok(true);
        }
        let headers = &mut partial.frame.headers;
        if headers.len() >= self.limits.headers_max {
            return Err(DecodeError::TooManyHeaders);
        }
        let escaping = if partial.frame.command.is_handshake() { None } else { self.version };
        push_header(headers, line, self.version, escaping)?;
        Ok(true)
    }

    /// The next line of a head of which `bytes_before` were read, as its place in the buffer without its end, and how
    /// many bytes of the head are read with it.
    fn read_line(&mut self, bytes_before: usize) -> Result<Option<(Range<usize>, usize)>, DecodeError> {
        let room = self.limits.header_bytes_max.min(self.limits.frame_bytes_max).saturating_sub(bytes_before);
        let unread = &self.buffer[self.start..];
        let within = &unread[..unread.len().min(room)];
        let Some(found) = memchr2(b'\n', 0, &within[self.searched..]) else {
            if within.len() == room {
                return Err(DecodeError::HeadersTooLarge);
            }
            self.searched = within.len();
            return Ok(None);
        };
        let len = self.searched + found;
        let line = match (&within[..len], self.version) {
            _ if within[len] == 0 => return Err(DecodeError::NulInHeaders),
            // 1.1 is the one version where CR is a character like any other.
            (line, Some(Version::V11)) => line,
            (line, _) => line.strip_suffix(b"\r").unwrap_or(line),
        };
        let place = self.start..self.start + line.len();
        self.start += len + 1;
        self.searched = 0;
        Ok(Some((place, bytes_before + len + 1)))
    }

    /// The frame, if its NUL is there.
    fn read_body(&mut self) -> Result<Option<Frame>, DecodeError> {
        let Some(partial) = &mut self.partial else { return Ok(None) };
        let unread = &self.buffer[self.start..];
        let len = match partial.body {
            BodyEnd::Unknown => return Ok(None),
            BodyEnd::After(len) => match unread.get(len) {
                None => return Ok(None),
                Some(0) => len,
                Some(_) if may_bring_body(partial.frame.command, self.version) => {
                    return Err(DecodeError::MissingNul);
                }
                Some(_) => return Err(DecodeError::BodyNotAllowed),
            },
            BodyEnd::AtFirstNul => {
                let room = self.limits.frame_bytes_max.saturating_sub(partial.bytes_read);
                let within = &unread[..unread.len().min(room)];
                match memchr(0, &within[self.searched..]) {
                    Some(found) => self.searched + found,
                    None if within.len() == room => return Err(DecodeError::FrameTooLarge),
                    None => {
                        self.searched = within.len();
                        return Ok(None);
                    }
                }
            }
        };
        if partial.frame.command.has_body() {
            partial.frame.body = unread[..len].to_vec();
        }
        self.start += len + 1;
        self.searched = 0;
        Ok(self.partial.take().map(|partial| partial.frame))
    }
}

/// How the body of a frame whose headers are complete will end; `room` is for body and NUL.
fn body_end(frame: &Frame, version: Option<Version>, room: usize) -> Result<BodyEnd, DecodeError> {
    let has_body = may_bring_body(frame.command, version);
    let len = match frame.header("content-length") {
        None if has_body => return Ok(BodyEnd::AtFirstNul),
        None => 0,
        Some(digits) if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            return Err(DecodeError::BadContentLength);
        }
        // Nothing but digits: what does not fit is too large.
        Some(digits) => digits.parse().unwrap_or(usize::MAX),
    };
    if len > 0 && !has_body {
        return Err(DecodeError::BodyNotAllowed);
    }
    if len >= room {
        return Err(DecodeError::FrameTooLarge);
    }
    Ok(BodyEnd::After(len))
}

/// In 1.0 the body of SUBSCRIBE is not forbidden but ignored (1.0, "SUBSCRIBE").
fn may_bring_body(command: Command, version: Option<Version>) -> bool {
    command.has_body() || command == Command::Subscribe && version == Some(Version::V10)
}

/// Splits at the first colon. White space belongs to the header in 1.1 and 1.2; senders of 1.0 pad with it, as that
/// version's own examples do, and it is taken away.
fn push_header(
    headers: &mut Headers,
    line: &[u8],
    version: Option<Version>,
    escaping: Option<Version>,
) -> Result<(), DecodeError> {
    const PADDING: [char; 3] = [' ', '\t', '\r'];
    let line = str::from_utf8(line).map_err(|_| DecodeError::HeaderNotUtf8)?;
    let (mut name, mut value) = line.split_once(':').ok_or(DecodeError::HeaderWithoutColon)?;
    if version == Some(Version::V10) {
        name = name.trim_matches(PADDING);
        value = value.trim_matches(PADDING);
    }
    if name.is_empty() {
        return Err(DecodeError::HeaderWithoutName);
    }
    headers.push_text(&unescape(name, escaping)?, &unescape(value, escaping)?);
    Ok(())
}

fn unescape(text: &str, version: Option<Version>) -> Result<Cow<'_, str>, DecodeError> {
    if matches!(version, None | Some(Version::V10)) || memchr(b'\\', text.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(text));
    }
    let mut pieces = text.split('\\');
    let mut plain = String::with_capacity(text.len());
    plain.push_str(pieces.next().unwrap_or_default());
    while let Some(piece) = pieces.next() {
        let meant = match (piece.as_bytes().first(), version) {
            (Some(b'n'), _) => '\n',
            (Some(b'c'), _) => ':',
            (Some(b'r'), Some(Version::V12)) => '\r',
            (None, _) => {
                // Two backslashes: the second one's piece is plain text, and there must be one.
                plain.push('\\');
                plain.push_str(pieces.next().ok_or(DecodeError::UndefinedEscape)?);
                continue;
            }
            _ => return Err(DecodeError::UndefinedEscape),
        };
        plain.push(meant);
        plain.push_str(&piece[1..]);
    }
    Ok(Cow::Owned(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: FrameLimits = FrameLimits { frame_bytes_max: 64, header_bytes_max: 48, headers_max: 3 };

    fn decoder(version: Version) -> Decoder {
        let mut decoder = Decoder::new(LIMITS);
        decoder.set_version(version);
        decoder
    }

    fn first(version: Version, bytes: &[u8]) -> Result<Option<Frame>, DecodeError> {
        let mut decoder = decoder(version);
        decoder.feed(bytes);
        decoder.next()
    }

    #[test]
    fn an_idle_connection_holds_no_memory() {
        let mut decoder = decoder(Version::V12);
        decoder.feed(b"\n\r\n");
        assert_eq!(decoder.next(), Ok(None));
        assert_eq!(decoder.buffer.capacity(), 0);
        decoder.feed(b"SEND\n\nhi\0\nBEGIN\n");
        assert!(decoder.next().unwrap().is_some());
        assert_eq!(decoder.next(), Ok(None));
        assert_eq!((decoder.buffer.capacity(), decoder.buffered()), (0, 6));
        decoder.feed(b"\n\0");
        assert!(decoder.next().unwrap().is_some());
        assert_eq!((decoder.buffer.capacity(), decoder.buffered()), (0, 0));
    }

    #[test]
    fn a_version_holds_for_what_was_fed_with_the_handshake() {
        let mut decoder = Decoder::new(LIMITS);
        decoder.feed(b"CONNECT\r\nhost:a\\cb\r\n\r\n\0\r\nSEND\na:b\\cc\n\n\0");
        assert_eq!(decoder.next().unwrap().unwrap().header("host"), Some("a\\cb"));
        decoder.set_version(Version::V11);
        assert_eq!(decoder.next().unwrap().unwrap().header("a"), Some("b:c"));
    }

    #[test]
    fn the_first_error_is_final() {
        let mut decoder = decoder(Version::V12);
        decoder.feed(b"send\n\n\0BEGIN\n\n\0");
        for _ in 0..2 {
            assert_eq!(decoder.next(), Err(DecodeError::UnknownCommand));
            decoder.feed(b"BEGIN\n\n\0");
            assert_eq!((decoder.buffer.capacity(), decoder.buffered()), (0, 0));
        }
    }

    #[test]
    fn a_frame_may_reach_its_limit_but_not_pass_it() {
        let fits = [b"SEND\n\n".as_slice(), &[b'x'; 57], b"\0"].concat();
        assert_eq!(fits.len(), LIMITS.frame_bytes_max);
        assert_eq!(first(Version::V12, &fits).unwrap().unwrap().body.len(), 57);
        let exceeds = [b"SEND\n\n".as_slice(), &[b'x'; 58]].concat();
        assert_eq!(first(Version::V12, &exceeds), Err(DecodeError::FrameTooLarge));
        let fits = [b"SEND\ncontent-length:39\n\n".as_slice(), &[0; 40]].concat();
        assert_eq!(fits.len(), LIMITS.frame_bytes_max);
        assert_eq!(first(Version::V12, &fits).unwrap().unwrap().body.len(), 39);
        assert_eq!(first(Version::V12, b"SEND\ncontent-length:40\n\n"), Err(DecodeError::FrameTooLarge));
    }

    #[test]
    fn headers_may_reach_their_limits_but_not_pass_them() {
        let fits = [b"BEGIN\na:".as_slice(), &[b'x'; 38], b"\n\n\0"].concat();
        assert_eq!(fits.len(), LIMITS.header_bytes_max + 1);
        assert!(first(Version::V12, &fits).unwrap().is_some());
        let exceeds = [b"BEGIN\na:".as_slice(), &[b'x'; 39], b"\n"].concat();
        assert_eq!(first(Version::V12, &exceeds), Err(DecodeError::HeadersTooLarge));
        assert!(first(Version::V12, b"BEGIN\na:1\na:2\na:3\n\n\0").unwrap().is_some());
        assert_eq!(first(Version::V12, b"BEGIN\na:1\na:2\na:3\na:4\n"), Err(DecodeError::TooManyHeaders));
    }

    #[test]
    fn an_endless_line_is_cut_off() {
        let mut decoder = decoder(Version::V12);
        for _ in 0..LIMITS.header_bytes_max - 1 {
            decoder.feed(b"A");
            assert_eq!(decoder.next(), Ok(None));
        }
        decoder.feed(b"A");
        assert_eq!(decoder.next(), Err(DecodeError::HeadersTooLarge));
    }
}
