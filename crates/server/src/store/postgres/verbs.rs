//! Orders that are done alone, each in a transaction of its own: a chat as a whole is changed, or what is deleted erased.

use chinwag_protocol::{AppId, ChatId, ChatName, EventKind, Timestamp, UserId, Username};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::erase;
use super::facts::{Fault, present};
use super::flush::{BEGIN, Ready};
use super::line::{Ask, Line, ask};
use super::{big, natural};
use crate::chat::member::{self, Succession};
use crate::chat::{Member, Membership, Published, Refusal, Route};
use crate::clock::Ids;
use crate::store::event::{Stamp, left_text, stored};
use crate::store::{ChatError, Imported, NewImport, OldMessage};

pub(super) enum Verb {
    Create {
        app: AppId,
        creator: UserId,
        name: ChatName,
        usernames: Vec<Username>,
    },
    Add {
        app: AppId,
        by: UserId,
        chat: ChatId,
        username: Username,
    },
    Remove {
        by: UserId,
        chat: ChatId,
        whom: UserId,
    },
    Rename {
        by: UserId,
        chat: ChatId,
        name: ChatName,
    },
    Delete {
        by: UserId,
        chat: ChatId,
    },
    BeginImport(NewImport),
    Import {
        app: AppId,
        chat: ChatId,
        messages: Vec<OldMessage>,
    },
    OpenImport {
        app: AppId,
        chat: ChatId,
        members: Vec<UserId>,
    },
    /// Some of the messages that a deleted user sent to a chat.
    EraseMessages {
        user: UserId,
        chat: ChatId,
    },
    EraseReactions {
        user: UserId,
        chat: ChatId,
    },
    /// A deleted user leaves a chat, if nothing of theirs is in it.
    Part {
        user: UserId,
        chat: ChatId,
    },
    /// Nothing but the commit.
    Check,
}

pub(super) struct VerbJob {
    pub(super) verb: Verb,
    pub(super) reply: oneshot::Sender<Result<Outcome, ChatError>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Done,
    Made(ChatId),
    Imported(Vec<Imported>),
    /// There may be more of the same to do.
    More,
}

/// Decides a verb in a transaction that it begins.
pub(super) async fn decide(
    line: &Line,
    verb: &Verb,
    now: Timestamp,
    ids: &Ids,
) -> Result<(Ready, Result<Outcome, ChatError>), Fault> {
    line.execute(BEGIN, &[]).await?;
    let scene = Scene { line, now };
    let decided = match verb {
        Verb::Create { app, creator, name, usernames } => {
            scene.create(ids, *app, *creator, name, usernames).await
        }
        Verb::Add { app, by, chat, username } => scene.add(*app, *by, *chat, username).await,
        Verb::Remove { by, chat, whom } => scene.remove(*by, *chat, *whom).await,
        Verb::Rename { by, chat, name } => scene.rename(*by, *chat, name).await,
        Verb::Delete { by, chat } => scene.delete(*by, *chat).await,
        Verb::BeginImport(new) => scene.begin_import(ids, new).await,
        Verb::Import { app, chat, messages } => scene.import(ids, *app, *chat, messages).await,
        Verb::OpenImport { app, chat, members } => scene.open_import(*app, *chat, members).await,
        Verb::EraseMessages { user, chat } => {
            erase::messages(line, ids, now, *user, *chat).await.map_err(Not::from)
        }
        Verb::EraseReactions { user, chat } => {
            erase::reactions(line, ids, now, *user, *chat).await.map_err(Not::from)
        }
        Verb::Part { user, chat } => scene.part(*user, *chat).await,
        Verb::Check => Ok((check(now), Outcome::Done)),
    };
    match decided {
        Ok((ready, outcome)) => Ok((ready, Ok(outcome))),
        Err(Not::Refused(refusal)) => Ok((Ready::nothing(), Err(refusal.into()))),
        Err(Not::Done(fault)) => Err(fault),
    }
}

/// Why a verb was not done.
pub(super) enum Not {
    Refused(Refusal),
    Done(Fault),
}

impl From<Refusal> for Not {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<E: Into<Fault>> From<E> for Not {
    fn from(error: E) -> Self {
        Self::Done(error.into())
    }
}

fn check(now: Timestamp) -> Ready {
    let sql = "INSERT INTO meta (name, value) VALUES ('checked_at', $1)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    Ready { asks: vec![ask!(sql, now.0.to_string())], ..Ready::nothing() }
}

/// A transaction in which one chat is locked, or none.
pub(super) struct Scene<'a> {
    pub(super) line: &'a Line,
    pub(super) now: Timestamp,
}

/// A chat's row, locked, and the place of the one event that will come of it.
pub(super) struct Locked {
    chat: ChatId,
    pub(super) stamp: Stamp,
    pub(super) creator: UserId,
    rename: Option<i64>,
}

