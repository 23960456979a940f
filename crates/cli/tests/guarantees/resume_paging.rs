//! However much was missed, it comes in parts, whole, and without holding up anybody else.

use chinwag_testkit::{Connection, send};
use serde_json::json;

use crate::absence::said;
use crate::scene::{Tea, bodies, replica_of, say, takes, tea};

/// Says this many things without waiting for each.
async fn says_many(speaker: &mut Connection, chat: &str, count: usize) {
    let chunk = 500;
    for first in (0..count).step_by(chunk) {
        let upto = count.min(first + chunk);
        speaker.socket.send_all((first..upto - 1).map(|n| send(&say(chat, &format!("m{n}"))))).await;
        speaker.does(say(chat, &format!("m{}", upto - 1))).await;
    }
}

async fn misses(count: usize) {
    let Tea { chinwag, alice, bob, chat, .. } = tea().await;
    let other = alice.creates_chat_with(&["bob"]).await;
    let (mut replica, since) = (replica_of(&bob).await, bob.cursor().await);
    let mut speaker = alice.connects().await;
    says_many(&mut speaker, &chat, count / 2).await;
    said(&alice, &other, "between").await;
    says_many(&mut speaker, &chat, count - count / 2 - 1).await;

    let missed = bodies(bob.resumes(&since).await.catches_up().await);
    assert_eq!(missed.len(), count);
    assert!(
        missed
            .iter()
            .filter(|event| event["chatId"] == chat)
            .filter_map(|event| event["seq"].as_u64())
            .eq(2..=count as u64)
    );
    let (by_http, cursor) = bob.syncs(&since).await;
    assert_eq!(by_http, missed);
    assert_eq!(bob.syncs(&cursor).await.0.len(), 0);
    takes(&mut replica, &bob, missed).await;
    assert_eq!(replica.view(), bob.view().await);
    drop(chinwag);
}

#[tokio::test]
async fn parts_meet_without_a_seam() {
    for count in [199, 200, 201, 401, 501] {
        misses(count).await;
    }
}

#[tokio::test]
async fn ten_thousand_changes_are_no_matter() {
    misses(10_050).await;
}

/// Parts end at a size in bytes too.
#[tokio::test]
async fn long_messages_make_short_parts() {
    let Tea { chinwag, alice, bob, chat, .. } = tea().await;
    let since = bob.cursor().await;
    let long = "x".repeat(16 * 1024);
    let mut speaker = alice.connects().await;
    speaker.socket.send_all((0..99).map(|_| send(&say(&chat, &long)))).await;
    speaker.does(say(&chat, &long)).await;
    let missed = bodies(bob.resumes(&since).await.catches_up().await);
    assert_eq!(missed.len(), 100);
    assert_eq!(bob.syncs(&since).await.0, missed);
    let first = bob.get(&format!("/api/chat/sync?since={since}")).await.ok();
    let part = first["events"].as_array().expect("events").len();
    assert!(part < 30 && first["more"] == true, "{part} long messages in one answer");
    drop(chinwag);
}

/// While one catches up on much, another is answered at once.
#[tokio::test]
async fn catching_up_holds_up_nobody() {
    let Tea { chinwag, alice, bob, chat, .. } = tea().await;
    let since = bob.cursor().await;
    let mut speaker = alice.connects().await;
    says_many(&mut speaker, &chat, 6000).await;
    let mut back = bob.resumes(&since).await;
    let first = back.expect("SEND_MSG").await;
    assert_eq!(first["message"], "m0");
    // Not one more frame is read for bob, and alice goes on.
    while speaker.next_event().await["message"] != "m5999" {}
    for n in 0..20 {
        speaker.says(&chat, &format!("beside {n}")).await;
    }
    let rest = bodies(back.catches_up().await);
    let last = rest.last().map_or_else(|| json!(null), |event| event["seq"].clone());
    let beside = 20 + 6000 - 1 - rest.len();
    let mut next = last.as_u64().expect("a seq");
    for _ in 0..beside {
        let event = back.expect("SEND_MSG").await;
        next += 1;
        assert_eq!(event.seq(), next);
    }
    assert_eq!(next, 1 + 6020);
    drop(chinwag);
}
