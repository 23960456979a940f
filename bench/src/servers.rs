//! The servers that are compared, each as a private process: its own ports, its own directory, ended by its id.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::dialect::{Address, Kind};
use crate::failure::{Failure, Fallible, While};
use crate::http::Http;
use crate::process::Tree;

mod chinwag;
mod peers;

pub(crate) use peers::{install, versions};

/// For a server to begin to listen.
const START_PATIENCE: Duration = Duration::from_secs(90);
const STOP_PATIENCE: Duration = Duration::from_secs(20);
const LOOK_INTERVAL: Duration = Duration::from_millis(2);

/// What all of them are started with.
pub(crate) struct Ground {
    pub(crate) chinwag: PathBuf,
    /// Where data directories are made: the disk that is measured.
    pub(crate) disk: PathBuf,
    /// Of a message that `bare` passes on.
    pub(crate) frame_bytes: usize,
}

/// One that runs. Ended when it is dropped, with all processes that it started.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) address: Address,
    /// The management listener, of those that have one.
    pub(crate) management: Option<SocketAddr>,
    pub(crate) tree: Tree,
    /// From the start of the process until it listened.
    pub(crate) ready: Duration,
    children: Vec<Child>,
    directory: Directory,
}

/// Where a server keeps its data.
pub(crate) enum Directory {
    /// Gone with it.
    Own(TempDir),
    Kept(PathBuf),
}

impl Directory {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Own(directory) => directory.path(),
            Self::Kept(path) => path,
        }
    }
}

impl Ground {
    pub(crate) fn directory(&self) -> Fallible<Directory> {
        let made = tempfile::Builder::new().prefix("compare-").tempdir_in(&self.disk);
        Ok(Directory::Own(made.during(format!("no room for data in {}", self.disk.display()))?))
    }

    /// Starts one with its data in `directory`, and waits until it listens.
    pub(crate) fn start(&self, kind: Kind, directory: Directory) -> Fallible<Server> {
        let (port, other) = (free_port()?, free_port()?);
        let socket = SocketAddr::from(([127, 0, 0, 1], port));
        let began = Instant::now();
        let path = directory.path();
        let log = fs::File::create(path.join("output.log"))?;
        let errors = log.try_clone()?;
        let run = |mut command: Command| {
            let command = command.stdin(Stdio::null()).stdout(log).stderr(errors);
            command.spawn().during(format!("unable to start {}", kind.name()))
        };
        let children = match kind {
            Kind::Chinwag => vec![run(chinwag::command(&self.chinwag, path, port, other))?],
            Kind::RabbitMq => {
                // Erlang's name server stays when its nodes go, unless it is ours.
                let names = Command::new("epmd")
                    .args(["-address", "127.0.0.1", "-port"])
                    .arg(other.to_string())
                    .spawn();
                vec![run(peers::rabbitmq(path, port, other)?)?, names.during("unable to start epmd")?]
            }
            Kind::Ejabberd => vec![run(peers::ejabberd(path, port)?)?],
            Kind::Bare => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["bare", &socket.to_string(), &self.frame_bytes.to_string()]);
                vec![run(command)?]
            }
        };
        let tree = Tree(children.first().map(Child::id).unwrap_or_default());
        let management = (kind == Kind::Chinwag).then(|| SocketAddr::from(([127, 0, 0, 1], other)));
        let address = Address { socket, http: Http::new(socket) };
        let mut server =
            Server { kind, address, management, tree, ready: Duration::ZERO, children, directory };
        server.wait_until_it_listens(began)?;
        server.ready = began.elapsed();
        Ok(server)
    }
}

impl Server {
    fn wait_until_it_listens(&mut self, began: Instant) -> Fallible<()> {
        while TcpStream::connect(self.address.socket).is_err() {
            let ended = self.children.first_mut().and_then(|child| child.try_wait().ok()).flatten();
            if ended.is_some() || began.elapsed() > START_PATIENCE {
                let log = fs::read_to_string(self.data().join("output.log")).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(10).collect();
                let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
                return Err(Failure::new(format!("{} did not start:\n{tail}", self.kind.name())));
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
        Ok(())
    }

    pub(crate) fn data(&self) -> &Path {
        self.directory.path()
    }

    /// As dropping does.
    pub(crate) fn stop(&mut self) {
        for mut child in self.children.drain(..) {
            let pids = Tree(child.id()).pids();
            // Only of Chinwag is a directory used again, and closed in order; what the others hold is thrown away.
            signal(if self.kind == Kind::Chinwag { "-TERM" } else { "-KILL" }, &pids);
            let end = Instant::now() + STOP_PATIENCE;
            while child.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < end {
                std::thread::sleep(LOOK_INTERVAL);
            }
            // What the first process started is no child of ours, and may outlive it.
            let left: Vec<u32> =
                pids.into_iter().filter(|pid| Path::new(&format!("/proc/{pid}")).exists()).collect();
            signal("-KILL", &left);
            let _ = child.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn signal(signal: &str, pids: &[u32]) {
    if !pids.is_empty() {
        let pids = pids.iter().map(u32::to_string);
        let _ = Command::new("kill").arg(signal).args(pids).stderr(Stdio::null()).status();
    }
}

/// One that nobody listens at now.
fn free_port() -> Fallible<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
