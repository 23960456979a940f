-- What an application's own server does: keys of its own, users of its own accounts, history that it brings (ADR 0012),
-- and where it is told what happens (ADR 0013).

ALTER TABLE api_keys ADD COLUMN audience TEXT NOT NULL DEFAULT 'chat' CHECK (audience IN ('chat', 'server'));

-- What the application calls a user.
ALTER TABLE users ADD COLUMN external_id TEXT;
CREATE UNIQUE INDEX users_by_external_id ON users (app, external_id) WHERE external_id IS NOT NULL;

-- The user who speaks when the app itself does.
ALTER TABLE apps ADD COLUMN own_user BLOB;

-- A chat that is being imported has nobody in it.
ALTER TABLE chats ADD COLUMN importing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chats ADD COLUMN imported_to INTEGER; -- position at which it was opened: what is before was imported
CREATE INDEX chats_by_app ON chats (app);

-- What each nonce of an import made: of an app a chat, of a chat a message.
CREATE TABLE imported (
    owner BLOB NOT NULL,
    nonce TEXT NOT NULL,
    made  BLOB NOT NULL,
    seq   INTEGER NOT NULL,
    PRIMARY KEY (owner, nonce)
) STRICT, WITHOUT ROWID;

-- Where the log stood when: a row a minute at most, for those who go back to a time.
CREATE TABLE moments (at INTEGER PRIMARY KEY, position INTEGER NOT NULL) STRICT;

-- Endpoints that are told what happens in an app. Each is a cursor over the log.
CREATE TABLE hooks (
    id               BLOB PRIMARY KEY,
    app              BLOB NOT NULL REFERENCES apps (id),
    url              TEXT NOT NULL,
    description      TEXT NOT NULL,
    events           TEXT NOT NULL, -- types, separated by commas; empty: all
    enabled          INTEGER NOT NULL,
    secret           TEXT NOT NULL, -- it signs, so it cannot be kept as a hash
    old_secret       TEXT,          -- signs too, until then
    old_secret_until INTEGER NOT NULL,
    version          INTEGER NOT NULL, -- of what its owner decides; deliverers start anew when it changes
    failing_since    INTEGER, -- when it was tried first without success
    position         INTEGER NOT NULL, -- everything up to it was delivered, is parked, or is a dead letter
    attempts         INTEGER NOT NULL, -- without success, of what comes after the position
    next_at          INTEGER NOT NULL,
    succeeded_at     INTEGER,
    failed_at        INTEGER,
    error            TEXT,
    owner            BLOB,             -- the process that delivers
    owned_until      INTEGER NOT NULL,
    created_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hooks_by_app ON hooks (app);

-- Chats whose next event an endpoint refuses while it takes those of others: they wait, the others do not.
CREATE TABLE parked (
    hook     BLOB NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
    chat     BLOB NOT NULL,
    position INTEGER NOT NULL, -- everything in this chat up to it was delivered
    since    INTEGER NOT NULL, -- when the next event was tried first
    attempts INTEGER NOT NULL,
    next_at  INTEGER NOT NULL,
    PRIMARY KEY (hook, chat)
) STRICT, WITHOUT ROWID;

-- What was tried until its time was over. What the event says is read from the log when it is asked for.
CREATE TABLE dead_letters (
    hook     BLOB NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    chat     BLOB NOT NULL,
    type     TEXT NOT NULL,
    error    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    again    INTEGER NOT NULL, -- whether it is to be tried once more
    PRIMARY KEY (hook, position)
) STRICT, WITHOUT ROWID;
