//! The web pages, as the build script found or made them.

include!(concat!(env!("OUT_DIR"), "/pages.rs"));
