-- When somebody who came back was in the chat before, a row for each time: so that catching up knows whether who says
-- where they stopped was in the chat then.
CREATE TABLE stays (
    chat            BLOB NOT NULL,
    user            BLOB NOT NULL,
    joined_position INTEGER NOT NULL,
    left_position   INTEGER NOT NULL,
    PRIMARY KEY (chat, user, left_position)
) STRICT, WITHOUT ROWID;
CREATE INDEX stays_by_user ON stays (user);
