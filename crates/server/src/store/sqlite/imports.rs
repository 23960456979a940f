//! History from elsewhere: a chat that nobody is in, messages with their own times, and its opening.

use chinwag_protocol::{AppId, ChatId, EventKind, MessageId, Nonce, UserId};
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::chats::{change, join, keep_membership_change};
use super::rows::{self, Change, keep_change};
use super::{Sqlite, Tx, act, applications};
use crate::chat::{Published, Refusal, Route};
use crate::store::applications::ImportState;
use crate::store::event::{Stamp, stored};
use crate::store::{ChatError, Imported, NewImport, OldMessage, StoreError, Whom};

impl Sqlite {
    pub(in crate::store) async fn begin_import(&self, new: NewImport) -> Result<ChatId, ChatError> {
        self.write(move |tx| begin(tx, &new)).await
    }

    pub(in crate::store) async fn import_messages(
        &self,
        app: AppId,
        chat: ChatId,
        messages: Vec<OldMessage>,
    ) -> Result<Vec<Imported>, ChatError> {
        self.write(move |tx| {
            match state(tx, app, chat)?.ok_or(Refusal::ChatNotFound)?.0 {
                ImportState::Importing => {}
                ImportState::Opened | ImportState::Never => return Err(Refusal::ImportClosed.into()),
            }
            messages.iter().map(|message| import(tx, app, chat, message)).collect()
        })
        .await
    }

    pub(in crate::store) async fn open_import(
        &self,
        app: AppId,
        chat: ChatId,
        members: Vec<UserId>,
    ) -> Result<(), ChatError> {
        self.write(move |tx| open(tx, app, chat, &members)).await
    }
}

fn begin(tx: &mut Tx<'_>, new: &NewImport) -> Result<ChatId, ChatError> {
    if let Some((made, _)) = made(tx, new.app.0, &new.nonce)? {
        return Ok(ChatId(made));
    }
    is_user(tx, new.app, new.creator)?;
    let chat: ChatId = tx.ids().next();
    let stamp = Stamp { seq: 1, position: tx.advance(), at: tx.now(), sent: 0 };
    tx.prepare_cached(
        "INSERT INTO chats (id, app, name, creator, group_chat, created_at, head_seq, head_position, active_position,
                            sent, importing)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, 1, ?6, ?6, 0, 1)",
    )?
    .execute(params![chat.0, new.app.0, new.name.as_str(), new.creator.0, new.created_at.0, stamp.position])?;
    keep_change(tx, &stamp, &change(chat, "NEW_CHAT", new.creator), None)?;
    keep(tx, new.app.0, &new.nonce, chat.0, 1)?;
    let kind = EventKind::ChatCreated { chat_name: new.name.as_str().to_owned(), time_stamp: stamp.at };
    tx.publish(Published { event: stored(chat, new.creator, &stamp, kind), route: Route::Members });
    Ok(chat)
}

fn import(tx: &mut Tx<'_>, app: AppId, chat: ChatId, old: &OldMessage) -> Result<Imported, ChatError> {
    if let Some((made, seq)) = made(tx, chat.0, &old.nonce)? {
        return Ok(Imported { id: MessageId(made), seq, replayed: true });
    }
    is_user(tx, app, old.sender)?;
    let original = match &old.reply_to {
        None => None,
        Some(nonce) => match made(tx, chat.0, nonce)? {
            Some((made, _)) => Some(MessageId(made)),
            None => return Err(Refusal::OriginalNotImported(nonce.as_str().to_owned()).into()),
        },
    };
    let stamp = Stamp { at: old.sent_at, ..rows::stamp(tx, chat, true)? };
    let id: MessageId = tx.ids().next();
    act::insert_message(tx, chat, old.sender, &stamp, id, original, &old.text)?;
    if let Some(edited_at) = old.edited_at {
        tx.prepare_cached("UPDATE messages SET edited_at = ?2 WHERE position = ?1")?
            .execute(params![stamp.position, edited_at.0])?;
    }
    // Who wrote here was here: what they wrote is found when they are erased.
    tx.prepare_cached(
        "INSERT INTO members (chat, user, joined_at, joined_position, left_position, read_position, read_nth)
         VALUES (?1, ?2, ?3, ?4, ?4, 0, 0) ON CONFLICT (chat, user) DO NOTHING",
    )?
    .execute(params![chat.0, old.sender.0, old.sent_at.0, stamp.position])?;
    keep(tx, chat.0, &old.nonce, id.0, stamp.seq)?;
    let kind = act::sent(tx, old.text.as_str(), id, original, stamp.at)?;
    let event = stored(chat, old.sender, &stamp, kind);
    tx.publish(Published { event, route: Route::Members });
    Ok(Imported { id, seq: stamp.seq, replayed: false })
}

