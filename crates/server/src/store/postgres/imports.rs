//! History from elsewhere: a chat that nobody is in, messages with their own times, and its opening. Each is done alone
//! (`verbs.rs`).

use std::collections::HashMap;

use chinwag_protocol::{AppId, ChatId, EventKind, MessageId, UserId};
use uuid::Uuid;

use super::flush::Ready;
use super::line::ask;
use super::verbs::{Change, Not, Outcome, Scene, Verb};
use super::{Postgres, big, natural};
use crate::chat::{Published, Refusal, Route};
use crate::clock::Ids;
use crate::store::applications::ImportState;
use crate::store::event::{Stamp, stored};
use crate::store::{ChatError, Imported, NewImport, OldMessage, StoreError};

impl Postgres {
    pub(in crate::store) async fn begin_import(&self, new: NewImport) -> Result<ChatId, ChatError> {
        match self.verb(Verb::BeginImport(new)).await? {
            Outcome::Made(chat) => Ok(chat),
            _ => Err(StoreError::Unavailable("no chat was made".to_owned()).into()),
        }
    }

    pub(in crate::store) async fn import_messages(
        &self,
        app: AppId,
        chat: ChatId,
        messages: Vec<OldMessage>,
    ) -> Result<Vec<Imported>, ChatError> {
        match self.verb(Verb::Import { app, chat, messages }).await? {
            Outcome::Imported(imported) => Ok(imported),
            _ => Err(StoreError::Unavailable("nothing was imported".to_owned()).into()),
        }
    }

    pub(in crate::store) async fn open_import(
        &self,
        app: AppId,
        chat: ChatId,
        members: Vec<UserId>,
    ) -> Result<(), ChatError> {
        self.verb(Verb::OpenImport { app, chat, members }).await.map(drop)
    }
}

/// Rows of messages to be, with positions counted from the one before the first.
#[derive(Default)]
struct Rows {
    nths: Vec<i64>,
    ids: Vec<Uuid>,
    senders: Vec<Uuid>,
    sender_nths: Vec<i64>,
    originals: Vec<Option<Uuid>>,
    sent_at: Vec<i64>,
    edited_at: Vec<Option<i64>>,
    texts: Vec<Vec<u8>>,
    nonces: Vec<Vec<u8>>,
}

const INSERT: &str = "INSERT INTO messages (chat, position, id, seq, nth, sender, sender_nth, reply_to, sent_at,
                                            edited_at, changed_seq, text)
    SELECT $1::uuid, h.position - $2::int8 + w.n, w.id, $3::int8 + w.n, $4::int8 + w.n, w.sender, w.sender_nth,
           w.reply_to, w.sent_at, w.edited_at, $3::int8 + w.n, w.text
    FROM head h, unnest($5::int8[], $6::uuid[], $7::uuid[], $8::int8[], $9::uuid[], $10::int8[], $11::int8[], $12::bytea[])
         w (n, id, sender, sender_nth, reply_to, sent_at, edited_at, text)";
/// Who wrote here was here: what they wrote is found when they are erased.
const WERE_HERE: &str = "INSERT INTO members (chat, user_id, joined_at, joined_position, left_position, read_position,
                                              read_nth)
    SELECT DISTINCT ON (w.sender) $1::uuid, w.sender, w.at, h.position - $2::int8 + w.n, h.position - $2::int8 + w.n, 0, 0
    FROM head h, unnest($3::int8[], $4::uuid[], $5::int8[]) w (n, sender, at) ORDER BY w.sender, w.n
    ON CONFLICT (chat, user_id) DO NOTHING";
const KEEP_NONCES: &str = "INSERT INTO imported (owner, nonce, made, seq)
    SELECT $1::uuid, w.nonce, w.made, $2::int8 + w.n FROM unnest($3::bytea[], $4::uuid[], $5::int8[]) w (nonce, made, n)";
const ADVANCE: &str = "UPDATE chats SET head_seq = head_seq + $2, sent = sent + $2,
        head_position = (SELECT position FROM head), active_position = (SELECT position FROM head) WHERE id = $1";
