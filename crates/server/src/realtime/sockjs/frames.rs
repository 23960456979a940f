//! The framing of SockJS 0.3.3, without I/O: what clients are sent, in the wrapping of each transport, and what they
//! send. Whatever is written here is safe inside HTML and JavaScript, and has no line end of its own.

use serde::Deserialize;

pub const OPEN: &[u8] = b"o";
pub const HEARTBEAT: &[u8] = b"h";

/// Why a client's payload is refused. The texts are the protocol's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadPayload {
    #[error("Payload expected.")]
    Missing,
    #[error("Broken JSON encoding.")]
    Broken,
}

/// Why a `c` parameter cannot name a function to call. The texts are those that SockJS servers use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadCallback {
    #[error("\"callback\" parameter required")]
    Missing,
    #[error("invalid \"callback\" parameter")]
    Invalid,
}

/// Messages that wait for a client: the inside of one `a[...]` frame, as it will be sent.
#[derive(Default, Debug)]
pub struct Batch {
    inside: Vec<u8>,
}

impl Batch {
    /// `text` is UTF-8.
    pub fn push(&mut self, text: &[u8]) {
        if !self.inside.is_empty() {
            self.inside.push(b',');
        }
        quote(text, &mut self.inside);
    }

    /// Moves all of `later` behind what is here.
    pub fn append(&mut self, later: &mut Batch) {
        if self.inside.is_empty() {
            std::mem::swap(&mut self.inside, &mut later.inside);
        } else if !later.inside.is_empty() {
            self.inside.push(b',');
            self.inside.append(&mut later.inside);
        }
    }

    /// Bytes as they will be sent.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inside.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inside.is_empty()
    }

    pub fn clear(&mut self) {
        self.inside = Vec::new();
    }

    /// The frame of all messages, if there are any. None is left, and no buffer.
    pub fn take_frame(&mut self) -> Option<Vec<u8>> {
        if self.inside.is_empty() {
            return None;
        }
        let mut frame = std::mem::take(&mut self.inside);
        frame.reserve(3);
        frame.splice(0..0, *b"a[");
        frame.push(b']');
        Some(frame)
    }
}

/// The frame that says how a session ended.
#[must_use]
pub fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut frame = format!("c[{code},").into_bytes();
    quote(reason.as_bytes(), &mut frame);
    frame.push(b']');
    frame
}

/// The messages of a request's body: a JSON array of strings.
pub fn messages(body: &[u8]) -> Result<Vec<String>, BadPayload> {
    if body.is_empty() {
        return Err(BadPayload::Missing);
    }
    serde_json::from_slice(body).map_err(|_| BadPayload::Broken)
}

/// The messages of a form's field `d`, as a form of an HTML page sends it.
pub fn messages_of_form(form: &[u8]) -> Result<Vec<String>, BadPayload> {
    let field = form.split(|&byte| byte == b'&').find_map(|field| field.strip_prefix(b"d="));
    messages(&form_decoded(field.unwrap_or_default()))
}

/// The messages in one WebSocket message: an array of strings or one string; an empty one has none.
pub fn messages_of_websocket(message: &[u8]) -> Result<Vec<String>, BadPayload> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Payload {
        Many(Vec<String>),
        One(String),
    }
    if message.is_empty() {
        return Ok(Vec::new());
    }
    match serde_json::from_slice(message) {
        Ok(Payload::Many(messages)) => Ok(messages),
        Ok(Payload::One(message)) => Ok(vec![message]),
        Err(_) => Err(BadPayload::Broken),
    }
}

/// A function of the page, by its path from the global object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Callback(String);

impl Callback {
    const BYTES_MAX: usize = 64;

    pub fn parse(name: Option<String>) -> Result<Self, BadCallback> {
        let name = name.filter(|name| !name.is_empty()).ok_or(BadCallback::Missing)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$');
        if name.len() > Self::BYTES_MAX || !name.bytes().all(plain) {
            return Err(BadCallback::Invalid);
        }
        Ok(Self(name))
    }
}

/// How a transport marks where a frame begins and ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wrapping {
    /// `xhr` and `xhr_streaming`: a line.
    Line,
    /// `eventsource`: an event. Clients decode it as a URI, whatever is in it, so the percent sign is encoded.
    Event,
    /// `htmlfile`: a script in a page that never ends.
    Script,
    /// `jsonp`: a script of its own.
    Call(Callback),
}

