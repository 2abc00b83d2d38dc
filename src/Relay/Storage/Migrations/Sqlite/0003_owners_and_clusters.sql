-- A row lies where it is looked for: tables are clustered by their own key, and an index is kept only where a state is waited for.
-- What may be once is a unique key, "waits for the operator" one column, and sums are kept instead of counted anew.

CREATE TABLE new_conversations (
    conversation_id   TEXT PRIMARY KEY,
    claim_epoch       INTEGER NOT NULL,  -- grows with every claim; a commit under an older epoch changes no row
    call_id           TEXT,              -- the call under way, NULL when there is none
    call_message      TEXT,              -- the message it is made for, '' for a summary
    last_number       INTEGER NOT NULL,  -- of its messages
    last_position     INTEGER NOT NULL,  -- of its journal entries
    window_turns      INTEGER NOT NULL,  -- entries and characters that the next call would carry
    window_characters INTEGER NOT NULL,
    open_question     INTEGER,           -- the conversation waits for the operator's answer to it
    unblocked_at      INTEGER NOT NULL,  -- when such a wait last ended, 0 when there was none
    created_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO new_conversations
SELECT
    c.conversation_id, c.claim_epoch,
    (SELECT s.call_id FROM calls s WHERE s.conversation_id = c.conversation_id AND s.state = 'started' ORDER BY s.call_id DESC LIMIT 1),
    (SELECT COALESCE(s.message_id, '') FROM calls s WHERE s.conversation_id = c.conversation_id AND s.state = 'started' ORDER BY s.call_id DESC LIMIT 1),
    c.last_number, c.last_position, c.window_turns, c.window_characters,
    (SELECT q.question_id FROM questions q WHERE q.conversation_id = c.conversation_id AND q.state = 'open' AND q.kind <> 'permission'),
    COALESCE((SELECT MAX(q.answered_at) FROM questions q WHERE q.conversation_id = c.conversation_id AND q.kind <> 'permission'), 0),
    c.created_at
FROM conversations c;

DROP TABLE conversations;
ALTER TABLE new_conversations RENAME TO conversations;

CREATE TABLE new_sessions (
    session_id      TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    channel         TEXT NOT NULL CHECK (channel IN ('folder', 'agent')),  -- how unasked words reach it
    first_seen_at   INTEGER NOT NULL,
    last_seen_at    INTEGER,           -- NULL: listed in the configuration, not heard of yet
    ended_at        INTEGER            -- it said goodbye and was not heard of since
) STRICT, WITHOUT ROWID;

INSERT INTO new_sessions
SELECT session_id, conversation_id, channel, first_seen_at, last_seen_at, ended_at
FROM sessions;

DROP TABLE sessions;
ALTER TABLE new_sessions RENAME TO sessions;

CREATE INDEX sessions_heard_of ON sessions (conversation_id, last_seen_at) WHERE last_seen_at IS NOT NULL;
CREATE INDEX sessions_newest ON sessions (last_seen_at) WHERE last_seen_at IS NOT NULL;
CREATE INDEX sessions_agents ON sessions (conversation_id) WHERE channel = 'agent';

CREATE TABLE new_messages (
    conversation_id TEXT NOT NULL,
    message_id      TEXT NOT NULL,     -- made by the program, and growing with time, so neighbours in time are neighbours here
    number          INTEGER NOT NULL,
    session_id      TEXT NOT NULL,     -- who gets the reply; '' when it goes to the operator
    speaker         TEXT NOT NULL CHECK (speaker IN ('session', 'operator')),
    channel         TEXT NOT NULL CHECK (channel IN ('folder', 'caller', 'agent', 'operator', 'none')),
    origin_id       TEXT,              -- for an answer: the message whose question it answers
    state           TEXT NOT NULL CHECK (state IN ('accepted', 'asking', 'waiting', 'deferred', 'held', 'answered', 'consumed', 'dead')),
    cause           TEXT,              -- of a hold
    reason          TEXT,
    priority        INTEGER NOT NULL,  -- within its conversation: 0 in the journal already, 1 the operator's, 2 a session's
    attempts        INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    accepted_at     INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    asked_position  INTEGER,           -- of its journal entry; set once
    reply_position  INTEGER,           -- of the entry that answers it
    content         TEXT NOT NULL,     -- last: the columns before it are read without walking through it
    PRIMARY KEY (conversation_id, message_id)
) STRICT, WITHOUT ROWID;

INSERT INTO new_messages
SELECT
    m.conversation_id, m.message_id, m.number, m.session_id, m.speaker, m.channel, m.origin_id,
    CASE WHEN m.state IN ('placed', 'consumed') AND m.channel <> 'none' THEN 'answered' ELSE m.state END, m.cause, m.reason,
    m.priority, m.attempts, m.due_at, m.accepted_at,
    CASE WHEN m.state IN ('placed', 'consumed') AND m.channel <> 'none'
        THEN COALESCE(
            (SELECT d.created_at FROM dispatches d
             WHERE d.conversation_id = m.conversation_id AND d.message_id = m.message_id AND d.session_id = m.session_id),
            m.changed_at)
        ELSE m.changed_at END,
    (SELECT e.position FROM entries e WHERE e.conversation_id = m.conversation_id AND e.message_id = m.message_id AND e.role = 'user'),
    (SELECT d.position FROM dispatches d WHERE d.conversation_id = m.conversation_id AND d.message_id = m.message_id AND d.session_id = m.session_id),
    m.content
FROM messages m;

CREATE TABLE message_keys (
    speaker         TEXT NOT NULL,
    session_id      TEXT NOT NULL,
    dedupe_key      TEXT NOT NULL,     -- under one key a session says one thing, in whatever conversation
    conversation_id TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    PRIMARY KEY (speaker, session_id, dedupe_key)
) STRICT, WITHOUT ROWID;

INSERT INTO message_keys
SELECT speaker, session_id, dedupe_key, conversation_id, message_id
FROM messages
WHERE true
ORDER BY accepted_at
ON CONFLICT DO NOTHING;

DROP TABLE messages;
ALTER TABLE new_messages RENAME TO messages;

CREATE UNIQUE INDEX messages_next ON messages (conversation_id, speaker, priority, number)
    WHERE state IN ('accepted', 'asking', 'deferred', 'held');
CREATE INDEX messages_unanswered ON messages (session_id, conversation_id, state, speaker, accepted_at, due_at, changed_at)
    WHERE state IN ('accepted', 'asking', 'waiting', 'deferred', 'held');
CREATE INDEX messages_of_origin ON messages (conversation_id, origin_id) WHERE origin_id IS NOT NULL;

-- What departs from the straight line. That line's own times stand with the message, its calls and its dispatch.
CREATE TABLE new_message_events (
    conversation_id TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    number          INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    state           TEXT NOT NULL,
    detail          TEXT,
    PRIMARY KEY (conversation_id, message_id, number)
) STRICT, WITHOUT ROWID;

INSERT INTO new_message_events
SELECT conversation_id, message_id, ROW_NUMBER() OVER (PARTITION BY conversation_id, message_id ORDER BY event_id), at, state, detail
FROM message_events
WHERE detail IS NOT NULL OR state NOT IN ('accepted', 'asking', 'answered', 'placed', 'consumed');

DROP TABLE message_events;
ALTER TABLE new_message_events RENAME TO message_events;

CREATE TABLE new_entries (
    conversation_id TEXT NOT NULL,
    position        INTEGER NOT NULL,
    role            TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'summary')),
    message_id      TEXT,
    speaker         TEXT NOT NULL,     -- as the advisor sees it, without the brackets
    ruling          INTEGER NOT NULL,  -- 1: the operator's word, carried verbatim for ever
    question        TEXT,              -- the question that a ruling decides
    characters      INTEGER NOT NULL,
    covers_through  INTEGER,           -- of a summary: the last position it sums up
    at              INTEGER NOT NULL,
    content         TEXT NOT NULL,
    PRIMARY KEY (conversation_id, position)
) STRICT, WITHOUT ROWID;

