//! The web pages that are in the program: a table that was made when it was built. There is no path to a file, so there
//! is none to leave it by.

mod answer;
pub mod chat;
pub mod console;
mod dev;

pub use answer::PageAnswer;
pub(crate) use dev::routes as dev_routes;
pub use dev::{DevUser, DevUsers};

/// One file of a page.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Below the page's own path, without a slash at its beginning.
    pub path: &'static str,
    pub content_type: &'static str,
    /// A digest of the content, without quotes.
    pub tag: &'static str,
    pub plain: &'static [u8],
    /// The same, compressed; empty if it was not.
    pub brotli: &'static [u8],
    pub gzip: &'static [u8],
}

/// The pages of this build.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    pub chat: &'static [Asset],
    pub console: &'static [Asset],
    pub docs: &'static [Asset],
    pub embed: &'static [Asset],
    /// Why those that are empty are, in words for whoever builds.
    pub missing: &'static str,
}

impl Pages {
    /// Of a program that was made without any.
    pub const NONE: Self = Self {
        chat: &[],
        console: &[],
        docs: &[],
        embed: &[],
        missing: "this program was built without its pages",
    };
}

/// The file of that path.
fn find(assets: &'static [Asset], path: &str) -> Option<&'static Asset> {
    assets.iter().find(|asset| asset.path == path)
}
