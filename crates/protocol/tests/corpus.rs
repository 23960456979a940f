//! The fuzzer's seeds, and what it once found, through the same checks: by any compiler, in no time. `fuzz/run` is the
//! fuzzer itself.

#[path = "fuzzed/action_parser.rs"]
mod action_parser;
#[path = "fuzzed/stomp_decoder.rs"]
mod stomp_decoder;
#[path = "fuzzed/websocket_decoder.rs"]
mod websocket_decoder;

fn replay(target: &str, check: fn(&[u8])) {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds");
    let files = std::fs::read_dir(format!("{seeds}/{target}")).expect("the seeds");
    let mut replayed = 0;
    for file in files {
        let path = file.expect("a seed").path();
        let input = std::fs::read(&path).expect("a seed");
        println!("{}", path.display());
        // A fuzzer cuts, too.
        for end in 0..=input.len() {
            check(&input[..end]);
        }
        replayed += 1;
    }
    assert!(replayed > 0, "no seeds of {target}");
}

#[test]
fn stomp_decoder_on_its_seeds() {
    replay("stomp_decoder", stomp_decoder::check);
}

#[test]
fn action_parser_on_its_seeds() {
    replay("action_parser", action_parser::check);
}

#[test]
fn websocket_decoder_on_its_seeds() {
    replay("websocket_decoder", websocket_decoder::check);
}