INSERT INTO new_entries
SELECT
    e.conversation_id, e.position, e.role, e.message_id, e.speaker, e.ruling,
    (SELECT q.text FROM questions q WHERE q.conversation_id = e.conversation_id AND q.answer_message_id = e.message_id),
    e.characters, e.covers_through, e.at, e.content
FROM entries e;

DROP TABLE entries;
ALTER TABLE new_entries RENAME TO entries;

CREATE INDEX entries_summaries ON entries (conversation_id, position) WHERE role = 'summary';
CREATE INDEX entries_rulings ON entries (conversation_id, position) WHERE ruling = 1;

CREATE TABLE new_questions (
    conversation_id   TEXT NOT NULL,
    question_id       INTEGER NOT NULL UNIQUE,
    message_id        TEXT,            -- the session's message that raised it; NULL for a permission
    session_id        TEXT NOT NULL,
    kind              TEXT NOT NULL CHECK (kind IN ('escalation', 'refusal', 'permission')),
    text              TEXT NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('open', 'answered', 'expired')),  -- expired: a permission its client no longer waits for
    asked_at          INTEGER NOT NULL,
    answered_at       INTEGER,
    answered_via      TEXT,
    answer            TEXT,
    answer_message_id TEXT,            -- NULL when the answer went straight to a session
    PRIMARY KEY (conversation_id, question_id)
) STRICT, WITHOUT ROWID;

