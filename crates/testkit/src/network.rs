//! A bad network between a client and the server: it cuts, delays, forgets to hang up, and answers for the server.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::dice::Dice;
use crate::server::Urls;

/// What becomes of one connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    Nothing,
    /// It breaks after so many bytes from the server, most likely within a frame.
    CutDown(u64),
    /// The same for bytes to the server.
    CutUp(u64),
    /// The client's side breaks after so many bytes from the server, and the server does not learn of it: when the client
    /// comes back it is there twice.
    Ghost(u64),
    /// Nothing more comes through after so many bytes from the server, and nobody says so.
    Silence(u64),
    /// Every piece takes so many milliseconds.
    Delay(u64),
    /// The first request is answered with this status, and the server never sees it.
    Answers(u16),
    Refused,
}

/// A network in front of a server, at one address however often the server moves.
pub struct Network {
    address: SocketAddr,
    weather: Arc<Weather>,
    _running: JoinSet<()>,
}

struct Weather {
    urls: Urls,
    /// Faults of the next connections, then none.
    next: Mutex<Vec<Fault>>,
    /// Faults by chance, if any.
    storm: Mutex<Option<Dice>>,
    refreshes: AtomicUsize,
    /// Cut now, all of them.
    cut: tokio::sync::watch::Sender<u64>,
}

impl Network {
    /// # Panics
    /// If there is no free port.
    pub async fn before(urls: &Urls) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let weather = Arc::new(Weather {
            urls: urls.clone(),
            next: Mutex::default(),
            storm: Mutex::default(),
            refreshes: AtomicUsize::new(0),
            cut: tokio::sync::watch::Sender::new(0),
        });
        let mut running = JoinSet::new();
        running.spawn(accept(listener, Arc::clone(&weather)));
        Self { address, weather, _running: running }
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What becomes of the next connections, one after the other.
    ///
    /// # Panics
    /// Not unless another test did.
    pub fn faults(&self, faults: &[Fault]) {
        *self.weather.next.lock().expect("no holder panics") = faults.iter().rev().copied().collect();
    }

    /// From here on most connections meet some fault.
    ///
    /// # Panics
    /// Not unless another test did.
    pub fn storms(&self, seed: u64) {
        *self.weather.storm.lock().expect("no holder panics") = Some(Dice::of(seed));
    }

    /// From here on it is a good network.
    ///
    /// # Panics
    /// Not unless another test did.
    pub fn calms(&self) {
        *self.weather.storm.lock().expect("no holder panics") = None;
    }

    /// Breaks all connections that there are.
    pub fn cuts(&self) {
        self.weather.cut.send_modify(|cuts| *cuts += 1);
    }

    /// How many requests for a new JWT went through.
    #[must_use]
    pub fn refreshes(&self) -> usize {
        self.weather.refreshes.load(Ordering::SeqCst)
    }
}

impl Weather {
    fn fault(&self) -> Fault {
        if let Some(fault) = self.next.lock().expect("no holder panics").pop() {
            return fault;
        }
        let mut storm = self.storm.lock().expect("no holder panics");
        let Some(dice) = storm.as_mut() else { return Fault::Nothing };
        let bytes = dice.below(60_000) as u64 + 200;
        *dice.pick(&[
            Fault::Nothing,
            Fault::CutDown(bytes),
            Fault::CutDown(bytes),
            Fault::CutUp(bytes / 4),
            Fault::Ghost(bytes),
            Fault::Delay(bytes % 20),
            Fault::Answers(401),
            Fault::Answers(503),
            Fault::Refused,
        ])
    }
}

async fn accept(listener: TcpListener, weather: Arc<Weather>) {
    let mut carrying = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while carrying.try_join_next().is_some() {}
        carrying.spawn(carry(client, Arc::clone(&weather)));
    }
}

/// Whatever goes wrong here is part of the weather.
async fn carry(mut client: TcpStream, weather: Arc<Weather>) {
    let mut cut = weather.cut.subscribe();
    let fault = weather.fault();
    let _ = client.set_nodelay(true);
    tokio::select! {
        _ = through(&mut client, fault, &weather) => {}
        _ = cut.changed() => {}
    }
}

async fn through(client: &mut TcpStream, fault: Fault, weather: &Weather) -> io::Result<()> {
    if fault == Fault::Refused {
        return Ok(());
    }
    let head = read_head(client).await?;
    let is_refresh = head.starts_with(b"POST /api/auth/refresh");
    if let Fault::Answers(status) = fault
        // To refuse a refresh is to end the session, and that is not the weather's to say.
        && (status != 401 || !is_refresh)
    {
        return client.write_all(answer(status).as_bytes()).await;
    }
    if is_refresh {
        weather.refreshes.fetch_add(1, Ordering::SeqCst);
    }
    let address = weather.urls.chat().trim_start_matches("http://").to_owned();
    let mut server = TcpStream::connect(address).await?;
    server.set_nodelay(true)?;
    server.write_all(&head).await?;
    let (down, up, wait) = match fault {
        Fault::CutDown(bytes) | Fault::Ghost(bytes) | Fault::Silence(bytes) => (bytes, u64::MAX, 0),
        Fault::CutUp(bytes) => (u64::MAX, bytes, 0),
        Fault::Delay(milliseconds) => (u64::MAX, u64::MAX, milliseconds),
        Fault::Nothing | Fault::Answers(_) | Fault::Refused => (u64::MAX, u64::MAX, 0),
    };
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    tokio::select! {
        _ = pipe(&mut from_server, &mut to_client, down, wait) => {}
        _ = pipe(&mut from_client, &mut to_server, up, wait) => {}
    }
    match fault {
        Fault::Ghost(_) => {
            client.shutdown().await?;
            // Until the server gives it up.
            pipe(&mut server, &mut tokio::io::sink(), u64::MAX, 0).await
        }
        Fault::Silence(_) => std::future::pending().await,
        _ => Ok(()),
    }
}

/// Carries bytes until there are no more, or so many were carried.
async fn pipe(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut room: u64,
    wait_ms: u64,
) -> io::Result<()> {
    let mut piece = [0; 4096];
    while room > 0 {
        let most = usize::try_from(room).unwrap_or(usize::MAX).min(piece.len());
        let read = from.read(&mut piece[..most]).await?;
        if read == 0 {
            break;
        }
        if wait_ms > 0 {
            // The length of the way, not a test that waits.
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
        to.write_all(&piece[..read]).await?;
        room -= read as u64;
    }
    Ok(())
}

/// The head of the first request, and perhaps some of what follows.
async fn read_head(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if client.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn answer(status: u16) -> String {
    let code = if status == 401 { "AUTH_EXPIRED_TOKEN" } else { "OVERLOADED" };
    let body = format!(
        r#"{{"type":"urn:chinwag:error:{code}","title":"Weather","status":"{status}","detail":"weather","instance":"/","code":"{code}","message":"weather"}}"#
    );
    format!(
        "HTTP/1.1 {status} Weather\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
