//! A WebSocket that says back what it is told, for the Autobahn test suite (see tests/autobahn/run).
//!
//! At `/` it is the framing alone, text as text and binary as binary; at `/carrier` the server's own carrier, whose
//! messages are all text. Prints its address.

use std::error::Error;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chinwag_protocol::websocket::{Decoder, Incoming, binary_into, close_into, pong_into, text_into};
use chinwag_server::realtime::carrier::{Carrier, Ending};
use chinwag_server::realtime::websocket::WebSocket;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The suite sends up to 16 MiB.
const MESSAGE_BYTES_MAX: usize = 32 << 20;
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// RFC 6455, section 1.3.
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("ws://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(async move {
            // A client that goes away in the middle is no failure of an echo.
            let _ = echo(socket).await;
        });
    }
}

async fn echo(mut socket: TcpStream) -> Result<(), Box<dyn Error + Send + Sync>> {
    socket.set_nodelay(true)?;
    let mut read = Vec::new();
    let head_end = loop {
        if let Some(at) = read.windows(4).position(|piece| piece == b"\r\n\r\n") {
            break at + 4;
        }
        if read.len() > HEAD_BYTES_MAX || socket.read_buf(&mut read).await? == 0 {
            return Err("no request".into());
        }
    };
    let rest = read.split_off(head_end);
    let head = String::from_utf8(read)?;
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim())
    });
    let digest = Sha1::new().chain_update(key.ok_or("no key")?).chain_update(ACCEPT_SUFFIX).finalize();
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        STANDARD.encode(digest)
    );
    socket.write_all(answer.as_bytes()).await?;
    if head.starts_with("GET /carrier") {
        by_carrier(WebSocket::new(socket, rest.into(), MESSAGE_BYTES_MAX)).await;
        return Ok(());
    }
    by_framing(socket, rest).await
}

async fn by_framing(mut socket: TcpStream, mut read: Vec<u8>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut decoder = Decoder::new(MESSAGE_BYTES_MAX);
    let mut out = Vec::new();
    while !decoder.is_finished() {
        let fed = decoder.feed(&mut read, &mut |incoming| match incoming {
            Incoming::Text(text) => text_into(text, &mut out),
            Incoming::Binary(bytes) => binary_into(bytes, &mut out),
            Incoming::Ping(payload) => pong_into(payload, &mut out),
            Incoming::Pong => {}
            Incoming::Close { code, .. } => close_into(code.unwrap_or(Ending::NORMAL), "", &mut out),
        });
        if let Err(broken) = fed {
            close_into(broken.code, broken.reason, &mut out);
        }
        socket.write_all(&out).await?;
        out.clear();
        read.clear();
        if !decoder.is_finished() && socket.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
    socket.shutdown().await?;
    while socket.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}

/// What a connection does with its carrier, with an echo in the place of a session.
async fn by_carrier(mut carrier: WebSocket<TcpStream>) {
    let mut said: Vec<Bytes> = Vec::new();
    let ending = loop {
        let ended = poll_fn(|context| {
            if let Poll::Ready(Err(_)) = carrier.poll_send(context, Instant::now()) {
                return Poll::Ready(Some(Ending::Gone));
            }
            let received = carrier.poll_receive(context, &mut |text| said.push(Bytes::copy_from_slice(text)));
            received.map(Result::err)
        });
        let ended = ended.await;
        for text in said.drain(..) {
            carrier.send(text.len(), |out| out.extend_from_slice(&text));
        }
        if let Some(ending) = ended {
            break ending;
        }
    };
    carrier.close(ending).await;
}