INSERT INTO new_questions
SELECT
    conversation_id, question_id, message_id, session_id, kind, text, state, asked_at, answered_at, answered_via, answer, answer_message_id
FROM questions;

DROP TABLE questions;
ALTER TABLE new_questions RENAME TO questions;

CREATE INDEX questions_open ON questions (question_id) WHERE state = 'open';
CREATE INDEX questions_answered ON questions (answered_at) WHERE state = 'answered' AND kind <> 'permission';
CREATE INDEX questions_of ON questions (conversation_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX questions_answered_by ON questions (conversation_id, answer_message_id) WHERE answer_message_id IS NOT NULL;

CREATE TABLE new_dispatches (
    conversation_id TEXT NOT NULL,
    position        INTEGER NOT NULL,  -- of the journal entry it carries
    session_id      TEXT NOT NULL,
    dispatch_id     TEXT NOT NULL,     -- the name of its staged file
    message_id      TEXT,              -- the session's message it answers; NULL for words nobody asked for
    number          INTEGER NOT NULL,  -- order within the session
    channel         TEXT NOT NULL CHECK (channel IN ('folder', 'caller', 'agent')),
    state           TEXT NOT NULL CHECK (state IN ('ready', 'staged', 'placed', 'consumed')),
    created_at      INTEGER NOT NULL,
    placed_at       INTEGER,
    consumed_at     INTEGER,
    content         TEXT NOT NULL,
    PRIMARY KEY (conversation_id, position, session_id)
) STRICT, WITHOUT ROWID;

INSERT INTO new_dispatches
SELECT
    conversation_id, position, session_id, dispatch_id, message_id, number, channel, state, created_at, placed_at, consumed_at, content
FROM dispatches;

DROP TABLE dispatches;
ALTER TABLE new_dispatches RENAME TO dispatches;

CREATE UNIQUE INDEX dispatches_open ON dispatches (channel, session_id, number) WHERE state <> 'consumed';

CREATE TABLE new_pages (
    page_id     TEXT PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('online', 'question', 'hold', 'message', 'reply', 'stuck', 'moving', 'refused')),
    subject     TEXT NOT NULL,         -- which question, which cause of a hold, which message; '' where the kind says all
    title       TEXT NOT NULL,
    body        TEXT NOT NULL,
    priority    INTEGER NOT NULL,
    tags        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'dropped')),
    attempts    INTEGER NOT NULL,
    last_error  TEXT,
    due_at      INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    sent_at     INTEGER,
    cleared_at  INTEGER                -- while NULL, the cause is not paged again
) STRICT, WITHOUT ROWID;

