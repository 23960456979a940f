-- Ids are UUIDs. Times are milliseconds since 1970. `position` is an event's place among all events of this database
-- (docs/adr/0009): it only grows, and commits in the order of positions. Every key on the path of a message begins with
-- its chat, and nothing there refers to another chat's rows, so these tables can be distributed by chat.
-- People's text may hold any character, U+0000 too, which `text` cannot: it is kept as bytes in UTF-8.

CREATE TABLE meta (name text PRIMARY KEY, value text NOT NULL);

-- One row: the newest position. It is locked from its update to the end of that transaction, and by nothing else.
CREATE TABLE head (position bigint NOT NULL) WITH (fillfactor = 10);
INSERT INTO head (position) VALUES (0);

-- What each writer wrote last, so that one which lost its connection while it committed can look whether it did.
CREATE TABLE writers (
    id       uuid PRIMARY KEY,
    flush    uuid NOT NULL,
    position bigint NOT NULL, -- the head after it
    at       bigint NOT NULL
) WITH (fillfactor = 50);

-- Companies and what they own.

CREATE TABLE accounts (
    id            uuid PRIMARY KEY,
    company_name  text NOT NULL,
    email         text NOT NULL COLLATE "C",
    password_hash text NOT NULL,
    created_at    bigint NOT NULL
);
CREATE UNIQUE INDEX accounts_by_email ON accounts (lower(email));

CREATE TABLE account_sessions (
    id           uuid PRIMARY KEY,
    account      uuid NOT NULL REFERENCES accounts (id),
    refresh_hash bytea NOT NULL UNIQUE, -- SHA-256
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL
);
CREATE INDEX account_sessions_by_account ON account_sessions (account);

CREATE TABLE apps (
    id         uuid PRIMARY KEY,
    account    uuid REFERENCES accounts (id), -- null: made by an administrator on the command line
    name       text NOT NULL,
    status     text NOT NULL CHECK (status IN ('ACTIVE', 'SUSPENDED', 'DELETED')),
    tier       text NOT NULL CHECK (tier IN ('DEMO', 'MULTI_TENANT', 'DEDICATED')),
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE INDEX apps_by_account ON apps (account);

CREATE TABLE api_keys (
    id         uuid PRIMARY KEY,
    app        uuid NOT NULL REFERENCES apps (id),
    token_hash bytea NOT NULL UNIQUE, -- SHA-256
    prefix     text NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint
);
CREATE INDEX api_keys_by_app ON api_keys (app);

-- End users and their sign-ins.

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    app           uuid NOT NULL REFERENCES apps (id),
    username      text COLLATE "C", -- null while the user is being erased: the name is free again at once
    email         text COLLATE "C",
    password_hash text,
    first_name    bytea,
    sur_name      bytea,
    created_at    bigint NOT NULL
);
CREATE UNIQUE INDEX users_by_username ON users (app, username);
CREATE UNIQUE INDEX users_by_email ON users (app, lower(email));

CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_hash bytea NOT NULL UNIQUE, -- SHA-256
    created_at   bigint NOT NULL,
    last_used_at bigint NOT NULL,
    expires_at   bigint NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- What open connections must learn of: rows are read by every node, and kept for a day. Ids are given under a lock, so
-- that they commit in their order.
CREATE TABLE endings (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope text NOT NULL CHECK (scope IN ('SESSION', 'USER', 'APP')),
    ended uuid NOT NULL,
    at    bigint NOT NULL
);

-- Users and chats whose rows remain to be removed, in small steps.
CREATE TABLE erasures (
    subject uuid PRIMARY KEY,
    kind    text NOT NULL CHECK (kind IN ('USER', 'CHAT')),
    name    text, -- of a user: what the others are told, "<name> left the chat"
    at      bigint NOT NULL
);

-- Chats.

-- Whoever changes a chat, or anything in it, locks its row first.
CREATE TABLE chats (
    id              uuid PRIMARY KEY,
    app             uuid NOT NULL,
    name            text NOT NULL,
    creator         uuid NOT NULL,
    group_chat      boolean NOT NULL,
    created_at      bigint NOT NULL,
    head_seq        bigint NOT NULL, -- of the newest event
    head_position   bigint NOT NULL, -- of the newest event
    active_position bigint NOT NULL, -- of the newest message ever, or of the creation
    sent            bigint NOT NULL, -- messages ever sent, deleted ones included
    rename_position bigint,          -- of the newest CHAT_RENAMED in `changes`
    deleted_at      bigint           -- a tombstone: what it held is erased
) WITH (fillfactor = 70);
CREATE INDEX chats_by_app ON chats (app); -- for owners of an app who look for a message by its id

