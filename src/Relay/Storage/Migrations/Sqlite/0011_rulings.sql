-- Every word of the operator is a ruling with a number, a scope and a state; who cites one is recorded. A question may have options, and a
-- time at which one of them is taken.
ALTER TABLE questions ADD COLUMN options TEXT;                           -- what the advisor offers, as JSON
ALTER TABLE questions ADD COLUMN deadline INTEGER;                       -- by when it asked for the answer
ALTER TABLE questions ADD COLUMN default_option TEXT;                    -- the option that is taken then; NULL: none is
ALTER TABLE questions ADD COLUMN chosen TEXT;                            -- the option that the answer names
ALTER TABLE questions ADD COLUMN by_default INTEGER NOT NULL DEFAULT 0;  -- 1: nobody answered, the default was taken
ALTER TABLE questions ADD COLUMN overturns INTEGER;                      -- the ruling whose place the answer takes
ALTER TABLE questions ADD COLUMN overturned_by INTEGER;                  -- the question that was asked because the default was not right

ALTER TABLE entries ADD COLUMN ruling_id INTEGER;                        -- the ruling that it is, or carries from another conversation
ALTER TABLE entries ADD COLUMN note TEXT;                                -- what calls say of it before it
ALTER TABLE conversations ADD COLUMN rulings_told INTEGER NOT NULL DEFAULT 0;  -- the newest ruling for all that its journal has

CREATE TABLE rulings (
    ruling_id       INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL,     -- where it was said
    message_id      TEXT,              -- the operator's message to the advisor; NULL for words straight to a session
    question_id     INTEGER,           -- that it answered; NULL for words nobody asked for
    scope           TEXT NOT NULL CHECK (scope IN ('once', 'conversation', 'always')),
    always_number   INTEGER,           -- grows with every ruling that is made one for all; NULL where it is none
    state           TEXT NOT NULL CHECK (state IN ('standing', 'superseded', 'retired')),
    at              INTEGER NOT NULL,
    ended_at        INTEGER,
    ended_why       TEXT,
    superseded_by   INTEGER,
    uses            INTEGER NOT NULL,  -- how often it was cited
    last_used_at    INTEGER,
    characters      INTEGER NOT NULL,  -- of the words and their question
    question        TEXT,
    content         TEXT NOT NULL      -- word for word
) STRICT;

CREATE TABLE ruling_uses (
    use_id          INTEGER PRIMARY KEY,
    ruling_id       INTEGER NOT NULL,
    conversation_id TEXT NOT NULL,
    position        INTEGER NOT NULL,  -- of the reply that cites it
    message_id      TEXT NOT NULL,     -- that was settled
    at              INTEGER NOT NULL,
    overturned_at   INTEGER,
    overturned_by   INTEGER            -- the question that was asked instead
) STRICT;

-- What was said before, in the order in which it was said; of a message that was asked twice, the last entry.
CREATE TABLE ruling_numbers AS
SELECT e.conversation_id, e.position, ROW_NUMBER() OVER (ORDER BY e.at, e.conversation_id, e.position) AS ruling_id
FROM entries e
WHERE e.ruling = 1 AND NOT EXISTS (
    SELECT 1
    FROM entries l
    WHERE l.conversation_id = e.conversation_id AND l.ruling = 1 AND l.message_id = e.message_id AND l.position > e.position);

CREATE INDEX ruling_numbers_of ON ruling_numbers (conversation_id, position);

UPDATE entries
SET ruling_id = (
    SELECT n.ruling_id FROM ruling_numbers n WHERE n.conversation_id = entries.conversation_id AND n.position = entries.position)
WHERE ruling = 1;

DROP TABLE ruling_numbers;

UPDATE entries
SET note = '[the relay] This is ruling ' || ruling_id || ', for this conversation.'
WHERE ruling_id IS NOT NULL;

INSERT INTO rulings (
    ruling_id, conversation_id, message_id, question_id, scope, state, at, ended_at, ended_why, uses, characters, question, content)
SELECT
    e.ruling_id, e.conversation_id, e.message_id,
    (SELECT MIN(q.question_id)
     FROM questions q
     WHERE q.conversation_id = e.conversation_id AND q.state = 'answered' AND q.message_id IS NOT NULL
       AND (q.answer_message_id = e.message_id
            OR (q.answer_message_id IS NULL AND e.message_id IS NULL AND q.answered_at = e.at AND q.answer = e.content))),
    'conversation', CASE WHEN e.left_out IS NULL THEN 'standing' ELSE 'retired' END, e.at,
    CASE WHEN e.left_out IS NULL THEN NULL ELSE e.at END, e.left_out, 0, LENGTH(e.content) + LENGTH(COALESCE(e.question, '')),
    e.question, e.content
FROM entries e
WHERE e.ruling_id IS NOT NULL;

-- And what the operator has said that no call has carried yet.
INSERT INTO rulings (ruling_id, conversation_id, message_id, question_id, scope, state, at, uses, characters, question, content)
SELECT
    (SELECT COALESCE(MAX(r.ruling_id), 0) FROM rulings r) + ROW_NUMBER() OVER (ORDER BY m.accepted_at, m.conversation_id, m.number),
    m.conversation_id, m.message_id, q.question_id, 'conversation', 'standing', m.accepted_at, 0,
    LENGTH(m.content) + LENGTH(COALESCE(q.text, '')), q.text, m.content
FROM messages m
LEFT JOIN questions q ON q.conversation_id = m.conversation_id AND q.answer_message_id = m.message_id
WHERE m.speaker = 'operator' AND m.state IN ('accepted', 'asking', 'waiting', 'deferred', 'held') AND NOT EXISTS (
    SELECT 1
    FROM entries e
    WHERE e.conversation_id = m.conversation_id AND e.message_id = m.message_id AND e.ruling_id IS NOT NULL);

INSERT INTO counters (name, value)
SELECT 'ruling', COALESCE(MAX(ruling_id), 0)
FROM rulings;

CREATE INDEX entries_of_ruling ON entries (ruling_id, conversation_id, position) WHERE ruling_id IS NOT NULL;
CREATE INDEX entries_ruled ON entries (conversation_id, position) WHERE ruling_id IS NOT NULL;
CREATE UNIQUE INDEX rulings_of_message ON rulings (conversation_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX rulings_of_question ON rulings (question_id) WHERE question_id IS NOT NULL;
CREATE INDEX rulings_standing ON rulings (ruling_id, scope, conversation_id, characters) WHERE state = 'standing';
CREATE INDEX rulings_always ON rulings (always_number) WHERE state = 'standing' AND scope = 'always';
CREATE UNIQUE INDEX ruling_uses_once ON ruling_uses (conversation_id, position, ruling_id);
CREATE INDEX ruling_uses_of ON ruling_uses (ruling_id, use_id);
CREATE INDEX ruling_uses_of_message ON ruling_uses (conversation_id, message_id);
CREATE INDEX ruling_uses_at ON ruling_uses (at, conversation_id, message_id, overturned_at);
