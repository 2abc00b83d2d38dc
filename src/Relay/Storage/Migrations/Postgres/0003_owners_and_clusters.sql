-- PostgreSQL begins here, with what SQLite has after its third migration: the same tables, keys and indexes. Times are Unix milliseconds,
-- money is nano-US-dollars (1e-9 USD), ids are UUID v7 made by the program. Ids, keys and states compare byte by byte, as in SQLite.

CREATE TABLE conversations (
    conversation_id   TEXT COLLATE "C" PRIMARY KEY,
    claim_epoch       BIGINT           NOT NULL,  -- grows with every claim; a commit under an older epoch changes no row
    call_id           TEXT COLLATE "C",  -- the call under way, NULL when there is none
    call_message      TEXT COLLATE "C",  -- the message it is made for, '' for a summary
    last_number       BIGINT           NOT NULL,  -- of its messages
    last_position     BIGINT           NOT NULL,  -- of its journal entries
    window_turns      BIGINT           NOT NULL,  -- entries and characters that the next call would carry
    window_characters BIGINT           NOT NULL,
    open_question     BIGINT,  -- the conversation waits for the operator's answer to it
    unblocked_at      BIGINT           NOT NULL,  -- when such a wait last ended, 0 when there was none
    created_at        BIGINT           NOT NULL
);

CREATE TABLE sessions (
    session_id      TEXT COLLATE "C" PRIMARY KEY,
    conversation_id TEXT COLLATE "C" NOT NULL,
    channel         TEXT COLLATE "C" NOT NULL CHECK (channel IN ('folder', 'agent')),  -- how unasked words reach it
    first_seen_at   BIGINT           NOT NULL,
    last_seen_at    BIGINT,  -- NULL: listed in the configuration, not heard of yet
    ended_at        BIGINT  -- it said goodbye and was not heard of since
);

CREATE INDEX sessions_heard_of ON sessions (conversation_id, last_seen_at) WHERE last_seen_at IS NOT NULL;
CREATE INDEX sessions_newest ON sessions (last_seen_at) WHERE last_seen_at IS NOT NULL;
CREATE INDEX sessions_agents ON sessions (conversation_id) WHERE channel = 'agent';

CREATE TABLE messages (
    conversation_id TEXT COLLATE "C" NOT NULL,
    message_id      TEXT COLLATE "C" NOT NULL,  -- made by the program, and growing with time, so neighbours in time are neighbours here
    number          BIGINT           NOT NULL,
    session_id      TEXT COLLATE "C" NOT NULL,  -- who gets the reply; '' when it goes to the operator
    speaker         TEXT COLLATE "C" NOT NULL CHECK (speaker IN ('session', 'operator')),
    channel         TEXT COLLATE "C" NOT NULL CHECK (channel IN ('folder', 'caller', 'agent', 'operator', 'none')),
    origin_id       TEXT COLLATE "C",  -- for an answer: the message whose question it answers
    state           TEXT COLLATE "C" NOT NULL
        CHECK (state IN ('accepted', 'asking', 'waiting', 'deferred', 'held', 'answered', 'consumed', 'dead')),
    cause           TEXT COLLATE "C",  -- of a hold
    reason          TEXT,
    priority        BIGINT           NOT NULL,  -- within its conversation: 0 in the journal already, 1 the operator's, 2 a session's
    attempts        BIGINT           NOT NULL,
    due_at          BIGINT           NOT NULL,
    accepted_at     BIGINT           NOT NULL,
    changed_at      BIGINT           NOT NULL,
    asked_position  BIGINT,  -- of its journal entry; set once
    reply_position  BIGINT,  -- of the entry that answers it
    content         TEXT             NOT NULL,  -- last: the columns before it are read without walking through it
    PRIMARY KEY (conversation_id, message_id)
);

CREATE TABLE message_keys (
    speaker         TEXT COLLATE "C" NOT NULL,
    session_id      TEXT COLLATE "C" NOT NULL,
    dedupe_key      TEXT COLLATE "C" NOT NULL,  -- under one key a session says one thing, in whatever conversation
    conversation_id TEXT COLLATE "C" NOT NULL,
    message_id      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (speaker, session_id, dedupe_key)
);

CREATE UNIQUE INDEX messages_next ON messages (conversation_id, speaker, priority, number)
    WHERE state IN ('accepted', 'asking', 'deferred', 'held');

CREATE INDEX messages_unanswered ON messages (session_id, conversation_id, state, speaker, accepted_at, due_at, changed_at)
    WHERE state IN ('accepted', 'asking', 'waiting', 'deferred', 'held');

CREATE INDEX messages_of_origin ON messages (conversation_id, origin_id) WHERE origin_id IS NOT NULL;

