//! A frame: its command, its headers, its body.

use std::fmt::{self, Write as _};

macro_rules! commands {
    ($($name:ident = $wire:literal,)+) => {
        /// What a frame is for. Written in capitals only; there are no others.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Command {
            $($name,)+
        }

        impl Command {
            /// All commands, for documents and tests.
            pub const ALL: &'static [Command] = &[$(Command::$name,)+];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Command::$name => $wire,)+ }
            }

            /// The command that a line without its line end spells.
            #[must_use]
            pub fn from_bytes(line: &[u8]) -> Option<Self> {
                $(if line == $wire.as_bytes() {
                    return Some(Command::$name);
                })+
                None
            }
        }
    };
}

commands! {
    Send = "SEND",
    Message = "MESSAGE",
    Receipt = "RECEIPT",
    Subscribe = "SUBSCRIBE",
    Unsubscribe = "UNSUBSCRIBE",
    Ack = "ACK",
    Nack = "NACK",
    Begin = "BEGIN",
    Commit = "COMMIT",
    Abort = "ABORT",
    Connect = "CONNECT",
    Stomp = "STOMP",
    Connected = "CONNECTED",
    Disconnect = "DISCONNECT",
    Error = "ERROR",
}

impl Command {
    /// Whether a frame of this command may have a body (1.2, "Body").
    #[must_use]
    pub const fn has_body(self) -> bool {
        matches!(self, Command::Send | Command::Message | Command::Error)
    }

    /// CONNECT, STOMP and CONNECTED, whose headers are never escaped: 1.0 has no escapes, and the version is not
    /// known before them (1.2, "Value Encoding").
    #[must_use]
    pub const fn is_handshake(self) -> bool {
        matches!(self, Command::Connect | Command::Stomp | Command::Connected)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Headers in the order they came, repeated ones included. Names are compared exactly.
///
/// All text lies in one string: a frame costs two allocations, not two per header.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Headers {
    text: String,
    fields: Vec<Field>,
}

/// Where a header ends in the text; it begins where the one before it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Field {
    name_end: usize,
    value_end: usize,
}

impl Headers {
    /// The value of the first header of that name: the one that counts (1.2, "Repeated Header Entries").
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(candidate, _)| *candidate == name).map(|(_, value)| value)
    }

    /// Adds one at the end; it does not replace an earlier one. The name must not be empty: no version can carry that.
    pub fn push(&mut self, name: &str, value: impl fmt::Display) {
        self.text.push_str(name);
        let name_end = self.text.len();
        write!(self.text, "{value}").expect("a string takes any text");
        self.fields.push(Field { name_end, value_end: self.text.len() });
    }

    /// Like `push`, past the formatting machinery.
    pub(super) fn push_text(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let name_end = self.text.len();
        self.text.push_str(value);
        self.fields.push(Field { name_end, value_end: self.text.len() });
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.fields.iter().map(move |field| {
            let header = (&self.text[start..field.name_end], &self.text[field.name_end..field.value_end]);
            start = field.value_end;
            header
        })
    }

    /// How many there are, repeated ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Bytes of names and values together.
    pub(super) fn text_len(&self) -> usize {
        self.text.len()
    }
}

/// Headers whose values let someone in.
const SECRET_HEADERS: [&str; 2] = ["authorization", "passcode"];

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|(name, value)| {
            let secret = SECRET_HEADERS.iter().any(|header| header.eq_ignore_ascii_case(name));
            (name, if secret { "****" } else { value })
        });
        f.debug_map().entries(shown).finish()
    }
}

/// One frame. Whether its parts fit together is the sender's business; the decoder only gives frames whose do.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    pub command: Command,
    pub headers: Headers,
    /// Any bytes, NUL included. Empty unless [`Command::has_body`].
    pub body: Vec<u8>,
}

impl Frame {
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self { command, headers: Headers::default(), body: Vec::new() }
    }

    /// With one more header, at the end.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.headers.push(name, value);
        self
    }

    /// With this body. `content-length` is the encoder's to add.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Shorthand for the value of the first header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }
}

/// Shows how long the body is, not what people wrote in it.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.command.as_str())
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_repeated_headers_counts_and_all_are_kept() {
        let frame = Frame::new(Command::Message).with("foo", "World").with("n", 7).with("foo", "Hello");
        assert_eq!(frame.header("foo"), Some("World"));
        assert_eq!(frame.header("Foo"), None);
        let headers: Vec<_> = frame.headers.iter().collect();
        assert_eq!(headers, [("foo", "World"), ("n", "7"), ("foo", "Hello")]);
    }

    #[test]
    fn debugging_a_frame_shows_no_token_and_no_text() {
        let frame = Frame::new(Command::Connect)
            .with("Authorization", "Bearer s3cret")
            .with("passcode", "s3cret")
            .with("host", "chat.example")
            .with_body("s3cret");
        let shown = format!("{frame:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("chat.example"), "{shown}");
    }

    #[test]
    fn every_command_is_read_as_it_is_written() {
        for command in Command::ALL {
            assert_eq!(Command::from_bytes(command.as_str().as_bytes()), Some(*command));
            assert_eq!(Command::from_bytes(command.as_str().to_lowercase().as_bytes()), None);
        }
    }
}
