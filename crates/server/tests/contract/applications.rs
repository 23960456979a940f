//! What an application's own server does in its app.

use chinwag_protocol::{Action, AppId, ChatId, ChatName, EventKind, Nonce, Timestamp, UserId};
use chinwag_server::chat::Refusal;
use chinwag_server::store::{
    AppUserError, ChatError, DeadLetter, ExternalId, FedEvent, HookChanges, HookSecret, NewAppUser, NewHook,
    NewImport, OldMessage, Parked, Progress, Stretch, Whom,
};
use uuid::Uuid;

use crate::world::{START, World, edit, envelope, react, send, text, username};

/// Everything in an app from the beginning, in parts of the size given.
async fn fed(world: &World, app: AppId, chat: Option<ChatId>, to: Option<u64>, size: usize) -> Vec<FedEvent> {
    let (mut events, mut since) = (Vec::new(), 0);
    loop {
        let part = world.store.feed(Stretch { app, chat, since, to, size }).await.unwrap();
        assert!(part.events.len() <= size && part.position >= since);
        assert!(!part.more || part.position > since, "it goes on");
        since = part.position;
        events.extend(part.events);
        if !part.more {
            return events;
        }
    }
}

fn positions(events: &[FedEvent]) -> Vec<u64> {
    events.iter().map(|fed| fed.event.position).collect()
}

pub(crate) async fn the_feed_tells_all_in_order_in_parts_of_any_size(world: World) {
    let tea = world.tea().await;
    let other = world.chat(tea.app, tea.bob, &["bob"]).await;
    for n in 0..30 {
        let (by, chat) = if n % 3 == 0 { (tea.bob, other) } else { (tea.alice, tea.chat) };
        let id = world.says(by, chat, &n.to_string()).await;
        if n % 5 == 0 {
            world.does(by, edit(chat, id, "edited", None)).await;
            world.does(by, react(chat, id, "👍")).await;
        }
    }
    let all = fed(&world, tea.app, None, None, 1000).await;
    assert_eq!(all.len(), 2 + 30 + 12);
    assert_eq!(positions(&all), (1..=44).collect::<Vec<_>>());
    for size in [1, 2, 7] {
        assert_eq!(fed(&world, tea.app, None, None, size).await, all, "parts of {size}");
    }
    let EventKind::MessageSent { message, .. } = &all[2].event.kind else { panic!("{:?}", all[2]) };
    assert_eq!(message, "edited", "in its newest state");
    assert_eq!(world.store.feed_head().await.unwrap(), 44);
}

pub(crate) async fn the_feed_of_one_app_and_of_one_chat(world: World) {
    let tea = world.tea().await;
    let (stranger, empty) = (world.app().await, world.app().await);
    let carol = world.user(stranger, "carol").await;
    let elsewhere = world.chat(stranger, carol, &["carol"]).await;
    let wine = world.chat(tea.app, tea.bob, &["bob"]).await;
    for n in 0..5 {
        world.says(carol, elsewhere, "?").await;
        world.says(tea.alice, tea.chat, &n.to_string()).await;
        world.says(tea.bob, wine, &n.to_string()).await;
    }
    let all = fed(&world, tea.app, None, None, 3).await;
    assert!(all.iter().all(|fed| fed.event.chat != elsewhere));
    assert_eq!(all.len(), 12);
    assert!(fed(&world, empty, None, None, 3).await.is_empty());
    let own: Vec<FedEvent> = all.iter().filter(|fed| fed.event.chat == wine).cloned().collect();
    assert_eq!(fed(&world, tea.app, Some(wine), None, 2).await, own);
    let third = own[2].event.position;
    assert_eq!(fed(&world, tea.app, Some(wine), Some(third), 2).await, own[..3]);
    assert!(fed(&world, stranger, Some(wine), None, 2).await.is_empty());
    world.store.delete_chat(tea.bob, wine).await.unwrap();
    let left = fed(&world, tea.app, Some(wine), None, 2).await;
    assert!(matches!(left.as_slice(), [FedEvent { event, .. }] if event.kind == EventKind::ChatDeleted));
}

fn nonce(text: &str) -> Nonce {
    Nonce::parse(text.to_owned()).unwrap()
}