CREATE TABLE message_events (
    conversation_id TEXT COLLATE "C" NOT NULL,
    message_id      TEXT COLLATE "C" NOT NULL,
    number          BIGINT           NOT NULL,
    at              BIGINT           NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    detail          TEXT,
    PRIMARY KEY (conversation_id, message_id, number)
);

CREATE TABLE entries (
    conversation_id TEXT COLLATE "C" NOT NULL,
    position        BIGINT           NOT NULL,
    role            TEXT COLLATE "C" NOT NULL CHECK (role IN ('user', 'assistant', 'summary')),
    message_id      TEXT COLLATE "C",
    speaker         TEXT COLLATE "C" NOT NULL,  -- as the advisor sees it, without the brackets
    ruling          BIGINT           NOT NULL,  -- 1: the operator's word, carried verbatim for ever
    question        TEXT,  -- the question that a ruling decides
    characters      BIGINT           NOT NULL,
    covers_through  BIGINT,  -- of a summary: the last position it sums up
    at              BIGINT           NOT NULL,
    content         TEXT             NOT NULL,
    PRIMARY KEY (conversation_id, position)
);

CREATE INDEX entries_summaries ON entries (conversation_id, position) WHERE role = 'summary';
CREATE INDEX entries_rulings ON entries (conversation_id, position) WHERE ruling = 1;

CREATE TABLE questions (
    conversation_id   TEXT COLLATE "C" NOT NULL,
    question_id       BIGINT           NOT NULL UNIQUE,
    message_id        TEXT COLLATE "C",  -- the session's message that raised it; NULL for a permission
    session_id        TEXT COLLATE "C" NOT NULL,
    kind              TEXT COLLATE "C" NOT NULL CHECK (kind IN ('escalation', 'refusal', 'permission')),
    text              TEXT             NOT NULL,
    state             TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'answered', 'expired')),  -- expired: nobody waits any more
    asked_at          BIGINT           NOT NULL,
    answered_at       BIGINT,
    answered_via      TEXT,
    answer            TEXT,
    answer_message_id TEXT COLLATE "C",  -- NULL when the answer went straight to a session
    PRIMARY KEY (conversation_id, question_id)
);

CREATE INDEX questions_open ON questions (question_id) WHERE state = 'open';
CREATE INDEX questions_answered ON questions (answered_at) WHERE state = 'answered' AND kind <> 'permission';
CREATE INDEX questions_of ON questions (conversation_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX questions_answered_by ON questions (conversation_id, answer_message_id) WHERE answer_message_id IS NOT NULL;

CREATE TABLE dispatches (
    conversation_id TEXT COLLATE "C" NOT NULL,
    position        BIGINT           NOT NULL,  -- of the journal entry it carries
    session_id      TEXT COLLATE "C" NOT NULL,
    dispatch_id     TEXT COLLATE "C" NOT NULL,  -- the name of its staged file
    message_id      TEXT COLLATE "C",  -- the session's message it answers; NULL for words nobody asked for
    number          BIGINT           NOT NULL,  -- order within the session
    channel         TEXT COLLATE "C" NOT NULL CHECK (channel IN ('folder', 'caller', 'agent')),
    state           TEXT COLLATE "C" NOT NULL CHECK (state IN ('ready', 'staged', 'placed', 'consumed')),
    created_at      BIGINT           NOT NULL,
    placed_at       BIGINT,
    consumed_at     BIGINT,
    content         TEXT             NOT NULL,
    PRIMARY KEY (conversation_id, position, session_id)
);

CREATE UNIQUE INDEX dispatches_open ON dispatches (channel, session_id, number) WHERE state <> 'consumed';

CREATE TABLE pages (
    page_id    TEXT COLLATE "C" PRIMARY KEY,
    kind       TEXT COLLATE "C" NOT NULL CHECK (kind IN ('online', 'question', 'hold', 'message', 'reply', 'stuck', 'moving', 'refused')),
    subject    TEXT COLLATE "C" NOT NULL,  -- which question, which cause of a hold, which message; '' where the kind says all
    title      TEXT             NOT NULL,
    body       TEXT             NOT NULL,
    priority   BIGINT           NOT NULL,
    tags       TEXT             NOT NULL,
    state      TEXT COLLATE "C" NOT NULL CHECK (state IN ('queued', 'sent', 'dropped')),
    attempts   BIGINT           NOT NULL,
    last_error TEXT,
    due_at     BIGINT           NOT NULL,
    created_at BIGINT           NOT NULL,
    sent_at    BIGINT,
    cleared_at BIGINT  -- while NULL, the cause is not paged again
);

CREATE INDEX pages_queued ON pages (due_at) WHERE state = 'queued';
CREATE UNIQUE INDEX pages_standing ON pages (kind, subject) WHERE cleared_at IS NULL;

-- The ledger: a row a call, with the calls for one message side by side.
CREATE TABLE calls (
    conversation_id TEXT COLLATE "C" NOT NULL,
    message_id      TEXT COLLATE "C" NOT NULL,  -- '' for a summary
    call_id         TEXT COLLATE "C" NOT NULL,
    session_id      TEXT COLLATE "C" NOT NULL,
    purpose         TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('turn', 'summary')),
    model           TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL CHECK (state IN ('started', 'done', 'failed', 'lost')),  -- lost: perhaps paid for
    started_at      BIGINT           NOT NULL,
    finished_at     BIGINT,
    reserved_nano   BIGINT,  -- worst cost; NULL where the model has no price
    cost_nano       BIGINT,  -- NULL: unknown
    prompt_bytes    BIGINT           NOT NULL,
    input_tokens    BIGINT           NOT NULL,
    output_tokens   BIGINT           NOT NULL,
    cache_write_5m  BIGINT           NOT NULL,
    cache_write_1h  BIGINT           NOT NULL,
    cache_read      BIGINT           NOT NULL,
    rates           TEXT,  -- the price row applied, for repricing
    stop_reason     TEXT,
    request_id      TEXT,
    note            TEXT,
    PRIMARY KEY (conversation_id, message_id, call_id)
);


