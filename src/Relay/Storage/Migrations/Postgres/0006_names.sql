-- Who speaks cannot be forged, and what one party may make of names and turns has a bound.
ALTER TABLE entries ADD COLUMN quoted BIGINT NOT NULL DEFAULT 0;    -- 1: calls show lines that begin with a bracket as quoted
ALTER TABLE sessions ADD COLUMN made_by TEXT COLLATE "C";           -- which source made the name; NULL: the configuration, or before this
ALTER TABLE sessions ADD COLUMN prompted BIGINT NOT NULL DEFAULT 0;  -- the newest round when its user last entered a prompt

CREATE INDEX sessions_made ON sessions (made_by, first_seen_at) WHERE made_by IS NOT NULL;

-- Messages that sessions sent by themselves in relay mode, in the last day.
CREATE TABLE rounds (
    conversation_id TEXT COLLATE "C" NOT NULL,
    family          TEXT COLLATE "C" NOT NULL,  -- the session's name without the number that told it from others
    number          BIGINT           NOT NULL,  -- of all rounds, in order
    session_id      TEXT COLLATE "C" NOT NULL,
    position        BIGINT           NOT NULL,  -- how far the conversation's journal was
    at              BIGINT           NOT NULL,
    PRIMARY KEY (conversation_id, family, number)
);

CREATE INDEX rounds_at ON rounds (at);

ALTER TABLE agents DROP COLUMN rounds;  -- counted there instead