fn old(sender: UserId, n: i64) -> OldMessage {
    OldMessage {
        sender,
        text: text(&n.to_string()),
        sent_at: Timestamp(n * 1000),
        edited_at: None,
        nonce: nonce(&n.to_string()),
        reply_to: (n > 0).then(|| nonce(&(n - 1).to_string())),
    }
}

pub(crate) async fn history_is_imported_densely_and_once(world: World) {
    let tea = world.tea().await;
    let new = NewImport {
        app: tea.app,
        name: ChatName::parse("old".to_owned()).unwrap(),
        creator: tea.alice,
        created_at: Timestamp(5),
        nonce: nonce("chat"),
    };
    let head = world.store.head();
    let chat = world.store.begin_import(new.clone()).await.unwrap();
    assert_eq!(world.store.begin_import(new).await.unwrap(), chat);
    let (outbox, _) = world.listens(tea.alice).await;
    let messages = |range: std::ops::Range<i64>| {
        range.map(|n| old(if n % 2 == 0 { tea.alice } else { tea.bob }, n)).collect::<Vec<_>>()
    };
    let first = world.store.import_messages(tea.app, chat, messages(0..4)).await.unwrap();
    let second = world.store.import_messages(tea.app, chat, messages(2..7)).await.unwrap();
    assert_eq!(second[..2].iter().map(|done| done.id).collect::<Vec<_>>(), [first[2].id, first[3].id]);
    assert_eq!(
        second.iter().map(|done| (done.seq, done.replayed)).collect::<Vec<_>>(),
        [(4, true), (5, true), (6, false), (7, false), (8, false)]
    );
    assert_eq!(world.store.head(), head + 8);
    let mut orphan = old(tea.alice, 9);
    orphan.reply_to = Some(nonce("nothing"));
    let refused = world.store.import_messages(tea.app, chat, vec![old(tea.bob, 8), orphan]).await;
    assert!(matches!(refused, Err(ChatError::Refused(Refusal::OriginalNotImported(_)))), "{refused:?}");
    assert_eq!(world.store.head(), head + 8, "all or none");
    assert!(world.told(tea.alice, head, 100).await.is_empty(), "nobody is in it");

    world.store.open_import(tea.app, chat, vec![tea.alice, tea.bob]).await.unwrap();
    world.store.open_import(tea.app, chat, vec![tea.alice, tea.bob]).await.unwrap();
    drop(outbox);
    let told = world.told(tea.bob, head, 100).await;
    assert!(matches!(told.as_slice(), [event] if event.seq == Some(10)), "{told:?}");
    let details =
        world.store.chats(tea.bob, chinwag_server::store::Page { offset: 0, size: 9 }).await.unwrap();
    let details = details.iter().find(|details| details.chat_id == chat).unwrap();
    assert_eq!((details.unread_count, details.created_at, details.members), (0, Timestamp(5), 2));
    let exported = world.store.export(chat, 0, 100).await.unwrap();
    assert_eq!(
        exported.iter().map(|(_, message)| message.content.time_stamp.0).collect::<Vec<_>>(),
        (0..7).map(|n| n * 1000).collect::<Vec<_>>()
    );
    assert_eq!(exported[3].1.reply_to.as_ref().unwrap().message_id, first[2].id);
    let (from, _) = exported[4];
    assert_eq!(world.store.export(chat, from, 100).await.unwrap(), exported[5..]);
    world.says(tea.bob, chat, "now").await;
    let details =
        world.store.chats(tea.alice, chinwag_server::store::Page { offset: 0, size: 9 }).await.unwrap();
    assert_eq!(details[0].unread_count, 1);
    let closed = world.store.import_messages(tea.app, chat, messages(7..8)).await;
    assert_eq!(closed, Err(ChatError::Refused(Refusal::ImportClosed)));
    let marks: Vec<bool> =
        fed(&world, tea.app, Some(chat), None, 3).await.iter().map(|fed| fed.imported).collect();
    assert_eq!(marks, [vec![true; 8], vec![false; 3]].concat());
}

