//! A real HTTP server that takes deliveries, and answers as a story has it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use chinwag_testkit::in_time;

/// Deliveries that a story has not looked at yet.
const DELIVERIES_MAX: usize = 10_000;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) body: Value,
    /// What it was answered.
    pub(crate) status: u16,
}

impl Delivery {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    pub(crate) fn chat(&self) -> &str {
        self.body["data"]["chatId"].as_str().expect("a chat")
    }

    pub(crate) fn message(&self) -> &str {
        self.body["data"]["message"].as_str().unwrap_or_default()
    }
}

/// What a delivery is answered: a status, or nothing for ever.
type Policy = Box<dyn Fn(&Delivery) -> Option<u16> + Send + Sync>;

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    policy: Arc<Mutex<Policy>>,
    deliveries: mpsc::Receiver<Delivery>,
    told: mpsc::Sender<Delivery>,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// It takes everything.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (told, deliveries) = mpsc::channel(DELIVERIES_MAX);
        let policy: Arc<Mutex<Policy>> = Arc::new(Mutex::new(Box::new(|_| Some(200))));
        let serving = tokio::spawn(serve(listener, Arc::clone(&policy), told.clone()));
        Self { address, policy, deliveries, told, serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook?x=1", self.address)
    }

    pub(crate) fn answers(&self, policy: impl Fn(&Delivery) -> Option<u16> + Send + Sync + 'static) {
        *self.policy.lock().expect("no holder panics") = Box::new(policy);
    }

    /// Nobody listens at its address any more, and nobody who was connected is.
    pub(crate) async fn goes_down(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }

    pub(crate) async fn comes_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the same port");
        self.serving = tokio::spawn(serve(listener, Arc::clone(&self.policy), self.told.clone()));
    }

    /// The next delivery, however it was answered.
    pub(crate) async fn next(&mut self) -> Delivery {
        in_time("a delivery", self.deliveries.recv()).await.expect("the sender lives")
    }

    /// The next delivery that was taken.
    pub(crate) async fn takes(&mut self) -> Delivery {
        loop {
            let delivery = self.next().await;
            if delivery.status < 300 {
                return delivery;
            }
        }
    }

    /// What came and was not looked at yet.
    pub(crate) fn rest(&mut self) -> Vec<Delivery> {
        std::iter::from_fn(|| self.deliveries.try_recv().ok()).collect()
    }
}

async fn serve(listener: TcpListener, policy: Arc<Mutex<Policy>>, told: mpsc::Sender<Delivery>) {
    let mut open = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        open.spawn(talk(stream, Arc::clone(&policy), told.clone()));
    }
}

/// HTTP/1.1 with connections that are kept, read by hand.
async fn talk(mut stream: TcpStream, policy: Arc<Mutex<Policy>>, told: mpsc::Sender<Delivery>) {
    let mut bytes = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            let mut part = [0; 4096];
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => return,
                Ok(count) => bytes.extend_from_slice(&part[..count]),
            }
        };
        let text = String::from_utf8(bytes[..head].to_vec()).expect("a head");
        let mut lines = text.lines();
        let path = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a path").to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: usize = length.expect("a length").1.parse().expect("a number");
        while bytes.len() < head + length {
            let mut part = [0; 4096];
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => return,
                Ok(count) => bytes.extend_from_slice(&part[..count]),
            }
        }
        let text = String::from_utf8(bytes[head..head + length].to_vec()).expect("text");
        bytes.drain(..head + length);
        let body = serde_json::from_str(&text).expect("JSON");
        let mut delivery = Delivery { path, headers, text, body, status: 0 };
        let answer = policy.lock().expect("no holder panics")(&delivery);
        delivery.status = answer.unwrap_or(599);
        let _ = told.send(delivery).await;
        let Some(status) = answer else {
            std::future::pending::<()>().await;
            return;
        };
        let to = if (300..400).contains(&status) { "location: http://127.0.0.1:1/\r\n" } else { "" };
        let answer = format!("HTTP/1.1 {status} Whatever\r\n{to}content-length: 2\r\n\r\nok");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
