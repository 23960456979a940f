//! Stories of somebody at a terminal: keys and events in, a screen out.

mod scene;

use chinwag_client::{Event, EventKind, OutboxState};
use ratatui::crossterm::event::{KeyCode, KeyModifiers};

use super::update::{Effect, Input};
use scene::{ALICE, BOB, Scene, chat, id, sent};

#[test]
fn the_chats_and_the_conversation_are_on_the_screen() {
    let mut scene = Scene::live();
    scene.hears(sent(BOB, 2, "Tea?"));
    scene.hears(sent(BOB, 3, "Or 日本茶?"));
    scene.hears(sent(ALICE, 4, "yes"));
    scene.shows(&[
        " Chats                 │  Tea  alice, bob",
        "▌Tea                   │",
        " Coffee                │",
        "                       │                     ── 2026-11-22 ──",
        "                       │  bob  15:40",
        "                       │    Tea?",
        "                       │    Or 日本茶?",
        "                       │  alice  15:40",
        "                       │    yes",
        "                       │",
        "                       │  >",
        " ● live as alice                                                        F1 help",
    ]);
}

#[test]
fn what_is_written_is_sent_and_shown_as_waiting_until_it_is_stored() {
    let mut scene = Scene::live();
    assert_eq!(scene.types("hi"), [Effect::Type(chat(1)), Effect::Type(chat(1))]);
    assert_eq!(scene.presses(KeyCode::Enter), [Effect::Send(chat(1), "hi".to_owned())]);
    scene.told(scene::waiting(OutboxState::Queued, "hi"));
    assert!(scene.screen().contains("… hi"));
    scene.told(scene::waiting(OutboxState::Stored, "hi"));
    scene.hears(sent(ALICE, 2, "hi"));
    assert!(!scene.screen().contains("… hi") && scene.screen().contains("  hi"));
}

#[test]
fn what_was_refused_stays_with_its_reason() {
    let mut scene = Scene::live();
    scene.told(scene::waiting(OutboxState::Refused, "hi"));
    let screen = scene.screen();
    assert!(screen.contains("! hi") && screen.contains("the outbox is full"), "{screen}");
    assert_eq!(scene.presses_with('r', KeyModifiers::CONTROL), [Effect::Retry("n".to_owned())]);
    assert_eq!(scene.presses_with('x', KeyModifiers::CONTROL), [Effect::Discard("n".to_owned())]);
}

#[test]
fn a_message_is_replied_to_edited_reacted_to_and_deleted() {
    let mut scene = Scene::live();
    scene.hears(sent(BOB, 2, "Tea?"));
    scene.hears(sent(ALICE, 3, "yse"));
    scene.presses(KeyCode::Up);
    scene.types("e");
    assert!(scene.screen().contains("edit alice: yse"));
    scene.types("!");
    assert_eq!(scene.presses(KeyCode::Enter), [Effect::Edit(chat(1), id(3), "yse!".to_owned(), 3)]);
    scene.presses(KeyCode::Up);
    scene.presses(KeyCode::Up);
    assert!(scene.screen().contains("▌ Tea?"));
    scene.types("rfine");
    assert_eq!(scene.presses(KeyCode::Enter), [Effect::Reply(chat(1), id(2), "fine".to_owned())]);
    scene.presses(KeyCode::Up);
    scene.types("+🍵");
    assert_eq!(scene.presses(KeyCode::Enter), [Effect::React(chat(1), id(3), "🍵".to_owned())]);
    scene.presses(KeyCode::Up);
    scene.types("d");
    assert!(scene.screen().contains("delete?"));
    assert_eq!(scene.types("y"), [Effect::Delete(chat(1), id(3))]);
}

#[test]
fn changes_by_others_are_seen() {
    let mut scene = Scene::live();
    scene.hears(sent(BOB, 2, "Tee?"));
    scene.hears(sent(ALICE, 3, "yes"));
    scene.hears(scene::event(BOB, 4, scene::edited(2, "Tea?")));
    scene.hears(scene::event(BOB, 5, scene::reacted(3, "🍵")));
    scene.hears(scene::event(BOB, 6, EventKind::MessageRead { message_id: id(3), unread_count: None }));
    let screen = scene.screen();
    for seen in ["Tea? (edited)", "🍵 1", "✓ read by bob"] {
        assert!(screen.contains(seen), "{seen}: {screen}");
    }
    scene.hears(scene::event(BOB, 7, scene::deleted(3)));
    assert!(!scene.screen().contains("yes") && !scene.screen().contains('🍵'));
}

#[test]
fn what_is_seen_is_marked_as_read_once_and_what_is_not_is_counted() {
    let mut scene = Scene::live();
    assert_eq!(scene.hears(sent(BOB, 2, "one")), [Effect::Read(chat(1), id(2))]);
    assert_eq!(scene.told(Event::Resumed), []);
    let mut elsewhere = sent(BOB, 2, "two");
    elsewhere.chat_id = chat(2);
    assert_eq!(scene.hears(elsewhere), []);
    assert!(scene.screen().lines().nth(1).is_some_and(|line| line.contains("Coffee") && line.contains('1')));
}

