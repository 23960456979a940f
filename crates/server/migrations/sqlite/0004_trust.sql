-- Refresh tokens that were replaced, of sessions whose client asks for that. One that comes back after its successor was
-- used was stolen, or the successor was: the session ends.
CREATE TABLE retired_tokens (
    hash     BLOB PRIMARY KEY, -- SHA-256
    session  BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    replaced INTEGER NOT NULL, -- 1 once its successor was used; until then it may only have been lost on its way
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX retired_tokens_by_session ON retired_tokens (session, at);

-- What administrators and accounts did, and what was done about an account or its apps. No secrets.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL, -- ACCOUNT, OPERATOR, USER or SERVER
    account BLOB,          -- whose account or app it concerns; null: the operator's alone
    act     TEXT NOT NULL,
    app     BLOB,
    subject TEXT,          -- the id of whom or what it was done to
    address TEXT,          -- the client's; null on the command line
    detail  TEXT
) STRICT;
CREATE INDEX audit_by_account ON audit (account, id);
CREATE INDEX audit_by_time ON audit (at);

-- What was removed when a user was erased. It names them by id alone, and stays.
CREATE TABLE erasure_receipts (
    subject      BLOB PRIMARY KEY,
    app          BLOB NOT NULL,
    requested_at INTEGER NOT NULL,
    finished_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_receipts_by_app ON erasure_receipts (app, requested_at);
CREATE TABLE erased (
    subject BLOB NOT NULL,
    what    TEXT NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (subject, what)
) STRICT, WITHOUT ROWID;

-- Chats that were deleted are forgotten after some weeks; cursors from before that are not honoured any more.
CREATE INDEX chats_by_deletion ON chats (deleted_at) WHERE deleted_at IS NOT NULL;

-- Messages older than this are removed; null: none are.
ALTER TABLE apps ADD COLUMN retention_days INTEGER;
