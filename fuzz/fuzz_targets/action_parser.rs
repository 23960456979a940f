#![no_main]

#[path = "../../crates/protocol/tests/fuzzed/action_parser.rs"]
mod action_parser;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| action_parser::check(bytes));
