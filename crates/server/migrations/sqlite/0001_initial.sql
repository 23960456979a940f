-- Ids are the 16 bytes of a UUID. Times are milliseconds since 1970. `position` is an event's place among all
-- events of this database: it only grows, and it is the rowid of what the event stored, so rows append in order.

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Companies and what they own.

CREATE TABLE accounts (
    id            BLOB PRIMARY KEY,
    company_name  TEXT NOT NULL,
    email         TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account_sessions (
    id           BLOB PRIMARY KEY,
    account      BLOB NOT NULL REFERENCES accounts (id),
    refresh_hash BLOB NOT NULL UNIQUE, -- SHA-256
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_sessions_by_account ON account_sessions (account);

CREATE TABLE apps (
    id         BLOB PRIMARY KEY,
    account    BLOB REFERENCES accounts (id), -- null: made by an administrator on the command line
    name       TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('ACTIVE', 'SUSPENDED', 'DELETED')),
    tier       TEXT NOT NULL CHECK (tier IN ('DEMO', 'MULTI_TENANT', 'DEDICATED')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX apps_by_account ON apps (account);

CREATE TABLE api_keys (
    id         BLOB PRIMARY KEY,
    app        BLOB NOT NULL REFERENCES apps (id),
    token_hash BLOB NOT NULL UNIQUE, -- SHA-256
    prefix     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_by_app ON api_keys (app);

-- End users and their sign-ins.

CREATE TABLE users (
    id            BLOB PRIMARY KEY,
    app           BLOB NOT NULL REFERENCES apps (id),
    username      TEXT, -- null while the user is being erased: the name is free again at once
    email         TEXT COLLATE NOCASE,
    password_hash TEXT,
    first_name    TEXT,
    sur_name      TEXT,
    created_at    INTEGER NOT NULL,
    UNIQUE (app, username),
    UNIQUE (app, email)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id           BLOB PRIMARY KEY,
    user         BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_hash BLOB NOT NULL UNIQUE, -- SHA-256
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- What open connections must learn of: rows are read by every process that holds any, and kept for a day.
CREATE TABLE endings (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT NOT NULL CHECK (scope IN ('SESSION', 'USER', 'APP')),
    ended BLOB NOT NULL,
    at    INTEGER NOT NULL
) STRICT;

-- Users and chats whose rows remain to be removed, in small steps.
CREATE TABLE erasures (
    subject BLOB PRIMARY KEY,
    kind    TEXT NOT NULL CHECK (kind IN ('USER', 'CHAT')),
    name    TEXT, -- of a user: what the others are told, "<name> left the chat"
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Chats.

CREATE TABLE chats (
    id              BLOB PRIMARY KEY,
    app             BLOB NOT NULL,
    name            TEXT NOT NULL,
    creator         BLOB NOT NULL,
    group_chat      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    head_seq        INTEGER NOT NULL, -- of the newest event
    head_position   INTEGER NOT NULL, -- of the newest event
    active_position INTEGER NOT NULL, -- of the newest message ever, or of the creation
    sent            INTEGER NOT NULL, -- messages ever sent, deleted ones included
    rename_position INTEGER,          -- of the newest CHAT_RENAMED in `changes`
    deleted_at      INTEGER           -- a tombstone: what it held is erased
) STRICT, WITHOUT ROWID;

-- Who is, or was, in which chat. Present: `left_position` is null or before `joined_position`.
CREATE TABLE members (
    chat            BLOB NOT NULL,
    user            BLOB NOT NULL,
    joined_at       INTEGER NOT NULL,
    joined_position INTEGER NOT NULL,
    left_position   INTEGER,
    change_position INTEGER,          -- of their newest USER_JOIN or USER_LEAVE in `changes`
    read_position   INTEGER NOT NULL, -- of the newest message they have read, or 0
    read_nth        INTEGER NOT NULL, -- that message's number
    read_change     INTEGER,          -- of their newest READ_MSG in `changes`
    PRIMARY KEY (chat, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user);

-- Only what exists: a deleted message leaves its DELETE_MSG in `changes` and nothing here.
CREATE TABLE messages (
    position      INTEGER PRIMARY KEY,
    id            BLOB NOT NULL UNIQUE,
    chat          BLOB NOT NULL,
    seq           INTEGER NOT NULL, -- of the event that created it
    nth           INTEGER NOT NULL, -- its number among all messages ever sent in the chat
    sender        BLOB NOT NULL,
    sender_nth    INTEGER NOT NULL, -- its number among all messages its sender ever sent in the chat
    reply_to      BLOB,
    sent_at       INTEGER NOT NULL,
    edited_at     INTEGER,
    edit_position INTEGER,          -- of its newest EDIT_MSG in `changes`
    changed_seq   INTEGER NOT NULL, -- of its newest change
    text          TEXT NOT NULL
) STRICT;
-- Within a chat, and within what one member sent there, an index is in the order of positions: they are the rowids.
CREATE INDEX messages_by_chat ON messages (chat);
CREATE INDEX messages_by_sender ON messages (chat, sender);

CREATE TABLE reactions (
    position INTEGER PRIMARY KEY, -- of its REACT in `changes`
    id       BLOB NOT NULL UNIQUE,
    chat     BLOB NOT NULL,
    message  BLOB NOT NULL,
    sender   BLOB NOT NULL,
    emoji    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    UNIQUE (message, sender, emoji)
) STRICT;
CREATE INDEX reactions_by_sender ON reactions (chat, sender);

-- Every stored change but the creation of a message, once, where it last happened: a newer change of the same
-- thing replaces the older. With `messages` it is all that a client needs to catch up, for as long as there is data.
CREATE TABLE changes (
    position INTEGER PRIMARY KEY,
    chat     BLOB NOT NULL,
    seq      INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    sender   BLOB NOT NULL, -- the event's senderId
    subject  BLOB,          -- the message, reaction or user it is about
    parent   BLOB,          -- of a reaction: its message
    text     TEXT,
    -- Of a deletion: the numbers that its message had, and whose it was.
    nth        INTEGER,
    author     BLOB,
    author_nth INTEGER,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_by_chat ON changes (chat, position);
CREATE INDEX deletions_by_chat ON changes (chat, nth) WHERE nth IS NOT NULL;
CREATE INDEX deletions_by_author ON changes (chat, author, author_nth) WHERE author IS NOT NULL;

-- What each nonce did, so that a retry does it once (protocol, section 5).
CREATE TABLE nonces (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    user    BLOB NOT NULL,
    nonce   TEXT NOT NULL,
    digest  BLOB NOT NULL, -- SHA-256 of the action
    at      INTEGER NOT NULL, -- when it was used
    told_at INTEGER NOT NULL, -- the time its event told: a reaction given before keeps its own
    chat    BLOB NOT NULL,
    seq     INTEGER,       -- null: it changed nothing
    subject BLOB,          -- what it made or changed
    parent  BLOB,
    UNIQUE (user, nonce)
) STRICT;
