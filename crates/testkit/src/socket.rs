//! A WebSocket that carries STOMP frames, with no opinion about what they should be.

use std::collections::VecDeque;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::in_time;
use crate::stomp::Frame;

/// An open WebSocket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The subprotocol that the server chose.
    pub subprotocol: Option<String>,
    /// The STOMP version that frames are written and read in.
    pub version: String,
    waiting: VecDeque<Frame>,
}

/// What a socket can bring.
#[derive(Debug)]
pub enum Incoming {
    Frame(Frame),
    HeartBeat,
    Closed(Closing),
}

/// How a connection ended.
#[derive(Debug, Default)]
pub struct Closing {
    /// The ERROR frame before the end.
    pub error: Option<Frame>,
    /// The WebSocket close code; absent if the connection just broke.
    pub code: Option<u16>,
}

impl Closing {
    /// The `message` header of the ERROR frame.
    ///
    /// # Panics
    /// If there was no ERROR frame, or it had no message.
    #[track_caller]
    pub fn message(&self) -> &str {
        let error = self.error.as_ref().unwrap_or_else(|| panic!("no ERROR frame: {self:?}"));
        error.get("message").filter(|text| !text.is_empty()).unwrap_or_else(|| panic!("no message: {self:?}"))
    }
}

impl Socket {
    /// Opens `url`, offering these subprotocols.
    ///
    /// Fails with the HTTP status and body if the server refuses the upgrade.
    ///
    /// # Panics
    /// If there is no HTTP answer at all.
    pub async fn open(
        url: &str,
        subprotocols: &[&str],
        headers: &[(&'static str, &str)],
    ) -> Result<Self, (u16, String)> {
        let mut request = url.replacen("http", "ws", 1).into_client_request().expect("a URL");
        if !subprotocols.is_empty() {
            let offer = subprotocols.join(", ").parse().expect("a header value");
            request.headers_mut().insert("sec-websocket-protocol", offer);
        }
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header value"));
        }
        match in_time("the upgrade", connect_async(request)).await {
            Ok((stream, response)) => {
                let chosen = response.headers().get("sec-websocket-protocol");
                let subprotocol = chosen.map(|name| name.to_str().expect("a token").to_owned());
                Ok(Self { stream, subprotocol, version: "1.2".to_owned(), waiting: VecDeque::new() })
            }
            Err(Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                Err((response.status().as_u16(), String::from_utf8_lossy(&body).into_owned()))
            }
            Err(error) => panic!("{url}: {error}"),
        }
    }

    /// For when the server may be gone: none if there is no WebSocket, for whatever reason.
    pub async fn try_open(url: &str, jwt: &str) -> Option<Self> {
        let mut request = url.replacen("http", "ws", 1).into_client_request().expect("a URL");
        let bearer = format!("Bearer {jwt}").parse().expect("a header value");
        request.headers_mut().insert("authorization", bearer);
        let (stream, _) = in_time("the upgrade", connect_async(request)).await.ok()?;
        Some(Self { stream, subprotocol: None, version: "1.2".to_owned(), waiting: VecDeque::new() })
    }

    /// Sends one frame. A connection that is closed meanwhile is noticed by who reads it.
    pub async fn send(&mut self, frame: Frame) {
        let wire = frame.to_wire(&self.version);
        self.send_text(&wire).await;
    }

    /// Sends any text as one WebSocket message.
    pub async fn send_text(&mut self, text: &str) {
        let _ = in_time("room to send", self.stream.send(Message::text(text))).await;
    }

    /// Sends any bytes as one binary WebSocket message.
    pub async fn send_binary(&mut self, bytes: &[u8]) {
        let _ = in_time("room to send", self.stream.send(Message::binary(bytes.to_vec()))).await;
    }

    /// Queues frames without waiting for the socket after each; they go out together.
    pub async fn send_all(&mut self, frames: impl IntoIterator<Item = Frame>) {
        for frame in frames {
            let wire = frame.to_wire(&self.version);
            let _ = in_time("room to send", self.stream.feed(Message::text(wire))).await;
        }
        let _ = in_time("room to send", self.stream.flush()).await;
    }

    /// The next message as it is, if the server does not close instead.
    ///
    /// # Panics
    /// If nothing comes in time.
    pub async fn next_text(&mut self) -> Option<String> {
        loop {
            match in_time("any message from the server", self.stream.next()).await {
                Some(Ok(Message::Text(text))) => return Some(text.as_str().to_owned()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    /// What comes next.
    ///
    /// # Panics
    /// If nothing comes in time, or something that is neither STOMP nor a heart-beat.
    pub async fn next(&mut self) -> Incoming {
        in_time("anything from the server", self.next_whenever()).await
    }

    /// What comes next, however long it takes. May be dropped while it waits: nothing is lost.
    pub async fn next_whenever(&mut self) -> Incoming {
        loop {
            if let Some(frame) = self.waiting.pop_front() {
                return Incoming::Frame(frame);
            }
            let message = match self.stream.next().await {
                Some(Ok(message)) => message,
                None | Some(Err(_)) => return Incoming::Closed(Closing::default()),
            };
            let text = match message {
                Message::Text(text) => text.as_str().to_owned(),
                Message::Binary(bytes) => String::from_utf8(bytes.to_vec()).expect("STOMP is UTF-8 here"),
                Message::Close(close) => {
                    let code = close.map(|close| close.code.into());
                    return Incoming::Closed(Closing { error: None, code });
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
            };
            let mut rest = text.trim_start_matches(['\r', '\n']);
            if rest.is_empty() {
                return Incoming::HeartBeat;
            }
            while !rest.is_empty() {
                let (frame, following) = Frame::from_wire(rest, &self.version);
                self.waiting.push_back(frame);
                rest = following.trim_start_matches(['\r', '\n']);
            }
        }
    }

    /// The next frame; heart-beats are passed over.
    ///
    /// # Panics
    /// If the connection ends instead.
    pub async fn next_frame(&mut self) -> Frame {
        loop {
            match self.next().await {
                Incoming::Frame(frame) => return frame,
                Incoming::HeartBeat => {}
                Incoming::Closed(closing) => panic!("the connection ended: {closing:?}"),
            }
        }
    }

    /// Waits for the server to close, passing over all but an ERROR frame, which must be the last one.
    pub async fn closed(&mut self) -> Closing {
        let mut error: Option<Frame> = None;
        loop {
            match self.next().await {
                Incoming::Frame(frame) => {
                    assert_eq!(error, None, "followed by {frame:?}");
                    error = Some(frame).filter(|frame| frame.command == "ERROR");
                }
                Incoming::HeartBeat => {}
                Incoming::Closed(Closing { code, .. }) => return Closing { error, code },
            }
        }
    }

    /// Closes the WebSocket from this side, in order.
    pub async fn close(&mut self) {
        let _ = in_time("room to close", self.stream.close(None)).await;
        self.closed().await;
    }
}