pub(crate) async fn the_apps_own_user_acts_where_it_is_no_member(world: World) {
    let tea = world.tea().await;
    let other = world.app().await;
    let own = world.store.own_user(tea.app).await.unwrap();
    assert_eq!(world.store.own_user(tea.app).await.unwrap(), own);
    let id = world.says(own.id, tea.chat, "from the app").await;
    let rude = world.says(tea.bob, tea.chat, "rude").await;
    world.does(own.id, Action::Delete { chat: tea.chat, id: rude, if_seq: None }).await;
    let reaction = world.does(own.id, react(tea.chat, id, "👍")).await;
    let EventKind::ReactionAdded { reaction_id, .. } = reaction.kind else { panic!("{reaction:?}") };
    world.does(own.id, Action::Unreact { id: reaction_id }).await;
    let together = vec![envelope(send(tea.chat, "a"), Some("n")), envelope(send(tea.chat, "b"), None)];
    let done = world.store.act(own.id, together).await.await.unwrap();
    assert_eq!(done.len(), 2);
    let again = world.queued(own.id, send(tea.chat, "a"), Some("n")).await.await.unwrap();
    assert!(again[0].event.replayed);
    let read = Action::Read { chat: tea.chat, id };
    assert!(world.queued(own.id, read, None).await.await.is_err(), "it has no read pointer");
    let foreign = world.store.own_user(other).await.unwrap();
    assert!(world.queued(foreign.id, send(tea.chat, "hi"), None).await.await.is_err());
    assert_eq!(world.store.members(tea.alice, tea.chat).await.unwrap().len(), 2);
}

pub(crate) async fn users_are_known_by_what_their_application_calls_them(world: World) {
    let (app, other) = (world.app().await, world.app().await);
    let crm: ExternalId = "crm-7".parse().unwrap();
    let new =
        |app, name| NewAppUser { external_id: Some(crm.clone()), ..NewAppUser::named(app, username(name)) };
    let alice = world.store.register_app_user(new(app, "alice")).await.unwrap();
    let taken = world.store.register_app_user(new(app, "alicia")).await;
    assert_eq!(taken, Err(AppUserError::ExternalIdTaken));
    assert!(matches!(world.store.register_app_user(new(app, "alice")).await, Err(AppUserError::Register(_))));
    let same = world.store.register_app_user(new(other, "alice")).await.unwrap();
    let by = |app, whom| {
        let store = world.store.clone();
        async move { store.app_user(app, whom).await.unwrap() }
    };
    assert_eq!(by(app, Whom::External(crm.clone())).await.as_ref(), Some(&alice));
    assert_eq!(by(other, Whom::External(crm.clone())).await, Some(same));
    assert_eq!(by(app, Whom::Named(username("alice"))).await.as_ref(), Some(&alice));
    assert_eq!(by(other, Whom::Id(alice.user.id)).await, None);
    assert_eq!(world.store.app_users(app, None, 9).await.unwrap(), std::slice::from_ref(&alice));
    assert_eq!(
        world.store.user_credentials(app, username("alice")).await.unwrap(),
        None,
        "no password opens it"
    );
    assert!(world.store.delete_user(alice.user.id).await.unwrap());
    let _ = world.store.register_app_user(new(app, "alice")).await.unwrap();
}

fn endpoint(app: AppId) -> NewHook {
    NewHook {
        app,
        url: "https://example.com/".to_owned(),
        description: String::new(),
        events: vec!["SEND_MSG".to_owned(), "REPLY".to_owned()],
        enabled: true,
        secret: HookSecret::new("whsec_one".to_owned()),
        position: 1,
    }
}

