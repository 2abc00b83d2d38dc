-- What the operator has paused, the caps said for one day, and an index of the words of the journal.
ALTER TABLE conversations ADD COLUMN paused_at INTEGER;                -- since then no turn is taken
ALTER TABLE conversations ADD COLUMN paused_via TEXT;                  -- how that was said
ALTER TABLE conversations ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;  -- the position up to which the journal's words are in entry_words

-- The newest of a day counts; those before it stay on record.
CREATE TABLE day_caps (
    day      TEXT NOT NULL,        -- UTC
    number   INTEGER NOT NULL,
    cap_nano INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    via      TEXT NOT NULL,
    PRIMARY KEY (day, number)
) STRICT, WITHOUT ROWID;

-- Words only: the text stays in entries. A long entry has several rows.
CREATE VIRTUAL TABLE entry_words USING fts5 (
    words, conversation_id UNINDEXED, position UNINDEXED,
    content = '', contentless_unindexed = 1, tokenize = 'unicode61 remove_diacritics 0'
);
