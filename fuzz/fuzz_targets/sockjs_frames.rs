#![no_main]

#[path = "../../crates/server/tests/fuzzed/sockjs_frames.rs"]
mod sockjs_frames;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sockjs_frames::check(bytes));
