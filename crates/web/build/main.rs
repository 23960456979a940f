//! Builds web/ if Node is there and its sources changed, compresses what came of it, and writes the table of it.
//!
//! Without Node, or with CHINWAG_WEB=skip, it takes web/dist as it is; without that, the pages say what is missing.
//! It runs when a source changes, and never without need: cargo watches the sources, and a digest of them lies in web/dist.

mod npm;
mod table;

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// What the pages are made of, from the repository's root.
const SOURCES: [&str; 8] = [
    "web/src",
    "web/scripts",
    "web/package.json",
    "web/package-lock.json",
    "web/tsconfig.json",
    "sdk/typescript/src",
    "sdk/react/src",
    "crates/web/build",
];

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let root = here.join("../..");
    println!("cargo::rerun-if-env-changed=CHINWAG_WEB");
    for source in SOURCES.iter().map(|source| root.join(source)).filter(|source| source.exists()) {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    let web = root.join("web");
    let missing = match std::env::var("CHINWAG_WEB").as_deref() {
        Ok("skip") => Err("it was built with CHINWAG_WEB=skip".to_owned()),
        _ => build(&web, &digest(&root)),
    };
    if let Err(why) = &missing {
        println!("cargo::warning=the web pages in this build are old or missing: {why}");
    }
    let made = out.join("dist");
    let _ = fs::remove_dir_all(&made);
    if web.join("dist").is_dir()
        && npm::compress(&here.join("build/compress.mjs"), &web.join("dist"), &made).is_err()
    {
        copy(&web.join("dist"), &made).expect("OUT_DIR can be written");
    }
    let missing = missing.err().unwrap_or_default();
    fs::write(out.join("pages.rs"), table::write(&made, &missing)).expect("OUT_DIR can be written");
}

/// Brings web/dist up to date; says why, if it cannot.
fn build(web: &Path, digest: &str) -> Result<(), String> {
    if !web.join("package.json").exists() {
        return Err("there is no web/package.json beside its sources".to_owned());
    }
    let stamp = web.join("dist/.sources");
    if fs::read_to_string(&stamp).is_ok_and(|built| built == digest) {
        return Ok(());
    }
    npm::is_there()?;
    npm::install(web)?;
    npm::build(web)?;
    fs::write(stamp, digest).map_err(|error| format!("web/dist cannot be written: {error}"))
}

/// Of the sources' names and contents. It may differ between compilers: then the pages are built once more.
fn digest(root: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        let mut files = Vec::new();
        list(&root.join(source), &mut files);
        for file in files {
            file.strip_prefix(root).unwrap_or(&file).hash(&mut hasher);
            fs::read(&file).unwrap_or_default().hash(&mut hasher);
        }
    }
    format!("{:016x}", hasher.finish())
}

/// All files of a directory, or the file itself, in order.
fn list(path: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(path) else {
        found.extend(path.is_file().then(|| path.to_owned()));
        return;
    };
    let mut entries: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    for entry in entries {
        list(&entry, found);
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut files = Vec::new();
    list(from, &mut files);
    for file in files {
        let target = to.join(file.strip_prefix(from).unwrap_or(&file));
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::copy(&file, target)?;
    }
    Ok(())
}
