//! Everything public has an example in its documentation; that they compile is for `cargo test --doc` to say.

use std::fs;
use std::path::Path;

const PUBLIC: [&str; 6] =
    ["pub fn ", "pub async fn ", "pub struct ", "pub enum ", "pub type ", "pub use chinwag_protocol"];

/// Public items of a source without an example in the comment before them.
fn without_example(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut example = false;
    for line in source.lines().map(str::trim_start) {
        if line.starts_with("///") {
            example |= line.starts_with("/// ```");
        } else if !line.starts_with("#[") {
            if !example && PUBLIC.iter().any(|item| line.starts_with(item)) {
                found.push(line);
            }
            example = false;
        }
    }
    found
}

fn sources(directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn everything_public_has_an_example() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    assert!(all.len() > 20, "the sources were not found");
    let bare: Vec<&str> = all.iter().flat_map(|source| without_example(source)).collect();
    assert!(bare.is_empty(), "without an example: {bare:#?}");
}

#[test]
fn and_this_test_would_notice() {
    let source =
        "/// A thing.\npub struct Thing;\n/// ```\n/// other();\n/// ```\n#[must_use]\npub fn other() {}\n";
    assert_eq!(without_example(source), ["pub struct Thing;"]);
}
