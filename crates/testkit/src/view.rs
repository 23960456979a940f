//! What one user sees of their chats, in one form for all who claim to know: the events, the HTTP answers, the model.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::person::Person;

/// Chats by their id.
pub type View = BTreeMap<String, ChatView>;

/// A chat as everyone in it sees it: nothing in here differs by member.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ChatView {
    pub name: String,
    pub members: BTreeSet<String>,
    /// By the seq of their creation.
    pub messages: BTreeMap<u64, MessageView>,
    /// The newest message that each member has read and that is still there.
    pub reads: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct MessageView {
    pub id: String,
    pub sender: String,
    pub text: String,
    pub at: String,
    pub edited_at: Option<String>,
    /// The message that this answers, if it is still there.
    pub reply_to: Option<String>,
    /// The reactions' ids, with who gave which emoji.
    pub reactions: BTreeMap<String, (String, String)>,
}

/// An id of version 7 that is newer than any: a page of history before it is the newest page, and asking for it
/// reads nothing.
const AFTER_ALL: &str = "ffffffff-ffff-7fff-bfff-ffffffffffff";
const PAGE: usize = 100;

pub(crate) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field}: {value}")).to_owned()
}

/// A message as history has it.
pub(crate) fn message_of(message: &Value) -> MessageView {
    let reactions = message["reactions"].as_array().expect("reactions");
    MessageView {
        id: text(message, "messageId"),
        sender: text(message, "senderId"),
        text: text(message, "content"),
        at: text(message, "timeStamp"),
        edited_at: message["editedAt"].as_str().map(str::to_owned),
        reply_to: message["replyTo"]["messageId"].as_str().map(str::to_owned),
        reactions: reactions
            .iter()
            .map(|given| (text(given, "reactionId"), (text(given, "senderId"), text(given, "reaction"))))
            .collect(),
    }
}

impl Person {
    /// Everything this user sees, read by HTTP alone. Reading it marks nothing as read.
    pub async fn view(&self) -> View {
        let mut view = View::new();
        for chat in self.all_chats().await {
            let id = text(&chat, "chatId");
            let seen = self.chat_view(&id).await.expect("a member of what is listed");
            view.insert(id, ChatView { name: text(&chat, "chatName"), ..seen });
        }
        view
    }

    /// All chats of this user, most recent activity first.
    pub async fn all_chats(&self) -> Vec<Value> {
        let mut chats = Vec::new();
        for page in 0.. {
            let path = format!("/api/chat/getChats?size={PAGE}&page={page}");
            let mut found = self.get(&path).await.ok();
            let found: Vec<Value> = serde_json::from_value(found["chats"].take()).expect("a list");
            let last = found.len() < PAGE;
            chats.extend(found);
            if last {
                break;
            }
        }
        chats
    }

    /// One chat without its name, unless this user is not in it (any more).
    pub async fn chat_view(&self, chat: &str) -> Option<ChatView> {
        let mut view = ChatView::default();
        (view.members, view.reads) = self.member_view(chat).await?;
        let mut last = AFTER_ALL.to_owned();
        loop {
            let path = format!("/api/messages/getMessages/{chat}?size={PAGE}&lastMessage={last}");
            let answer = self.get(&path).await;
            if answer.status == 404 {
                return None;
            }
            let page = answer.ok();
            let page = page["messages"].as_array().expect("messages");
            for message in page {
                let seq = message["seq"].as_u64().expect("a seq");
                let before = view.messages.insert(seq, message_of(message));
                assert!(before.is_none(), "two messages of one seq: {message}");
            }
            match page.last() {
                Some(oldest) if page.len() == PAGE => last = text(oldest, "messageId"),
                _ => return Some(view),
            }
        }
    }

    /// Who is in a chat, and what they have read, unless this user is not in it (any more).
    pub(crate) async fn member_view(
        &self,
        chat: &str,
    ) -> Option<(BTreeSet<String>, BTreeMap<String, String>)> {
        let answer = self.get(&format!("/api/chat/getUsers/{chat}")).await;
        if answer.status == 404 {
            return None;
        }
        let (mut members, mut reads) = (BTreeSet::new(), BTreeMap::new());
        for user in answer.ok()["users"].as_array().expect("users") {
            let id = text(user, "userId");
            if let Some(seen) = user["lastSeenMessage"].as_str() {
                reads.insert(id.clone(), seen.to_owned());
            }
            members.insert(id);
        }
        Some((members, reads))
    }

    /// Everything missed since a cursor, over HTTP, and the cursor to go on from.
    ///
    /// # Panics
    /// If the cursor is not honoured.
    pub async fn syncs(&self, since: &str) -> (Vec<Value>, String) {
        let (mut events, mut cursor) = (Vec::new(), since.to_owned());
        loop {
            let mut part = self.get(&format!("/api/chat/sync?since={cursor}")).await.ok();
            let found: Vec<Value> = serde_json::from_value(part["events"].take()).expect("a list");
            assert!(found.iter().all(|event| event["type"] != "RESYNC"), "{since} is not honoured");
            cursor = text(&part, "cursor");
            events.extend(found);
            if part["more"] == false {
                return (events, cursor);
            }
        }
    }

    /// A cursor of now.
    pub async fn cursor(&self) -> String {
        text(&self.get("/api/chat/sync?since=").await.ok(), "cursor")
    }
}
