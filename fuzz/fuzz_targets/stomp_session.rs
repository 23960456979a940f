#![no_main]

#[path = "../../crates/server/tests/fuzzed/stomp_session.rs"]
mod stomp_session;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stomp_session::check(bytes));
