//! The fuzzer's seeds, what it once found, and a little chance, through the same checks. `fuzz/run` is the fuzzer itself.

#[path = "../../../fuzz/replay.rs"]
mod replay;
#[path = "fuzzed/sockjs_frames.rs"]
mod sockjs_frames;
#[path = "fuzzed/stomp_session.rs"]
mod stomp_session;

use replay::replay;

#[test]
fn stomp_session_for_a_moment() {
    replay("stomp_session", stomp_session::check);
}

#[test]
fn sockjs_frames_for_a_moment() {
    replay("sockjs_frames", sockjs_frames::check);
}