impl Wrapping {
    #[must_use]
    pub fn wrap(&self, frame: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(frame.len() + 32);
        match self {
            Self::Line => {
                out.extend_from_slice(frame);
                out.push(b'\n');
            }
            Self::Event => {
                out.extend_from_slice(b"data: ");
                for (index, part) in frame.split(|&byte| byte == b'%').enumerate() {
                    if index > 0 {
                        out.extend_from_slice(b"%25");
                    }
                    out.extend_from_slice(part);
                }
                out.extend_from_slice(b"\r\n\r\n");
            }
            Self::Script => {
                out.extend_from_slice(b"<script>\np(");
                quote(frame, &mut out);
                out.extend_from_slice(b");\n</script>\r\n");
            }
            Self::Call(callback) => {
                out.extend_from_slice(callback.0.as_bytes());
                out.push(b'(');
                quote(frame, &mut out);
                out.extend_from_slice(b");\r\n");
            }
        }
        out
    }
}

/// What `xhr_streaming` begins with: some browsers show nothing of a response until they have 2 KiB of it.
#[must_use]
pub fn streaming_prelude() -> Vec<u8> {
    let mut prelude = vec![b'h'; 2048];
    prelude.push(b'\n');
    prelude
}

/// What `eventsource` begins with.
#[must_use]
pub fn event_prelude() -> Vec<u8> {
    b"\r\n".to_vec()
}

/// What `htmlfile` begins with: a page that hands each frame to the page around it. Unlike in the published text it
/// does not set `document.domain`, which today's browsers ignore and older ones take as leave for other sites.
#[must_use]
pub fn page_prelude(callback: &Callback) -> Vec<u8> {
    const PAGE_BYTES_MIN: usize = 1025;
    let Callback(name) = callback;
    let mut page = format!(
        "<!doctype html>\n<html><head><meta charset=\"utf-8\"></head><body>\n<script>\nvar c = parent.{name};\n\
         c.start();\nfunction p(frame) {{ c.message(frame); }}\nwindow.onload = function () {{ c.stop(); }};\n\
         </script>\n"
    )
    .into_bytes();
    page.resize(page.len().max(PAGE_BYTES_MIN), b' ');
    page.extend_from_slice(b"\r\n");
    page
}

/// Appends `text` as a JSON string. Beyond what JSON asks for it escapes what browsers or scripts would not pass on as
/// it is: the ranges that the protocol names, and `<`, which could end a script.
fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let (mut written, mut at) = (0, 0);
    while let Some(&byte) = text.get(at) {
        let escaped = match byte {
            0..0x20 | b'"' | b'\\' | b'<' => Some((1, u32::from(byte))),
            0xE2 | 0xEF => odd_character(&text[at..]).map(|code| (3, code)),
            _ => None,
        };
        let Some((len, code)) = escaped else {
            at += 1;
            continue;
        };
        out.extend_from_slice(&text[written..at]);
        escape(code, out);
        at += len;
        written = at;
    }
    out.extend_from_slice(&text[written..]);
    out.push(b'"');
}

/// The character of three bytes at the start of `text`, if it is one of those that must be escaped.
fn odd_character(text: &[u8]) -> Option<u32> {
    let &[first, second @ 0x80..=0xBF, third @ 0x80..=0xBF, ..] = text else { return None };
    let [first, second, third] = [first & 0x0F, second & 0x3F, third & 0x3F].map(u32::from);
    let code = (first << 12) | (second << 6) | third;
    matches!(code, 0x200C..=0x200F | 0x2028..=0x202F | 0x2060..=0x206F | 0xFFF0..=0xFFFF).then_some(code)
}

fn escape(code: u32, out: &mut Vec<u8>) {
    let short = match code {
        0x08 => b'b',
        0x09 => b't',
        0x0A => b'n',
        0x0C => b'f',
        0x0D => b'r',
        0x22 => b'"',
        0x5C => b'\\',
        _ => {
            out.extend_from_slice(format!("\\u{code:04x}").as_bytes());
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// The bytes behind `application/x-www-form-urlencoded`; a percent sign without two digits stands for itself.
fn form_decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        bytes.push(match (first, behind) {
            (b'+', _) => b' ',
            (b'%', &[high, low, ..]) => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => {
                    rest = &behind[2..];
                    high << 4 | low
                }
                _ => first,
            },
            _ => first,
        });
    }
    bytes
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests;
