//! The real binary as a child process on free ports, with a data directory of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::http::Http;
use crate::postgres::Postgres;
use crate::{PATIENCE, in_time};

/// Where the two listeners are now. Shared with everyone who talks to them, so that a restart may change the ports.
#[derive(Clone)]
pub struct Urls(Arc<Mutex<[String; 2]>>);

impl Urls {
    /// `http://host:port` of the chat listener.
    #[must_use]
    pub fn chat(&self) -> String {
        self.0.lock().expect("no holder panics")[0].clone()
    }

    /// Has everyone talk to the chat listener by another address from now on.
    ///
    /// # Panics
    /// Never: no holder of the lock does.
    pub fn lead_chat_to(&self, url: String) {
        self.0.lock().expect("no holder panics")[0] = url;
    }

    /// `http://host:port` of the management listener.
    #[must_use]
    pub fn management(&self) -> String {
        self.0.lock().expect("no holder panics")[1].clone()
    }
}

/// `chinwag serve`. Killed when dropped; what it wrote to standard error is shown if the test fails, and a panic in
/// it fails the test.
pub struct Chinwag {
    binary: PathBuf,
    settings: Vec<(String, String)>,
    directory: TempDir,
    running: Option<Running>,
    printed: Arc<Mutex<String>>,
    errors: Arc<Mutex<String>>,
    pub urls: Urls,
    pub http: Http,
}

struct Running {
    child: Child,
    readers: [JoinHandle<()>; 2],
}

/// How the process ended when it was not to serve.
#[derive(Debug)]
pub struct Exit {
    pub code: Option<i32>,
    pub stderr: String,
}

impl Chinwag {
    /// Starts the program at `binary` with an empty data directory.
    ///
    /// `settings` by their names in the configuration file, as in `("limits.actions_per_second", "0")`. Sign-ins and
    /// registrations are unlimited unless given: every test is one address. With `CHINWAG_TEST_DATABASE=postgres` in the
    /// environment it gets a PostgreSQL database of its own.
    ///
    /// # Panics
    /// If it does not print its two URLs in time.
    pub async fn start(binary: &str, settings: &[(&str, &str)]) -> Self {
        let mut chinwag = Self::prepared(binary, settings);
        chinwag.start_again().await;
        chinwag
    }

    /// Everything but the process: for tests that prepare the data directory, or expect it to be refused.
    #[must_use]
    pub fn prepared(binary: &str, settings: &[(&str, &str)]) -> Self {
        Self::prepared_in(&std::env::temp_dir(), binary, settings)
    }

    /// With its data directory on the file system of `parent`.
    #[must_use]
    pub fn prepared_in(parent: &Path, binary: &str, settings: &[(&str, &str)]) -> Self {
        let free = [("limits.sign_ins_per_minute", "0"), ("limits.registrations_per_minute", "0")];
        let urls = Urls(Arc::default());
        let settings = free.iter().chain(settings).map(|&(name, value)| (name.to_owned(), value.to_owned()));
        let mut settings: Vec<(String, String)> = settings.collect();
        if Postgres::is_wanted() && settings.iter().all(|(name, _)| name != "database_url") {
            settings.push(("database_url".to_owned(), Postgres::shared().new_database()));
        }
        Self {
            binary: binary.into(),
            settings,
            directory: tempfile::tempdir_in(parent).expect("a temporary directory"),
            running: None,
            printed: Arc::default(),
            errors: Arc::default(),
            http: Http::new(urls.clone()),
            urls,
        }
    }

    #[must_use]
    pub fn data_directory(&self) -> &Path {
        self.directory.path()
    }

    /// The PostgreSQL database that it keeps its data in, if it is not its data directory.
    #[must_use]
    pub fn database_url(&self) -> Option<&str> {
        let found = self.settings.iter().rev().find(|(name, _)| name == "database_url");
        found.map(|(_, url)| url.as_str())
    }

