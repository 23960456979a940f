//! What the parts of a message's way cost: `bench/run micro`.
//!
//! A message comes in (WebSocket, STOMP, the action), is written (alone, or with others), is encoded, and is fanned out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};

use chinwag_protocol::stomp::{Command, Decoder, Frame, FrameLimits, Version, encode_into};
use chinwag_protocol::{
    Action, ChatId, ChatName, Email, Envelope, EventKind, MessageText, Timestamp, UserId, Username, websocket,
};
use chinwag_server::chat::{ChatEvent, Published, Route};
use chinwag_server::clock::{Clock, Ids, SystemClock};
use chinwag_server::hub::{Announcement, Announcements, Budget, Encoded, Hub, Listen, Mailing, Outbox};
use chinwag_server::sessions::app::Tier;
use chinwag_server::store::{NewUser, Reach, Store, WriterThread};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use uuid::Uuid;

const TEXT_BYTES: usize = 100;
const LIMITS: FrameLimits = FrameLimits { frame_bytes_max: 65_536, header_bytes_max: 8_192, headers_max: 64 };

fn main() {
    divan::main();
}

fn action() -> String {
    let chat = Uuid::from_u128(7);
    format!(r#"{{"type":"SEND_MSG","chatId":"{chat}","message":"{}"}}"#, "x".repeat(TEXT_BYTES))
}

/// A SEND as a client writes it.
fn frame() -> Vec<u8> {
    let frame =
        Frame::new(Command::Send).with("destination", "/api/chat").with("receipt", 17).with_body(action());
    let mut bytes = Vec::new();
    encode_into(&frame, Version::V12, &mut bytes);
    bytes
}

fn event(position: u64) -> ChatEvent {
    ChatEvent {
        position,
        chat: ChatId(Uuid::from_u128(7)),
        sender: UserId(Uuid::from_u128(8)),
        seq: Some(position),
        kind: EventKind::MessageSent {
            message: "x".repeat(TEXT_BYTES),
            message_id: Uuid::from_u128(9).into(),
            time_stamp: Timestamp(1_700_000_000_000),
        },
        nonce: None,
        unread_count: None,
        replayed: false,
    }
}

mod codec {
    use super::*;

    /// Unmasks one message.
    #[divan::bench]
    fn websocket_message_in(bencher: Bencher<'_, '_>) {
        let mut message = Vec::new();
        websocket::text_into(&String::from_utf8(frame()).expect("text"), &mut message);
        // A client masks: its bit, and four bytes of mask after the length (RFC 6455, section 5.2).
        message[1] |= 0x80;
        message.splice(4..4, [1, 2, 3, 4]);
        bencher.with_inputs(|| (websocket::Decoder::new(65_536), message.clone())).bench_refs(
            |(decoder, message)| {
                decoder.feed(message, &mut |incoming| {
                    black_box(matches!(incoming, websocket::Incoming::Text(_)));
                })
            },
        );
    }

    #[divan::bench]
    fn stomp_frame_in(bencher: Bencher<'_, '_>) {
        let frame = frame();
        bencher.bench(|| {
            let mut decoder = Decoder::new(LIMITS);
            decoder.feed(black_box(&frame));
            decoder.next()
        });
    }

    #[divan::bench]
    fn action_in(bencher: Bencher<'_, '_>) {
        let action = action();
        bencher.bench(|| Envelope::parse(black_box(action.as_bytes()), 16_384));
    }

    #[divan::bench]
    fn receipt_out(bencher: Bencher<'_, '_>) {
        let receipt = Frame::new(Command::Receipt).with("receipt-id", 17);
        bencher.with_inputs(Vec::new).bench_refs(|out| encode_into(black_box(&receipt), Version::V12, out));
    }
}

mod encoding {
    use super::*;

    /// Once for an event.
    #[divan::bench]
    fn an_event(bencher: Bencher<'_, '_>) {
        let event = event(1);
        bencher.bench(|| Encoded::event(black_box(&event), "epoch"));
    }

    /// For each who is told: the shared bytes, with the receiver's id patched in.
    #[divan::bench]
    fn an_event_for_one_receiver(bencher: Bencher<'_, '_>) {
        let encoded = Encoded::event(&event(1), "epoch");
        let mailing = Mailing::to(UserId(Uuid::from_u128(1)));
        let mut out = Vec::with_capacity(4096);
        bencher.bench_local(|| {
            out.clear();
            mailing.write_tail(black_box(&encoded), &mut out);
            out.len()
        });
    }
}

mod writer {
    use super::*;

    struct Scene {
        store: Store,
        user: UserId,
        chat: ChatId,
        runtime: tokio::runtime::Runtime,
        _writer: WriterThread,
        _directory: tempfile::TempDir,
    }

    impl Scene {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a temporary directory");
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a run time");
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            let ids = Arc::new(Ids::new(Arc::clone(&clock)));
            let (store, writer) =
                Store::open(directory.path(), clock, ids, Announcements::unheard()).expect("a store");
            let (user, chat) = runtime.block_on(async {
                let app = store.create_app(Reach::All, "bench".into(), Tier::Demo).await.expect("an app");
                let name = || Username::parse("alice".into()).expect("a name");
                let new = NewUser {
                    app: app.id,
                    username: name(),
                    email: Email::parse("alice@example.com".into()).expect("an address"),
                    password_hash: "none".into(),
                    first_name: None,
                    sur_name: None,
                };
                let user = store.register_user(new).await.expect("a user").id;
                let chat_name = ChatName::parse("bench".into()).expect("a name");
                let chat = store.create_chat(app.id, user, chat_name, vec![name()]).await.expect("a chat");
                (user, chat.chat_id)
            });
            Self { store, user, chat, runtime, _writer: writer, _directory: directory }
        }

        fn send(&self, count: usize) {
            self.runtime.block_on(async {
                let mut answers = Vec::with_capacity(count);
                for _ in 0..count {
                    let message = MessageText::parse("x".repeat(TEXT_BYTES), 0).expect("a text");
                    let action = Action::Send { chat: self.chat, message };
                    answers.push(
                        self.store.act(self.user, vec![Envelope { action, sender: None, nonce: None }]).await,
                    );
                }
                for answer in answers {
                    answer.await.expect("a message that is kept");
                }
            });
        }
    }

    /// So many messages at once, until the last is on the disk.
    #[divan::bench(args = [1, 16, 256])]
    fn messages(bencher: Bencher<'_, '_>, at_once: usize) {
        let scene = Scene::new();
        bencher.counter(ItemsCount::new(at_once)).bench_local(|| scene.send(at_once));
    }
}

