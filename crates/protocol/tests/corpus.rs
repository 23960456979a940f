//! The fuzzer's seeds, what it once found, and a little chance, through the same checks. `fuzz/run` is the fuzzer itself.

#[path = "fuzzed/action_parser.rs"]
mod action_parser;
#[path = "../../../fuzz/replay.rs"]
mod replay;
#[path = "fuzzed/stomp_decoder.rs"]
mod stomp_decoder;
#[path = "fuzzed/websocket_decoder.rs"]
mod websocket_decoder;

use replay::replay;

#[test]
fn stomp_decoder_for_a_moment() {
    replay("stomp_decoder", stomp_decoder::check);
}

#[test]
fn action_parser_for_a_moment() {
    replay("action_parser", action_parser::check);
}

#[test]
fn websocket_decoder_for_a_moment() {
    replay("websocket_decoder", websocket_decoder::check);
}
