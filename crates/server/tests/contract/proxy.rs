//! Between a node and its PostgreSQL: a wire that can be cut at the worst moment.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// Forwards connections from a port of ours to the server's socket.
pub(crate) struct Proxy {
    pub(crate) url: String,
    cuts: Arc<Cuts>,
}

#[derive(Default)]
struct Cuts {
    answer: AtomicBool,
    request: AtomicBool,
    done: AtomicU32,
}

impl Proxy {
    /// In the place of the server at `url`, which is as the test kit writes it.
    pub(crate) async fn to(url: &str) -> Self {
        let (socket, database) = url.rsplit_once('@').unwrap().1.split_once('/').unwrap();
        let socket = PathBuf::from(socket.replace("%2F", "/")).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://chinwag@{}/{database}", listener.local_addr().unwrap());
        let cuts = Arc::new(Cuts::default());
        let shared = Arc::clone(&cuts);
        tokio::spawn(async move {
            while let Ok((node, _)) = listener.accept().await {
                if let Ok(server) = UnixStream::connect(&socket).await {
                    tokio::spawn(forward(node, server, Arc::clone(&shared)));
                }
            }
        });
        Self { url, cuts }
    }

    /// The next commit is done, and its answer is lost with the connection.
    pub(crate) fn loses_an_answer(&self) {
        self.cuts.answer.store(true, Ordering::SeqCst);
    }

    /// The next thing to be written is lost with the connection.
    pub(crate) fn loses_a_request(&self) {
        self.cuts.request.store(true, Ordering::SeqCst);
    }

    /// How often something was lost.
    pub(crate) fn losses(&self) -> u32 {
        self.cuts.done.load(Ordering::SeqCst)
    }
}

async fn forward(mut node: TcpStream, mut server: UnixStream, cuts: Arc<Cuts>) {
    let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    // What has begun a transaction is what may be lost: reads of the nodes go on.
    let mut writes = false;
    loop {
        tokio::select! {
            read = node.read(&mut request) => {
                let Ok(read @ 1..) = read else { return };
                if writes && cuts.request.swap(false, Ordering::SeqCst) {
                    cuts.done.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                if server.write_all(&request[..read]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut answer) => {
                let Ok(read @ 1..) = read else { return };
                let has = |tag: &[u8]| answer[..read].windows(tag.len()).any(|bytes| bytes == tag);
                writes = (writes || has(b"BEGIN\0")) && !has(b"COMMIT\0") && !has(b"ROLLBACK\0");
                if has(b"COMMIT\0") && cuts.answer.swap(false, Ordering::SeqCst) {
                    cuts.done.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                if node.write_all(&answer[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}
