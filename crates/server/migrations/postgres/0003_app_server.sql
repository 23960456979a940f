-- What an application's own server does: keys of its own, users of its own accounts, history that it brings (ADR 0012),
-- and where it is told what happens (ADR 0013).

ALTER TABLE api_keys ADD COLUMN audience text NOT NULL DEFAULT 'chat' CHECK (audience IN ('chat', 'server'));

-- What the application calls a user.
ALTER TABLE users ADD COLUMN external_id text COLLATE "C";
CREATE UNIQUE INDEX users_by_external_id ON users (app, external_id) WHERE external_id IS NOT NULL;

-- The user who speaks when the app itself does.
ALTER TABLE apps ADD COLUMN own_user uuid;

-- A chat that is being imported has nobody in it.
ALTER TABLE chats ADD COLUMN importing boolean NOT NULL DEFAULT false;
ALTER TABLE chats ADD COLUMN imported_to bigint; -- position at which it was opened: what is before was imported

-- What each nonce of an import made: of an app a chat, of a chat a message.
CREATE TABLE imported (
    owner uuid NOT NULL,
    nonce bytea NOT NULL, -- UTF-8
    made  uuid NOT NULL,
    seq   bigint NOT NULL,
    PRIMARY KEY (owner, nonce)
);

-- Where the log stood when: a row a minute at most, for those who go back to a time.
CREATE TABLE moments (at bigint PRIMARY KEY, position bigint NOT NULL);

-- Endpoints that are told what happens in an app. Each is a cursor over the log.
CREATE TABLE hooks (
    id               uuid PRIMARY KEY,
    app              uuid NOT NULL REFERENCES apps (id),
    url              text NOT NULL,
    description      text NOT NULL,
    events           text NOT NULL, -- types, separated by commas; empty: all
    enabled          boolean NOT NULL,
    secret           text NOT NULL, -- it signs, so it cannot be kept as a hash
    old_secret       text,          -- signs too, until then
    old_secret_until bigint NOT NULL,
    version          bigint NOT NULL, -- of what its owner decides; deliverers start anew when it changes
    failing_since    bigint, -- when it was tried first without success
    position         bigint NOT NULL, -- everything up to it was delivered, is parked, or is a dead letter
    attempts         bigint NOT NULL, -- without success, of what comes after the position
    next_at          bigint NOT NULL,
    succeeded_at     bigint,
    failed_at        bigint,
    error            text,
    owner            uuid,             -- the process that delivers
    owned_until      bigint NOT NULL,
    created_at       bigint NOT NULL
);
CREATE INDEX hooks_by_app ON hooks (app);

-- Chats whose next event an endpoint refuses while it takes those of others: they wait, the others do not.
CREATE TABLE parked (
    hook     uuid NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
    chat     uuid NOT NULL,
    position bigint NOT NULL, -- everything in this chat up to it was delivered
    since    bigint NOT NULL, -- when the next event was tried first
    attempts bigint NOT NULL,
    next_at  bigint NOT NULL,
    PRIMARY KEY (hook, chat)
);

-- What was tried until its time was over. What the event says is read from the log when it is asked for.
CREATE TABLE dead_letters (
    hook     uuid NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
    position bigint NOT NULL,
    chat     uuid NOT NULL,
    type     text NOT NULL,
    error    text NOT NULL,
    at       bigint NOT NULL,
    again    boolean NOT NULL, -- whether it is to be tried once more
    PRIMARY KEY (hook, position)
);
