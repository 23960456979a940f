-- Refresh tokens that were replaced, of sessions whose client asks for that. One that comes back after its successor was
-- used was stolen, or the successor was: the session ends.
CREATE TABLE retired_tokens (
    hash     bytea PRIMARY KEY, -- SHA-256
    session  uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    replaced boolean NOT NULL,  -- once its successor was used; until then it may only have been lost on its way
    at       bigint NOT NULL
);
CREATE INDEX retired_tokens_by_session ON retired_tokens (session, at);

-- What administrators and accounts did, and what was done about an account or its apps. No secrets.
CREATE TABLE audit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      bigint NOT NULL,
    actor   text NOT NULL, -- ACCOUNT, OPERATOR, USER or SERVER
    account uuid,          -- whose account or app it concerns; null: the operator's alone
    act     text NOT NULL,
    app     uuid,
    subject text,          -- the id of whom or what it was done to
    address text,          -- the client's; null on the command line
    detail  text
);
CREATE INDEX audit_by_account ON audit (account, id);
CREATE INDEX audit_by_time ON audit (at);

-- What was removed when a user was erased. It names them by id alone, and stays.
CREATE TABLE erasure_receipts (
    subject      uuid PRIMARY KEY,
    app          uuid NOT NULL,
    requested_at bigint NOT NULL,
    finished_at  bigint
);
CREATE INDEX erasure_receipts_by_app ON erasure_receipts (app, requested_at);
CREATE TABLE erased (
    subject uuid NOT NULL,
    what    text NOT NULL,
    count   bigint NOT NULL,
    PRIMARY KEY (subject, what)
);

-- Chats that were deleted are forgotten after some weeks; cursors from before that are not honoured any more.
CREATE INDEX chats_by_deletion ON chats (deleted_at) WHERE deleted_at IS NOT NULL;

-- Messages older than this are removed; null: none are.
ALTER TABLE apps ADD COLUMN retention_days bigint;
