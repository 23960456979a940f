//! Clients that are not ours, run by Node.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

/// That package of this directory, with what it depends on.
pub(crate) fn package(name: &str) -> PathBuf {
    static ONCE: Mutex<()> = Mutex::new(());
    // Several tests may need the same one.
    let _once = ONCE.lock();
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    // npm writes this file last: without it an installation was cut short.
    if !package.join("node_modules/.package-lock.json").exists() {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&package));
    }
    package
}

/// Runs a script of that package.
///
/// # Panics
/// If it does not end well, or does not say these words.
pub(crate) async fn plays(package: PathBuf, script: &str, environment: &[(&str, &str)], last_words: &str) {
    let mut command = Command::new("node");
    command.arg(script).current_dir(package).envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || run(&mut command)).await.expect("node does not panic");
    assert!(String::from_utf8_lossy(&output.stdout).contains(last_words), "{output:?}");
}

pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{}", shown(&output.stdout), shown(&output.stderr));
    output
}