mod hub {
    use super::*;

    /// An event until it is in the queues of so many members, and taken out again.
    #[divan::bench(args = [2, 100, 5_000])]
    fn members(bencher: Bencher<'_, '_>, members: usize) {
        let (hub, fanout) = Hub::new(Arc::new(SystemClock));
        let thread = fanout.run(&hub, "epoch".into(), 0).expect("a thread");
        let budget = Budget::new(1 << 30, 1 << 20);
        let outboxes: Vec<Arc<Outbox>> =
            (0..members).map(|_| Outbox::new(Arc::clone(&budget), false)).collect();
        let listens = outboxes.iter().enumerate().map(|(at, outbox)| {
            Announcement::Listen(Listen {
                listener: hub.new_listener(),
                user: UserId(Uuid::from_u128(at as u128 + 100)),
                chats: vec![ChatId(Uuid::from_u128(7))],
                outbox: Arc::clone(outbox),
            })
        });
        hub.announcements().send(listens.collect());
        let position = AtomicU64::new(0);
        let mut taken = Vec::new();
        bencher.counter(ItemsCount::new(members)).bench_local(|| {
            let at = position.fetch_add(1, Ordering::Relaxed) + 1;
            let published = Published { event: event(at), route: Route::Members };
            hub.announcements().send(vec![Announcement::Event(Box::new(published))]);
            while hub.told() < at {
                std::thread::yield_now();
            }
            let mut context = Context::from_waker(Waker::noop());
            for outbox in &outboxes {
                let _ = outbox.poll_take(&mut context, usize::MAX, &mut taken);
            }
            taken.clear();
        });
        drop((hub, outboxes));
        thread.join().expect("the fan-out");
    }
}
