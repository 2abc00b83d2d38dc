-- Times are Unix milliseconds, money is nano-US-dollars (1e-9 USD), ids are UUID v7 made by the program.

CREATE TABLE conversations (
    conversation_id TEXT PRIMARY KEY,
    claim_epoch     INTEGER NOT NULL,  -- grows with every claim; a commit under an older epoch is refused
    last_number     INTEGER NOT NULL,  -- of its messages
    last_position   INTEGER NOT NULL,  -- of its journal entries
    window_turns      INTEGER NOT NULL,  -- entries and characters that the next call would carry
    window_characters INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    session_id      TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    channel         TEXT NOT NULL CHECK (channel IN ('folder', 'agent')),  -- how unasked words reach it
    last_dispatch   INTEGER NOT NULL,  -- number of the newest dispatch made for it
    first_seen_at   INTEGER NOT NULL,
    last_seen_at    INTEGER,           -- NULL: listed in the configuration, not heard of yet
    ended_at        INTEGER            -- it said goodbye and was not heard of since
) STRICT;

CREATE TABLE messages (
    conversation_id TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    number          INTEGER NOT NULL,
    session_id      TEXT NOT NULL,     -- who gets the reply; '' when it goes to the operator
    speaker         TEXT NOT NULL CHECK (speaker IN ('session', 'operator')),
    channel         TEXT NOT NULL CHECK (channel IN ('folder', 'caller', 'agent', 'operator', 'none')),
    origin_id       TEXT,              -- for an answer: the message whose question it answers
    dedupe_key      TEXT NOT NULL,
    content         TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('accepted', 'asking', 'waiting', 'deferred', 'held', 'answered', 'placed', 'consumed', 'dead')),
    cause           TEXT,              -- of a hold
    reason          TEXT,
    priority        INTEGER NOT NULL,  -- within its conversation: 0 in the journal already, 1 the operator's, 2 a session's
    attempts        INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    accepted_at     INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, message_id),
    UNIQUE (conversation_id, speaker, session_id, dedupe_key)
) STRICT;

CREATE INDEX messages_next ON messages (conversation_id, priority, number)
    WHERE state IN ('accepted', 'asking', 'deferred', 'held');
CREATE INDEX messages_unanswered ON messages (accepted_at, number)
    WHERE state IN ('accepted', 'asking', 'waiting', 'deferred', 'held');

CREATE TABLE message_events (
    event_id        INTEGER PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    at              INTEGER NOT NULL,
    state           TEXT NOT NULL,
    detail          TEXT
) STRICT;

CREATE INDEX message_events_of ON message_events (conversation_id, message_id, event_id);

-- The journal: append-only. A summary is added, never in place of what it sums up.
CREATE TABLE entries (
    conversation_id TEXT NOT NULL,
    position        INTEGER NOT NULL,
    role            TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'summary')),
    message_id      TEXT,
    speaker         TEXT NOT NULL,     -- as the advisor sees it, without the brackets
    ruling          INTEGER NOT NULL,  -- 1: the operator's word, carried verbatim for ever
    characters      INTEGER NOT NULL,
    covers_through  INTEGER,           -- of a summary: the last position it sums up
    at              INTEGER NOT NULL,
    content         TEXT NOT NULL,     -- last: the columns before it are read without walking through it
    PRIMARY KEY (conversation_id, position)
) STRICT;

CREATE UNIQUE INDEX entries_once ON entries (conversation_id, message_id, role) WHERE message_id IS NOT NULL;
CREATE INDEX entries_summaries ON entries (conversation_id, position) WHERE role = 'summary';
CREATE INDEX entries_rulings ON entries (conversation_id, position) WHERE ruling = 1;

CREATE TABLE questions (
    question_id       INTEGER PRIMARY KEY,
    conversation_id   TEXT NOT NULL,
    message_id        TEXT,            -- the session's message that raised it; NULL for a permission
    session_id        TEXT NOT NULL,
    kind              TEXT NOT NULL CHECK (kind IN ('escalation', 'refusal', 'permission')),
    text              TEXT NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('open', 'answered', 'expired')),  -- expired: a permission its client no longer waits for
    asked_at          INTEGER NOT NULL,
    answered_at       INTEGER,
    answered_via      TEXT,
    answer            TEXT,
    answer_message_id TEXT             -- NULL when the answer went straight to a session
) STRICT;

CREATE UNIQUE INDEX questions_one_open ON questions (conversation_id) WHERE state = 'open' AND kind <> 'permission';

CREATE TABLE dispatches (
    conversation_id TEXT NOT NULL,
    dispatch_id     TEXT NOT NULL,
    message_id      TEXT,              -- the session's message it answers; NULL for words nobody asked for
    position        INTEGER NOT NULL,  -- of the journal entry it carries
    session_id      TEXT NOT NULL,
    number          INTEGER NOT NULL,  -- order within the session
    channel         TEXT NOT NULL CHECK (channel IN ('folder', 'caller', 'agent')),
    content         TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('ready', 'staged', 'placed', 'consumed')),
    created_at      INTEGER NOT NULL,
    placed_at       INTEGER,
    consumed_at     INTEGER,
    PRIMARY KEY (conversation_id, dispatch_id),
    UNIQUE (conversation_id, position, session_id),
    UNIQUE (session_id, number)
) STRICT;

CREATE INDEX dispatches_open ON dispatches (session_id, number) WHERE state <> 'consumed';
CREATE INDEX dispatches_of ON dispatches (conversation_id, message_id);

CREATE TABLE pages (
    page_id     TEXT PRIMARY KEY,
    cause       TEXT NOT NULL,
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
) STRICT;

CREATE INDEX pages_queued ON pages (due_at) WHERE state = 'queued';
CREATE INDEX pages_standing ON pages (cause) WHERE cleared_at IS NULL;

-- The ledger: a row a call.
CREATE TABLE calls (
    conversation_id    TEXT NOT NULL,
    call_id            TEXT NOT NULL,
    message_id         TEXT,
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
    PRIMARY KEY (conversation_id, call_id)
) STRICT;

CREATE INDEX calls_started ON calls (conversation_id, started_at);
CREATE INDEX calls_by_time ON calls (started_at);

-- Claude Code sessions as their hooks tell of them; several may speak under one session's name.
CREATE TABLE agents (
    agent_id      TEXT PRIMARY KEY,    -- Claude Code's own session id
    session_id    TEXT NOT NULL,
    folder        TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('active', 'held', 'idle', 'ended')),
    rounds        INTEGER NOT NULL,    -- relayed in a row without the operator or the user
    blocks        INTEGER NOT NULL,    -- Stop hooks answered with a reply since the user's last prompt
    stops         INTEGER NOT NULL,    -- Stop hooks answered with a reply, ever
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX agents_of ON agents (session_id, last_seen_at);

-- Which Claude Code session made a tool call: the client tells it to its hook, not to the server.
CREATE TABLE tool_uses (
    tool_use_id TEXT PRIMARY KEY,
    agent_id    TEXT NOT NULL,
    at          INTEGER NOT NULL
) STRICT;

CREATE INDEX tool_uses_at ON tool_uses (at);

CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
