//! What was acknowledged is there after any death, once and in order; what was not is there once when said again.

use chinwag_testkit::{Chinwag, Device, Dice};

use crate::load::{Acknowledged, Database, Talker, is_sound, seqs_are_dense, words_are_kept};
use crate::scene::{Tea, setting, tea};

enum Death {
    /// SIGKILL.
    Sudden,
    /// SIGTERM.
    Asked,
}

/// Talkers over several connections and both doors, in two chats.
async fn talkers(tea: &Tea, seed: u64, all: &Acknowledged) -> Vec<Talker> {
    let other = tea.bob.creates_chat_with(&["alice"]).await;
    let laptop = tea.alice.another_device().await;
    vec![
        Talker::new("alice", &tea.alice, &tea.chat, seed, all),
        Talker::new("alices-laptop", &laptop, &tea.chat, seed + 1, all),
        Talker::new("bob", &tea.bob, &tea.chat, seed + 2, all),
        Talker::new("bob-elsewhere", &tea.bob, &other, seed + 3, all),
        Talker::new("alice-by-post", &tea.alice, &tea.chat, seed + 4, all).by_post(),
        Talker::new("bob-by-post", &tea.bob, &other, seed + 5, all).by_post(),
    ]
}

async fn survives(death: &Death, rounds: u64, seed: u64) {
    let mut tea = tea().await;
    let (mut dice, all) = (Dice::of(seed), Acknowledged::default());
    let mut talkers = talkers(&tea, seed, &all).await;
    // One who only listens, across all deaths.
    let mut witness = Device::of(&tea.bob);
    witness.goes_live().await;
    for round in 0..rounds {
        let talking: Vec<_> = talkers.drain(..).map(|talker| tokio::spawn(talker.talks())).collect();
        let most = *dice.pick(&[1, 20, 300, 1500]);
        let until = all.count() + dice.below(most);
        dies_at(&mut tea.chinwag, death, &all, until).await;
        for talking in talking {
            talkers.push(talking.await.expect("talking does not fail"));
        }
        look(&tea.chinwag, &talkers, round % 8 == 0);
        if matches!(death, Death::Sudden) && dice.below(3) == 0 {
            tea.chinwag.dies_starting().await;
        }
        tea.chinwag.start_again().await;
        witness.vanishes();
        witness.goes_live().await;
        println!("round {round}: {} acknowledged in all", all.count());
    }
    for talker in &mut talkers {
        talker.finishes().await;
    }
    assert!(talkers.iter().all(|talker| talker.promised() > 0), "everyone got a word in");
    witness.vanishes();
    witness.goes_live().await;
    assert_eq!(witness.replica.view(), tea.bob.view().await);
    tea.chinwag.stop().await;
    look(&tea.chinwag, &talkers, true);
}

async fn dies_at(chinwag: &mut Chinwag, death: &Death, all: &Acknowledged, until: usize) {
    // Everyone may have lost their connection before, if nobody is heard any more.
    chinwag_testkit::in_time("talk", all.reach(until)).await;
    match death {
        Death::Sudden => chinwag.kill().await,
        Death::Asked => chinwag.stop().await,
    }
}

/// At the files that death left behind.
fn look(chinwag: &Chinwag, talkers: &[Talker], closely: bool) {
    let database = Database::of(chinwag);
    seqs_are_dense(&database);
    words_are_kept(&database, &talkers.iter().collect::<Vec<_>>());
    if closely {
        is_sound(&database);
    }
}

fn seed() -> u64 {
    let seed = setting("CHINWAG_SEED", u64::from(std::process::id()));
    println!("CHINWAG_SEED={seed}");
    seed
}

/// `CHINWAG_ROUNDS` deaths on one data directory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sudden_death_takes_nothing_that_was_promised() {
    survives(&Death::Sudden, setting("CHINWAG_ROUNDS", 12), seed()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_under_load_takes_nothing_that_was_promised() {
    survives(&Death::Asked, setting("CHINWAG_ROUNDS", 12) / 3, seed()).await;
}
