//! A short run of the fuzzer without the fuzzer, by any compiler: every seed, cut at every length, and a number of inputs
//! made of them by chance. The chance is the same each time, so that a failure comes again.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Together some seconds of a debug build over all targets.
const MUTANTS: usize = 100_000;
const CHANGES_MAX: usize = 6;

/// # Panics
/// If the check does, having said of what.
pub(crate) fn replay(target: &str, check: fn(&[u8])) {
    let folder = format!("{}/../../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).expect("the seeds");
    let mut paths: Vec<_> = files.map(|file| file.expect("a seed").path()).collect();
    // A directory has no order of its own.
    paths.sort();
    let seeds: Vec<_> = paths.iter().map(|path| std::fs::read(path).expect("a seed")).collect();
    assert!(!seeds.is_empty(), "no seeds of {target}");
    let check = |input: &[u8]| {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(input))) {
            println!("{target} fails on b\"{}\"", input.escape_ascii());
            resume_unwind(panic);
        }
    };
    for seed in &seeds {
        (0..=seed.len()).for_each(|end| check(&seed[..end]));
    }
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    for _ in 0..MUTANTS {
        check(&chance.mutant(&seeds));
    }
}

/// Marsaglia's xorshift: no dependency, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    fn mutant(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(CHANGES_MAX) {
            self.change(&mut input, seeds);
        }
        input
    }

    /// One change, anywhere.
    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(8)).min(input.len()).max(at);
        match self.below(6) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.below(256) as u8,
            2 => input.insert(at, b"\0\n\r:\\,\"[{\xFF\x80\xC3"[self.below(12)]),
            3 => drop(input.drain(at..end)),
            4 => {
                let again = input[at..end].to_vec();
                drop(input.splice(at..at, again));
            }
            _ => {
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len() + 1);
                let until = (from + self.below(64)).min(other.len());
                drop(input.splice(at..at, other[from..until].iter().copied()));
            }
        }
    }
}
