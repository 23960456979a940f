//! What others wrote and we ship or build with: under which licences, and what is there in several versions.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Licences that may be combined with our own, which is Apache 2.0, without further duties than to name them.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OFL-1.1", // fonts, whose licence asks for no more than to be beside them
    "Unicode-3.0",
    "Zlib",
];

/// Only to build and test with: not in what is shipped.
const TOOLS: [&str; 5] = ["CC-BY-4.0", "CC0-1.0", "MPL-2.0", "Python-2.0", "W3C-20150513"];

/// In two versions, because somebody has not moved yet: jsonwebtoken and argon2 stand on two generations of RustCrypto,
/// PostgreSQL's client and SQLite's on two of fallible-iterator, reqwest on an older tower-http, derive macros on two of syn.
const TWICE: &[&str] = &[
    "base64",
    "block-buffer",
    "const-oid",
    "cpufeatures",
    "crypto-common",
    "curve25519-dalek",
    "der",
    "digest",
    "ed25519",
    "ed25519-dalek",
    "fallible-iterator",
    "fiat-crypto",
    "getrandom",
    "hmac",
    "pem-rfc7468",
    "pkcs8",
    "rand",
    "rand_core",
    "sha2",
    "signature",
    "spki",
    "syn",
    "wasi",
];

/// What cargo knows of every package in the lock file.
pub(super) fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(super::tree::root())
        .output()
        .expect("cargo runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}

/// Whether an expression (<https://spdx.github.io/spdx-spec>, annex D) leaves us a way that is allowed.
fn allows(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let expression = expression.replace('/', " OR ");
    expression
        .split(" OR ")
        .any(|way| way.split(" AND ").all(|licence| allowed(licence.trim().trim_matches(['(', ')']))))
}

pub(super) fn licences(metadata: &Value) -> Vec<String> {
    let strange = packages(metadata)
        .filter(|package| !allows(text(package, "license"), &|licence| ALLOWED.contains(&licence)));
    strange.map(|package| format!("{} is under {}", text(package, "name"), package["license"])).collect()
}

/// Of a lock file of npm. What is only built and tested with may be under a few more.
pub(super) fn npm_licences(file: &str, lock: &str) -> Vec<String> {
    let lock: Value = serde_json::from_str(lock).expect("JSON");
    let packages = lock["packages"].as_object().expect("packages");
    let others =
        packages.iter().filter(|(path, package)| path.contains("node_modules") && package["link"] != true);
    let strange = others.filter(|(_, package)| {
        let is_tool = package["dev"] == true;
        let allowed = |licence: &str| ALLOWED.contains(&licence) || (is_tool && TOOLS.contains(&licence));
        !allows(text(package, "license"), &allowed)
    });
    strange.map(|(path, package)| format!("{file}: {path} is under {}", package["license"])).collect()
}

/// Packages that the program is made of in more than one version, apart from those that are known to be.
pub(super) fn duplicates(metadata: &Value) -> Vec<String> {
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|node| (text(node, "id"), node))
        .collect();
    let by_id: BTreeMap<&str, &Value> =
        packages(metadata).map(|package| (text(package, "id"), package)).collect();
    let program =
        packages(metadata).find(|package| package["name"] == "chinwag").map(|package| text(package, "id"));
    let mut reached = BTreeSet::new();
    let mut left: Vec<&str> = program.into_iter().collect();
    while let Some(id) = left.pop() {
        if !reached.insert(id) {
            continue;
        }
        let dependencies = nodes[id]["deps"].as_array().into_iter().flatten();
        left.extend(dependencies.filter(|one| is_shipped(one)).map(|one| text(one, "pkg")));
    }
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in reached.iter().map(|id| by_id[id]) {
        versions.entry(text(package, "name")).or_default().insert(text(package, "version"));
    }
    let several = |name: &str| versions.get(name).is_some_and(|versions| versions.len() > 1);
    let new = versions.iter().filter(|(name, found)| found.len() > 1 && !TWICE.contains(name));
    let new = new.map(|(name, versions)| format!("{name} is there in several versions: {versions:?}"));
    let gone = TWICE
        .iter()
        .filter(|name| !several(name))
        .map(|name| format!("{name} is there once: take it off the list"));
    new.chain(gone).collect()
}

/// Not for tests, and not for Windows alone.
fn is_shipped(dependency: &Value) -> bool {
    dependency["dep_kinds"].as_array().into_iter().flatten().any(|kind| {
        kind["kind"] != "dev" && !kind["target"].as_str().is_some_and(|target| target.contains("windows"))
    })
}
