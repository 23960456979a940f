//! The eight actions, as both sides see them.

use chinwag_client::{Error, ErrorCode, EventKind, MessageId};
use chinwag_testkit::in_time;
use futures_util::TryStreamExt;

use crate::scene::{Tea, heard, scene, text};

async fn said(tea: &mut Tea, words: &str) -> MessageId {
    let stored = tea.alice.realtime().send_message(tea.chat, words).await.expect("it is stored");
    for events in [&mut tea.alices, &mut tea.bobs] {
        assert_eq!(text(&heard(events).await), Some(words));
    }
    stored.id
}

#[tokio::test]
async fn a_message_is_stored_heard_and_in_history() {
    let scene = scene().await;
    let mut tea = scene.tea().await;
    let stored = tea.alice.realtime().send_message(tea.chat, "hello").await.expect("it is stored");
    assert_eq!((stored.chat, stored.seq, stored.replayed), (tea.chat, Some(2), false));

    let event = heard(&mut tea.bobs).await;
    let EventKind::MessageSent { message, message_id, time_stamp } = &event.kind else { panic!("{event:?}") };
    assert_eq!((message.as_str(), *message_id, Some(*time_stamp)), ("hello", stored.id, stored.time));
    assert_eq!((event.seq, event.nonce), (stored.seq, None), "a nonce is its sender's");
    assert!(heard(&mut tea.alices).await.nonce.is_some());

    let history: Vec<_> = tea.bob.history(tea.chat).try_collect().await.expect("a history");
    assert_eq!(history.len(), 1);
    assert_eq!((history[0].content.message_id, history[0].changed_seq), (stored.id, 2));
}

#[tokio::test]
async fn editing_replying_and_deleting() {
    let scene = scene().await;
    let mut tea = scene.tea().await;
    let question = said(&mut tea, "tee?").await;

    let edit = tea.alice.realtime().edit_message(tea.chat, question, "tea?").await.expect("edited");
    assert_eq!((edit.id, edit.seq), (question, Some(3)));
    let event = heard(&mut tea.bobs).await;
    assert!(matches!(&event.kind, EventKind::MessageEdited { message, edited_at, .. }
        if message == "tea?" && Some(*edited_at) == edit.time));

    let reply = tea.bob.realtime().reply_to_message(tea.chat, question, "yes").await.expect("replied");
    let event = heard(&mut tea.bobs).await;
    let EventKind::Replied { message_id, reply_to: Some(original), .. } = &event.kind else {
        panic!("{event:?}")
    };
    assert_eq!((*message_id, original.content.as_str()), (reply.id, "tea?"));

    let gone = tea.alice.realtime().delete_message(tea.chat, question).await.expect("deleted");
    assert_eq!((gone.id, gone.seq), (question, Some(5)));
    assert!(
        matches!(heard(&mut tea.bobs).await.kind, EventKind::MessageDeleted { message_id, .. } if message_id == question)
    );
    let history = tea.bob.messages(tea.chat, 10, Some(reply.id)).await.expect("a page");
    assert!(history.is_empty());
}

#[tokio::test]
async fn what_somebody_changed_meanwhile_is_a_conflict() {
    let scene = scene().await;
    let mut tea = scene.tea().await;
    let message = said(&mut tea, "one").await;
    let realtime = tea.alice.realtime();
    realtime.edit_message_if(tea.chat, message, "two", 2).await.expect("nobody changed it");
    let refused = realtime.edit_message_if(tea.chat, message, "three", 2).await;
    let Err(Error::Refused(refusal)) = &refused else { panic!("{refused:?}") };
    assert_eq!(refusal.code, Some(ErrorCode::Conflict));
    assert_eq!(refusal.current.as_ref().map(|now| now.content.content.as_str()), Some("two"));
    assert!(realtime.delete_message_if(tea.chat, message, 2).await.is_err());
    realtime.delete_message_if(tea.chat, message, 3).await.expect("this is how it is");
}

