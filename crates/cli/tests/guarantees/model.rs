//! Histories made up by chance, played on the real server and on the model: everyone must end up seeing what the model
//! says, whether they were told event by event, caught up, or read it by HTTP.

mod deeds;
mod play;
mod story;

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use chinwag_testkit::Chinwag;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use tokio::runtime::Runtime;

use crate::scene::{BINARY, UNLIMITED, setting};
use play::Play;
use story::stories;

/// Small queues, so that who does not read is soon too slow.
const SMALL: &[(&str, &str)] = &[("limits.queue_bytes", "65536"), ("limits.demo_concurrent_users", "0")];
/// Attempts at a shorter story that fails too.
const SHRINKING_MAX: u32 = 150;

/// Runs for `CHINWAG_MODEL_SECONDS`, from `CHINWAG_SEED` on. A story that fails is shown as short as it can be told.
#[test]
fn everyone_sees_what_the_model_says() {
    let seconds = setting("CHINWAG_MODEL_SECONDS", 45);
    let first = setting("CHINWAG_SEED", u64::from(std::process::id()) << 16);
    let runtime = Runtime::new().expect("a run time");
    let chinwag = runtime.block_on(Chinwag::start(BINARY, &[UNLIMITED, SMALL].concat()));
    let (chinwag, apps) = (RefCell::new(chinwag), Cell::new(0));
    let (until, mut played) = (Instant::now() + Duration::from_secs(seconds), Tally::default());
    let mut seed = first;
    while Instant::now() < until {
        let tally = RefCell::new(Tally::default());
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let config = Config {
            cases: 1,
            max_shrink_iters: SHRINKING_MAX,
            failure_persistence: None,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let result = runner.run(&stories(), |story| {
            let mut chinwag = chinwag.borrow_mut();
            let counted = runtime.block_on(async {
                if !chinwag.is_running() {
                    chinwag.start_again().await;
                }
                // People of different stories never meet.
                apps.set(apps.get() + 1);
                let app = chinwag.company(&format!("company{}", apps.get())).await.app("chat").await;
                Play::new(&mut chinwag, &app).await.plays(&story).await
            });
            tally.replace(counted);
            Ok(())
        });
        if let Err(TestError::Fail(why, story)) = result {
            panic!("CHINWAG_SEED={seed}: {why}\nthe shortest story found: {story:#?}");
        }
        played.add(&tally.into_inner());
        seed += 1;
    }
    println!("CHINWAG_SEED={first}, {} stories without a violation: {played:?}", seed - first);
}

/// What was played, to see that the stories are worth playing.
#[derive(Debug, Default)]
struct Tally {
    steps: usize,
    done: usize,
    refused: usize,
    replayed: usize,
    resumed: usize,
    named_slow: u32,
    deaths: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.done += other.done;
        self.refused += other.refused;
        self.replayed += other.replayed;
        self.resumed += other.resumed;
        self.named_slow += other.named_slow;
        self.deaths += other.deaths;
    }
}
