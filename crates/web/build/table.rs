//! The table as Rust: every file of every page, with its type, its digest and its compressed copies.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

const PAGES: [&str; 4] = ["chat", "console", "docs", "embed"];

pub(super) fn write(made: &Path, missing: &str) -> String {
    let missing = if missing.is_empty() { "this build has everything" } else { missing };
    let mut code = String::from(
        "/// The pages of this build.\npub const PAGES: chinwag_server::web::Pages = chinwag_server::web::Pages {\n",
    );
    for page in PAGES {
        let _ = writeln!(code, "    {page}: &[");
        let mut files = Vec::new();
        super::list(&made.join(page), &mut files);
        for file in files.iter().filter(|file| is_plain(file)) {
            asset(&mut code, &made.join(page), file);
        }
        code.push_str("    ],\n");
    }
    let _ = writeln!(code, "    missing: {missing:?},\n}};");
    code
}

fn is_plain(file: &Path) -> bool {
    !matches!(extension(file), "br" | "gz")
}

fn extension(file: &Path) -> &str {
    file.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn asset(code: &mut String, page: &Path, file: &Path) {
    let path = file.strip_prefix(page).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let mut hasher = DefaultHasher::new();
    fs::read(file).unwrap_or_default().hash(&mut hasher);
    let compressed = |suffix: &str| {
        let copy = PathBuf::from(format!("{}{suffix}", file.display()));
        if copy.exists() {
            format!("include_bytes!({:?})", copy.display().to_string())
        } else {
            "b\"\"".to_owned()
        }
    };
    let _ = writeln!(
        code,
        "        chinwag_server::web::Asset {{ path: {path:?}, content_type: {:?}, tag: \"{:016x}\", plain: include_bytes!({:?}), \
         brotli: {}, gzip: {} }},",
        content_type(extension(file)),
        hasher.finish(),
        file.display().to_string(),
        compressed(".br"),
        compressed(".gz"),
    );
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        _ => "application/octet-stream",
    }
}