const HAVE_READ: &str = "UPDATE members SET (read_position, read_nth) =
        (SELECT position, nth FROM messages WHERE chat = $1 ORDER BY position DESC LIMIT 1)
    WHERE chat = $1 AND EXISTS (SELECT FROM messages WHERE chat = $1)";
const OPEN: &str = "UPDATE chats SET importing = false, head_seq = head_seq + $2::int8, group_chat = $3,
        head_position = (SELECT position FROM head), imported_to = (SELECT position - $2::int8 + 1 FROM head)
    WHERE id = $1";
const JOIN_ALL: &str =
    "INSERT INTO members (chat, user_id, joined_at, joined_position, change_position, read_position,
                                             read_nth)
    SELECT $1::uuid, w.user_id, $3::int8, h.position - $2::int8 + w.n, h.position - $2::int8 + w.n, 0, 0
    FROM head h, unnest($4::uuid[], $5::int8[]) w (user_id, n)
    ON CONFLICT (chat, user_id) DO UPDATE SET joined_at = excluded.joined_at,
        joined_position = excluded.joined_position, change_position = excluded.change_position";
const TELL_ALL: &str = "INSERT INTO changes (chat, position, seq, kind, sender, subject, text, at)
    SELECT $1::uuid, h.position - $2::int8 + w.n, $3::int8 + w.n, 'USER_JOIN', $4::uuid, w.user_id, u.username, $5::int8
    FROM head h, unnest($6::uuid[], $7::int8[]) w (user_id, n) JOIN users u ON u.id = w.user_id";