-- What the caps are kept against and the status shows: a row for each day, each month and one for all time, whose other keys are ''; and
-- beside them a row for each day, conversation, session and model, as people ask for it. A call belongs where it started.
CREATE TABLE spending (
    period          TEXT COLLATE "C" NOT NULL,  -- 2026-11-25, 2026-11, all; UTC
    conversation_id TEXT COLLATE "C" NOT NULL,
    session_id      TEXT COLLATE "C" NOT NULL,
    model           TEXT COLLATE "C" NOT NULL,
    reserved_nano   BIGINT           NOT NULL DEFAULT 0,  -- worst cost of the calls under way
    cost_nano       BIGINT           NOT NULL DEFAULT 0,  -- of the calls whose cost is known
    unknown_nano    BIGINT           NOT NULL DEFAULT 0,  -- worst cost of those whose cost will never be known
    calls           BIGINT           NOT NULL DEFAULT 0,  -- that have ended
    lost_calls      BIGINT           NOT NULL DEFAULT 0,
    unknown_calls   BIGINT           NOT NULL DEFAULT 0,
    input_tokens    BIGINT           NOT NULL DEFAULT 0,
    output_tokens   BIGINT           NOT NULL DEFAULT 0,
    cache_write_5m  BIGINT           NOT NULL DEFAULT 0,
    cache_write_1h  BIGINT           NOT NULL DEFAULT 0,
    cache_read      BIGINT           NOT NULL DEFAULT 0,
    PRIMARY KEY (period, conversation_id, session_id, model)
);

-- Numbers that are given out one by one.
CREATE TABLE counters (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT           NOT NULL
);

CREATE TABLE facts (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value TEXT             NOT NULL
);

CREATE TABLE agents (
    agent_id      TEXT COLLATE "C" PRIMARY KEY,  -- Claude Code's own session id
    session_id    TEXT COLLATE "C" NOT NULL,
    owns_name     BIGINT           NOT NULL,  -- 1: the name was made for it, and no other may have it
    folder        TEXT             NOT NULL,
    state         TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'held', 'idle', 'ended')),
    rounds        BIGINT           NOT NULL,  -- relayed in a row without the operator or the user
    blocks        BIGINT           NOT NULL,  -- Stop hooks answered with a reply since the user's last prompt
    stops         BIGINT           NOT NULL,  -- Stop hooks answered with a reply, ever
    first_seen_at BIGINT           NOT NULL,
    last_seen_at  BIGINT           NOT NULL
);

CREATE INDEX agents_of ON agents (session_id, last_seen_at, agent_id);
CREATE UNIQUE INDEX agents_named ON agents (session_id) WHERE owns_name = 1;
CREATE INDEX agents_present ON agents (last_seen_at) WHERE state <> 'ended';

-- Which Claude Code session made a tool call: the client tells it to its hook, not to the server.
CREATE TABLE tool_uses (
    tool_use_id TEXT COLLATE "C" PRIMARY KEY,
    agent_id    TEXT COLLATE "C" NOT NULL,
    at          BIGINT           NOT NULL
);

CREATE INDEX tool_uses_at ON tool_uses (at);

INSERT INTO counters (name, value)
VALUES ('question', 0), ('session', 0);
