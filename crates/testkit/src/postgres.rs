//! A private PostgreSQL server in a directory of its own, reached by a socket there. Needs the programs of PostgreSQL 15
//! or newer (Debian: `postgresql`); a server of the system's, if one runs, is left alone.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// Set to `postgres`, every server of the tests keeps its data in a database of its own.
const WANTED: &str = "CHINWAG_TEST_DATABASE";

/// A running PostgreSQL. It ends with the process that started it, however that ends.
pub struct Postgres {
    programs: PathBuf,
    directory: TempDir,
    /// Whom it runs as: PostgreSQL refuses to be root.
    user: Option<(u32, u32)>,
    /// Reads from a pipe of ours, and stops the server when that closes.
    keeper: Child,
    databases: AtomicU32,
}

/// Initialises, starts, says so, and waits for the end of its input: nothing of it outlives the tests.
const KEEPER: &str = r#"
    "$1/initdb" --pgdata="$2/data" --username=chinwag --auth=trust --encoding=UTF8 --no-locale --no-sync >"$2/log" 2>&1 &&
    "$1/pg_ctl" start --wait --silent --pgdata="$2/data" --log="$2/log" --options="-c listen_addresses='' \
        -c unix_socket_directories='$2' -c max_connections=500 -c shared_buffers=64MB" >>"$2/log" 2>&1 &&
    echo ready || { cat "$2/log"; exit 1; }
    cat >/dev/null
    "$1/pg_ctl" stop --mode=immediate --silent --pgdata="$2/data" >/dev/null 2>&1
    rm -rf "$2"
"#;

impl Postgres {
    /// Whether the environment asks for it.
    #[must_use]
    pub fn is_wanted() -> bool {
        std::env::var(WANTED).is_ok_and(|engine| engine == "postgres")
    }

    /// The one that all tests of this process share.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one that nobody else uses.
    ///
    /// # Panics
    /// If PostgreSQL is not installed, or does not start.
    #[must_use]
    pub fn start() -> Self {
        let programs = programs();
        let directory = tempfile::Builder::new().prefix("pg").tempdir().expect("a temporary directory");
        let user = unprivileged(directory.path());
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(&programs).arg(directory.path()).current_dir("/");
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        // Not of the terminal's group: Ctrl-C is for the tests.
        keeper.process_group(0);
        let mut keeper = as_user(&mut keeper, user).spawn().expect("a shell");
        let mut said = String::new();
        let mut output = BufReader::new(keeper.stdout.take().expect("piped"));
        output.read_line(&mut said).expect("text");
        if said.trim() != "ready" {
            let _ = output.read_to_string(&mut said);
            panic!("PostgreSQL did not start: {said}");
        }
        Self { programs, directory, user, keeper, databases: AtomicU32::new(0) }
    }

    /// Makes a database, and returns the URL that leads to it.
    ///
    /// # Panics
    /// If the server does not make it.
    #[must_use]
    pub fn new_database(&self) -> String {
        let name = format!("chinwag_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run("createdb", &["--username=chinwag", "--host", self.socket(), &name]);
        self.url(&name)
    }

    /// What leads to a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://chinwag@{}/{database}", self.socket().replace('/', "%2F"))
    }

    /// Ends all its processes as a power cut would, and starts it again.
    ///
    /// # Panics
    /// If it does not start.
    pub fn crash_and_restart(&self) {
        self.stop();
        self.start_again();
    }

    /// Ends all its processes as a power cut would.
    pub fn stop(&self) {
        self.run("pg_ctl", &["stop", "--mode=immediate", "--silent", "--pgdata", &self.data()]);
    }

    /// Starts it after [`Postgres::stop`].
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&self) {
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c max_connections=500",
            self.socket()
        );
        let log = self.directory.path().join("log").display().to_string();
        let data = self.data();
        let start = ["start", "--wait", "--silent", "--pgdata", &data, "--log", &log, "--options", &options];
        self.run("pg_ctl", &start);
    }

    /// Runs SQL, and returns what it prints, one line per row.
    ///
    /// # Panics
    /// If the server refuses it.
    #[must_use]
    pub fn sql(&self, url: &str, sql: &str) -> String {
        self.run("psql", &["--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--command", sql, url])
    }

    fn socket(&self) -> &str {
        self.directory.path().to_str().expect("a path of ours")
    }

    fn data(&self) -> String {
        self.directory.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir("/").stdin(Stdio::null());
        // A server that is started must not keep our pipes open.
        let starts = arguments.first() == Some(&"start");
        let command = as_user(&mut command, self.user);
        if starts {
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("installed");
            assert!(status.success(), "{program} {arguments:?}: {status}");
            return String::new();
        }
        let output = command.output().expect("installed");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {error}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The newest PostgreSQL that is installed where Debian puts it, or the one on the path.
fn programs() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest =
        installed.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || std::env::split_paths(&path).find(|place| place.join("initdb").exists());
    let found = newest.max_by_key(|bin| version(bin)).or_else(on_path);
    found.expect("PostgreSQL is not installed: apt-get install --no-install-recommends postgresql")
}

fn version(bin: &Path) -> u32 {
    let name = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    name.and_then(|name| name.parse().ok()).unwrap_or(0)
}

/// Whom the server is to run as, if we are root: the user that the package made, who gets the directory.
fn unprivileged(directory: &Path) -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").expect("Linux").uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("a list of users");
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect("the user postgres");
    let mut ids = line.split(':').skip(2).map(|id| id.parse().expect("a number"));
    let (user, group) = (ids.next().expect("an id"), ids.next().expect("an id"));
    chown(directory, Some(user), Some(group)).expect("root may");
    Some((user, group))
}

fn as_user(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    match user {
        Some((user, group)) => command.uid(user).gid(group).env("HOME", "/"),
        None => command,
    }
}
