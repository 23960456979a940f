//! How a connection begins: the ticket, the WebSocket, CONNECT, and the first subscription.

use crate::connection::Connection;
use crate::person::Person;
use crate::socket::Socket;
use crate::stomp::Frame;

/// How to connect. The default is what a browser does.
#[derive(Clone, Debug)]
pub struct Opening {
    pub path: &'static str,
    pub subprotocols: Vec<&'static str>,
    pub accept_version: Option<&'static str>,
    pub heart_beat: &'static str,
    /// A prefix of the JWT in CONNECT.
    pub scheme: &'static str,
    /// Where to subscribe; the own queue unless given.
    pub destination: Option<&'static str>,
    /// The cursor to resume from.
    pub since: Option<String>,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            path: "/api/wsConnect",
            subprotocols: vec!["v12.stomp", "v11.stomp", "v10.stomp"],
            accept_version: Some("1.0,1.1,1.2"),
            heart_beat: "0,0",
            scheme: "Bearer ",
            destination: None,
            since: None,
        }
    }
}

impl Opening {
    /// Opens the WebSocket with a ticket and says nothing yet.
    ///
    /// # Panics
    /// If the upgrade is refused.
    pub async fn open(&self, person: &Person) -> Socket {
        let url = format!("{}{}?ticket={}", person.app.urls.chat(), self.path, person.ticket().await);
        let opened = Socket::open(&url, &self.subprotocols, &[]).await;
        opened.unwrap_or_else(|refusal| panic!("{url}: {refusal:?}"))
    }

    /// The CONNECT frame that goes with it.
    #[must_use]
    pub fn connect_frame(&self, jwt: &str) -> Frame {
        let frame = Frame::new("CONNECT")
            .with("host", "chat.example")
            .with("heart-beat", self.heart_beat)
            .with("Authorization", format!("{}{jwt}", self.scheme));
        match self.accept_version {
            Some(versions) => frame.with("accept-version", versions),
            None => frame,
        }
    }

    /// Opens, connects, and subscribes to the person's queue.
    ///
    /// # Panics
    /// If any step is refused.
    pub async fn connect(&self, person: &Person) -> Connection {
        let mut socket = self.open(person).await;
        socket.send(self.connect_frame(&person.jwt())).await;
        socket.version = "1.0".to_owned(); // CONNECTED is never escaped
        let connected = socket.next_frame().await;
        assert_eq!(connected.command, "CONNECTED", "{connected:?}");
        connected.get("version").unwrap_or("1.0").clone_into(&mut socket.version);
        let mut connection = Connection::new(person, socket);
        let destination = match self.destination {
            Some(destination) => destination.to_owned(),
            None => format!("/user/{}/queue/messages", person.id),
        };
        connection.subscribes("sub-0", &destination, self.since.as_deref()).await;
        connection
    }
}