/// A row of `members`, whether they are in the chat or were.
struct MemberRow {
    membership: Membership,
    is_in: bool,
    /// Of their newest USER_JOIN or USER_LEAVE in `changes`.
    change: Option<i64>,
}

/// A row of `changes` at the new head.
pub(super) struct Change<'a> {
    pub(super) kind: &'static str,
    pub(super) sender: UserId,
    pub(super) subject: Option<Uuid>,
    pub(super) text: Option<&'a str>,
}

const ADVANCE: &str =
    "UPDATE chats SET head_seq = $2, head_position = (SELECT position FROM head) WHERE id = $1";
const KEEP: &str = "INSERT INTO changes (chat, position, seq, kind, sender, subject, text, at)
    SELECT $1::uuid, position, $2::int8, $3::text, $4::uuid, $5::uuid, $6::text, $7::int8 FROM head";
const FORGET: &str = "DELETE FROM changes WHERE chat = $1 AND position = $2";
const JOIN: &str = "INSERT INTO members (chat, user_id, joined_at, joined_position, read_position, read_nth)
    SELECT $1::uuid, w.user_id, $2::int8, h.position, 0, 0 FROM head h, unnest($3::uuid[]) w (user_id)
    ON CONFLICT (chat, user_id) DO UPDATE SET joined_at = excluded.joined_at, joined_position = excluded.joined_position";
/// Before [`JOIN`] takes its place.
const KEEP_STAY: &str = "INSERT INTO stays (chat, user_id, joined_position, left_position)
    SELECT chat, user_id, joined_position, left_position FROM members
    WHERE chat = $1 AND user_id = $2 AND left_position IS NOT NULL";
const NOTE_CHANGE: &str =
    "UPDATE members SET change_position = (SELECT position FROM head) WHERE chat = $1 AND user_id = $2";
const LEAVE: &str =
    "UPDATE members SET left_position = (SELECT position FROM head) WHERE chat = $1 AND user_id = $2";

