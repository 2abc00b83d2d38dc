-- What a session's client asks its human: permissions as before, choices, plans. Such a question has no message.
CREATE TABLE new_questions (
    conversation_id   TEXT NOT NULL,
    question_id       INTEGER NOT NULL UNIQUE,
    message_id        TEXT,            -- the session's message that raised it; NULL where a client asks
    session_id        TEXT NOT NULL,
    kind              TEXT NOT NULL CHECK (kind IN ('escalation', 'refusal', 'permission', 'choice', 'plan')),
    text              TEXT NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('open', 'answered', 'expired')),  -- expired: its client no longer waits for it
    asked_at          INTEGER NOT NULL,
    answered_at       INTEGER,
    answered_via      TEXT,
    answer            TEXT,
    answer_message_id TEXT,            -- NULL when the answer went straight to a session
    asked             TEXT,            -- the structure of what a client asks
    decision          TEXT,            -- what the answer to a client came to
    PRIMARY KEY (conversation_id, question_id)
) STRICT, WITHOUT ROWID;

INSERT INTO new_questions
SELECT
    conversation_id, question_id, message_id, session_id, kind, text, state, asked_at, answered_at, answered_via, answer, answer_message_id,
    NULL, NULL
FROM questions;

DROP TABLE questions;
ALTER TABLE new_questions RENAME TO questions;

CREATE INDEX questions_open ON questions (question_id) WHERE state = 'open';
CREATE INDEX questions_answered ON questions (answered_at) WHERE state = 'answered' AND message_id IS NOT NULL;
CREATE INDEX questions_of ON questions (conversation_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX questions_answered_by ON questions (conversation_id, answer_message_id) WHERE answer_message_id IS NOT NULL;

-- The advisor is asked what it would say; its reply goes to no session.
ALTER TABLE messages ADD COLUMN opinion INTEGER NOT NULL DEFAULT 0;