INSERT INTO new_pages
SELECT
    page_id,
    CASE WHEN INSTR(cause, ':') > 0 THEN SUBSTR(cause, 1, INSTR(cause, ':') - 1) ELSE cause END,
    CASE WHEN INSTR(cause, ':') > 0 THEN SUBSTR(cause, INSTR(cause, ':') + 1) ELSE '' END,
    title, body, priority, tags, state, attempts, last_error, due_at, created_at, sent_at, cleared_at
FROM pages;

DROP TABLE pages;
ALTER TABLE new_pages RENAME TO pages;

CREATE INDEX pages_queued ON pages (due_at) WHERE state = 'queued';
CREATE UNIQUE INDEX pages_standing ON pages (kind, subject) WHERE cleared_at IS NULL;

-- The ledger: a row a call, with the calls for one message side by side.
CREATE TABLE new_calls (
    conversation_id    TEXT NOT NULL,
    message_id         TEXT NOT NULL,  -- '' for a summary
    call_id            TEXT NOT NULL,
    session_id         TEXT NOT NULL,
    purpose            TEXT NOT NULL CHECK (purpose IN ('turn', 'summary')),
    model              TEXT NOT NULL,
    state              TEXT NOT NULL CHECK (state IN ('started', 'done', 'failed', 'lost')),  -- lost: perhaps paid for, the relay died before it knew
    started_at         INTEGER NOT NULL,
    finished_at        INTEGER,
    reserved_nano      INTEGER,        -- worst cost; NULL where the model has no price
    cost_nano          INTEGER,        -- NULL: unknown
    prompt_bytes       INTEGER NOT NULL,
    input_tokens       INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    cache_write_5m     INTEGER NOT NULL,
    cache_write_1h     INTEGER NOT NULL,
    cache_read         INTEGER NOT NULL,
    rates              TEXT,           -- the price row applied, for repricing
    stop_reason        TEXT,
    request_id         TEXT,
    note               TEXT,
    PRIMARY KEY (conversation_id, message_id, call_id)
) STRICT, WITHOUT ROWID;

INSERT INTO new_calls
SELECT
    conversation_id, COALESCE(message_id, ''), call_id, session_id, purpose, model, state, started_at, finished_at, reserved_nano, cost_nano,
    prompt_bytes, input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read, rates, stop_reason, request_id, note
FROM calls;

DROP TABLE calls;
ALTER TABLE new_calls RENAME TO calls;

-- What the caps are kept against and the status shows: a row for each day, each month and one for all time, whose other keys are ''; and
-- beside them a row for each day, conversation, session and model, as people ask for it. A call belongs where it started.
CREATE TABLE spending (
    period          TEXT NOT NULL,               -- 2026-11-25, 2026-11, all; UTC
    conversation_id TEXT NOT NULL,
    session_id      TEXT NOT NULL,
    model           TEXT NOT NULL,
    reserved_nano   INTEGER NOT NULL DEFAULT 0,  -- worst cost of the calls under way
    cost_nano       INTEGER NOT NULL DEFAULT 0,  -- of the calls whose cost is known
    unknown_nano    INTEGER NOT NULL DEFAULT 0,  -- worst cost of those whose cost will never be known
    calls           INTEGER NOT NULL DEFAULT 0,  -- that have ended
    lost_calls      INTEGER NOT NULL DEFAULT 0,
    unknown_calls   INTEGER NOT NULL DEFAULT 0,
    input_tokens    INTEGER NOT NULL DEFAULT 0,
    output_tokens   INTEGER NOT NULL DEFAULT 0,
    cache_write_5m  INTEGER NOT NULL DEFAULT 0,
    cache_write_1h  INTEGER NOT NULL DEFAULT 0,
    cache_read      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (period, conversation_id, session_id, model)
) STRICT, WITHOUT ROWID;