impl Scene<'_> {
    pub(super) async fn lock(&self, chat: ChatId) -> Result<Option<Locked>, Fault> {
        let sql = "SELECT head_seq, sent, creator, rename_position FROM chats
                   WHERE id = $1 AND deleted_at IS NULL FOR UPDATE";
        let row = self.line.row(sql, &[&chat.0]).await?;
        Ok(row.map(|row| {
            let (seq, sent) = (natural(row.get(0)) + 1, natural(row.get(1)));
            let stamp = Stamp { seq, position: 1, at: self.now, sent };
            Locked { chat, stamp, creator: UserId(row.get(2)), rename: row.get(3) }
        }))
    }

    async fn member_row(&self, locked: &Locked, user: UserId) -> Result<Option<MemberRow>, Fault> {
        let sql = concat!(
            "SELECT read_position, read_nth, change_position, ",
            present!(),
            " FROM members m WHERE chat = $1 AND user_id = $2"
        );
        let row = self.line.row(sql, &[&locked.chat.0, &user.0]).await?;
        Ok(row.map(|row| MemberRow {
            membership: Membership {
                chat: locked.chat,
                user,
                creator: locked.creator,
                read_position: natural(row.get(0)),
                read_nth: natural(row.get(1)),
            },
            is_in: row.get(3),
            change: row.get(2),
        }))
    }

    /// The chat, locked, and the proof that `by` is in it.
    async fn entered(&self, chat: ChatId, by: UserId) -> Result<(Locked, Member), Not> {
        let locked = self.lock(chat).await?.ok_or(Refusal::ChatNotFound)?;
        let row = self.member_row(&locked, by).await?.filter(|row| row.is_in);
        let by = Member::of(row.map(|row| row.membership))?;
        Ok((locked, by))
    }

    /// The ids of these users, who cannot be deleted until this transaction ends.
    async fn named(&self, app: AppId, usernames: &[&str]) -> Result<Vec<UserId>, Not> {
        let sql =
            "SELECT username, id FROM users WHERE app = $1 AND username = ANY ($2) ORDER BY id FOR SHARE";
        let found: Vec<(String, Uuid)> = self
            .line
            .query(sql, &[&app.0, &usernames])
            .await?
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        let mut users = Vec::with_capacity(usernames.len());
        for name in usernames {
            let user = found.iter().find(|(username, _)| username == name);
            let (_, id) = user.ok_or_else(|| Refusal::UserNotFound((*name).to_owned()))?;
            if !users.contains(&UserId(*id)) {
                users.push(UserId(*id));
            }
        }
        Ok(users)
    }

    pub(super) fn keep(&self, locked: &Locked, change: &Change<'_>) -> [Ask; 2] {
        let seq = big(locked.stamp.seq);
        [ask!(ADVANCE, locked.chat.0, seq), self.kept(locked.chat, seq, change)]
    }

    pub(super) fn kept(&self, chat: ChatId, seq: i64, change: &Change<'_>) -> Ask {
        let text = change.text.map(str::to_owned);
        let (subject, sender) = (change.subject, change.sender.0);
        ask!(KEEP, chat.0, seq, change.kind, sender, subject, text, self.now.0)
    }

    /// One row of `changes` per member: whether they are in now, and since when.
    fn keep_membership(
        &self,
        locked: &Locked,
        change: &Change<'_>,
        user: UserId,
        before: Option<i64>,
    ) -> Vec<Ask> {
        let mut asks = Vec::from(self.keep(locked, change));
        asks.extend(before.map(|position| ask!(FORGET, locked.chat.0, position)));
        asks.push(ask!(NOTE_CHANGE, locked.chat.0, user.0));
        asks
    }

    async fn create(
        &self,
        ids: &Ids,
        app: AppId,
        creator: UserId,
        name: &ChatName,
        usernames: &[Username],
    ) -> Result<(Ready, Outcome), Not> {
        let names: Vec<&str> = usernames.iter().map(Username::as_str).collect();
        let members = self.named(app, &names).await?;
        if !members.contains(&creator) {
            return Err(Refusal::CreatorNotIncluded.into());
        }
        let chat: ChatId = ids.next();
        let stamp = Stamp { seq: 1, position: 1, at: self.now, sent: 0 };
        let users: Vec<Uuid> = members.iter().map(|user| user.0).collect();
        let sql = "INSERT INTO chats (id, app, name, creator, group_chat, created_at, head_seq, head_position,
                                      active_position, sent)
                   SELECT $1::uuid, $2::uuid, $3::text, $4::uuid, $5::boolean, $6::int8, 1, position, position, 0 FROM head";
        let is_group = members.len() > 2;
        let asks = vec![
            ask!(sql, chat.0, app.0, name.as_str().to_owned(), creator.0, is_group, self.now.0),
            ask!(JOIN, chat.0, self.now.0, users),
            ask!(KEEP, chat.0, 1_i64, "NEW_CHAT", creator.0, None::<Uuid>, None::<String>, self.now.0),
        ];
        let kind = EventKind::ChatCreated { chat_name: name.as_str().to_owned(), time_stamp: self.now };
        let event = stored(chat, creator, &stamp, kind);
        let ready = Ready::one(asks, Published { event, route: Route::Joined(members) });
        Ok((ready, Outcome::Made(chat)))
    }

    async fn add(
        &self,
        app: AppId,
        by: UserId,
        chat: ChatId,
        username: &Username,
    ) -> Result<(Ready, Outcome), Not> {
        let (locked, by) = self.entered(chat, by).await?;
        let user = self.named(app, &[username.as_str()]).await?[0];
        let row = self.member_row(&locked, user).await?;
        member::add(&by, username.as_str(), row.as_ref().is_some_and(|row| row.is_in))?;
        let is_group = self.present(chat).await?.len() >= 2;
        let change = Change {
            kind: "USER_JOIN",
            sender: by.user(),
            subject: Some(user.0),
            text: Some(username.as_str()),
        };
        // The row must be there to take note of its change. One who was here before starts with the read pointer of
        // that time.
        let mut asks = vec![ask!(KEEP_STAY, chat.0, user.0), ask!(JOIN, chat.0, self.now.0, vec![user.0])];
        asks.extend(self.keep_membership(&locked, &change, user, row.and_then(|row| row.change)));
        if is_group {
            asks.push(ask!("UPDATE chats SET group_chat = true WHERE id = $1", chat.0));
        }
        let kind = EventKind::UserJoined { user_id: user, username: username.as_str().to_owned() };
        let event = stored(chat, by.user(), &locked.stamp, kind);
        let ready = Ready::one(asks, Published { event, route: Route::Joined(vec![user]) });
        Ok((ready, Outcome::Done))
    }

    async fn remove(&self, by: UserId, chat: ChatId, whom: UserId) -> Result<(Ready, Outcome), Not> {
        let (locked, by) = self.entered(chat, by).await?;
        let row = self.member_row(&locked, whom).await?;
        member::remove(&by, whom, row.as_ref().is_some_and(|row| row.is_in))?;
        let name = self.line.row("SELECT username FROM users WHERE id = $1", &[&whom.0]).await?;
        let name: Option<String> = name.and_then(|row| row.get(0));
        let name = name.unwrap_or_default();
        let ready = self.leave(&locked, whom, (&name, Some(&name)), row.and_then(|row| row.change)).await?;
        Ok((ready, Outcome::Done))
    }

    /// Takes `whom` out of the chat, with all that follows: a new creator, or the end of the chat. `names`: the one
    /// that is told, and the one that is kept.
    async fn leave(
        &self,
        locked: &Locked,
        whom: UserId,
        (told, kept): (&str, Option<&str>),
        before: Option<i64>,
    ) -> Result<Ready, Fault> {
        let chat = locked.chat;
        let change = Change { kind: "USER_LEAVE", sender: whom, subject: Some(whom.0), text: kept };
        let mut asks = vec![ask!(LEAVE, chat.0, whom.0)];
        asks.extend(self.keep_membership(locked, &change, whom, before));
        let mut remaining = self.present(chat).await?;
        remaining.retain(|(user, _)| *user != whom);
        match member::succession(locked.creator, whom, &remaining) {
            Succession::Unchanged => {}
            Succession::NewCreator(heir) => {
                asks.push(ask!("UPDATE chats SET creator = $2 WHERE id = $1", chat.0, heir.0));
            }
            Succession::Gone => asks.extend(self.bury(chat)),
        }
        let kind = EventKind::UserLeft { message: left_text(Some(told)), time_stamp: self.now };
        let event = stored(chat, whom, &locked.stamp, kind);
        Ok(Ready::one(asks, Published { event, route: Route::Left(whom) }))
    }

    async fn present(&self, chat: ChatId) -> Result<Vec<(UserId, u64)>, Fault> {
        let sql = concat!("SELECT user_id, joined_position FROM members m WHERE chat = $1 AND ", present!());
        let rows = self.line.query(sql, &[&chat.0]).await?;
        Ok(rows.iter().map(|row| (UserId(row.get(0)), natural(row.get(1)))).collect())
    }

    /// The chat is gone for everyone from now on; its rows are removed later, in small steps.
    fn bury(&self, chat: ChatId) -> [Ask; 2] {
        [
            ask!("UPDATE chats SET deleted_at = $2, name = '' WHERE id = $1", chat.0, self.now.0),
            ask!("INSERT INTO erasures (subject, kind, at) VALUES ($1, 'CHAT', $2)", chat.0, self.now.0),
        ]
    }

    async fn rename(&self, by: UserId, chat: ChatId, name: &ChatName) -> Result<(Ready, Outcome), Not> {
        let (locked, by) = self.entered(chat, by).await?;
        let change = Change { kind: "CHAT_RENAMED", sender: by.user(), subject: None, text: None };
        let mut asks = Vec::from(self.keep(&locked, &change));
        asks.extend(locked.rename.map(|position| ask!(FORGET, chat.0, position)));
        let sql = "UPDATE chats SET name = $2, rename_position = (SELECT position FROM head) WHERE id = $1";
        asks.push(ask!(sql, chat.0, name.as_str().to_owned()));
        let kind = EventKind::ChatRenamed { chat_name: name.as_str().to_owned(), time_stamp: self.now };
        let event = stored(chat, by.user(), &locked.stamp, kind);
        Ok((Ready::one(asks, Published { event, route: Route::Members }), Outcome::Done))
    }

    async fn delete(&self, by: UserId, chat: ChatId) -> Result<(Ready, Outcome), Not> {
        let (locked, by) = self.entered(chat, by).await?;
        if !by.is_creator() {
            return Err(Refusal::NotCreator.into());
        }
        let change = Change { kind: "DELETE_CHAT", sender: by.user(), subject: None, text: None };
        let mut asks = Vec::from(self.keep(&locked, &change));
        asks.extend(self.bury(chat));
        let event = stored(chat, by.user(), &locked.stamp, EventKind::ChatDeleted);
        Ok((Ready::one(asks, Published { event, route: Route::Gone }), Outcome::Done))
    }

    async fn part(&self, user: UserId, chat: ChatId) -> Result<(Ready, Outcome), Not> {
        let Some(locked) = self.lock(chat).await? else { return Ok((Ready::nothing(), Outcome::Done)) };
        let sql = "SELECT EXISTS (SELECT FROM messages WHERE chat = $1 AND sender = $2)
                       OR EXISTS (SELECT FROM reactions WHERE chat = $1 AND sender = $2),
                   (SELECT name FROM erasures WHERE subject = $2)";
        let row = self.line.row(sql, &[&chat.0, &user.0]).await?;
        let (remains, name) = row.map_or((false, None), |row| (row.get(0), row.get::<_, Option<String>>(1)));
        if remains {
            return Ok((Ready::nothing(), Outcome::More));
        }
        let row = self.member_row(&locked, user).await?.filter(|row| row.is_in);
        let Some(row) = row else { return Ok((Ready::nothing(), Outcome::Done)) };
        // Told by name now, but the name is not kept.
        let name = name.unwrap_or_default();
        Ok((self.leave(&locked, user, (&name, None), row.change).await?, Outcome::Done))
    }
}
