//! The practical limit: a WebSocket server that passes messages on, and does nothing else. No parsing, no names, no
//! storage, no bounds; one thread, one write for all that a wake-up brought. `J<room>` joins, and is answered `J`;
//! `P<room> <text>` is told to all who joined, as the text padded to a given size.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use sha1::{Digest, Sha1};

const LISTENER: Token = Token(usize::MAX);
const EVENTS_AT_ONCE: usize = 1024;
const READ_BYTES: usize = 256 * 1024;
const FIN_TEXT: u8 = 0x81;
/// RFC 6455, section 1.3.
const ACCEPT_KEY: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

struct Peer {
    socket: TcpStream,
    upgraded: bool,
    read: Vec<u8>,
    out: Vec<u8>,
    /// In the list of those with something to write.
    listed: bool,
    rooms: Vec<u32>,
}

struct Bare {
    poll: Poll,
    peers: Vec<Option<Peer>>,
    free: Vec<usize>,
    rooms: HashMap<u32, Vec<usize>>,
    /// Who has something to write.
    dirty: Vec<usize>,
    frame_bytes: usize,
}

/// Serves until the process is ended.
pub(crate) fn serve(listen: SocketAddr, frame_bytes: usize) -> io::Result<()> {
    let mut listener = TcpListener::bind(listen)?;
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let (peers, free, rooms, dirty) = (Vec::new(), Vec::new(), HashMap::new(), Vec::new());
    let mut bare = Bare { poll, peers, free, rooms, dirty, frame_bytes };
    let mut events = Events::with_capacity(EVENTS_AT_ONCE);
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match bare.poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            match event.token() {
                LISTENER => bare.accept(&listener)?,
                Token(at) => {
                    if event.is_writable() {
                        bare.list(at);
                    }
                    if event.is_readable() {
                        bare.read(at, &mut buffer);
                    }
                }
            }
        }
        bare.flush();
    }
}

impl Bare {
    fn accept(&mut self, listener: &TcpListener) -> io::Result<()> {
        loop {
            let mut socket = match listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            socket.set_nodelay(true)?;
            let at = self.free.pop().unwrap_or_else(|| {
                self.peers.push(None);
                self.peers.len() - 1
            });
            self.poll.registry().register(&mut socket, Token(at), Interest::READABLE | Interest::WRITABLE)?;
            let (read, out, rooms) = (Vec::new(), Vec::new(), Vec::new());
            self.peers[at] = Some(Peer { socket, upgraded: false, read, out, listed: false, rooms });
        }
    }

    fn list(&mut self, at: usize) {
        if let Some(peer) = self.peers[at].as_mut().filter(|peer| !peer.listed && !peer.out.is_empty()) {
            peer.listed = true;
            self.dirty.push(at);
        }
    }

    fn read(&mut self, at: usize, buffer: &mut [u8]) {
        loop {
            let Some(peer) = self.peers[at].as_mut() else { return };
            match peer.socket.read(buffer) {
                Ok(0) => return self.forget(at),
                Ok(length) => {
                    let mut bytes = std::mem::take(&mut peer.read);
                    bytes.extend_from_slice(&buffer[..length]);
                    let used = self.take(at, &mut bytes);
                    bytes.drain(..used);
                    let Some(peer) = self.peers[at].as_mut() else { return };
                    if !bytes.is_empty() {
                        peer.read = bytes;
                    }
                    if length < buffer.len() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.forget(at),
            }
        }
    }

    /// Does what is whole, and says how many bytes that was.
    fn take(&mut self, at: usize, bytes: &mut [u8]) -> usize {
        let mut used = 0;
        if let Some(peer) = self.peers[at].as_mut().filter(|peer| !peer.upgraded) {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return 0 };
            peer.out.extend_from_slice(answer(&bytes[..end]).as_bytes());
            peer.upgraded = true;
            self.list(at);
            used = end + 4;
        }
        while let Some((opcode, from, to)) = whole(&mut bytes[used..]) {
            match opcode {
                0x1 => self.hear(at, &bytes[used + from..used + to]),
                0x8 => self.forget(at),
                _ => {}
            }
            used += to;
        }
        used
    }

    fn hear(&mut self, at: usize, payload: &[u8]) {
        let number = |bytes: &[u8]| chinwag_bench::number(bytes).and_then(|room| u32::try_from(room).ok());
        match payload {
            [b'J', room @ ..] => {
                let Some(room) = number(room) else { return };
                self.rooms.entry(room).or_default().push(at);
                if let Some(peer) = self.peers[at].as_mut() {
                    peer.rooms.push(room);
                    frame(b"J", 1, &mut peer.out);
                }
                self.list(at);
            }
            [b'P', rest @ ..] => {
                let text = memchr::memchr(b' ', rest).map_or(&[][..], |space| &rest[space + 1..]);
                let mut bytes = Vec::new();
                frame(text, self.frame_bytes, &mut bytes);
                let members = number(rest).and_then(|room| self.rooms.get(&room));
                for &at in members.into_iter().flatten() {
                    let Some(peer) = self.peers[at].as_mut() else { continue };
                    peer.out.extend_from_slice(&bytes);
                    if !peer.listed {
                        peer.listed = true;
                        self.dirty.push(at);
                    }
                }
            }
            _ => {}
        }
    }

    fn flush(&mut self) {
        for at in std::mem::take(&mut self.dirty) {
            let Some(peer) = self.peers[at].as_mut() else { continue };
            peer.listed = false;
            match peer.socket.write(&peer.out) {
                Ok(length) if length == peer.out.len() => peer.out = Vec::new(),
                Ok(length) => {
                    peer.out.drain(..length);
                    // The rest may still fit; if not, the system says when there is room.
                    self.list(at);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => self.forget(at),
            }
        }
        // What was listed while flushing has no other event to wake it.
        if !self.dirty.is_empty() {
            self.flush();
        }
    }

    fn forget(&mut self, at: usize) {
        if let Some(peer) = self.peers[at].take() {
            for room in peer.rooms {
                self.rooms.entry(room).or_default().retain(|member| *member != at);
            }
            self.free.push(at);
        }
    }
}

/// Opcode of the first frame, and where its payload begins and ends; the payload is unmasked.
fn whole(bytes: &mut [u8]) -> Option<(u8, usize, usize)> {
    let &[first, second, ..] = &*bytes else { return None };
    let (length, mask_at) = match second & 0x7f {
        126 => (usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    let mask: [u8; 4] = *bytes.get(mask_at..)?.first_chunk()?;
    let from = mask_at + 4;
    let payload = bytes.get_mut(from..from.checked_add(length)?)?;
    if mask != [0; 4] {
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    }
    Some((first & 0x0f, from, from + length))
}

/// A text message, padded with blanks to `bytes_min`.
fn frame(text: &[u8], bytes_min: usize, out: &mut Vec<u8>) {
    let length = text.len().max(bytes_min);
    out.push(FIN_TEXT);
    match u16::try_from(length) {
        Ok(short) if short < 126 => out.push(length as u8),
        Ok(short) => {
            out.push(126);
            out.extend_from_slice(&short.to_be_bytes());
        }
        Err(_) => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(text);
    out.resize(out.len() + length - text.len(), b' ');
}

fn answer(request: &[u8]) -> String {
    let request = String::from_utf8_lossy(request);
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim().to_owned())
    };
    let key = request.lines().find_map(header).unwrap_or_default();
    let accept = STANDARD.encode(Sha1::digest(format!("{key}{ACCEPT_KEY}")));
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: \
         {accept}\r\n\r\n"
    )
}
