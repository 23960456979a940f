#![no_main]

#[path = "../../crates/protocol/tests/fuzzed/stomp_decoder.rs"]
mod stomp_decoder;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stomp_decoder::check(bytes));
