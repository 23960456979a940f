//! One user's connection.

use std::io;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chinwag_protocol::stomp::{Command, Frame};
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::deployment::{Deployment, User};
use crate::frames::{self, Heard};
use crate::stream::Stream;
use crate::{BenchError, PATIENCE};

/// Bytes asked for at once. The buffer grows to what one reading brings and no further.
const READ_BYTES: usize = 16 * 1024;
/// Heart-beats that both sides promise, in milliseconds.
const HEART_BEAT: &str = "10000,10000";

pub(crate) struct Connection {
    socket: Stream,
    /// Read and not taken yet.
    read: Vec<u8>,
}

impl Connection {
    /// The ticket, the upgrade, CONNECT, and SUBSCRIBE until its receipt, as a browser does it.
    pub(crate) async fn open(to: &Deployment, user: &User, since: Option<&str>) -> Result<Self, BenchError> {
        let (ticket, jwt) = to.ticket(user).await?;
        let opening = async {
            let mut connection = Self::upgrade(to, &ticket).await?;
            connection.connect(&jwt, since).await?;
            Ok::<_, io::Error>(connection)
        };
        match tokio::time::timeout(PATIENCE, opening).await {
            Ok(opened) => opened.map_err(|error| BenchError::Connect(to.url(), error)),
            Err(_) => Err(BenchError::Connect(to.url(), io::ErrorKind::TimedOut.into())),
        }
    }

    async fn upgrade(to: &Deployment, ticket: &str) -> io::Result<Self> {
        let mut socket = to.connect().await?;
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        let request = format!(
            "GET /api/wsConnect?ticket={ticket} HTTP/1.1\r\nhost: {}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {}\r\n\r\n",
            to.host(),
            STANDARD.encode(key)
        );
        socket.write_all(request.as_bytes()).await?;
        socket.flush().await?;
        let mut read = Vec::new();
        let end = loop {
            if let Some(end) = memmem::find(&read, b"\r\n\r\n") {
                break end + 4;
            }
            if socket.read_buf(&mut read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        if !read.starts_with(b"HTTP/1.1 101") {
            return Err(io::Error::other(String::from_utf8_lossy(&read).into_owned()));
        }
        read.drain(..end);
        Ok(Self { socket, read })
    }

    async fn connect(&mut self, jwt: &str, since: Option<&str>) -> io::Result<()> {
        let connect = Frame::new(Command::Connect)
            .with("accept-version", "1.2")
            .with("heart-beat", HEART_BEAT)
            .with("Authorization", format!("Bearer {jwt}"));
        let mut subscribe = Frame::new(Command::Subscribe)
            .with("id", "0")
            .with("destination", "/user/queue/messages")
            .with("receipt", "subscribed");
        if let Some(since) = since {
            subscribe = subscribe.with("since", since);
        }
        let mut out = Vec::new();
        frames::write(&connect, &mut out);
        frames::write(&subscribe, &mut out);
        self.say(&out).await?;
        let mut subscribed = false;
        while !subscribed {
            self.hear(|heard| subscribed |= matches!(heard, Heard::Receipt(_))).await?;
        }
        Ok(())
    }

    /// Reads once and tells all that is whole. An error if the server ended it. Cancel-safe: what was read is told.
    pub(crate) async fn hear(&mut self, mut tell: impl FnMut(Heard<'_>)) -> io::Result<()> {
        if self.read.capacity() == 0 {
            self.socket.readable().await?;
            self.read.reserve(READ_BYTES);
        }
        if self.socket.read_buf(&mut self.read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut rest = &self.read[..];
        let mut end = None;
        while let Some(heard) = frames::take(&mut rest) {
            if let Heard::End(why) = heard {
                end = Some(String::from_utf8_lossy(why).into_owned());
            }
            tell(heard);
        }
        let left = rest.len();
        if left == 0 {
            // Thousands of idle connections are to cost the measuring side nothing.
            self.read = Vec::new();
        } else {
            self.read.drain(..self.read.len() - left);
        }
        end.map_or(Ok(()), |why| Err(io::Error::other(why)))
    }

    pub(crate) async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await?;
        self.socket.flush().await
    }

    /// A heart-beat, as promised.
    pub(crate) async fn beat(&mut self) -> io::Result<()> {
        let mut out = Vec::new();
        frames::write_text(b"\n", &mut out);
        self.say(&out).await
    }
}

/// How often a client keeps its promise of [`HEART_BEAT`].
pub(crate) const BEAT_EVERY: Duration = Duration::from_secs(8);
