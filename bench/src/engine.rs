//! The measuring loop: one thread, thousands of sockets. It costs as little as it can, since what it uses the servers
//! cannot have.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::socket::Opening;

const EVENTS_AT_ONCE: usize = 4096;
const READ_BYTES: usize = 256 * 1024;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
/// A pong of no length, masked.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

struct Line {
    socket: TcpStream,
    read: Vec<u8>,
    out: Vec<u8>,
}

/// All connections of a workload.
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    lines: Vec<Option<Line>>,
    buffer: Vec<u8>,
    /// Connections that the server ended, with what it said.
    pub(crate) ended: Vec<(usize, String)>,
}

impl Crowd {
    pub(crate) fn of(openings: Vec<Opening>) -> io::Result<Self> {
        let (events, buffer) = (Events::with_capacity(EVENTS_AT_ONCE), vec![0; READ_BYTES]);
        let mut crowd = Self { poll: Poll::new()?, events, lines: Vec::new(), buffer, ended: Vec::new() };
        crowd.add(openings)?;
        Ok(crowd)
    }

    /// More connections, whose numbers go on from those that are there.
    pub(crate) fn add(&mut self, openings: Vec<Opening>) -> io::Result<()> {
        for opening in openings {
            let (mut socket, read) = opening.into_parts()?;
            let token = Token(self.lines.len());
            self.poll.registry().register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
            self.lines.push(Some(Line { socket, read, out: Vec::new() }));
        }
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Sends bytes of whole frames; what the socket has no room for now goes out later.
    pub(crate) fn say(&mut self, at: usize, bytes: &[u8]) {
        if let Some(line) = self.lines[at].as_mut() {
            line.out.extend_from_slice(bytes);
        }
        self.flush(at);
    }

    fn flush(&mut self, at: usize) {
        let Some(line) = self.lines[at].as_mut() else { return };
        while !line.out.is_empty() {
            match line.socket.write(&line.out) {
                Ok(length) if length == line.out.len() => line.out = Vec::new(),
                Ok(length) => drop(line.out.drain(..length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => return self.end(at, error.to_string()),
            }
        }
    }

    fn end(&mut self, at: usize, why: String) {
        if self.lines[at].take().is_some() {
            self.ended.push((at, why));
        }
    }

    /// Waits until something comes or `until` has come, and tells each text message with the connection's number.
    pub(crate) fn wait(&mut self, until: Instant, mut tell: impl FnMut(usize, &[u8])) -> io::Result<()> {
        // Never shorter than a moment, or a time that has come would be waited for in circles.
        let patience = until.saturating_duration_since(Instant::now()).max(Duration::from_micros(50));
        match self.poll.poll(&mut self.events, Some(patience)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        let ready: Vec<(usize, bool, bool)> = self
            .events
            .iter()
            .map(|event| (event.token().0, event.is_readable(), event.is_writable()))
            .collect();
        for (at, readable, writable) in ready {
            if writable {
                self.flush(at);
            }
            if readable {
                self.read(at, &mut tell);
            }
        }
        Ok(())
    }

    fn read(&mut self, at: usize, tell: &mut impl FnMut(usize, &[u8])) {
        loop {
            let Some(line) = self.lines[at].as_mut() else { return };
            let length = match line.socket.read(&mut self.buffer) {
                Ok(0) => return self.end(at, "closed".to_owned()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => return self.end(at, error.to_string()),
            };
            let joined;
            let mut rest = if line.read.is_empty() {
                &self.buffer[..length]
            } else {
                line.read.extend_from_slice(&self.buffer[..length]);
                joined = std::mem::take(&mut line.read);
                &joined[..]
            };
            let (mut end, mut pinged) = (None, false);
            while let Some((opcode, payload)) = chinwag_bench::take_message(&mut rest) {
                match opcode {
                    TEXT => tell(at, payload),
                    CLOSE => end = Some(String::from_utf8_lossy(payload).into_owned()),
                    PING => pinged = true,
                    _ => {}
                }
            }
            line.read = rest.to_vec();
            if let Some(why) = end {
                return self.end(at, why);
            }
            if pinged {
                self.say(at, &PONG);
            }
            if length < READ_BYTES {
                return;
            }
        }
    }
}