impl Scene<'_> {
    pub(super) async fn begin_import(&self, ids: &Ids, new: &NewImport) -> Result<(Ready, Outcome), Not> {
        let nonce = new.nonce.as_str().as_bytes();
        let known = self.made(new.app.0, &[nonce]).await?;
        if let Some((made, _)) = known.get(nonce) {
            return Ok((Ready::nothing(), Outcome::Made(ChatId(*made))));
        }
        self.are_users(new.app, &[new.creator]).await?;
        let chat: ChatId = ids.next();
        let sql = "INSERT INTO chats (id, app, name, creator, group_chat, created_at, head_seq, head_position,
                                      active_position, sent, importing)
                   SELECT $1::uuid, $2::uuid, $3::text, $4::uuid, false, $5::int8, 1, position, position, 0, true
                   FROM head";
        let name = new.name.as_str().to_owned();
        let (creator, at) = (new.creator, new.created_at.0);
        let change = Change { kind: "NEW_CHAT", sender: creator, subject: None, text: None };
        let nonces = vec![nonce.to_vec()];
        let asks = vec![
            ask!(sql, chat.0, new.app.0, name.clone(), creator.0, at),
            self.kept(chat, 1, &change),
            ask!(KEEP_NONCES, new.app.0, 0_i64, nonces, vec![chat.0], vec![1_i64]),
        ];
        let stamp = Stamp { seq: 1, position: 1, at: self.now, sent: 0 };
        let kind = EventKind::ChatCreated { chat_name: name, time_stamp: self.now };
        let event = stored(chat, creator, &stamp, kind);
        Ok((Ready::one(asks, Published { event, route: Route::Members }), Outcome::Made(chat)))
    }

    pub(super) async fn import(
        &self,
        ids: &Ids,
        app: AppId,
        chat: ChatId,
        messages: &[OldMessage],
    ) -> Result<(Ready, Outcome), Not> {
        let locked = self.lock(chat).await?.ok_or(Refusal::ChatNotFound)?;
        match self.import_state(app, chat).await?.ok_or(Refusal::ChatNotFound)? {
            ImportState::Importing => {}
            ImportState::Opened | ImportState::Never => return Err(Refusal::ImportClosed.into()),
        }
        let replies = messages.iter().filter_map(|message| message.reply_to.as_ref());
        let nonces = messages.iter().map(|message| &message.nonce).chain(replies);
        let nonces: Vec<&[u8]> = nonces.map(|nonce| nonce.as_str().as_bytes()).collect();
        let mut made = self.made(chat.0, &nonces).await?;
        let senders: Vec<UserId> = messages.iter().map(|message| message.sender).collect();
        self.are_users(app, &senders).await?;
        let mut nths = self.sender_nths(chat, &senders).await?;
        let before = (locked.stamp.seq - 1, locked.stamp.sent);
        let (mut rows, mut published, mut imported) = (Rows::default(), Vec::new(), Vec::new());
        for old in messages {
            let nonce = old.nonce.as_str().as_bytes();
            if let Some((id, seq)) = made.get(nonce) {
                imported.push(Imported { id: MessageId(*id), seq: *seq, replayed: true });
                continue;
            }
            let original = match &old.reply_to {
                None => None,
                Some(nonce) => {
                    let found = made.get(nonce.as_str().as_bytes());
                    let missing = || Refusal::OriginalNotImported(nonce.as_str().to_owned());
                    Some(found.ok_or_else(missing)?.0)
                }
            };
            let id: Uuid = ids.next();
            let n = rows.ids.len() as u64 + 1;
            let nth = nths.entry(old.sender).or_default();
            *nth += 1;
            let stamp = Stamp { seq: before.0 + n, position: n, at: old.sent_at, sent: before.1 + n };
            rows.add(old, id, original, *nth);
            made.insert(nonce.to_vec(), (id, stamp.seq));
            imported.push(Imported { id: MessageId(id), seq: stamp.seq, replayed: false });
            let event = stored(chat, old.sender, &stamp, said(old, id, original));
            published.push(Published { event, route: Route::Members });
        }
        let count = rows.ids.len() as u64;
        if count == 0 {
            return Ok((Ready::nothing(), Outcome::Imported(imported)));
        }
        let asks = rows.into_asks(chat, before);
        let ready = Ready { moved: count, count, asks, is_begun: false, published };
        Ok((ready, Outcome::Imported(imported)))
    }

    pub(super) async fn open_import(
        &self,
        app: AppId,
        chat: ChatId,
        members: &[UserId],
    ) -> Result<(Ready, Outcome), Not> {
        let locked = self.lock(chat).await?.ok_or(Refusal::ChatNotFound)?;
        match self.import_state(app, chat).await?.ok_or(Refusal::ChatNotFound)? {
            ImportState::Importing => {}
            ImportState::Opened => return Ok((Ready::nothing(), Outcome::Done)),
            ImportState::Never => return Err(Refusal::ImportClosed.into()),
        }
        if !members.contains(&locked.creator) {
            return Err(Refusal::CreatorNotIncluded.into());
        }
        let names = self.are_users(app, members).await?;
        let mut joining = vec![locked.creator];
        joining.extend(members.iter().filter(|user| **user != locked.creator));
        let count = joining.len() as u64;
        let users: Vec<Uuid> = joining.iter().map(|user| user.0).collect();
        let nths: Vec<i64> = (1..).take(joining.len()).collect();
        let (seq, at) = (locked.stamp.seq - 1, self.now.0);
        let creator = locked.creator.0;
        let asks = vec![
            ask!(JOIN_ALL, chat.0, big(count), at, users.clone(), nths.clone()),
            ask!(TELL_ALL, chat.0, big(count), big(seq), creator, at, users, nths),
            ask!(HAVE_READ, chat.0),
            ask!(OPEN, chat.0, big(count), joining.len() > 2),
        ];
        let tell = |(user, n): (UserId, u64)| {
            let stamp = Stamp { seq: seq + n, position: n, at: self.now, sent: 0 };
            let username = names.get(&user).cloned().unwrap_or_default();
            let kind = EventKind::UserJoined { user_id: user, username };
            let event = stored(chat, locked.creator, &stamp, kind);
            Published { event, route: Route::Joined(vec![user]) }
        };
        let published = joining.into_iter().zip(1..).map(tell).collect();
        Ok((Ready { moved: count, count, asks, is_begun: false, published }, Outcome::Done))
    }

    /// What each is called. Refuses unless all are users of the app, who cannot be deleted until this transaction ends.
    async fn are_users(&self, app: AppId, users: &[UserId]) -> Result<HashMap<UserId, String>, Not> {
        let asked: Vec<Uuid> = users.iter().map(|user| user.0).collect();
        let sql = "SELECT id, username FROM users WHERE app = $1 AND id = ANY ($2) AND username IS NOT NULL
                   ORDER BY id FOR SHARE";
        let rows = self.line.query(sql, &[&app.0, &asked]).await?;
        let found: HashMap<UserId, String> =
            rows.iter().map(|row| (UserId(row.get(0)), row.get(1))).collect();
        match users.iter().find(|user| !found.contains_key(user)) {
            Some(missing) => Err(Refusal::NoUser(*missing).into()),
            None => Ok(found),
        }
    }

    /// How far the import of a chat is.
    async fn import_state(&self, app: AppId, chat: ChatId) -> Result<Option<ImportState>, Not> {
        let sql = "SELECT importing, imported_to IS NOT NULL FROM chats WHERE id = $1 AND app = $2";
        let row = self.line.row(sql, &[&chat.0, &app.0]).await?;
        Ok(row.map(|row| ImportState::of(row.get(0), row.get(1))))
    }

    /// What these nonces made before, and its seq.
    async fn made(&self, owner: Uuid, nonces: &[&[u8]]) -> Result<HashMap<Vec<u8>, (Uuid, u64)>, Not> {
        let sql = "SELECT nonce, made, seq FROM imported WHERE owner = $1 AND nonce = ANY ($2)";
        let rows = self.line.query(sql, &[&owner, &nonces]).await?;
        Ok(rows.iter().map(|row| (row.get(0), (row.get(1), natural(row.get(2))))).collect())
    }

    /// How many messages each has sent here, deleted ones included.
    async fn sender_nths(&self, chat: ChatId, senders: &[UserId]) -> Result<HashMap<UserId, i64>, Not> {
        let senders: Vec<Uuid> = senders.iter().map(|user| user.0).collect();
        let sql = "SELECT a.sender, greatest(
                       coalesce((SELECT m.sender_nth FROM messages m WHERE m.chat = $1 AND m.sender = a.sender
                                 ORDER BY m.position DESC LIMIT 1), 0),
                       coalesce((SELECT max(d.author_nth) FROM changes d
                                 WHERE d.chat = $1 AND d.author = a.sender), 0))
                   FROM (SELECT DISTINCT unnest($2::uuid[]) AS sender) a";
        let rows = self.line.query(sql, &[&chat.0, &senders]).await?;
        Ok(rows.iter().map(|row| (UserId(row.get(0)), row.get(1))).collect())
    }
}

