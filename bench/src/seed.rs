//! A data directory of Chinwag with people and chats in it, written straight into its tables: registering 5,000 people
//! would take a password hash each. It follows `crates/server/migrations/sqlite`; if that has changed so that it does
//! not fit any more, the first statement says so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::cast::Cast;
use crate::dialect::Kind;
use crate::failure::{Failure, Fallible, While};
use crate::servers::{Directory, Ground};

/// Life of what people prove themselves with: longer than any run.
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 3600);
pub(crate) const PASSWORD: &str = "measured and forgotten";

/// An empty data directory with an app, and what is needed to fill copies of it.
pub(crate) struct Template {
    directory: Directory,
    pub(crate) api_key: String,
    app: Uuid,
    password_hash: String,
    signing: EncodingKey,
}

impl Template {
    /// Lets the server make its directory, and one user for a hash of [`PASSWORD`].
    pub(crate) async fn make(ground: &Ground) -> Fallible<Self> {
        let server = ground.start(Kind::Chinwag, ground.directory()?)?;
        let data = server.data().to_owned();
        let created = Command::new(&ground.chinwag)
            .args(["key", "create", "--app", "compare", "--json", "--data-dir"])
            .arg(&data)
            .output()
            .during("unable to make an API key")?;
        let created: Value = serde_json::from_slice(&created.stdout).during("no API key was made")?;
        let api_key = created["token"].as_str().unwrap_or_default().to_owned();
        let register =
            json!({"username": "template", "email": "template@compare.invalid", "password": PASSWORD});
        let registered = server.address.http.post("/api/user/registerUser", &api_key, &register).await;
        registered.and_then(|answer| answer.succeeded()).during("unable to register")?;
        let kept = ground.directory()?;
        drop_into(server, kept.path(), &data)?;
        let (app, password_hash) =
            open(kept.path())?.query_row("SELECT app, password_hash FROM users", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let key = std::fs::read(kept.path().join("keys/jwt-ed25519.pem")).during("no signing key")?;
        Ok(Self { directory: kept, api_key, app, password_hash, signing: EncodingKey::from_ed_pem(&key)? })
    }

    /// A copy with `cast` in it, who get their tokens, and their chats' names.
    pub(crate) fn with(&self, ground: &Ground, cast: &mut Cast) -> Fallible<Directory> {
        let directory = ground.directory()?;
        self.fill(directory.path(), cast)?;
        Ok(directory)
    }

    /// The same, into an existing directory.
    pub(crate) fn fill(&self, data: &Path, cast: &mut Cast) -> Fallible<()> {
        copy(self.directory.path(), data)?;
        let mut connection = open(data)?;
        let transaction = connection.transaction()?;
        self.people(&transaction, cast)?;
        self.chats(&transaction, cast)?;
        Ok(transaction.commit()?)
    }

    fn people(&self, connection: &Connection, cast: &mut Cast) -> Fallible<()> {
        let now = now();
        let mut user = connection.prepare(
            "INSERT INTO users (id, app, username, email, password_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let mut session = connection.prepare(
            "INSERT INTO sessions (id, user, refresh_hash, created_at, last_used_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
        )?;
        for (at, person) in cast.people.iter_mut().enumerate() {
            let (id, sid) = (user_id(at), Uuid::from_u64_pair(SESSION_IDS, VARIANT | at as u64));
            let email = format!("{}@compare.invalid", person.name);
            user.execute(params![id, self.app, person.name, email, self.password_hash, millis(now)])?;
            let hash = Sha256::digest(sid.as_bytes());
            session.execute(params![sid, id, &hash[..], millis(now), millis(now + TOKEN_LIFE)])?;
            let claims = json!({
                "sub": id, "username": person.name, "role": "USER", "app": self.app, "sid": sid,
                "iat": now.as_secs(), "exp": (now + TOKEN_LIFE).as_secs()
            });
            person.token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.signing)?;
        }
        Ok(())
    }

    fn chats(&self, connection: &Connection, cast: &mut Cast) -> Fallible<()> {
        let now = millis(now());
        let mut chat = connection.prepare(
            "INSERT INTO chats (id, app, name, creator, group_chat, created_at, head_seq, head_position,
                                active_position, sent)
             VALUES (?1, ?2, 'compare', ?3, ?4, ?5, 1, ?6, ?6, 0)",
        )?;
        let mut member = connection.prepare(
            "INSERT INTO members (chat, user, joined_at, joined_position, read_position, read_nth)
             VALUES (?1, ?2, ?3, ?4, 0, 0)",
        )?;
        let mut change = connection.prepare(
            "INSERT INTO changes (position, chat, seq, kind, sender, at) VALUES (?1, ?2, 1, 'NEW_CHAT', ?3, ?4)",
        )?;
        for (at, of) in cast.chats.iter_mut().enumerate() {
            let (id, position) = (chat_id(at), at as i64 + 1);
            let creator = of.members.first().copied().unwrap_or_default();
            chat.execute(params![id, self.app, user_id(creator), of.members.len() > 2, now, position])?;
            for user in &of.members {
                member.execute(params![id, user_id(*user), now, position])?;
            }
            change.execute(params![position, id, user_id(creator), now])?;
            of.name = id.to_string();
        }
        Ok(())
    }
}

const USER_IDS: u64 = 0x0190_0000_0001_7000;
const SESSION_IDS: u64 = 0x0190_0000_0002_7000;
const CHAT_IDS: u64 = 0x0190_0000_0003_7000;
/// Of the variant of a UUID (RFC 9562, section 4.1).
const VARIANT: u64 = 0x8000_0000_0000_0000;

pub(crate) fn user_id(at: usize) -> Uuid {
    Uuid::from_u64_pair(USER_IDS, VARIANT | at as u64)
}

pub(crate) fn chat_id(at: usize) -> Uuid {
    Uuid::from_u64_pair(CHAT_IDS, VARIANT | spread(at as u64))
}

/// Chats are not numbered in a row where they are made by people: their rows are to lie apart.
fn spread(at: u64) -> u64 {
    (at.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 2
}

#[allow(
    clippy::disallowed_methods,
    reason = "tokens and rows are dated; nothing here is tested against a clock"
)]
pub(crate) fn now() -> Duration {
    std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

pub(crate) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// The database of a directory that no server has open, for writing a lot at once.
pub(crate) fn open(data: &Path) -> Fallible<Connection> {
    let connection = Connection::open(data.join("chinwag.db"))?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", -400_000)?;
    Ok(connection)
}

/// Names the database in cursors.
pub(crate) fn epoch(data: &Path) -> Fallible<String> {
    let epoch = open(data)?.query_row("SELECT value FROM meta WHERE name = 'epoch'", [], |row| row.get(0))?;
    Ok(epoch)
}

/// Ends the server and keeps a copy of its data.
fn drop_into(mut server: crate::servers::Server, kept: &Path, data: &Path) -> Fallible<()> {
    server.stop();
    copy(data, kept)
}

fn copy(from: &Path, to: &Path) -> Fallible<()> {
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status()?;
    if copied.success() { Ok(()) } else { Err(Failure::new(format!("unable to copy into {}", to.display()))) }
}

/// Where a filled directory is found again.
pub(crate) fn kept(disk: &Path, name: &str) -> PathBuf {
    disk.join(format!("compare-{name}"))
}
