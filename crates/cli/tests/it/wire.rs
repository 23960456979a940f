//! A TCP connection and what is written on it by hand: for what no well-behaved client does.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use chinwag_testkit::{Chinwag, Person, in_time};

/// The sample of RFC 6455, section 1.3.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

pub(crate) struct Wire(TcpStream);

/// A client's frame, with the mask of the examples in RFC 6455, section 5.7.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(len) if len < 126 => frame.push(0x80 | len as u8),
        Ok(len) => {
            frame.push(0x80 | 126);
            frame.extend(len.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A whole text message.
pub(crate) fn text(payload: &str) -> Vec<u8> {
    frame(0x81, payload.as_bytes())
}

impl Wire {
    pub(crate) async fn open(chinwag: &Chinwag) -> Self {
        let host = chinwag.urls.chat().replace("http://", "");
        Self(TcpStream::connect(host).await.expect("a connection"))
    }

    /// A connection for which the system holds little on our side.
    pub(crate) async fn narrow(chinwag: &Chinwag) -> Self {
        let host = chinwag.urls.chat().replace("http://", "");
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(16 * 1024).expect("a smaller buffer");
        Self(socket.connect(host.parse().expect("an address")).await.expect("a connection"))
    }

    /// Takes so many bytes, or what there is if it is the end.
    pub(crate) async fn takes(&mut self, count: usize) {
        let mut bytes = vec![0; count];
        let _ = in_time("so many bytes", self.0.read_exact(&mut bytes)).await;
    }

    /// Whether the server has closed it. Line ends may stand before a request.
    pub(crate) async fn is_cut(&mut self) -> bool {
        in_time("room to write", self.0.write_all(b"\r\n")).await.is_err()
    }

    /// A WebSocket of theirs that has said nothing yet.
    pub(crate) async fn upgraded(chinwag: &Chinwag, person: &Person) -> Self {
        let mut wire = Self::open(chinwag).await;
        let request = format!(
            "GET /api/wsConnect HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nAuthorization: Bearer {}\r\n\r\n",
            person.jwt()
        );
        wire.writes(request.as_bytes()).await;
        let head = wire.reads_head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        wire
    }

    /// The same, and through CONNECT.
    pub(crate) async fn connected(chinwag: &Chinwag, person: &Person) -> Self {
        Self::connected_with("0,0", chinwag, person).await
    }

    /// The same, with those heart-beats.
    pub(crate) async fn connected_with(heart_beat: &str, chinwag: &Chinwag, person: &Person) -> Self {
        let mut wire = Self::upgraded(chinwag, person).await;
        let jwt = person.jwt();
        let connect = format!(
            "CONNECT\naccept-version:1.2\nhost:x\nheart-beat:{heart_beat}\nAuthorization:Bearer {jwt}\n\n\0"
        );
        wire.writes(&text(&connect)).await;
        assert!(wire.reads_to("\0").await.contains("CONNECTED\n"));
        wire
    }

    pub(crate) async fn writes(&mut self, bytes: &[u8]) {
        in_time("room to write", self.0.write_all(bytes)).await.expect("an open connection");
    }

    /// Writes the same again and again until the server closes the connection.
    pub(crate) async fn writes_until_closed(&mut self, bytes: &[u8]) {
        in_time("the server to close", async { while self.0.write_all(bytes).await.is_ok() {} }).await;
    }

    /// Up to and including `end`, which nothing follows. What is no text is passed over.
    pub(crate) async fn reads_to(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end.as_bytes()) {
            let count = in_time(end, self.0.read_buf(&mut bytes)).await.unwrap_or(0);
            assert_ne!(count, 0, "closed after {}", String::from_utf8_lossy(&bytes));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Up to the end of an HTTP answer's head, and what of its body came with that.
    pub(crate) async fn reads_head(&mut self) -> String {
        let mut bytes = Vec::new();
        while !bytes.windows(4).any(|piece| piece == b"\r\n\r\n") {
            let count = in_time("an answer", self.0.read_buf(&mut bytes)).await.unwrap_or(0);
            assert_ne!(count, 0, "closed after {}", String::from_utf8_lossy(&bytes));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// So many bytes.
    pub(crate) async fn reads(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        in_time("so many bytes", self.0.read_exact(&mut bytes)).await.expect("an open connection");
        bytes
    }

    /// Whatever comes before the server closes.
    pub(crate) async fn reads_all(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = in_time("the end", self.0.read_to_end(&mut bytes)).await;
        bytes
    }

    /// The same, as text.
    pub(crate) async fn says(&mut self) -> String {
        String::from_utf8_lossy(&self.reads_all().await).into_owned()
    }
}