#[test]
fn drafts_stay_in_their_chats() {
    let mut scene = Scene::live();
    scene.types("half a sen");
    let opened = scene.presses(KeyCode::Tab);
    assert_eq!(opened, [Effect::LoadMembers(chat(2)), Effect::LoadHistory(chat(2), None)]);
    assert!(!scene.screen().contains("half"));
    scene.presses(KeyCode::BackTab);
    assert!(scene.screen().contains("> half a sen"));
}

#[test]
fn who_types_is_named_for_a_while() {
    let mut scene = Scene::live();
    scene.hears(scene::event(BOB, 0, EventKind::Typing));
    assert!(scene.screen().contains("bob is typing…"));
    scene.takes(Input::Clock(10_000));
    assert!(!scene.screen().contains("typing"));
}

#[test]
fn scrolling_up_asks_for_older_messages_and_keeps_the_place() {
    let mut scene = Scene::live();
    for seq in 20..60 {
        scene.hears(sent(BOB, seq, &format!("word {seq}")));
    }
    scene.room().complete = false;
    assert_eq!(scene.presses(KeyCode::PageUp), []);
    assert!(scene.screen().contains("word 52") && !scene.screen().contains("word 59"), "{}", scene.screen());
    let pages: Vec<_> = (0..10).flat_map(|_| scene.presses(KeyCode::PageUp)).collect();
    assert_eq!(pages, [Effect::LoadHistory(chat(1), Some(id(20)))]);
    let before = scene.screen();
    let older = (10..20).rev().map(|seq| scene::message(BOB, seq, &format!("word {seq}"))).collect();
    scene.takes(Input::History(chat(1), Some(id(20)), older));
    scene.hears(sent(BOB, 60, "news"));
    assert!(
        scene.screen().contains("word 21") && !scene.screen().contains("news"),
        "{before}\n{}",
        scene.screen()
    );
    scene.presses(KeyCode::Esc);
    assert!(scene.screen().contains("news"));
}

#[test]
fn a_lost_connection_says_so_and_nothing_is_lost_of_what_is_written() {
    let mut scene = Scene::live();
    scene.types("wait");
    let reason = "the server fell silent".to_owned();
    scene.told(Event::Disconnected { reason: reason.clone(), will_reconnect: true });
    assert!(scene.screen().contains("○ the server fell silent"));
    scene.told(Event::Reconnecting { attempt: 3, reason });
    assert!(scene.screen().contains("reconnecting, attempt 3: the server fell silent"));
    assert!(scene.screen().contains("> wait"));
    assert_eq!(scene.types("!"), [], "nobody is told of typing meanwhile");
}

#[test]
fn signing_in_hides_what_is_secret() {
    let mut scene = Scene::at_the_door();
    for text in ["http://127.0.0.1:8080", "cwk_1", "alice", "correct horse"] {
        scene.types(text);
        scene.presses(KeyCode::Tab);
    }
    let screen = scene.screen();
    assert!(screen.contains("alice") && !screen.contains("cwk") && !screen.contains("horse"), "{screen}");
    let effects = scene.presses(KeyCode::Enter);
    assert!(
        matches!(&effects[..], [Effect::SignIn { name, password, .. }] if name == "alice" && password == "correct horse")
    );
    scene.takes(Input::SignedIn(Err("wrong name or password".to_owned())));
    assert!(scene.screen().contains("wrong name or password"));
}

#[test]
fn a_session_that_is_over_asks_who_is_there() {
    let mut scene = Scene::live();
    assert_eq!(scene.told(Event::Connected), [Effect::LoadChats]);
    scene.told(Event::Disconnected { reason: "the session has ended".to_owned(), will_reconnect: false });
    let screen = scene.screen();
    assert!(
        screen.contains("Sign in") && screen.contains("alice") && screen.contains("the session has ended"),
        "{screen}"
    );
    assert_eq!(scene.takes(Input::Stop), [Effect::Quit]);
}

/// Whatever the size, and whatever people write: nothing is drawn outside, and nothing panics.
#[test]
fn any_size_will_do() {
    let mut scene = Scene::live();
    for (seq, text) in [
        "👨‍👩‍👧‍👦".repeat(9),
        "x".repeat(300),
        "a\u{1b}[2J\u{7}".to_owned(),
        "\n\n\n".to_owned(),
        "日本語".repeat(40),
    ]
    .iter()
    .enumerate()
    {
        scene.hears(sent(if seq % 2 == 0 { BOB } else { ALICE }, seq as u64 + 2, text));
    }
    scene.types(&"wide 日本語 ".repeat(30));
    for width in (0..110).step_by(3) {
        for height in 0..30 {
            scene.is(width, height);
            scene.screen();
        }
    }
    scene.is(80, 24);
    assert!(!scene.screen().contains('\u{1b}'));
    for key in [KeyCode::Esc, KeyCode::Up, KeyCode::Up, KeyCode::PageUp, KeyCode::PageDown, KeyCode::F(1)] {
        scene.presses(key);
        scene.is(13, 5);
        scene.screen();
    }
}

#[test]
fn who_is_removed_is_in_the_next_chat() {
    let mut scene = Scene::live();
    let effects = scene.hears(scene::event(BOB, 2, EventKind::ChatDeleted));
    assert_eq!(effects, [Effect::LoadMembers(chat(2)), Effect::LoadHistory(chat(2), None)]);
    assert!(!scene.screen().contains("Tea"));
}
