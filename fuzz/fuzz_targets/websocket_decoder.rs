#![no_main]

#[path = "../../crates/protocol/tests/fuzzed/websocket_decoder.rs"]
mod websocket_decoder;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| websocket_decoder::check(bytes));
