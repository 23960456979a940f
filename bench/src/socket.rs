//! A WebSocket while it is opened: one question and one answer at a time. Afterwards the measuring loop has it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(60);
const TEXT: u8 = 1;
const CLOSE: u8 = 8;

pub(crate) struct Opening {
    socket: TcpStream,
    read: Vec<u8>,
    /// Bytes at the beginning of `read` that were taken.
    taken: usize,
    out: Vec<u8>,
}

impl Opening {
    /// Connects and upgrades; `protocol` is the subprotocol to ask for, if any.
    pub(crate) async fn upgrade(at: SocketAddr, path: &str, protocol: Option<&str>) -> io::Result<Self> {
        let mut socket = TcpStream::connect(at).await?;
        socket.set_nodelay(true)?;
        let protocol = protocol.map(|name| format!("sec-websocket-protocol: {name}\r\n")).unwrap_or_default();
        // Any key will do: nothing between us and the server caches.
        let key = STANDARD.encode(format!("{:016x}", path.len()));
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n{protocol}\r\n"
        );
        socket.write_all(request.as_bytes()).await?;
        let mut opening = Self { socket, read: Vec::new(), taken: 0, out: Vec::new() };
        let end = loop {
            if let Some(end) = memmem::find(&opening.read, b"\r\n\r\n") {
                break end + 4;
            }
            opening.read_more().await?;
        };
        if !opening.read.starts_with(b"HTTP/1.1 101") {
            return Err(io::Error::other(String::from_utf8_lossy(&opening.read).into_owned()));
        }
        opening.read.drain(..end);
        Ok(opening)
    }

    /// To be sent with the next [`Self::until`].
    pub(crate) fn say(&mut self, text: &str) {
        chinwag_bench::write_text(text.as_bytes(), &mut self.out);
    }

    /// Sends what was said, and reads until a message of which `is_it` holds. What comes before it is passed over.
    pub(crate) async fn until(&mut self, mut is_it: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
        self.socket.write_all(&std::mem::take(&mut self.out)).await?;
        loop {
            let mut rest = &self.read[self.taken..];
            let taken = chinwag_bench::take_message(&mut rest);
            self.taken = self.read.len() - rest.len();
            let found = match taken {
                Some((TEXT, payload)) => is_it(payload),
                Some((CLOSE, payload)) => {
                    return Err(io::Error::other(String::from_utf8_lossy(payload).into_owned()));
                }
                Some(_) => false,
                None => {
                    self.read_more().await?;
                    continue;
                }
            };
            if found {
                return Ok(());
            }
        }
    }

    /// Reads until a message in which `part` occurs.
    pub(crate) async fn until_told(&mut self, part: &str) -> io::Result<()> {
        self.until(|payload| memmem::find(payload, part.as_bytes()).is_some()).await
    }

    /// Sends what was said without waiting for anything.
    pub(crate) async fn send(&mut self) -> io::Result<()> {
        self.socket.write_all(&std::mem::take(&mut self.out)).await
    }

    async fn read_more(&mut self) -> io::Result<()> {
        self.read.drain(..std::mem::take(&mut self.taken));
        match tokio::time::timeout(PATIENCE, self.socket.read_buf(&mut self.read)).await {
            Ok(Ok(0)) => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("closed after {}", String::from_utf8_lossy(&self.read)),
            )),
            Ok(read) => read.map(drop),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// The socket, and what was read from it and not taken.
    pub(crate) fn into_parts(mut self) -> io::Result<(mio::net::TcpStream, Vec<u8>)> {
        self.read.drain(..self.taken);
        Ok((mio::net::TcpStream::from_std(self.socket.into_std()?), self.read))
    }
}
