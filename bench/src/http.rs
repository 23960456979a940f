//! Requests on kept connections, as little of HTTP as our own server's answers need.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use memchr::memmem;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A server, with the connections that are free.
pub(crate) struct Http {
    at: SocketAddr,
    free: Mutex<Vec<TcpStream>>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn json(&self) -> io::Result<Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

impl Http {
    pub(crate) fn new(at: SocketAddr) -> Self {
        Self { at, free: Mutex::new(Vec::new()) }
    }

    pub(crate) async fn get(&self, path: &str, jwt: &str) -> io::Result<Answer> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {jwt}\r\n\r\n", self.at))
            .await
    }

    pub(crate) async fn post(&self, path: &str, api_key: &str, body: &Value) -> io::Result<Answer> {
        let (at, body) = (self.at, body.to_string());
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nhost: {at}\r\nx-api-key: {api_key}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    /// A ticket for one connection.
    pub(crate) async fn ticket(&self, jwt: &str) -> io::Result<String> {
        let answer = self.get("/api/auth/getTicket", jwt).await?.succeeded()?;
        Ok(answer.json()?["ticket"].as_str().unwrap_or_default().to_owned())
    }

    async fn ask(&self, request: &str) -> io::Result<Answer> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut socket = match free {
            Some(socket) => socket,
            None => {
                let socket = TcpStream::connect(self.at).await?;
                socket.set_nodelay(true)?;
                socket
            }
        };
        socket.write_all(request.as_bytes()).await?;
        let answer = read(&mut socket).await?;
        if answer.header("connection") != Some("close") {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).push(socket);
        }
        Ok(answer)
    }
}

impl Answer {
    pub(crate) fn succeeded(self) -> io::Result<Self> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        Err(io::Error::other(format!("{} {}", self.status, String::from_utf8_lossy(&self.body))))
    }
}

async fn read(socket: &mut TcpStream) -> io::Result<Answer> {
    let mut read = Vec::with_capacity(4096);
    let end = loop {
        if let Some(end) = memmem::find(&read, b"\r\n\r\n") {
            break end + 4;
        }
        more(socket, &mut read).await?;
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let mut answer = Answer { status, head, body: read.split_off(end) };
    match answer.header("content-length").and_then(|length| length.parse().ok()) {
        Some(length) => {
            while answer.body.len() < length {
                more(socket, &mut answer.body).await?;
            }
        }
        // Chunks are not taken apart: they are only counted here.
        None if answer.header("transfer-encoding").is_some() => {
            while !answer.body.ends_with(b"0\r\n\r\n") {
                more(socket, &mut answer.body).await?;
            }
        }
        None => {}
    }
    Ok(answer)
}

async fn more(socket: &mut TcpStream, into: &mut Vec<u8>) -> io::Result<()> {
    if socket.read_buf(into).await? == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}
