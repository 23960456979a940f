//! Names the commit in `chinwag --version`, of release builds in a git checkout: others would only be built anew for it.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let version = env!("CARGO_PKG_VERSION");
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    println!("cargo::rerun-if-env-changed=CHINWAG_COMMIT");
    // Named by who builds from an archive, which has no history.
    let named = std::env::var("CHINWAG_COMMIT").ok().filter(|commit| !commit.is_empty());
    match named.or_else(|| release.then(commit).flatten()) {
        Some(commit) => {
            println!("cargo::rustc-env=BUILD_VERSION={version} ({commit})");
            println!("cargo::rustc-env=BUILD_COMMIT={commit}");
        }
        None => {
            println!("cargo::rustc-env=BUILD_VERSION={version}");
            println!("cargo::rustc-env=BUILD_COMMIT=unknown");
        }
    }
}

fn commit() -> Option<String> {
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=10", "HEAD"])
}

/// What git says; nothing if it is not there, or this is no checkout.
fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