pub(crate) async fn an_endpoint_is_kept_with_its_progress(world: World) {
    let tea = world.tea().await;
    let hook = world.store.create_hook(endpoint(tea.app)).await.unwrap();
    assert_eq!((hook.position, hook.events.len(), hook.attempts), (1, 2, 0));
    let (owner, thief) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert_eq!(world.store.claim_hooks(owner).await.unwrap(), std::slice::from_ref(&hook));
    let parked = Parked { chat: tea.chat, position: 3, since: START, attempts: 1, next_at: Timestamp(9) };
    let letter = |position| DeadLetter {
        position,
        chat: tea.chat,
        kind: "SEND_MSG".to_owned(),
        error: "answered 500".to_owned(),
        at: START,
        again: false,
    };
    let progress = Progress {
        position: 7,
        failing_since: Some(START),
        attempts: 2,
        next_at: Timestamp(8),
        succeeded: true,
        error: Some("answered 500".to_owned()),
        park: vec![parked],
        bury: vec![letter(4), letter(5)],
        ..Progress::default()
    };
    let key = (hook.id, hook.version);
    assert!(world.store.keep_progress(key, owner, progress.clone()).await.unwrap());
    if !world.url.is_empty() {
        assert_eq!(world.store.claim_hooks(thief).await.unwrap(), [], "one process serves it");
        assert!(!world.store.keep_progress(key, thief, progress.clone()).await.unwrap());
        world.store.release_hooks(owner).await.unwrap();
        assert_eq!(world.store.claim_hooks(thief).await.unwrap().len(), 1);
        world.store.release_hooks(thief).await.unwrap();
        assert_eq!(world.store.claim_hooks(owner).await.unwrap().len(), 1);
    }
    let kept = world.store.hook(hook.id).await.unwrap().unwrap();
    assert_eq!((kept.position, kept.attempts, kept.failing_since), (7, 2, Some(START)));
    assert_eq!((kept.succeeded_at, kept.failed_at), (Some(START), Some(START)));
    assert_eq!(world.store.parked(hook.id).await.unwrap(), [parked]);
    assert_eq!(world.store.dead_letters(hook.id, 0, false, 9).await.unwrap(), [letter(4), letter(5)]);
    assert_eq!(world.store.retry_dead_letters(hook.id, Some(vec![5])).await.unwrap(), 1);
    let again = world.store.dead_letters(hook.id, 0, true, 9).await.unwrap();
    assert!(matches!(again.as_slice(), [letter] if letter.position == 5 && letter.again));
    assert!(!world.store.keep_progress(key, owner, progress).await.unwrap(), "its owner changed it");

    let kept = world.store.hook(hook.id).await.unwrap().unwrap();
    let revived = Progress { position: 7, revived: vec![5], unpark: vec![tea.chat], ..Progress::default() };
    assert!(world.store.keep_progress((hook.id, kept.version), owner, revived).await.unwrap());
    assert_eq!(world.store.dead_letters(hook.id, 0, false, 9).await.unwrap(), [letter(4)]);
    assert_eq!(world.store.parked(hook.id).await.unwrap(), []);
    let secret = HookSecret::new("whsec_two".to_owned());
    let changes = HookChanges {
        secret: Some((secret.clone(), Timestamp(99))),
        position: Some(2),
        enabled: Some(false),
        ..HookChanges::default()
    };
    let changed = world.store.change_hook(hook.id, changes).await.unwrap().unwrap();
    assert_eq!((changed.position, changed.enabled, changed.secret), (2, false, secret));
    assert_eq!(changed.old_secret, Some((HookSecret::new("whsec_one".to_owned()), Timestamp(99))));
    assert_eq!(changed.url, "https://example.com/");
    assert_eq!(world.store.claim_hooks(owner).await.unwrap(), []);
    assert!(
        world.store.delete_hook(hook.id).await.unwrap() && !world.store.delete_hook(hook.id).await.unwrap()
    );
    assert_eq!(world.store.hooks(tea.app).await.unwrap(), []);
}

pub(crate) async fn a_moment_is_found_again(world: World) {
    let tea = world.tea().await;
    let at = |ms: i64| Timestamp(START.0 + ms);
    assert_eq!(world.store.position_at(at(0)).await.unwrap(), 0);
    world.clock.advance_ms(100);
    world.store.note_moment().await.unwrap();
    let noted = world.store.feed_head().await.unwrap();
    world.says(tea.alice, tea.chat, "hi").await;
    world.clock.advance_ms(100);
    world.store.note_moment().await.unwrap();
    for (ms, position) in [(100, 0), (101, noted), (200, noted), (201, noted + 1), (9999, noted + 1)] {
        assert_eq!(world.store.position_at(at(ms)).await.unwrap(), position, "{ms}");
    }
}