INSERT INTO spending
SELECT
    period, conversation_id, session_id, model,
    SUM(CASE WHEN state = 'started' AND model = '' THEN COALESCE(reserved_nano, 0) ELSE 0 END),
    SUM(COALESCE(cost_nano, 0)),
    SUM(CASE WHEN state <> 'started' AND cost_nano IS NULL THEN COALESCE(reserved_nano, 0) ELSE 0 END),
    COUNT(CASE WHEN state <> 'started' THEN 1 END),
    COUNT(CASE WHEN state = 'lost' THEN 1 END),
    COUNT(CASE WHEN state <> 'started' AND cost_nano IS NULL THEN 1 END),
    SUM(input_tokens), SUM(output_tokens), SUM(cache_write_5m), SUM(cache_write_1h), SUM(cache_read)
FROM (
    SELECT
        p.period,
        CASE p.detailed WHEN 1 THEN c.conversation_id ELSE '' END AS conversation_id,
        CASE p.detailed WHEN 1 THEN c.session_id ELSE '' END AS session_id,
        CASE p.detailed WHEN 1 THEN c.model ELSE '' END AS model,
        c.state, c.reserved_nano, c.cost_nano, c.input_tokens, c.output_tokens, c.cache_write_5m, c.cache_write_1h, c.cache_read
    FROM calls c
    JOIN (
        SELECT call_id, strftime('%Y-%m-%d', started_at / 1000, 'unixepoch') AS period, 1 AS detailed FROM calls
        UNION ALL
        SELECT call_id, strftime('%Y-%m-%d', started_at / 1000, 'unixepoch'), 0 FROM calls
        UNION ALL
        SELECT call_id, strftime('%Y-%m', started_at / 1000, 'unixepoch'), 0 FROM calls
        UNION ALL
        SELECT call_id, 'all', 0 FROM calls) p ON p.call_id = c.call_id
    WHERE p.detailed = 0 OR c.state <> 'started')
GROUP BY period, conversation_id, session_id, model;

-- Numbers that are given out one by one.
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counters
SELECT 'question', COALESCE(MAX(question_id), 0)
FROM questions
UNION ALL
SELECT 'session', COUNT(*)
FROM sessions;

CREATE TABLE new_facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO new_facts
SELECT name, value
FROM facts;

INSERT INTO new_facts
SELECT 'last_dispatch', COALESCE(placed_at, consumed_at) || ' ' || session_id
FROM dispatches
WHERE placed_at IS NOT NULL OR consumed_at IS NOT NULL
ORDER BY COALESCE(placed_at, consumed_at) DESC
LIMIT 1;

DROP TABLE facts;
ALTER TABLE new_facts RENAME TO facts;

CREATE TABLE new_agents (
    agent_id      TEXT PRIMARY KEY,    -- Claude Code's own session id
    session_id    TEXT NOT NULL,
    owns_name     INTEGER NOT NULL,    -- 1: the name was made for it, and no other may have it
    folder        TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('active', 'held', 'idle', 'ended')),
    rounds        INTEGER NOT NULL,    -- relayed in a row without the operator or the user
    blocks        INTEGER NOT NULL,    -- Stop hooks answered with a reply since the user's last prompt
    stops         INTEGER NOT NULL,    -- Stop hooks answered with a reply, ever
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO new_agents
SELECT agent_id, session_id, 0, folder, state, rounds, blocks, stops, first_seen_at, last_seen_at
FROM agents;

DROP TABLE agents;
ALTER TABLE new_agents RENAME TO agents;

CREATE INDEX agents_of ON agents (session_id, last_seen_at, agent_id);
CREATE UNIQUE INDEX agents_named ON agents (session_id) WHERE owns_name = 1;
CREATE INDEX agents_present ON agents (last_seen_at) WHERE state <> 'ended';