fn open(tx: &mut Tx<'_>, app: AppId, chat: ChatId, members: &[UserId]) -> Result<(), ChatError> {
    let (state, creator) = state(tx, app, chat)?.ok_or(Refusal::ChatNotFound)?;
    match state {
        ImportState::Importing => {}
        ImportState::Opened => return Ok(()),
        ImportState::Never => return Err(Refusal::ImportClosed.into()),
    }
    if !members.contains(&creator) {
        return Err(Refusal::CreatorNotIncluded.into());
    }
    let others = members.iter().filter(|user| **user != creator);
    let mut names = Vec::with_capacity(members.len());
    for user in std::iter::once(&creator).chain(others) {
        names.push((*user, is_user(tx, app, *user)?));
    }
    let last = tx.position();
    for (user, name) in &names {
        let stamp = rows::stamp(tx, chat, false)?;
        join(tx, chat, *user, &stamp)?;
        let joined = Change { subject: Some(user.0), text: Some(name), ..change(chat, "USER_JOIN", creator) };
        keep_membership_change(tx, &stamp, &joined, *user)?;
        let kind = EventKind::UserJoined { user_id: *user, username: name.clone() };
        let event = stored(chat, creator, &stamp, kind);
        tx.publish(Published { event, route: Route::Joined(vec![*user]) });
    }
    tx.prepare_cached(
        "UPDATE members SET (read_position, read_nth) =
            (SELECT position, nth FROM messages WHERE chat = ?1 ORDER BY position DESC LIMIT 1)
         WHERE chat = ?1 AND EXISTS (SELECT 1 FROM messages WHERE chat = ?1)",
    )?
    .execute([chat.0])?;
    tx.prepare_cached("UPDATE chats SET importing = 0, imported_to = ?2, group_chat = ?3 WHERE id = ?1")?
        .execute(params![chat.0, last + 1, members.len() > 2])?;
    Ok(())
}

/// What the user is called, if they are one of the app.
fn is_user(tx: &Tx<'_>, app: AppId, user: UserId) -> Result<String, ChatError> {
    match applications::find(tx, app, &Whom::Id(user))? {
        Some(found) => Ok(found.user.username),
        None => Err(Refusal::NoUser(user).into()),
    }
}

/// How far the import of a chat is, and its creator.
fn state(tx: &Tx<'_>, app: AppId, chat: ChatId) -> Result<Option<(ImportState, UserId)>, StoreError> {
    let found = tx
        .prepare_cached(
            "SELECT importing, imported_to IS NOT NULL, creator FROM chats
             WHERE id = ?1 AND app = ?2 AND deleted_at IS NULL",
        )?
        .query_row(params![chat.0, app.0], |row| {
            Ok((ImportState::of(row.get(0)?, row.get(1)?), UserId(row.get(2)?)))
        })
        .optional()?;
    Ok(found)
}

/// What a nonce made before, and its seq.
fn made(tx: &Tx<'_>, owner: Uuid, nonce: &Nonce) -> Result<Option<(Uuid, u64)>, StoreError> {
    let found = tx
        .prepare_cached("SELECT made, seq FROM imported WHERE owner = ?1 AND nonce = ?2")?
        .query_row(params![owner, nonce.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found)
}

fn keep(tx: &Tx<'_>, owner: Uuid, nonce: &Nonce, made: Uuid, seq: u64) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO imported (owner, nonce, made, seq) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![owner, nonce.as_str(), made, seq])?;
    Ok(())
}
