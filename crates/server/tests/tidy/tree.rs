//! The repository's files.

use std::fs;
use std::path::{Path, PathBuf};

/// Directories that hold what others wrote, or what was built.
const PASSED_OVER: [&str; 6] = [".git", "target", "node_modules", "data", "dist", "testdata"];
const SOURCES: [&str; 7] = ["rs", "ts", "tsx", "js", "mjs", "css", "sql"];

/// A file: its path from the repository's root, and what is in it.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(super) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(super) fn sources() -> Vec<Source> {
    files(&SOURCES)
}

pub(super) fn documents() -> Vec<Source> {
    files(&["md"])
}

fn files(extensions: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root(), "", extensions, &mut found);
    found
}

fn walk(directory: &Path, path: &str, extensions: &[&str], found: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).expect("a directory that was just listed") {
        let entry = entry.expect("a directory that can be read");
        let name = entry.file_name().into_string().expect("names are UTF-8");
        let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        let kind = entry.file_type().expect("a file that was just listed");
        if kind.is_dir() && !PASSED_OVER.contains(&name.as_str()) {
            walk(&entry.path(), &below, extensions, found);
        } else if kind.is_file()
            && name.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
        {
            found.push(Source { text: read(&below), path: below });
        }
    }
}