-- Who is, or was, in which chat. Present: `left_position` is null or before `joined_position`.
CREATE TABLE members (
    chat            uuid NOT NULL,
    user_id         uuid NOT NULL,
    joined_at       bigint NOT NULL,
    joined_position bigint NOT NULL,
    left_position   bigint,
    change_position bigint,          -- of their newest USER_JOIN or USER_LEAVE in `changes`
    read_position   bigint NOT NULL, -- of the newest message they have read, or 0
    read_nth        bigint NOT NULL, -- that message's number
    read_change     bigint,          -- of their newest READ_MSG in `changes`
    PRIMARY KEY (chat, user_id)
) WITH (fillfactor = 70);
CREATE INDEX members_by_user ON members (user_id);

-- Only what exists: a deleted message leaves its DELETE_MSG in `changes` and nothing here.
CREATE TABLE messages (
    chat          uuid NOT NULL,
    position      bigint NOT NULL,
    id            uuid NOT NULL,
    seq           bigint NOT NULL, -- of the event that created it
    nth           bigint NOT NULL, -- its number among all messages ever sent in the chat
    sender        uuid NOT NULL,
    sender_nth    bigint NOT NULL, -- its number among all messages its sender ever sent in the chat
    reply_to      uuid,
    sent_at       bigint NOT NULL,
    edited_at     bigint,
    edit_position bigint,          -- of its newest EDIT_MSG in `changes`
    changed_seq   bigint NOT NULL, -- of its newest change
    text          bytea NOT NULL,
    PRIMARY KEY (chat, position),
    UNIQUE (chat, id)
);
CREATE INDEX messages_by_sender ON messages (chat, sender, position);

CREATE TABLE reactions (
    chat     uuid NOT NULL,
    position bigint NOT NULL, -- of its REACT in `changes`
    id       uuid NOT NULL,
    message  uuid NOT NULL,
    sender   uuid NOT NULL,
    emoji    text NOT NULL COLLATE "C",
    at       bigint NOT NULL,
    PRIMARY KEY (chat, position),
    UNIQUE (chat, message, sender, emoji)
);
-- A reaction is taken back by its id alone.
CREATE INDEX reactions_by_id ON reactions (id);
CREATE INDEX reactions_by_sender ON reactions (chat, sender, position);

-- Every stored change but the creation of a message, once, where it last happened: a newer change of the same
-- thing replaces the older. With `messages` it is all that a client needs to catch up, for as long as there is data.
CREATE TABLE changes (
    chat       uuid NOT NULL,
    position   bigint NOT NULL,
    seq        bigint NOT NULL,
    kind       text NOT NULL COLLATE "C",
    sender     uuid NOT NULL, -- the event's senderId
    subject    uuid,          -- the message, reaction or user it is about
    parent     uuid,          -- of a reaction: its message
    text       text,
    -- Of a deletion: where its message stood, the numbers that it had, and whose it was.
    was_at     bigint,
    nth        bigint,
    author     uuid,
    author_nth bigint,
    at         bigint NOT NULL,
    PRIMARY KEY (chat, position)
);
CREATE INDEX deletions_by_message ON changes (chat, subject) WHERE kind = 'DELETE_MSG';
CREATE INDEX deletions_by_chat ON changes (chat, nth) WHERE nth IS NOT NULL;
CREATE INDEX deletions_by_author ON changes (chat, author, author_nth) WHERE author IS NOT NULL;

-- What each nonce did, so that a retry does it once (protocol, section 5).
CREATE TABLE nonces (
    user_id uuid NOT NULL,
    nonce   bytea NOT NULL, -- UTF-8
    digest  bytea NOT NULL, -- SHA-256 of the action
    at      bigint NOT NULL, -- when it was used
    told_at bigint NOT NULL, -- the time its event told: a reaction given before keeps its own
    chat    uuid NOT NULL,
    seq     bigint,        -- null: it changed nothing
    subject uuid,          -- what it made or changed
    parent  uuid,
    PRIMARY KEY (user_id, nonce)
);
CREATE INDEX nonces_by_time ON nonces (at);
