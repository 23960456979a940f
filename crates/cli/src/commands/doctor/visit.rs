//! A WebSocket and a stream of events that stay silent for a while, and then have to work.

use std::io;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::door::UPGRADE;
use super::finding::Finding;
use super::guest::Guest;
use super::line::{Address, Answer, Line, PATIENCE};
use super::proxies::{Fault, Proxy, mend};

/// Something is sent on a stream of events at least this often; the rest is for the way.
const STREAM_SILENCE_MAX: Duration = Duration::from_secs(18);
/// What is sent at once must not come later than this.
const PROMPT: Duration = Duration::from_secs(3);

pub(super) async fn examine(
    address: &Address,
    guest: &Guest,
    idle: Duration,
    proxy: Option<Proxy>,
) -> Vec<Finding> {
    let (socket, stream) = tokio::join!(silent_socket(address, guest, idle), events(address, guest));
    vec![told_of_socket(socket, idle, proxy), told_of_stream(stream, proxy)]
}

/// How a connection fared.
enum Fared {
    Well(Duration),
    NotOpened(String),
    /// While nothing was said on it.
    Cut(Duration),
    Late(Duration),
}

fn told_of_socket(fared: Fared, idle: Duration, proxy: Option<Proxy>) -> Finding {
    let name = "WebSocket";
    match fared {
        Fared::Well(took) => {
            Finding::ok(name, format!("lived {idle:?} in silence; then a message came back in {took:.1?}"))
        }
        Fared::NotOpened(why) => {
            Finding::fail(name, format!("did not open: {why}"), mend(Fault::Upgrade, proxy))
        }
        Fared::Cut(after) => {
            let says = format!("was cut after {:.1} s of silence", after.as_secs_f64());
            Finding::fail(name, says, mend(Fault::Silence, proxy))
        }
        Fared::Late(after) => {
            let says = format!("after {idle:?} of silence nothing came back within {after:?}");
            Finding::fail(name, says, mend(Fault::Silence, proxy))
        }
    }
}

fn told_of_stream(fared: Fared, proxy: Option<Proxy>) -> Finding {
    let name = "event stream";
    match fared {
        Fared::Well(first) => Finding::ok(name, format!("began within {first:.1?} and was kept up")),
        Fared::NotOpened(why) => {
            Finding::fail(name, format!("did not open: {why}"), mend(Fault::Unreachable, proxy))
        }
        Fared::Cut(after) => {
            let says = format!("was cut after {:.1} s", after.as_secs_f64());
            Finding::fail(name, says, mend(Fault::Silence, proxy))
        }
        Fared::Late(after) => {
            let says = format!("nothing came within {after:?}: it is held back");
            Finding::fail(name, says, mend(Fault::Buffering, proxy))
        }
    }
}

async fn silent_socket(address: &Address, guest: &Guest, idle: Duration) -> Fared {
    let mut socket = match tokio::time::timeout(PATIENCE, open(address, guest)).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(error)) => return Fared::NotOpened(error.to_string()),
        Err(_) => return Fared::NotOpened("no answer".to_owned()),
    };
    let began = Instant::now();
    while let Some(left) = idle.checked_sub(began.elapsed()) {
        match tokio::time::timeout(left, socket.next()).await {
            Err(_) => break,
            Ok(Some(Ok(Message::Text(_) | Message::Ping(_)))) => {}
            Ok(_) => return Fared::Cut(began.elapsed()),
        }
    }
    let sent = Instant::now();
    let body = serde_json::json!({"type": "SEND_MSG", "chatId": guest.chat, "message": "still there?"});
    let frame = format!("SEND\ndestination:/api/chat\nreceipt:said\n\n{body}\0");
    if socket.send(Message::text(frame)).await.is_err() {
        return Fared::Cut(began.elapsed());
    }
    match tokio::time::timeout(PROMPT, heard(&mut socket, "RECEIPT")).await {
        Ok(Ok(())) => {
            let _ = socket.close(None).await;
            Fared::Well(sent.elapsed())
        }
        Ok(Err(_)) => Fared::Cut(began.elapsed()),
        Err(_) => Fared::Late(PROMPT),
    }
}

/// Upgraded, connected without heart-beats, subscribed.
async fn open(address: &Address, guest: &Guest) -> io::Result<WebSocketStream<Line>> {
    let ticket = guest.ticket(address).await?;
    let (mut line, _) = address.dial().await?;
    let headers = UPGRADE.map(str::to_owned);
    let path = format!("/api/wsConnect?ticket={ticket}");
    line.write_all(address.request("GET", &path, &headers, "", false).as_bytes()).await?;
    let answer = Answer::read(&mut line, false).await?;
    if answer.status != 101 {
        return Err(io::Error::other(format!("the upgrade was answered {}", answer.status)));
    }
    // Nothing can have come behind the answer: the server waits for CONNECT.
    let mut socket = WebSocketStream::from_raw_socket(line, Role::Client, None).await;
    let connect =
        format!("CONNECT\naccept-version:1.2\nheart-beat:0,0\n{}\n\n\0", guest.bearer().replace(": ", ":"));
    let subscribe = "SUBSCRIBE\nid:0\ndestination:/user/queue/messages\nreceipt:subscribed\n\n\0";
    for frame in [connect.as_str(), subscribe] {
        socket.send(Message::text(frame)).await.map_err(io::Error::other)?;
    }
    heard(&mut socket, "RECEIPT").await?;
    Ok(socket)
}

/// Waits for a frame of this command.
async fn heard(socket: &mut WebSocketStream<Line>, command: &str) -> io::Result<()> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) if text.starts_with(command) => return Ok(()),
            Some(Ok(Message::Text(text))) if text.starts_with("ERROR") => {
                return Err(io::Error::other(text.lines().nth(1).unwrap_or_default().to_owned()));
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(Ok(_)) => {}
        }
    }
}

/// From its first comment to its second.
async fn events(address: &Address, guest: &Guest) -> Fared {
    let opening = async {
        let (mut line, _) = address.dial().await?;
        let request = address.request("GET", "/api/chat/events", &[guest.bearer()], "", false);
        line.write_all(request.as_bytes()).await?;
        Ok::<Line, io::Error>(line)
    };
    let mut line = match opening.await {
        Ok(line) => line,
        Err(error) => return Fared::NotOpened(error.to_string()),
    };
    let began = Instant::now();
    let mut read = Vec::new();
    match tokio::time::timeout(PROMPT, until(&mut line, &mut read, b": listening")).await {
        Err(_) => return Fared::Late(PROMPT),
        Ok(Err(_)) => {
            let first = String::from_utf8_lossy(&read);
            return Fared::NotOpened(first.lines().next().unwrap_or("it was closed").to_owned());
        }
        Ok(Ok(())) => {}
    }
    let first = began.elapsed();
    read.clear();
    match tokio::time::timeout(STREAM_SILENCE_MAX, until(&mut line, &mut read, b":")).await {
        Err(_) => Fared::Late(STREAM_SILENCE_MAX),
        Ok(Err(_)) => Fared::Cut(began.elapsed()),
        Ok(Ok(())) => Fared::Well(first),
    }
}

/// Reads until these bytes came; an error if the peer ended it before.
async fn until(line: &mut Line, read: &mut Vec<u8>, wanted: &[u8]) -> io::Result<()> {
    while !read.windows(wanted.len()).any(|some| some == wanted) {
        if line.read_buf(read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
