-- What becomes of a question's page on the operator's phone, and what came from there.
ALTER TABLE pages ADD COLUMN content TEXT COLLATE "C" NOT NULL DEFAULT 'full' CHECK (content IN ('full', 'title'));  -- what of it the server took
ALTER TABLE pages ADD COLUMN issue BIGINT NOT NULL DEFAULT 0;      -- of its buttons: those of an earlier one count no more
ALTER TABLE pages ADD COLUMN followed BIGINT NOT NULL DEFAULT 0;   -- 1: of a question, until its receipt has gone out
ALTER TABLE pages ADD COLUMN receipt_title TEXT COLLATE "C";
ALTER TABLE pages ADD COLUMN receipt TEXT COLLATE "C";                     -- what it reads now that the question is closed
ALTER TABLE pages ADD COLUMN step BIGINT NOT NULL DEFAULT 0;       -- of the ladder: how many were taken
ALTER TABLE pages ADD COLUMN stepped_at BIGINT;                    -- when the last one was
ALTER TABLE pages ADD COLUMN quiet_until BIGINT;                   -- the operator has seen it, or wants to be asked again then

UPDATE pages SET followed = 1 WHERE kind = 'question' AND subject <> 'more' AND cleared_at IS NULL;

CREATE INDEX pages_followed ON pages (followed, page_id) WHERE followed = 1;

-- The messages of the answer topic that were dealt with: a server may send all it has once more.
CREATE TABLE phone_inbox (
    message_id TEXT COLLATE "C" PRIMARY KEY,
    taken_at   BIGINT NOT NULL,
    refused    BIGINT NOT NULL
);

CREATE INDEX phone_inbox_taken ON phone_inbox (taken_at);

-- A page on its second ways.
CREATE TABLE second_pages (
    page_id    TEXT COLLATE "C" NOT NULL,
    way        TEXT COLLATE "C" NOT NULL,        -- which of second_ways in the configuration
    state      TEXT COLLATE "C" NOT NULL CHECK (state IN ('queued', 'sent', 'dropped')),
    attempts   BIGINT NOT NULL,
    last_error TEXT COLLATE "C",
    due_at     BIGINT NOT NULL,
    sent_at    BIGINT,
    PRIMARY KEY (page_id, way)
);

CREATE INDEX second_pages_queued ON second_pages (state, due_at) WHERE state = 'queued';
