//! Accepts connections and serves HTTP/1.1 on them, with upgrades. Unlike a plain serve loop it bounds connections and
//! headers, survives running out of descriptors, and drains requests on shutdown. Knows no route.

mod proxies;
mod refusal;
mod slots;
mod socket;
mod tls;
mod wire;

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use chinwag_protocol::{ErrorBody, ErrorCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub use proxies::Proxies;
use slots::Slots;
pub use slots::{ConnectionSlot, connections_allowed};
pub use socket::Socket;
pub use tls::{Files, Tls, TlsError};
pub use wire::Wire;

const HEADERS_MAX: usize = 100;
/// Connections that may wait to be accepted: after a restart everybody comes at once, and who finds no room tries again only
/// after a second. The system may hold it to less.
const BACKLOG: u32 = 4096;
/// After an accept that failed for want of descriptors or memory: long enough to let some be freed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Of what a client says in plain HTTP where TLS is spoken, this much is read and thrown away.
const PASSED_OVER_BYTES: u64 = 64 * 1024;

/// First byte of a TLS handshake (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;
/// Said to whoever speaks plain HTTP where TLS is spoken.
const TLS_ONLY: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\
    content-length: 52\r\n\r\nThis port speaks TLS: use https:// (or wss://) here\n";

/// The address of the client, in each request's extensions: the peer's, or what a trusted proxy says. Behind another
/// proxy it is the proxy's.
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

/// How a listener is reached.
#[derive(Clone, Default)]
pub struct Door {
    /// Without it, plain HTTP.
    pub tls: Option<Tls>,
    /// For so long browsers are told to come by TLS only (RFC 6797), on answers under TLS. 0: they are told nothing.
    pub hsts_seconds: u32,
    pub proxies: Proxies,
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
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    door: Door,
    stop: CancellationToken,
) {
    let slots = Arc::new(Slots::new(bounds.connections, bounds.connections_per_address));
    let door = Arc::new(door);
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
                // Through a proxy many clients come from one address: each counts by its own, once its request tells it.
                let is_proxy = door.proxies.trust(peer.ip());
                // Over the bound the stream is dropped here, which closes it: the client sees it and backs off.
                let slot = if is_proxy { slots.take_for_proxy(peer.ip()) } else { slots.take(peer.ip()) };
                if let Some(slot) = slot {
                    let line = cut.child_token();
                    let caller = Caller {
                        peer,
                        slot,
                        line: Line(line.clone()),
                        proxied: is_proxy.then(|| Arc::clone(&slots)),
                        door: Arc::clone(&door),
                    };
                    let connection = admit(stream, caller, router.clone(), bounds, stop.clone());
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
    peer: SocketAddr,
    slot: ConnectionSlot,
    line: Line,
    /// Of a trusted proxy: where its clients are counted, each by their own address.
    proxied: Option<Arc<Slots>>,
    door: Arc<Door>,
}

impl Caller {
    /// Tells the request whom it is from. What it is refused with, if that client has too many connections open.
    fn introduce(&self, request: &mut Request<Body>) -> Result<(), Box<Response>> {
        let client = self.door.proxies.client(self.peer, request.headers());
        let mut slot = self.slot.clone();
        if let Some(slots) = &self.proxied
            && request.headers().contains_key(header::UPGRADE)
        {
            slot = slots.take_behind(slot, client.ip()).ok_or_else(too_many_connections)?;
        }
        let extensions = request.extensions_mut();
        extensions.insert(PeerAddress(client));
        extensions.insert(slot);
        extensions.insert(self.line.clone());
        Ok(())
    }
}

fn too_many_connections() -> Box<Response> {
    let detail = "too many connections are open from this address";
    let body = ErrorBody::new(ErrorCode::TooManyConnections, detail, "*");
    let status = StatusCode::from_u16(ErrorCode::TooManyConnections.status());
    let content_type = (header::CONTENT_TYPE, "application/problem+json");
    let retry_after = (header::RETRY_AFTER, "30");
    let status = status.unwrap_or(StatusCode::TOO_MANY_REQUESTS);
    Box::new((status, [content_type, retry_after], Json(body)).into_response())
}

/// Serves the connection, under TLS once hands are shaken.
async fn admit(stream: TcpStream, caller: Caller, router: Router, bounds: Bounds, stop: CancellationToken) {
    // Answers and events are written whole: waiting for more to send along only delays them.
    let _ = stream.set_nodelay(true);
    give_up_after(bounds.stall, &stream);
    let Some(tls) = &caller.door.tls else {
        return serve_connection(Socket::Plain(stream), caller, router, bounds, stop).await;
    };
    let shaken = tokio::select! {
        () = stop.cancelled() => return,
        shaken = tokio::time::timeout(bounds.head_timeout, shake_hands(tls, stream)) => shaken,
    };
    match shaken {
        Ok(Ok(Some(stream))) => {
            serve_connection(Socket::Tls(Box::new(stream)), caller, router, bounds, stop).await;
        }
        Ok(Ok(None)) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake did not end in time"),
    }
}

/// `None` for one who does not begin as TLS does, and was told so.
async fn shake_hands(tls: &Tls, mut stream: TcpStream) -> io::Result<Option<TlsStream<TcpStream>>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first != [TLS_HANDSHAKE] {
        stream.write_all(TLS_ONLY).await?;
        stream.shutdown().await?;
        // Closing on what was not read would take the answer from them.
        tokio::io::copy(&mut stream.take(PASSED_OVER_BYTES), &mut tokio::io::sink()).await?;
        return Ok(None);
    }
    tls.accept(stream).await.map(Some)
}

async fn serve_connection(
    socket: Socket,
    caller: Caller,
    router: Router,
    bounds: Bounds,
    stop: CancellationToken,
) {
    let hsts = match (&socket, caller.door.hsts_seconds) {
        (Socket::Plain(_), _) | (_, 0) => None,
        (Socket::Tls(_), seconds) => HeaderValue::from_str(&format!("max-age={seconds}")).ok(),
    };
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        let introduced = caller.introduce(&mut request);
        let (router, hsts) = (router.clone(), hsts.clone());
        async move {
            let mut response = match introduced {
                Ok(()) => router.oneshot(request).await?,
                Err(refused) => *refused,
            };
            if let Some(hsts) = hsts {
                response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, hsts);
            }
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_timeout)
        .max_headers(HEADERS_MAX)
        .max_buf_size(bounds.head_bytes)
        .serve_connection(TokioIo::new(Wire::new(socket, bounds.stall)), service)
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
