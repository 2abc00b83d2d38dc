-- What a session's client asks its human: permissions as before, choices, plans. Such a question has no message.
ALTER TABLE questions DROP CONSTRAINT questions_kind_check;
ALTER TABLE questions ADD CONSTRAINT questions_kind_check
    CHECK (kind IN ('escalation', 'refusal', 'permission', 'choice', 'plan'));
ALTER TABLE questions ADD COLUMN asked TEXT;     -- its structure
ALTER TABLE questions ADD COLUMN decision TEXT;  -- what the answer came to

DROP INDEX questions_answered;
CREATE INDEX questions_answered ON questions (answered_at) WHERE state = 'answered' AND message_id IS NOT NULL;

-- The advisor is asked what it would say; its reply goes to no session.
ALTER TABLE messages ADD COLUMN opinion BIGINT NOT NULL DEFAULT 0;
