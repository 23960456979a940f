//! People who talk without a pause, whatever becomes of the server, and remember what they were promised.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chinwag_testkit::{Chinwag, Device, Dice, Person, Postgres, Told};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// Sent before the first of them is acknowledged.
const UNDER_WAY_MAX: usize = 16;

/// Counts what was acknowledged, so that a test can act in the midst of it.
#[derive(Clone, Default)]
pub(crate) struct Acknowledged(Arc<(AtomicUsize, Notify)>);

impl Acknowledged {
    fn one_more(&self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
        self.0.1.notify_waiters();
    }

    pub(crate) fn count(&self) -> usize {
        self.0.0.load(Ordering::SeqCst)
    }

    /// Waits until there are so many in all.
    pub(crate) async fn reach(&self, count: usize) {
        loop {
            let more = self.0.1.notified();
            if self.count() >= count {
                return;
            }
            more.await;
        }
    }
}

/// One who says "name 0", "name 1" and so on in one chat, each once, and again with its nonce until acknowledged.
pub(crate) struct Talker {
    pub(crate) name: String,
    pub(crate) device: Device,
    by_post: bool,
    chat: String,
    dice: Dice,
    /// Not acknowledged yet, oldest first.
    due: VecDeque<Value>,
    said: usize,
    acknowledged: Acknowledged,
}

impl Talker {
    pub(crate) fn new(name: &str, person: &Person, chat: &str, seed: u64, all: &Acknowledged) -> Self {
        Self {
            name: name.to_owned(),
            device: Device::forgetful(person),
            by_post: false,
            chat: chat.to_owned(),
            dice: Dice::of(seed),
            due: VecDeque::new(),
            said: 0,
            acknowledged: all.clone(),
        }
    }

    /// Over HTTP, one at a time.
    pub(crate) fn by_post(self) -> Self {
        Self { by_post: true, ..self }
    }

    /// What was said and acknowledged.
    pub(crate) fn promised(&self) -> usize {
        self.said - self.due.len()
    }

    fn next(&mut self) -> Value {
        let text = format!("{} {}", self.name, self.said);
        self.said += 1;
        // Some are longer than a page, so that commits are of any size.
        let message =
            if self.dice.below(8) == 0 { format!("{text} {}", "x".repeat(6000)) } else { text.clone() };
        let action = json!({"type": "SEND_MSG", "chatId": self.chat, "message": message, "nonce": text});
        self.due.push_back(action.clone());
        action
    }

    /// Talks until the connection or the server is gone.
    pub(crate) async fn talks(mut self) -> Self {
        if self.by_post {
            self.posts(usize::MAX).await;
        } else {
            self.streams().await;
        }
        self
    }

    async fn posts(&mut self, upto: usize) {
        while self.said < upto || !self.due.is_empty() {
            let action = if self.due.is_empty() { self.next() } else { self.due[0].clone() };
            let Some(answer) = self.device.person.tries_to_post(&action).await else { return };
            match answer.status {
                200 => {
                    self.due.pop_front();
                    self.acknowledged.one_more();
                }
                503 => return,
                _ => panic!("{answer:?}"),
            }
        }
    }

    async fn streams(&mut self) {
        self.device.waiting.clear();
        if !self.device.connects().await {
            return;
        }
        for action in self.due.clone() {
            self.device.sends(&action).await;
        }
        loop {
            while self.device.waiting.len() < UNDER_WAY_MAX {
                let action = self.next();
                self.device.sends(&action).await;
            }
            match self.device.hears().await {
                Told::Receipt(_) => {
                    // Receipts of one connection come in the order of its actions.
                    self.due.pop_front();
                    self.acknowledged.one_more();
                }
                Told::Event(event) => assert_ne!(event.kind(), "ERROR", "{event:?}"),
                Told::Closed(_) => return,
            }
        }
    }

    /// Says again what was not acknowledged, until it is.
    pub(crate) async fn finishes(&mut self) {
        self.device.vanishes();
        self.posts(0).await;
        assert!(self.due.is_empty(), "{} has {} unsaid", self.name, self.due.len());
    }
}

/// A server's database, looked into beside the server or after it.
pub(crate) enum Database {
    Sqlite(Connection),
    /// Its URL.
    Postgres(String),
}

impl Database {
    pub(crate) fn of(chinwag: &Chinwag) -> Self {
        match chinwag.database_url() {
            Some(url) => Self::Postgres(url.to_owned()),
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let file = chinwag.data_directory().join("chinwag.db");
                Self::Sqlite(Connection::open_with_flags(file, flags).expect("a database"))
            }
        }
    }

    /// What a query finds, a line for each row.
    fn lines(&self, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql).expect("our own tables");
                let lines = statement.query_map([], |row| row.get(0)).expect("rows");
                lines.collect::<Result<_, _>>().expect("text")
            }
            Self::Postgres(url) => Postgres::shared().sql(url, sql).lines().map(str::to_owned).collect(),
        }
    }
}

/// That the file is whole. Of PostgreSQL's files we know nothing.
pub(crate) fn is_sound(database: &Database) {
    if let Database::Sqlite(_) = database {
        assert_eq!(database.lines("PRAGMA integrity_check"), ["ok"]);
    }
}

/// That every chat's events have the seqs from 1 to its newest. True only where nothing was changed twice, since what
/// is overwritten gives its place up.
pub(crate) fn seqs_are_dense(database: &Database) {
    let chats = database.lines(
        "SELECT c.head_seq || ' ' || count(DISTINCT e.seq) || ' ' || count(*) || ' ' || max(e.seq) FROM chats c JOIN
           (SELECT chat, seq FROM messages UNION ALL SELECT chat, seq FROM changes) e ON e.chat = c.id
         GROUP BY c.id, c.head_seq",
    );
    for chat in chats {
        let mut numbers = chat.split(' ').map(|number| number.parse::<u64>().expect("a number"));
        let head = numbers.next().expect("a head");
        assert!(numbers.all(|number| number == head), "a hole or a repeat: {chat}");
    }
}

/// That each talker's words are there, each once and in the order in which they were said: all that were promised, and
/// of the rest none out of order.
pub(crate) fn words_are_kept(database: &Database, talkers: &[&Talker]) {
    let texts = database.lines(match database {
        Database::Sqlite(_) => "SELECT text FROM messages ORDER BY chat, seq",
        Database::Postgres(_) => "SELECT convert_from(text, 'UTF8') FROM messages ORDER BY chat, seq",
    });
    let mut heard: BTreeMap<String, usize> = BTreeMap::new();
    for text in texts {
        let mut words = text.split(' ');
        let (name, number) = (words.next().expect("a name"), words.next().expect("a number"));
        let next = heard.entry(name.to_owned()).or_default();
        assert_eq!(
            number.parse(),
            Ok(*next),
            "{name} said this out of order, or twice, or something is lost"
        );
        *next += 1;
    }
    for talker in talkers {
        let heard = heard.get(&talker.name).copied().unwrap_or(0);
        assert!(heard >= talker.promised(), "{}: {heard} of {} are there", talker.name, talker.promised());
        assert!(heard <= talker.said, "{}: {heard} of {}", talker.name, talker.said);
    }
}
