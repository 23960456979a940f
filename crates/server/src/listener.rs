//! Accepts connections and serves HTTP/1.1 on them, with upgrades. Unlike a plain serve loop it bounds connections and
//! headers, survives running out of descriptors, and drains requests on shutdown. Knows no route.

mod refusal;
mod slots;
mod wire;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use slots::Slots;
pub use slots::{ConnectionSlot, connections_allowed};
pub use wire::Wire;

const HEADERS_MAX: usize = 100;
/// Connections that may wait to be accepted: after a restart everybody comes at once, and who finds no room tries again only
/// after a second. The system may hold it to less.
const BACKLOG: u32 = 4096;
/// After an accept that failed for want of descriptors or memory: long enough to let some be freed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The address of the peer, in each request's extensions. Behind a proxy it is the proxy's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PeerAddress(pub SocketAddr);

/// The connection that a request came on, in each request's extensions. What is upgraded is on it no more.
#[derive(Clone, Default)]
pub struct Line(CancellationToken);

impl Line {
    /// Closes it at once, whatever of an answer still waits: for a client that does not take its end.
    pub fn cut(&self) {
        self.0.cancel();
    }

    #[cfg(test)]
    pub(crate) fn is_cut(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// What a listener allows.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Open connections, upgraded ones included. One more is closed at once.
    pub connections: usize,
    /// The same of one client address; 0 for no limit of its own.
    pub connections_per_address: usize,
    /// Of a request's head; a longer one is answered 431. Also the read buffer's bound.
    pub head_bytes: usize,
    /// For a request's head to arrive whole, and for the next one to begin on a kept connection.
    pub head_timeout: Duration,
    /// For a peer to take something of what waits for it.
    pub stall: Duration,
    /// For requests in progress to finish once asked to stop; then they are cut.
    pub drain: Duration,
}

/// Listens at that address. Must be called within the run time.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Elsewhere it would let two servers have the same address.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` is cancelled, then accepts no more, lets requests in progress finish within the drain time, and
/// returns. Upgraded connections are their handlers' to end; those must keep the request's [`ConnectionSlot`] as
/// long as the connection is open, or it stops counting. Cancel-safe: dropping it abandons the requests.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, stop: CancellationToken) {
    let slots = Slots::new(bounds.connections, bounds.connections_per_address);
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    let _cut_on_drop = cut.clone().drop_guard();
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                failing = false;
                // Over the bound the stream is dropped here, which closes it: the client sees it and backs off.
                if let Some(slot) = slots.take(peer.ip()) {
                    let router = router.clone();
                    let line = cut.child_token();
                    let caller = Caller { peer: PeerAddress(peer), slot, line: Line(line.clone()) };
                    let connection = serve_connection(stream, caller, router, bounds, stop.clone());
                    connections.spawn(line.run_until_cancelled_owned(connection));
                }
            }
            Err(e) if concerns_one_connection(&e) => {}
            Err(e) => {
                if !failing {
                    tracing::warn!(error = %e, "cannot accept connections");
                }
                failing = true;
                let _ = tokio::time::timeout(ACCEPT_PAUSE, stop.cancelled()).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(bounds.drain, connections.wait()).await.is_err() {
        cut.cancel();
        connections.wait().await;
    }
}

/// Such an error says that a peer went away while it waited; the next accept is not affected.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}

/// What each request is told about where it comes from.
struct Caller {
    peer: PeerAddress,
    slot: ConnectionSlot,
    line: Line,
}

async fn serve_connection(
    stream: TcpStream,
    caller: Caller,
    router: Router,
    bounds: Bounds,
    stop: CancellationToken,
) {
    // Answers and events are written whole: waiting for more to send along only delays them.
    let _ = stream.set_nodelay(true);
    give_up_after(bounds.stall, &stream);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(caller.peer);
        request.extensions_mut().insert(caller.slot.clone());
        request.extensions_mut().insert(caller.line.clone());
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_timeout)
        .max_headers(HEADERS_MAX)
        .max_buf_size(bounds.head_bytes)
        .serve_connection(TokioIo::new(Wire::new(stream, bounds.stall)), service)
        .with_upgrades();
    let mut connection = Box::pin(connection);
    // An error here is the peer's: it went away, was silent for too long, or does not speak HTTP.
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(e) = ended {
        tracing::debug!(error = %e, "connection ended");
    }
}

/// Has the system end a connection whose peer takes nothing for that long of what is already the system's: it may be gone
/// without a word. What is not the system's yet is watched by [`Wire`].
fn give_up_after(stall: Duration, stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    {
        let milliseconds = u32::try_from(stall.as_millis()).unwrap_or(u32::MAX);
        let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, milliseconds);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stall, stream);
}

#[cfg(test)]
mod tests;
