-- When somebody who came back was in the chat before, a row for each time: so that catching up knows whether who says
-- where they stopped was in the chat then.
CREATE TABLE stays (
    chat            uuid NOT NULL,
    user_id         uuid NOT NULL,
    joined_position bigint NOT NULL,
    left_position   bigint NOT NULL,
    PRIMARY KEY (chat, user_id, left_position)
);
CREATE INDEX stays_by_user ON stays (user_id);
