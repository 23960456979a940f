//! The fuzzer's seeds, and what it once found, through the same check. `fuzz/run` is the fuzzer itself.

#[path = "fuzzed/sockjs_frames.rs"]
mod sockjs_frames;
#[path = "fuzzed/stomp_session.rs"]
mod stomp_session;

#[test]
fn stomp_session_on_its_seeds() {
    replay("stomp_session", stomp_session::check);
}

#[test]
fn sockjs_frames_on_their_seeds() {
    replay("sockjs_frames", sockjs_frames::check);
}

fn replay(target: &str, check: fn(&[u8])) {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds");
    let mut replayed = 0;
    for file in std::fs::read_dir(format!("{seeds}/{target}")).expect("the seeds") {
        let path = file.expect("a seed").path();
        let input = std::fs::read(&path).expect("a seed");
        println!("{}", path.display());
        // A fuzzer cuts, too.
        for end in 0..=input.len() {
            check(&input[..end]);
        }
        replayed += 1;
    }
    assert!(replayed > 0, "no seeds");
}
