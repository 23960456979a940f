//! Chats as wholes: made, joined, left, renamed, deleted.

use chinwag_protocol::model::ChatDetails;
use chinwag_protocol::{AppId, ChatId, ChatName, EventKind, UserId, Username};
use rusqlite::{OptionalExtension, params};

use super::rows::{self, Change, PRESENT};
use super::{Sqlite, Tx, list};
use crate::chat::member::{self, Succession};
use crate::chat::{Member, Published, Refusal, Route};
use crate::store::event::{Stamp, left_text, stored};
use crate::store::{ChatError, StoreError};

impl Sqlite {
    pub(in crate::store) async fn create_chat(
        &self,
        app: AppId,
        creator: UserId,
        name: ChatName,
        usernames: Vec<Username>,
    ) -> Result<ChatDetails, ChatError> {
        self.write(move |tx| create(tx, app, creator, &name, &usernames)).await
    }

    pub(in crate::store) async fn add_member(
        &self,
        app: AppId,
        by: UserId,
        chat: ChatId,
        username: Username,
    ) -> Result<(), ChatError> {
        self.write(move |tx| add(tx, app, by, chat, &username)).await
    }

    pub(in crate::store) async fn remove_member(
        &self,
        by: UserId,
        chat: ChatId,
        whom: UserId,
    ) -> Result<(), ChatError> {
        self.write(move |tx| {
            let by = member(tx, chat, by)?;
            let is_in = rows::membership(tx, chat, whom)?.is_some();
            member::remove(&by, whom, is_in)?;
            leave(tx, chat, whom, &Parting::Named(username_of(tx, whom)?))?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn rename_chat(
        &self,
        by: UserId,
        chat: ChatId,
        name: ChatName,
    ) -> Result<(), ChatError> {
        self.write(move |tx| rename(tx, &member(tx, chat, by)?, &name)).await
    }

    pub(in crate::store) async fn delete_chat(&self, by: UserId, chat: ChatId) -> Result<(), ChatError> {
        self.write(move |tx| {
            let by = member(tx, chat, by)?;
            if !by.is_creator() {
                return Err(Refusal::NotCreator.into());
            }
            let stamp = rows::stamp(tx, chat, false)?;
            rows::keep_change(tx, &stamp, &change(chat, "DELETE_CHAT", by.user()), None)?;
            bury(tx, chat, &stamp)?;
            let event = stored(chat, by.user(), &stamp, EventKind::ChatDeleted);
            tx.publish(Published { event, route: Route::Gone });
            Ok(())
        })
        .await
    }
}

fn member(tx: &Tx<'_>, chat: ChatId, user: UserId) -> Result<Member, ChatError> {
    Ok(Member::of(rows::membership(tx, chat, user)?)?)
}

pub(super) fn change(chat: ChatId, kind: &'static str, sender: UserId) -> Change<'static> {
    Change { chat, kind, sender, subject: None, parent: None, text: None, deleted: None }
}

fn create(
    tx: &mut Tx<'_>,
    app: AppId,
    creator: UserId,
    name: &ChatName,
    usernames: &[Username],
) -> Result<ChatDetails, ChatError> {
    let mut members: Vec<UserId> = Vec::new();
    for username in usernames {
        let user = user_named(tx, app, username)?;
        if !members.contains(&user) {
            members.push(user);
        }
    }
    if !members.contains(&creator) {
        return Err(Refusal::CreatorNotIncluded.into());
    }
    let chat: ChatId = tx.ids().next();
    let stamp = Stamp { seq: 1, position: tx.advance(), at: tx.now(), sent: 0 };
    tx.prepare_cached(
        "INSERT INTO chats (id, app, name, creator, group_chat, created_at, head_seq, head_position, active_position,
                            sent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?7, 0)",
    )?
    .execute(params![
        chat.0,
        app.0,
        name.as_str(),
        creator.0,
        members.len() > 2,
        stamp.at.0,
        stamp.position
    ])?;
    for user in &members {
        join(tx, chat, *user, &stamp)?;
    }
    rows::keep_change(tx, &stamp, &change(chat, "NEW_CHAT", creator), None)?;
    let kind = EventKind::ChatCreated { chat_name: name.as_str().to_owned(), time_stamp: stamp.at };
    let event = stored(chat, creator, &stamp, kind);
    tx.publish(Published { event, route: Route::Joined(members) });
    Ok(list::chat_details(tx, chat, creator)?.ok_or(Refusal::ChatNotFound)?)
}

fn user_named(tx: &Tx<'_>, app: AppId, username: &Username) -> Result<UserId, ChatError> {
    let found = tx
        .prepare_cached("SELECT id FROM users WHERE app = ?1 AND username = ?2")?
        .query_row(params![app.0, username.as_str()], |row| row.get(0).map(UserId))
        .optional()?;
    Ok(found.ok_or_else(|| Refusal::UserNotFound(username.as_str().to_owned()))?)
}

/// Writes the membership. One who was here before starts with the read pointer of that time.
pub(super) fn join(tx: &Tx<'_>, chat: ChatId, user: UserId, stamp: &Stamp) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO stays (chat, user, joined_position, left_position)
         SELECT chat, user, joined_position, left_position FROM members
         WHERE chat = ?1 AND user = ?2 AND left_position IS NOT NULL",
    )?
    .execute(params![chat.0, user.0])?;
    tx.prepare_cached(
        "INSERT INTO members (chat, user, joined_at, joined_position, read_position, read_nth)
         VALUES (?1, ?2, ?3, ?4, 0, 0)
         ON CONFLICT (chat, user) DO UPDATE SET joined_at = ?3, joined_position = ?4",
    )?
    .execute(params![chat.0, user.0, stamp.at.0, stamp.position])?;
    Ok(())
}

fn add(tx: &mut Tx<'_>, app: AppId, by: UserId, chat: ChatId, username: &Username) -> Result<(), ChatError> {
    let by = member(tx, chat, by)?;
    let user = user_named(tx, app, username)?;
    member::add(&by, username.as_str(), rows::membership(tx, chat, user)?.is_some())?;
    let stamp = rows::stamp(tx, chat, false)?;
    join(tx, chat, user, &stamp)?;
    let change = Change {
        subject: Some(user.0),
        text: Some(username.as_str()),
        ..change(chat, "USER_JOIN", by.user())
    };
    keep_membership_change(tx, &stamp, &change, user)?;
    tx.prepare_cached(&format!(
        "UPDATE chats SET group_chat = 1
         WHERE id = ?1 AND 2 < (SELECT count(*) FROM members m WHERE m.chat = ?1 AND {PRESENT})"
    ))?
    .execute([chat.0])?;
    let kind = EventKind::UserJoined { user_id: user, username: username.as_str().to_owned() };
    let event = stored(chat, by.user(), &stamp, kind);
    tx.publish(Published { event, route: Route::Joined(vec![user]) });
    Ok(())
}

/// One row of `changes` per member: whether they are in now, and since when.
pub(super) fn keep_membership_change(
    tx: &Tx<'_>,
    stamp: &Stamp,
    change: &Change<'_>,
    user: UserId,
) -> Result<(), StoreError> {
    let key = params![change.chat.0, user.0, stamp.position];
    let before: Option<u64> = tx
        .prepare_cached("SELECT change_position FROM members WHERE chat = ?1 AND user = ?2")?
        .query_row(&key[..2], |row| row.get(0))?;
    tx.prepare_cached("UPDATE members SET change_position = ?3 WHERE chat = ?1 AND user = ?2")?
        .execute(key)?;
    rows::keep_change(tx, stamp, change, before)
}

/// How the others are told that somebody left.
pub(super) enum Parting {
    Named(String),
    /// Told by name now, but the name is not kept.
    Erased(String),
}

fn username_of(tx: &Tx<'_>, user: UserId) -> Result<String, StoreError> {
    let name: Option<String> = tx
        .prepare_cached("SELECT username FROM users WHERE id = ?1")?
        .query_row([user.0], |row| row.get(0))
        .optional()?
        .flatten();
    Ok(name.unwrap_or_default())
}

/// Takes `whom` out of the chat, with all that follows: a new creator, or the end of the chat.
pub(super) fn leave(
    tx: &mut Tx<'_>,
    chat: ChatId,
    whom: UserId,
    parting: &Parting,
) -> Result<(), StoreError> {
    let (name, kept) = match parting {
        Parting::Named(name) => (name, Some(name.as_str())),
        Parting::Erased(name) => (name, None),
    };
    let stamp = rows::stamp(tx, chat, false)?;
    tx.prepare_cached("UPDATE members SET left_position = ?3 WHERE chat = ?1 AND user = ?2")?
        .execute(params![chat.0, whom.0, stamp.position])?;
    let change = Change { subject: Some(whom.0), text: kept, ..change(chat, "USER_LEAVE", whom) };
    keep_membership_change(tx, &stamp, &change, whom)?;
    let creator: UserId = tx
        .prepare_cached("SELECT creator FROM chats WHERE id = ?1")?
        .query_row([chat.0], |row| row.get(0).map(UserId))?;
    match member::succession(creator, whom, &present(tx, chat)?) {
        Succession::Unchanged => {}
        Succession::NewCreator(heir) => {
            tx.prepare_cached("UPDATE chats SET creator = ?2 WHERE id = ?1")?
                .execute(params![chat.0, heir.0])?;
        }
        Succession::Gone => bury(tx, chat, &stamp)?,
    }
    let kind = EventKind::UserLeft { message: left_text(Some(name)), time_stamp: stamp.at };
    let event = stored(chat, whom, &stamp, kind);
    tx.publish(Published { event, route: Route::Left(whom) });
    Ok(())
}

fn present(tx: &Tx<'_>, chat: ChatId) -> Result<Vec<(UserId, u64)>, StoreError> {
    let rows = tx
        .prepare_cached(&format!(
            "SELECT user, joined_position FROM members m WHERE chat = ?1 AND {PRESENT}"
        ))?
        .query_map([chat.0], |row| Ok((UserId(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The chat is gone for everyone from now on; its rows are removed later, in small steps.
fn bury(tx: &Tx<'_>, chat: ChatId, stamp: &Stamp) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE chats SET deleted_at = ?2, name = '' WHERE id = ?1")?
        .execute(params![chat.0, stamp.at.0])?;
    tx.prepare_cached("INSERT INTO erasures (subject, kind, at) VALUES (?1, 'CHAT', ?2)")?
        .execute(params![chat.0, stamp.at.0])?;
    Ok(())
}

fn rename(tx: &mut Tx<'_>, by: &Member, name: &ChatName) -> Result<(), ChatError> {
    let chat = by.chat();
    let stamp = rows::stamp(tx, chat, false)?;
    let before: Option<u64> = tx
        .prepare_cached("SELECT rename_position FROM chats WHERE id = ?1")?
        .query_row([chat.0], |row| row.get(0))?;
    tx.prepare_cached("UPDATE chats SET name = ?2, rename_position = ?3 WHERE id = ?1")?.execute(params![
        chat.0,
        name.as_str(),
        stamp.position
    ])?;
    rows::keep_change(tx, &stamp, &change(chat, "CHAT_RENAMED", by.user()), before)?;
    let kind = EventKind::ChatRenamed { chat_name: name.as_str().to_owned(), time_stamp: stamp.at };
    let event = stored(chat, by.user(), &stamp, kind);
    tx.publish(Published { event, route: Route::Members });
    Ok(())
}
