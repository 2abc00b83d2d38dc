-- What the operator has paused, the caps said for one day, and an index of the words of the journal.
ALTER TABLE conversations ADD COLUMN paused_at BIGINT;                -- since then no turn is taken
ALTER TABLE conversations ADD COLUMN paused_via TEXT COLLATE "C";                  -- how that was said
ALTER TABLE conversations ADD COLUMN indexed BIGINT NOT NULL DEFAULT 0;  -- the position up to which the journal's words are in entry_words

-- The newest of a day counts; those before it stay on record.
CREATE TABLE day_caps (
    day      TEXT COLLATE "C" NOT NULL,        -- UTC
    number   BIGINT NOT NULL,
    cap_nano BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    via      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (day, number)
);

-- Words only: the text stays in entries. A long entry has several rows.
CREATE TABLE entry_words (
    rowid           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation_id TEXT COLLATE "C" NOT NULL,
    position        BIGINT NOT NULL,
    words           TSVECTOR NOT NULL
);

CREATE INDEX entry_words_words ON entry_words USING GIN (words);
