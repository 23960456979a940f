//! Where the stories begin.

use chinwag_testkit::{App, Chinwag, Connection};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_chinwag");

/// A well-formed id that nothing has.
pub(crate) const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A server of one's own.
pub(crate) async fn chinwag() -> Chinwag {
    Chinwag::start(BINARY, &[]).await
}

pub(crate) async fn chinwag_with(settings: &[(&str, &str)]) -> Chinwag {
    Chinwag::start(BINARY, settings).await
}

/// Alice and bob, connected, in a chat that alice made. Its NEW_CHAT, seq 1, they have seen.
pub(crate) struct Tea {
    pub(crate) chinwag: Chinwag,
    pub(crate) app: App,
    pub(crate) alice: Connection,
    pub(crate) bob: Connection,
    pub(crate) chat: String,
}

pub(crate) async fn tea() -> Tea {
    tea_with(&[]).await
}

pub(crate) async fn tea_with(settings: &[(&str, &str)]) -> Tea {
    let chinwag = chinwag_with(settings).await;
    let app = chinwag.app().await;
    let mut alice = app.connected("alice").await;
    let mut bob = app.connected("bob").await;
    let chat = new_chat(&mut alice, &mut bob).await;
    Tea { chinwag, app, alice, bob, chat }
}

/// One more chat of these two, its NEW_CHAT seen by both.
pub(crate) async fn new_chat(creator: &mut Connection, other: &mut Connection) -> String {
    let chat = creator.creates_chat_with(&[&other.name]).await;
    for member in [creator, other] {
        assert_eq!(member.expect("NEW_CHAT").await.chat(), chat);
    }
    chat
}

/// The stories rest on this: that nothing came is proved, not assumed.
#[tokio::test]
#[should_panic(expected = "bob saw")]
async fn what_did_come_is_not_overlooked() {
    let mut tea = tea().await;
    tea.alice.says(&tea.chat, "hello").await;
    tea.bob.sees_nothing().await;
}

/// And on this: that a hole in a chat is noticed.
#[tokio::test]
#[should_panic(expected = "not the next of its chat")]
async fn what_did_not_come_is_missed() {
    let mut tea = tea().await;
    let mut bob = tea.bob;
    tea.alice.says(&tea.chat, "one").await;
    assert_eq!(bob.socket.next_frame().await.command, "MESSAGE", "taken behind the kit's back");
    tea.alice.says(&tea.chat, "two").await;
    bob.expect("SEND_MSG").await;
}