    /// The process's id, to look at what it uses.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("it runs").child.id()
    }

    /// The most memory it has held at once so far, in KiB (proc(5), VmHWM).
    ///
    /// # Panics
    /// If it does not run, or this is not Linux.
    #[must_use]
    pub fn memory_peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Changes a setting for the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Starts the process on the data directory as it is, on new ports.
    ///
    /// # Panics
    /// If it runs already, or does not print its two URLs in time.
    pub async fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let (tell, told) = oneshot::channel();
        self.spawn(Some(tell));
        let urls = in_time("the server's URLs", told).await;
        let urls = urls.unwrap_or_else(|_| panic!("the server ended: {}", self.stderr()));
        *self.urls.0.lock().expect("no holder panics") = urls;
    }

    /// Starts a process that is expected to end by itself, and waits for that.
    pub async fn fails_to_start(&mut self) -> Exit {
        self.spawn(None);
        let status = self.ended().await;
        Exit { code: status.code(), stderr: self.stderr() }
    }

    fn spawn(&mut self, tell: Option<oneshot::Sender<[String; 2]>>) {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CHINWAG_")) {
            command.env_remove(name);
        }
        for (name, value) in &self.settings {
            command.env(format!("CHINWAG_{}", name.to_uppercase().replace('.', "__")), value);
        }
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0", "--data-dir"])
            .arg(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{}: {error}", self.binary.display()));
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let (printed, errors) = (Arc::clone(&self.printed), Arc::clone(&self.errors));
        let readers = [
            std::thread::spawn(move || read_all(stdout, &printed, tell)),
            std::thread::spawn(move || read_all(stderr, &errors, None)),
        ];
        self.running = Some(Running { child, readers });
    }

    /// What all processes so far wrote to standard output; complete once they have ended.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.printed.lock().expect("no holder panics").clone()
    }

    /// What all processes so far wrote to standard error.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.errors.lock().expect("no holder panics").clone()
    }

    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Memory that it holds now, shared libraries and the program itself included.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib * 1024
    }

    /// How many files and sockets it has open.
    #[must_use]
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("it runs").count()
    }

    /// Asks it to stop with SIGTERM and waits until it has.
    ///
    /// # Panics
    /// If it does not end in time, or not with exit code 0.
    pub async fn stop(&mut self) {
        self.ends_politely_at(Signal::TERM).await;
    }

    /// The same with SIGINT, as Ctrl-C does.
    ///
    /// # Panics
    /// As [`Chinwag::stop`].
    pub async fn interrupt(&mut self) {
        self.ends_politely_at(Signal::INT).await;
    }

    async fn ends_politely_at(&mut self, signal: Signal) {
        let running = self.running.as_ref().expect("it runs");
        kill_process(Pid::from_child(&running.child), signal).expect("the process is ours");
        let status = self.ended().await;
        assert_eq!(status.code(), Some(0), "after {signal:?}: {status}, {}", self.stderr());
    }

    /// Ends it as a power cut would, with SIGKILL.
    pub async fn kill(&mut self) {
        self.running.as_mut().expect("it runs").child.kill().expect("the process is ours");
        self.ended().await;
    }

    /// Starts it and ends it with SIGKILL before it is there, or just when it is.
    pub async fn dies_starting(&mut self) {
        self.spawn(None);
        self.kill().await;
    }

    /// Stops it politely and starts it again on the same data directory, on new ports.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    /// Waits until the process has ended by itself or by a signal sent before.
    ///
    /// # Panics
    /// If it does not end within [`PATIENCE`] and the ten seconds it may take to stop.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("it runs");
        let pid = Pid::from_child(&running.child);
        // Waited for on another thread, so that connections of this test go on meanwhile.
        let ended = tokio::task::spawn_blocking(move || {
            let status = running.child.wait().expect("the process is ours");
            for reader in running.readers {
                reader.join().expect("reading does not panic");
            }
            status
        });
        match tokio::time::timeout(PATIENCE * 2, ended).await {
            Ok(status) => status.expect("waiting does not panic"),
            Err(_) => {
                let _ = kill_process(pid, Signal::KILL);
                panic!("it did not end: {}", self.stderr());
            }
        }
    }
}

/// Keeps what is written, so that the pipe never fills, and tells the first two URLs in it.
fn read_all(from: impl BufRead, kept: &Mutex<String>, mut tell: Option<oneshot::Sender<[String; 2]>>) {
    let mut urls = Vec::new();
    for line in from.lines().map_while(Result::ok) {
        let is_url =
            |word: &&str| word.starts_with("http://127.0.0.1:") || word.starts_with("https://127.0.0.1:");
        let url = line.split_whitespace().find(is_url);
        urls.extend(url.map(str::to_owned));
        *kept.lock().expect("no holder panics") += &(line + "\n");
        if let [chat, management, ..] = urls.as_slice()
            && let Some(tell) = tell.take()
        {
            let _ = tell.send([chat.clone(), management.clone()]);
        }
    }
}

impl Drop for Chinwag {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
            for reader in running.readers {
                let _ = reader.join();
            }
        }
        let stderr = self.stderr();
        if std::thread::panicking() {
            eprintln!("--- the server's standard error:\n{stderr}---");
        } else {
            assert!(!stderr.contains("panicked at"), "the server panicked: {stderr}");
        }
    }
}
