//! STOMP frames as text, from the specification: small, strict, and on purpose not the server's codec.

use std::fmt;

/// One STOMP frame. Headers keep their order and their repetitions.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    pub command: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Frame {
    #[must_use]
    pub fn new(command: &str) -> Self {
        Self { command: command.to_owned(), headers: Vec::new(), body: String::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Without a content-length: the receiver looks for the NUL, unless one is added with [`Frame::with`].
    #[must_use]
    pub fn body(mut self, body: impl fmt::Display) -> Self {
        self.body = body.to_string();
        self
    }

    /// The first header of that name, as the specification has repeated headers.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// As it goes over the wire, NUL included. CONNECT, and every frame in version 1.0, is sent unescaped.
    #[must_use]
    pub fn to_wire(&self, version: &str) -> String {
        let escaped = version != "1.0" && !matches!(self.command.as_str(), "CONNECT" | "CONNECTED");
        let mut wire = format!("{}\n", self.command);
        for (name, value) in &self.headers {
            let line = if escaped {
                format!("{}:{}\n", escape(name, version), escape(value, version))
            } else {
                format!("{name}:{value}\n")
            };
            wire.push_str(&line);
        }
        wire + "\n" + &self.body + "\0"
    }

    /// Reads one frame from the start of `wire` and returns what follows it.
    ///
    /// # Panics
    /// If it is not a whole, correct frame of that version.
    #[must_use]
    pub fn from_wire<'a>(wire: &'a str, version: &str) -> (Self, &'a str) {
        let (head, rest) = wire.split_once("\n\n").unwrap_or_else(|| panic!("no frame head in {wire:?}"));
        let mut lines = head.split('\n');
        let command = lines.next().unwrap_or_default().to_owned();
        let escaped = version != "1.0" && command != "CONNECTED";
        let headers: Vec<(String, String)> = lines
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no colon in {line:?}"));
                if escaped {
                    (unescape(name, version), unescape(value, version))
                } else {
                    (name.to_owned(), value.to_owned())
                }
            })
            .collect();
        let mut frame = Self { command, headers, body: String::new() };
        let end = match frame.get("content-length") {
            Some(length) => length.parse().unwrap_or_else(|_| panic!("content-length {length:?}")),
            None => rest.find('\0').unwrap_or_else(|| panic!("no NUL in {wire:?}")),
        };
        assert_eq!(
            rest.as_bytes().get(end),
            Some(&0),
            "content-length {end} does not end at a NUL in {wire:?}"
        );
        frame.body = rest[..end].to_owned();
        (frame, &rest[end + 1..])
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        write!(f, "{} {headers:?} {}", self.command, self.body)
    }
}

fn escape(text: &str, version: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n").replace(':', "\\c");
    if version == "1.2" { text.replace('\r', "\\r") } else { text }
}

fn unescape(text: &str, version: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        plain.push(match (chars.next(), version) {
            (Some('\\'), _) => '\\',
            (Some('n'), _) => '\n',
            (Some('c'), _) => ':',
            (Some('r'), "1.2") => '\r',
            (other, _) => panic!("undefined escape \\{other:?} in {text:?} of version {version}"),
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::Frame;

    #[test]
    fn a_frame_reads_back_with_what_follows_it() {
        let frame = Frame::new("MESSAGE").with("a:b", "c\\d\ne").with("content-length", 3).body("x\0y");
        let wire = frame.to_wire("1.2") + "\n";
        assert_eq!(Frame::from_wire(&wire, "1.2"), (frame, "\n"));
    }
}
