//! Data directories of any size: people in groups of five with twenty chats each, and 500 messages in each chat, as
//! people leave them: ten in a row, then another chat. Every tenth is a reply, every fifth has a reaction and every
//! tenth another one.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

use crate::cast::{Cast, Chat, Person};
use crate::failure::Fallible;
use crate::seed::{self, Template, chat_id, user_id};
use crate::servers::Ground;

pub(crate) const GROUP: usize = 5;
pub(crate) const CHATS_OF_GROUP: usize = 20;
pub(crate) const MESSAGES_OF_CHAT: usize = 500;
const MESSAGES_OF_GROUP: usize = CHATS_OF_GROUP * MESSAGES_OF_CHAT;
/// The chats' creation, the messages, and three reactions for ten of them.
pub(crate) const EVENTS_OF_GROUP: usize = CHATS_OF_GROUP + MESSAGES_OF_GROUP + MESSAGES_OF_GROUP * 3 / 10;
/// Of one chat, before another one's turn.
const RUN: usize = 10;
const MESSAGE_IDS_AFTER_MS: u64 = 10;
/// Text of about 80 bytes.
const TEXT: &str = "the kettle has been on for a while, is anybody coming down for tea or not, number";

/// A filled directory, and who is in it.
pub(crate) struct Filled {
    pub(crate) data: PathBuf,
    pub(crate) cast: Cast,
    pub(crate) messages: usize,
}

/// The nearest number of messages that makes whole groups.
pub(crate) fn groups(messages: usize) -> usize {
    messages.div_ceil(MESSAGES_OF_GROUP).max(1)
}

fn cast(groups: usize) -> Cast {
    let people = (0..groups * GROUP).map(|at| {
        let first = at / GROUP * CHATS_OF_GROUP;
        let chats = (first..first + CHATS_OF_GROUP).collect();
        Person { name: format!("user{at}"), token: String::new(), chats }
    });
    let chats = (0..groups * CHATS_OF_GROUP).map(|at| {
        let first = at / CHATS_OF_GROUP * GROUP;
        Chat { name: String::new(), members: (first..first + GROUP).collect() }
    });
    Cast { people: people.collect(), chats: chats.collect() }
}

/// Makes a directory with at least so many messages. It stays until it is removed.
pub(crate) fn fill(ground: &Ground, template: &Template, messages: usize) -> Fallible<Filled> {
    let mut cast = cast(groups(messages));
    let data = seed::kept(&ground.disk, &format!("{messages}-{}", std::process::id()));
    std::fs::create_dir_all(&data)?;
    template.fill(&data, &mut cast)?;
    write(&data, &cast)?;
    let messages = cast.chats.len() * MESSAGES_OF_CHAT;
    Ok(Filled { data, cast, messages })
}

impl Drop for Filled {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

#[derive(Clone, Copy)]
struct Progress {
    seq: i64,
    position: i64,
    active: i64,
}

fn write(data: &Path, cast: &Cast) -> Fallible<()> {
    let mut connection = seed::open(data)?;
    connection.pragma_update(None, "temp_store", "FILE")?;
    let indexes = indexes(&connection)?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    let begun = seed::millis(seed::now()) - (cast.chats.len() * MESSAGES_OF_CHAT * 20) as i64;
    let mut chats = vec![Progress { seq: 1, position: 0, active: 0 }; cast.chats.len()];
    let mut position = cast.chats.len() as i64;
    let transaction = connection.transaction()?;
    for run in 0..MESSAGES_OF_CHAT / RUN {
        for (at, chat) in chats.iter_mut().enumerate() {
            talk(&transaction, (at, &cast.chats[at]), run, begun, (&mut position, chat))?;
        }
        progress(&format!(
            "{} of {} messages",
            (run + 1) * RUN * cast.chats.len(),
            cast.chats.len() * MESSAGES_OF_CHAT
        ));
    }
    for (at, chat) in chats.iter().enumerate() {
        transaction
            .prepare_cached("UPDATE chats SET head_seq = ?2, head_position = ?3, active_position = ?4, sent = ?5 WHERE id = ?1")?
            .execute(params![chat_id(at), chat.seq, chat.position, chat.active, MESSAGES_OF_CHAT])?;
    }
    transaction.commit()?;
    for (name, sql) in &indexes {
        progress(name);
        connection.execute_batch(sql)?;
    }
    progress("");
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    // The system is to have written it before anything is measured.
    std::fs::File::open(data.join("chinwag.db"))?.sync_all()?;
    Ok(())
}

/// Tells whoever watches how it goes, in one line.
fn progress(line: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[2K{line}");
    }
}

/// Names and statements of those that are faster made at the end.
fn indexes(connection: &Connection) -> Fallible<Vec<(String, String)>> {
    let mut found = connection.prepare(
        "SELECT name, sql FROM sqlite_schema
         WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('messages', 'changes', 'reactions')",
    )?;
    let found = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn id(kind: u64, begun: i64, position: i64) -> Uuid {
    let millis = begun.unsigned_abs() + position.unsigned_abs() * MESSAGE_IDS_AFTER_MS;
    Uuid::from_u64_pair(millis << 16 | 0x7000 | kind, 1 << 63 | position.unsigned_abs())
}

/// Ten messages in a row, and what they bring about.
fn talk(
    to: &Transaction<'_>,
    (at, chat): (usize, &Chat),
    run: usize,
    begun: i64,
    (position, progress): (&mut i64, &mut Progress),
) -> Fallible<()> {
    let mut message = to.prepare_cached(
        "INSERT INTO messages (position, id, chat, seq, nth, sender, sender_nth, reply_to, sent_at, changed_seq, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?4, ?10)",
    )?;
    let chat_id = chat_id(at);
    let mut first = None;
    for place in 0..RUN {
        let number = run * RUN + place;
        let sender = user_id(chat.members[number % GROUP]);
        let next = |position: &mut i64, progress: &mut Progress| {
            *position += 1;
            progress.seq += 1;
            progress.position = *position;
            (*position, progress.seq, begun + *position * 10)
        };
        let (here, seq, time) = next(position, progress);
        progress.active = here;
        let message_id = id(0, begun, here);
        let reply_to = first.filter(|_| place == RUN / 2);
        first.get_or_insert(message_id);
        let text = format!("{TEXT} {number}");
        let (nth, sender_nth) = (number + 1, number / GROUP + 1);
        message.execute(params![
            here, message_id, chat_id, seq, nth, sender, sender_nth, reply_to, time, text
        ])?;
        let reactions = usize::from(place % 5 == 0) + usize::from(place == 0);
        for reactor in 0..reactions {
            let by = user_id(chat.members[(number + 1 + reactor) % GROUP]);
            let stamp = next(position, progress);
            react(to, chat_id, message_id, by, stamp, id(1, begun, stamp.0))?;
        }
    }
    Ok(())
}

fn react(
    to: &Transaction<'_>,
    chat: Uuid,
    message: Uuid,
    by: Uuid,
    (position, seq, time): (i64, i64, i64),
    id: Uuid,
) -> Fallible<()> {
    to.prepare_cached(
        "INSERT INTO reactions (position, id, chat, message, sender, emoji, at) VALUES (?1, ?2, ?3, ?4, ?5, '👍', ?6)",
    )?
    .execute(params![position, id, chat, message, by, time])?;
    to.prepare_cached(
        "INSERT INTO changes (position, chat, seq, kind, sender, subject, parent, text, at)
         VALUES (?1, ?2, ?3, 'REACT', ?4, ?5, ?6, '👍', ?7)",
    )?
    .execute(params![position, chat, seq, by, id, message, time])?;
    Ok(())
}
