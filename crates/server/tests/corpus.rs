//! The fuzzer's seeds, and what it once found, through the same check. `fuzz/run` is the fuzzer itself.

#[path = "fuzzed/stomp_session.rs"]
mod stomp_session;

#[test]
fn stomp_session_on_its_seeds() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/stomp_session");
    let mut replayed = 0;
    for file in std::fs::read_dir(seeds).expect("the seeds") {
        let path = file.expect("a seed").path();
        let input = std::fs::read(&path).expect("a seed");
        println!("{}", path.display());
        // A fuzzer cuts, too.
        for end in 0..=input.len() {
            stomp_session::check(&input[..end]);
        }
        replayed += 1;
    }
    assert!(replayed > 0, "no seeds");
}