impl Rows {
    fn add(&mut self, old: &OldMessage, id: Uuid, original: Option<Uuid>, sender_nth: i64) {
        self.nths.push(big(self.ids.len() as u64 + 1));
        self.ids.push(id);
        self.senders.push(old.sender.0);
        self.sender_nths.push(sender_nth);
        self.originals.push(original);
        self.sent_at.push(old.sent_at.0);
        self.edited_at.push(old.edited_at.map(|at| at.0));
        self.texts.push(old.text.as_str().as_bytes().to_vec());
        self.nonces.push(old.nonce.as_str().as_bytes().to_vec());
    }

    fn into_asks(self, chat: ChatId, (seq, sent): (u64, u64)) -> Vec<super::line::Ask> {
        let count = big(self.ids.len() as u64);
        let (seq, sent) = (big(seq), big(sent));
        let Self { nths, ids, senders, sender_nths, originals, sent_at, edited_at, texts, nonces } = self;
        let who = (senders.clone(), sent_at.clone());
        vec![
            ask!(WERE_HERE, chat.0, count, nths.clone(), who.0, who.1),
            ask!(KEEP_NONCES, chat.0, seq, nonces, ids.clone(), nths.clone()),
            ask!(
                INSERT,
                chat.0,
                count,
                seq,
                sent,
                nths,
                ids,
                senders,
                sender_nths,
                originals,
                sent_at,
                edited_at,
                texts
            ),
            ask!(ADVANCE, chat.0, count),
        ]
    }
}

/// Nobody is there to be told, so what a reply is to is not looked up.
fn said(old: &OldMessage, id: Uuid, original: Option<Uuid>) -> EventKind {
    let (message, message_id, time_stamp) = (old.text.as_str().to_owned(), MessageId(id), old.sent_at);
    match original {
        None => EventKind::MessageSent { message, message_id, time_stamp },
        Some(_) => EventKind::Replied { message, message_id, reply_to: None, time_stamp },
    }
}