#[tokio::test]
async fn reactions_are_given_once_and_taken_back() {
    let scene = scene().await;
    let mut tea = scene.tea().await;
    let message = said(&mut tea, "tea!").await;
    let realtime = tea.bob.realtime();
    let first = realtime.add_reaction(tea.chat, message, "🍵").await.expect("reacted");
    let again = realtime.add_reaction(tea.chat, message, "🍵").await.expect("the same");
    assert_eq!((first.id, first.seq, again.seq), (again.id, Some(3), None));
    let event = heard(&mut tea.alices).await;
    assert!(matches!(event.kind, EventKind::ReactionAdded { reaction_id, .. } if reaction_id == first.id));

    let back = realtime.remove_reaction(first.id).await.expect("taken back");
    assert_eq!((back.id, back.seq), (first.id, Some(4)));
    assert!(matches!(heard(&mut tea.alices).await.kind, EventKind::ReactionRemoved { .. }));
    assert!(matches!(realtime.add_reaction(tea.chat, message, "tea").await, Err(Error::InvalidText(_))));
}

#[tokio::test]
async fn reading_moves_forward_and_typing_is_told_to_the_others() {
    let scene = scene().await;
    let mut tea = scene.tea().await;
    let (one, two) = (said(&mut tea, "one").await, said(&mut tea, "two").await);
    let read = tea.bob.realtime().mark_as_read(tea.chat, two).await.expect("read");
    assert_eq!((read.id, read.seq), (two, Some(4)));
    assert!(
        matches!(heard(&mut tea.alices).await.kind, EventKind::MessageRead { message_id, .. } if message_id == two)
    );
    let back = tea.bob.realtime().mark_as_read(tea.chat, one).await.expect("read already");
    assert_eq!(back.seq, None);

    for _ in 0..100 {
        tea.bob.realtime().send_typing(tea.chat);
    }
    let event = heard(&mut tea.alices).await;
    assert!(matches!(event.kind, EventKind::Typing), "{event:?}");
    said(&mut Tea { chat: tea.chat, ..swapped(tea) }, "and once only").await;
}

/// Bob speaks in alice's place; he has yet to hear that he read.
fn swapped(tea: Tea) -> Tea {
    let mut bobs = tea.bobs;
    use futures_util::FutureExt;
    while let Some(Some(_)) = bobs.next().now_or_never() {}
    Tea { alice: tea.bob, alices: bobs, bob: tea.alice, bobs: tea.alices, ..tea }
}

#[tokio::test]
async fn a_refusal_says_what_was_wrong_and_holds_nothing_up() {
    let scene = scene().await;
    let mut tea = scene.tea().await;
    let realtime = tea.alice.realtime();
    let nowhere = "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id");
    let refused = realtime.send_message(nowhere, "hello?").await.expect_err("there is no such chat");
    assert_eq!(refused.code(), Some(ErrorCode::ChatNotFound));
    assert_eq!(
        realtime.send_message(tea.chat, "x".repeat(16_385)).await.expect_err("too long").code(),
        Some(ErrorCode::MessageTooLong)
    );
    assert!(matches!(realtime.send_message(tea.chat, " ").await, Err(Error::InvalidText(_))));
    assert_eq!(realtime.outbox().len(), 2, "until they are retried or discarded");
    for entry in realtime.outbox() {
        assert!(realtime.discard(&entry.nonce));
    }
    said(&mut tea, "hello").await;
}

#[tokio::test]
async fn dropping_a_call_does_not_take_it_back() {
    let scene = scene().await;
    let mut tea = scene.tea().await;
    {
        let mut call = std::pin::pin!(tea.alice.realtime().send_message(tea.chat, "said and done"));
        assert!(futures_util::poll!(call.as_mut()).is_pending());
    }
    assert_eq!(text(&heard(&mut tea.bobs).await), Some("said and done"));
}

#[tokio::test]
async fn many_at_once_keep_their_order() {
    let scene = scene().await;
    let mut tea = scene.tea().await;
    let calls = (0..200).map(|n| tea.alice.realtime().send_message(tea.chat, n.to_string()));
    let stored = in_time("all of them", futures_util::future::try_join_all(calls)).await.expect("stored");
    let seqs: Vec<_> = stored.iter().map(|stored| stored.seq).collect();
    assert_eq!(seqs, (2..202).map(Some).collect::<Vec<_>>());
    for n in 0..200 {
        assert_eq!(text(&heard(&mut tea.bobs).await), Some(n.to_string().as_str()));
    }
}
