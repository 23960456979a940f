use std::sync::Arc;

use axum::extract::Extension;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::*;

struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

async fn served(router: Router, connections: usize, drain: Duration) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let bounds = Bounds {
        connections,
        connections_per_address: 0,
        head_bytes: HEAD_BYTES,
        head_timeout: LONG,
        stall: LONG,
        drain,
    };
    let serving = tokio::spawn(serve(listener, router, bounds, Door::default(), stop.clone()));
    Served { address, stop, serving }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

/// Two routes: `/` tells the peer's address; `/slow` says when it began, and ends when told to.
fn router(began: &Arc<Semaphore>, finish: &Arc<Semaphore>) -> Router {
    let (began, finish) = (Arc::clone(began), Arc::clone(finish));
    let slow = move || async move {
        began.add_permits(1);
        let _ = finish.acquire().await;
        "done"
    };
    Router::new()
        .route("/", get(|Extension(peer): Extension<PeerAddress>| async move { peer.0.to_string() }))
        .route("/slow", get(slow))
}

async fn ask(stream: &mut TcpStream, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
}

/// Reads until the peer closes, or `end` has come.
async fn answer(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut bytes = [0; 1024];
    while end.is_empty() || !text.ends_with(end) {
        match stream.read(&mut bytes).await {
            Ok(0) | Err(_) => break,
            Ok(n) => text.push_str(std::str::from_utf8(&bytes[..n]).unwrap()),
        }
    }
    text
}

fn gates() -> (Arc<Semaphore>, Arc<Semaphore>) {
    (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)))
}

const HEAD_BYTES: usize = 16 * 1024;
const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_handler_learns_who_calls() {
    let (began, finish) = gates();
    let served = served(router(&began, &finish), 10, LONG).await;
    let mut stream = served.connect().await;
    let me = stream.local_addr().unwrap().to_string();
    ask(&mut stream, "/").await;
    assert!(answer(&mut stream, &me).await.ends_with(&me));
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_room_is_found_again() {
    let (began, finish) = gates();
    let served = served(router(&began, &finish), 1, LONG).await;
    let mut first = served.connect().await;
    ask(&mut first, "/slow").await;
    began.acquire().await.unwrap().forget();
    assert_eq!(answer(&mut served.connect().await, "").await, "");
    finish.add_permits(1);
    assert!(answer(&mut first, "done").await.starts_with("HTTP/1.1 200"));
    drop(first);
    loop {
        let mut next = served.connect().await;
        ask(&mut next, "/").await;
        let me = next.local_addr().unwrap().to_string();
        if answer(&mut next, &me).await.starts_with("HTTP/1.1 200") {
            break;
        }
    }
}

/// More than the usual backlog of 128, and nobody accepts.
#[tokio::test]
async fn a_crowd_that_comes_at_once_finds_room_to_wait() {
    let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut crowd = Vec::new();
    for number in 0..300 {
        let connecting = tokio::time::timeout(LONG / 60, TcpStream::connect(address)).await;
        crowd.push(connecting.unwrap_or_else(|_| panic!("{number} did")).unwrap());
    }
}

#[tokio::test]
async fn a_request_in_progress_is_finished_before_it_stops() {
    let (began, finish) = gates();
    let served = served(router(&began, &finish), 10, LONG).await;
    let mut busy = served.connect().await;
    ask(&mut busy, "/slow").await;
    began.acquire().await.unwrap().forget();
    let mut idle = served.connect().await;
    served.stop.cancel();
    assert_eq!(answer(&mut idle, "").await, "");
    assert!(!served.serving.is_finished());
    finish.add_permits(1);
    let answered = answer(&mut busy, "").await;
    assert!(answered.starts_with("HTTP/1.1 200") && answered.ends_with("done"), "{answered}");
    served.serving.await.unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn a_request_that_does_not_finish_is_cut() {
    let (began, finish) = gates();
    let served = served(router(&began, &finish), 10, Duration::ZERO).await;
    let mut busy = served.connect().await;
    ask(&mut busy, "/slow").await;
    began.acquire().await.unwrap().forget();
    served.stop.cancel();
    served.serving.await.unwrap();
    assert_eq!(answer(&mut busy, "").await, "");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let (began, finish) = gates();
    let served = served(router(&began, &finish), 10, LONG).await;
    let mut stream = served.connect().await;
    let head = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}", "x".repeat(HEAD_BYTES));
    let _ = stream.write_all(head.as_bytes()).await;
    assert!(answer(&mut stream, "").await.starts_with("HTTP/1.1 431"));
}
